//! What a destination has to do beside its queue: records of the journal.
//!
//! A destination that keeps up gets its rows from memory. When its queue is full, rows go (or, as audit
//! rows, lie already) in the journal, and are owed to it: from then on everything for it takes that way, in
//! order, until nothing is owed any more. So a destination that was away for an hour costs memory only for
//! what is noted here, about 3 bytes a row and 150 a record.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Weak};

use crate::ledger::Settlement;
use crate::receipt::Hold;

/// Rows of a record that the destination is to read from the journal.
pub struct Owed {
    /// Where they are settled, and under which numbers there.
    pub settlement: Arc<Settlement>,
    pub rows: Vec<u16>,
    /// Of the record, on disk.
    pub bytes: u64,
}

#[derive(Default)]
pub struct Backlog {
    owed: BTreeMap<u64, Owed>,
    bytes: u64,
    /// Handed to the journal, and not numbered yet.
    unnumbered: usize,
    /// Records whose rows are in the queue or being delivered.
    in_flight: BTreeSet<u64>,
    /// Of these, such as the destination has taken and not made safe yet, with the mark at which it has.
    unkept: VecDeque<(u64, u64)>,
    /// Batches that were handed over before they had a record, by ticket.
    ahead: BTreeMap<u64, Ahead>,
    /// Batches that could not be handed over ahead, and are not handed over yet: none may overtake them.
    late: usize,
    /// Of what is in the queue or being delivered: what producers wait for.
    holds: Vec<Weak<Hold>>,
}

enum Ahead {
    /// In the queue or being delivered; with its record, once it has one.
    Queued(Option<u64>),
    /// Delivered before it had a record, and safe when the destination has come to this mark.
    Taken(u64),
}

impl Backlog {
    pub fn new(owed: BTreeMap<u64, Owed>) -> Self {
        Backlog { bytes: owed.values().map(|owed| owed.bytes).sum(), owed, ..Self::default() }
    }

    /// Something comes by way of the journal, so all that follows does.
    pub fn is_behind(&self) -> bool {
        self.unnumbered > 0 || !self.owed.is_empty()
    }

    pub fn spilled(&mut self) {
        self.unnumbered += 1;
    }

    /// What was spilled has a number now, or could not be taken.
    pub fn numbered(&mut self) {
        self.unnumbered -= 1;
    }

    pub fn owe(&mut self, record: u64, owed: Owed) {
        self.bytes += owed.bytes;
        self.owed.insert(record, owed);
    }

    pub fn queued(&mut self, record: u64) {
        self.in_flight.insert(record);
    }

    /// Whether rows without a record may go into the queue, in the order in which they came.
    pub fn lets_ahead(&self) -> bool {
        !self.is_behind() && self.late == 0
    }

    pub fn ahead(&mut self, ticket: u64) {
        self.ahead.insert(ticket, Ahead::Queued(None));
    }

    pub fn late(&mut self) {
        self.late += 1;
    }

    /// What was late has been handed over with its record.
    pub fn caught_up(&mut self) {
        self.late -= 1;
    }

    /// What was handed over ahead has a record now.
    pub fn number(&mut self, ticket: u64, record: u64) {
        match self.ahead.remove(&ticket) {
            Some(Ahead::Queued(_)) => {
                self.in_flight.insert(record);
                self.ahead.insert(ticket, Ahead::Queued(Some(record)));
            }
            Some(Ahead::Taken(mark)) => {
                self.in_flight.insert(record);
                self.done_at(mark, record);
            }
            None => {}
        }
    }

    /// What was handed over ahead is delivered, and safe at the mark where there is one.
    pub fn arrived(&mut self, ticket: u64, mark: Option<u64>) {
        match (self.ahead.remove(&ticket), mark) {
            (Some(Ahead::Queued(Some(record))), Some(mark)) => self.done_at(mark, record),
            (Some(Ahead::Queued(Some(record))), None) => self.done(record),
            (Some(Ahead::Queued(None)), Some(mark)) => {
                self.ahead.insert(ticket, Ahead::Taken(mark));
            }
            _ => {}
        }
    }

    /// Whether what was handed over ahead has a record.
    pub fn is_numbered(&self, ticket: u64) -> bool {
        matches!(self.ahead.get(&ticket), Some(Ahead::Queued(Some(_))))
    }

    pub fn hold(&mut self, hold: &Arc<Hold>) {
        self.holds.retain(|hold| hold.strong_count() > 0);
        self.holds.push(Arc::downgrade(hold));
    }

    /// The destination is in trouble: nobody waits for it any more.
    pub fn release_holds(&mut self) {
        self.holds.drain(..).filter_map(|hold| hold.upgrade()).for_each(|hold| hold.release());
    }

    pub fn first_owed(&self) -> Option<u64> {
        self.owed.keys().next().copied()
    }

    /// From now on it is being delivered.
    pub fn take(&mut self, record: u64) -> Option<Owed> {
        let owed = self.owed.remove(&record)?;
        self.bytes -= owed.bytes;
        self.in_flight.insert(record);
        Some(owed)
    }

    /// Owed records from one, and up to but without another, that will never be read.
    pub fn give_up(&mut self, from: u64, to: u64) -> Vec<Owed> {
        let lost: Vec<u64> = self.owed.range(from..to).map(|(record, _)| *record).collect();
        lost.into_iter()
            .filter_map(|record| self.owed.remove(&record))
            .inspect(|owed| self.bytes -= owed.bytes)
            .collect()
    }

    pub fn done(&mut self, record: u64) {
        self.in_flight.remove(&record);
    }

    /// It is done when the destination is that far.
    pub fn done_at(&mut self, mark: u64, record: u64) {
        self.unkept.push_back((mark, record));
    }

    /// The destination is that far.
    pub fn kept(&mut self, mark: u64) {
        while let Some((_, record)) = self.unkept.pop_front_if(|(at, _)| *at <= mark) {
            self.done(record);
        }
    }

    /// Nothing below this record is left to do, where all records below `numbered` have been handed out.
    pub fn cursor(&self, numbered: u64) -> u64 {
        let first = |record: Option<u64>| record.unwrap_or(u64::MAX);
        first(self.first_owed()).min(first(self.in_flight.first().copied())).min(numbered)
    }

    pub fn records(&self) -> usize {
        self.owed.len()
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    fn owed() -> Owed {
        let settlement = Arc::new(Settlement::new(&Ledger::default(), std::iter::empty()));
        Owed { settlement, rows: vec![0], bytes: 10 }
    }

    #[test]
    fn the_cursor_stays_before_what_is_to_do() {
        let mut backlog = Backlog::default();
        assert_eq!(backlog.cursor(9), 9);
        backlog.queued(4);
        backlog.owe(6, owed());
        assert_eq!((backlog.cursor(9), backlog.bytes()), (4, 10));
        backlog.done(4);
        assert_eq!(backlog.cursor(9), 6);
        assert!(backlog.take(6).is_some() && !backlog.is_behind());
        assert_eq!(backlog.cursor(9), 6, "it is being delivered");
        backlog.done(6);
        assert_eq!((backlog.cursor(9), backlog.bytes()), (9, 0));
    }

    #[test]
    fn what_is_taken_and_not_safe_holds_the_cursor() {
        let mut backlog = Backlog::default();
        for (record, mark) in [(4, 10), (5, 11)] {
            backlog.queued(record);
            backlog.done_at(mark, record);
        }
        backlog.kept(9);
        assert_eq!(backlog.cursor(9), 4);
        backlog.kept(10);
        assert_eq!(backlog.cursor(9), 5);
        backlog.kept(11);
        assert_eq!(backlog.cursor(9), 9);
    }

    #[test]
    fn what_goes_ahead_is_held_by_its_record_as_soon_as_it_has_one() {
        let mut backlog = Backlog::default();
        backlog.ahead(100);
        backlog.number(100, 4);
        assert_eq!(backlog.cursor(9), 4, "it is being delivered");
        backlog.arrived(100, None);
        assert_eq!(backlog.cursor(9), 9);
        // Delivered first, numbered then.
        backlog.ahead(101);
        backlog.arrived(101, None);
        backlog.number(101, 5);
        assert_eq!(backlog.cursor(9), 9);
        // The same, of a destination that makes it safe later.
        backlog.ahead(102);
        backlog.arrived(102, Some(7));
        backlog.number(102, 6);
        assert_eq!(backlog.cursor(9), 6);
        backlog.kept(7);
        assert_eq!(backlog.cursor(9), 9);
    }

    #[test]
    fn nothing_overtakes_what_is_late() {
        let mut backlog = Backlog::default();
        backlog.late();
        assert!(!backlog.lets_ahead());
        backlog.caught_up();
        assert!(backlog.lets_ahead());
        backlog.owe(3, owed());
        assert!(!backlog.lets_ahead());
    }

    #[test]
    fn what_has_no_number_yet_keeps_the_destination_behind() {
        let mut backlog = Backlog::default();
        backlog.spilled();
        assert!(backlog.is_behind());
        backlog.owe(3, owed());
        backlog.numbered();
        assert!(backlog.is_behind());
        assert_eq!(backlog.give_up(0, 3).len(), 0);
        assert_eq!(backlog.give_up(3, 4).len(), 1);
        assert!(!backlog.is_behind());
    }
}
