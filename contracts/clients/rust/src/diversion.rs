//! Two rings as one queue: what finds no room in the main ring goes aside, and comes back in order.
//!
//! The main ring of an audit lane in shared memory is read by another process, so nothing but that
//! process can relieve it. When it is full an emitter closes it, and opens the overflow ring at the
//! `seq` where the main one stopped. The keeper, who reads the overflow ring, moves it to the spill
//! file, and places what waits there back into the main ring as that finds room. When nothing is
//! left it closes the overflow ring and opens the main one again. So only one of the two gives
//! numbers at any time, and the main ring's reader sees them all in order.
//!
//! Nobody waits for anybody: an emitter that comes upon a half done change completes it. A change
//! is told from an older one by its `seq`: a main ring reopens with room in it, so it takes an
//! event, and with it a number, before it can be closed again.
//!
//! Model-checked by `tests/ring_model.rs`.

use super::ring::{Claim, Ring, RingReader};

pub(crate) struct Diversion<'r, T> {
    pub(crate) main: &'r Ring<T>,
    /// Closed at first.
    pub(crate) overflow: &'r Ring<T>,
}

/// Where an event that was turned away goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Main,
    Overflow,
    /// Nowhere: both are full. A `seq` was taken.
    Dropped,
}

impl<T: Copy> Diversion<'_, T> {
    /// The main ring turned an event away with this word.
    pub(crate) fn turned_away_by_main(&self, word: Claim) -> Next {
        if !word.is_closed() && !self.main.close(word) {
            return Next::Main;
        }
        let closed = word.closed();
        let aside = self.overflow.word();
        if aside.is_closed() {
            if aside.seq() >= closed.seq() {
                // It is over: the overflow ring has given all numbers since.
                self.main.open(closed, aside.seq());
                return Next::Main;
            }
            // Whoever does it: afterwards it is open.
            self.overflow.open(aside, closed.seq());
        }
        Next::Overflow
    }

    /// The overflow ring did.
    pub(crate) fn turned_away_by_overflow(&self, word: Claim) -> Next {
        match word.is_closed() {
            true => Next::Main,
            false if self.overflow.pass(word) => Next::Dropped,
            false => Next::Overflow,
        }
    }

    /// Ends it, if nothing is left that should come before new events. To be called by the reader of
    /// the overflow ring, once all that it has read is in the main ring. True if it is over.
    pub(crate) fn end(&self, reader: &RingReader) -> bool {
        let mut aside = self.overflow.word();
        if !aside.is_closed() {
            let empty = self.overflow.unread_at(aside, reader) == 0;
            if !empty || !self.main.has_room(self.main.word()) || !self.overflow.close(aside) {
                return false;
            }
            aside = aside.closed();
        }
        let word = self.main.word();
        if word.is_closed() && aside.seq() >= word.seq() {
            // If this fails an emitter has done it.
            self.main.open(word, aside.seq());
        }
        !self.main.word().is_closed()
    }
}
