//! A bounded queue, many producers and one reader at a time, that is written in place.
//!
//! Why not `crossbeam`'s `ArrayQueue`, which the metric lane uses: it takes its values whole, so a
//! record is first built elsewhere and then copied twice, its `seq` costs a second locked
//! instruction, and where the reader is descheduled inside a full queue a producer spins until it
//! is back. Here a producer claims a slot and its `seq` by one compare-exchange and writes only the
//! bytes it needs, straight into the slot: half the latency (`benches/emit`). And it never waits: a
//! slot that is not free, whoever holds it, is a full queue.
//!
//! The claim word is `seq << 20 | closed << 19 | position`. A place in the ring is taken at
//! `position`; an event that finds none raises only `seq`. Once a slot is written, its stamp is the
//! claim word that took it, which tells its lap and its `seq`. The reader reads ahead and releases
//! later: a slot is free once the released position has passed it. So the reader writes one word,
//! and that one can lie in another process ([`shared`](crate::shared)): words and slots are wherever
//! the memory is that [`Parts`] names.
//!
//! A closed ring takes no events; `diversion.rs` says what that is for.
//!
//! Model-checked by `tests/ring_model.rs`, which includes this file; its other tests stand in
//! `ring/tests.rs`, because the model can't run them.

use std::mem::MaybeUninit;
use std::sync::Arc;

use super::sync::{AtomicU64, Ordering, UnsafeCell};

const POSITION_BITS: u32 = 19;
pub(crate) const POSITIONS: u64 = 1 << POSITION_BITS;
const CLOSED: u64 = POSITIONS;
const SEQ_BITS_FROM: u32 = POSITION_BITS + 1;
const ONE_SEQ: u64 = 1 << SEQ_BITS_FROM;

/// Stamps of neighbouring laps must differ, so a ring is at most half of the positions: 64 MiB of
/// records.
pub(crate) const CAPACITY_MAX: usize = (POSITIONS / 2) as usize;

/// `T: Copy`, so that a value needs no drop, and a reader may take it by copy.
pub(crate) struct Ring<T> {
    claim: *const Padded<AtomicU64>,
    released: *const Padded<AtomicU64>,
    slots: *const Slot<T>,
    capacity: u64,
    _memory: Arc<dyn Send + Sync>,
}

/// Where a ring lies.
pub(crate) struct Parts<T> {
    /// Written by every push: alone on its cache lines.
    pub(crate) claim: *const Padded<AtomicU64>,
    /// The position up to which the reader is done. Written once a batch.
    pub(crate) released: *const Padded<AtomicU64>,
    pub(crate) slots: *const Slot<T>,
    /// A power of two, 2 to [`CAPACITY_MAX`].
    pub(crate) capacity: usize,
    /// Keeps the memory alive.
    pub(crate) memory: Arc<dyn Send + Sync>,
}

/// The right to read one ring.
#[derive(Debug)]
pub(crate) struct RingReader {
    /// The next one to be read.
    position: u64,
    released: u64,
    /// Of the last value that was read.
    seq: u64,
}

/// The claim word of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim(pub(crate) u64);

/// Two lines: the prefetcher of x86 fetches pairs.
#[repr(C, align(128))]
pub(crate) struct Padded<T>(pub(crate) T);

/// Begins on a cache line, so that a slot of 256 bytes touches four, not five.
#[repr(C, align(64))]
pub(crate) struct Slot<T> {
    stamp: AtomicU64,
    value: UnsafeCell<MaybeUninit<T>>,
}

/// A ring's memory where it is this process's own.
struct Owned<T> {
    claim: Padded<AtomicU64>,
    released: Padded<AtomicU64>,
    slots: Box<[Slot<T>]>,
}

// SAFETY: a slot's value is touched by the one producer that claimed its position, and then, after
// the stamp's release and acquire, by the one reader; see `push` and `peek`.
unsafe impl<T: Copy + Send> Sync for Owned<T> {}
// SAFETY: as above; the pointers are into memory that the ring keeps alive.
unsafe impl<T: Copy + Send> Sync for Ring<T> {}
// SAFETY: as above.
unsafe impl<T: Copy + Send> Send for Ring<T> {}

impl Claim {
    pub(crate) fn seq(self) -> u64 {
        self.0 >> SEQ_BITS_FROM
    }

    pub(crate) fn position(self) -> u64 {
        self.0 % POSITIONS
    }

    pub(crate) fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    pub(crate) fn closed(self) -> Claim {
        Claim(self.0 | CLOSED)
    }

    /// What the stamp of a slot at `position` is, or the claim word once that is taken with `seq`.
    fn taking(position: u64, seq: u64) -> Claim {
        Claim((seq << SEQ_BITS_FROM) | ((position + 1) % POSITIONS))
    }

    /// Whether this is the stamp of the value at `position`, whose `seq` is above `after`.
    pub(crate) fn stamps(self, position: u64, after: u64) -> bool {
        self.0 % (2 * POSITIONS) == (position + 1) % POSITIONS && self.seq() > after
    }
}

/// How many positions `to` is ahead of `from`.
#[inline(always)]
pub(crate) fn ahead(to: u64, from: u64) -> u64 {
    to.wrapping_sub(from) % POSITIONS
}

/// What a ring can have, at most and at least, as the power of two that its masks need.
pub(crate) fn round_capacity(capacity: usize) -> usize {
    capacity.clamp(2, CAPACITY_MAX).next_power_of_two()
}

impl<T: Copy + Send + 'static> Ring<T> {
    /// In memory of its own. The capacity is rounded up to a power of two.
    pub(crate) fn new(capacity: usize) -> (Ring<T>, RingReader) {
        let capacity = round_capacity(capacity);
        let slot = |_| Slot { stamp: AtomicU64::new(0), value: UnsafeCell::new(MaybeUninit::uninit()) };
        let owned = Arc::new(Owned {
            claim: Padded(AtomicU64::new(0)),
            released: Padded(AtomicU64::new(0)),
            slots: (0..capacity).map(slot).collect(),
        });
        let parts = Parts {
            claim: &raw const owned.claim,
            released: &raw const owned.released,
            slots: owned.slots.as_ptr(),
            capacity,
            memory: owned,
        };
        // SAFETY: made for it just now.
        (unsafe { Ring::at(parts) }, RingReader::first())
    }
}

impl<T: Copy> Ring<T> {
    /// # Safety
    /// The parts are in memory that stays as long as `memory` does, aligned, zeroed or left by a
    /// ring before, and nothing but rings and readers of this one uses it.
    pub(crate) unsafe fn at(parts: Parts<T>) -> Ring<T> {
        let Parts { claim, released, slots, capacity, memory } = parts;
        assert!(capacity.is_power_of_two() && (2..=CAPACITY_MAX).contains(&capacity));
        Ring { claim, released, slots, capacity: capacity as u64, _memory: memory }
    }

    /// Takes the next `seq` and has `write` put the value for it into the ring; returns what `write`
    /// does. Where the ring is full, or closed, nothing is taken, and the word at which it was is
    /// returned: [`pass`](Ring::pass) takes a `seq` all the same.
    ///
    /// Lock-free, without waiting: it tries again only when another producer got ahead of it.
    ///
    /// # Safety
    /// `write` initialises the value, and does not unwind: the claimed slot would hold up the reader
    /// for ever.
    #[inline(always)]
    pub(crate) unsafe fn push<R>(&self, write: impl FnOnce(&mut MaybeUninit<T>, u64) -> R) -> Result<R, Claim> {
        let mut word = self.claim().load(Ordering::Acquire);
        loop {
            let position = word % POSITIONS;
            // Acquire: the reader is done with what was here. A word or a released position that is
            // out of date can only make the ring look fuller, or fails the exchange.
            let used = ahead(position, self.released().load(Ordering::Acquire));
            if (used | (word & CLOSED)) >= self.capacity {
                return Err(Claim(word));
            }
            let claimed = (word.wrapping_add(ONE_SEQ) - position) | ((position + 1) % POSITIONS);
            match self.claim().compare_exchange_weak(word, claimed, Ordering::Relaxed, Ordering::Acquire) {
                Ok(_) => {
                    let slot = self.slot(position);
                    // Inlined into every place that emits the event, as the rest is: left out of line
                    // it would be 10 ns.
                    let result = slot.value.with_mut(
                        #[inline(always)]
                        // SAFETY: the position is ours alone until the stamp says it is written.
                        |value| write(unsafe { &mut *value }, Claim(claimed).seq()),
                    );
                    // Release: the reader sees what was written.
                    slot.stamp.store(claimed, Ordering::Release);
                    return Ok(result);
                }
                Err(newer) => word = newer,
            }
        }
    }

    /// Takes a `seq` without a place. False if the word has changed meanwhile.
    pub(crate) fn pass(&self, word: Claim) -> bool {
        self.exchange(word, Claim(word.0.wrapping_add(ONE_SEQ)))
    }

    /// False if the word has changed meanwhile, or else: from now on it takes no event.
    pub(crate) fn close(&self, word: Claim) -> bool {
        self.exchange(word, word.closed())
    }

    /// Takes events again, with numbers after `seq`. False if the word has changed meanwhile.
    pub(crate) fn open(&self, word: Claim, seq: u64) -> bool {
        self.exchange(word, Claim((seq << SEQ_BITS_FROM) | word.position()))
    }

    fn exchange(&self, word: Claim, to: Claim) -> bool {
        self.claim().compare_exchange(word.0, to.0, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Puts a value that has its `seq` already into a closed ring. False if there is no room. The
    /// slot is written before it is claimed, so that a process that dies here leaves nothing torn.
    ///
    /// # Safety
    /// The ring is closed and stays so, and only one thread does this. `write` initialises the value.
    pub(crate) unsafe fn place(&self, seq: u64, write: impl FnOnce(&mut MaybeUninit<T>)) -> bool {
        let word = self.claim().load(Ordering::Acquire);
        let position = word % POSITIONS;
        if !self.has_room(Claim(word)) {
            return false;
        }
        let slot = self.slot(position);
        // SAFETY: in a closed ring nobody else claims the position.
        slot.value.with_mut(|value| write(unsafe { &mut *value }));
        slot.stamp.store(Claim::taking(position, seq).0, Ordering::Release);
        self.claim().store(word - position + (position + 1) % POSITIONS, Ordering::Release);
        true
    }

    pub(crate) fn has_room(&self, word: Claim) -> bool {
        ahead(word.position(), self.released().load(Ordering::Acquire)) < self.capacity
    }

    /// The oldest value that was not read before. None if there is none, or if its producer is still
    /// writing it. Its slot is free for another one after [`release`](Ring::release).
    ///
    /// # Safety
    /// `reader` came with this ring.
    pub(crate) unsafe fn peek(&self, reader: &mut RingReader) -> Option<T> {
        let slot = self.slot(reader.position);
        // Acquire: what the producer wrote is there.
        let stamp = Claim(slot.stamp.load(Ordering::Acquire));
        if !stamp.stamps(reader.position, reader.seq) {
            return None;
        }
        reader.position = (reader.position + 1) % POSITIONS;
        reader.seq = stamp.seq();
        // SAFETY: written, and no producer touches it before it is released.
        Some(slot.value.with(|value| unsafe { (*value).assume_init() }))
    }

    /// Frees the slots of all values that were read.
    ///
    /// # Safety
    /// `reader` came with this ring.
    pub(crate) unsafe fn release(&self, reader: &mut RingReader) {
        if reader.released != reader.position {
            reader.released = reader.position;
            // Release: the next producer writes only after the copies.
            self.released().store(reader.position, Ordering::Release);
        }
    }

    /// Reads and releases one.
    ///
    /// # Safety
    /// `reader` came with this ring.
    #[cfg(test)]
    pub(crate) unsafe fn pop(&self, reader: &mut RingReader) -> Option<T> {
        // SAFETY: passed on.
        let value = unsafe { self.peek(reader) };
        // SAFETY: passed on.
        unsafe { self.release(reader) };
        value
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity as usize
    }

    pub(crate) fn word(&self) -> Claim {
        Claim(self.claim().load(Ordering::Acquire))
    }

    /// Claimed and not yet released; a snapshot, of course.
    pub(crate) fn len(&self) -> usize {
        let released = self.released().load(Ordering::Relaxed);
        let len = ahead(self.claim().load(Ordering::Relaxed) % POSITIONS, released);
        (len as usize).min(self.capacity())
    }

    /// Claimed and not yet read.
    pub(crate) fn unread(&self, reader: &RingReader) -> usize {
        self.unread_at(self.word(), reader)
    }

    /// The same, as of a word that was seen.
    pub(crate) fn unread_at(&self, word: Claim, reader: &RingReader) -> usize {
        ahead(word.position(), reader.position) as usize
    }

    /// The last `seq` that was taken.
    pub(crate) fn seq(&self) -> u64 {
        Claim(self.claim().load(Ordering::Relaxed)).seq()
    }

    #[inline(always)]
    fn claim(&self) -> &AtomicU64 {
        // SAFETY: whoever made the ring vouched for it; the memory lives as long as the ring.
        unsafe { &(*self.claim).0 }
    }

    #[inline(always)]
    fn released(&self) -> &AtomicU64 {
        // SAFETY: as for `claim`.
        unsafe { &(*self.released).0 }
    }

    #[inline(always)]
    fn slot(&self, position: u64) -> &Slot<T> {
        let index = position & (self.capacity - 1);
        // SAFETY: the capacity is a power of two, so masking with one less stays below it.
        unsafe { &*self.slots.add(index as usize) }
    }
}

impl RingReader {
    /// Of a ring that was never read.
    pub(crate) fn first() -> RingReader {
        RingReader { position: 0, released: 0, seq: 0 }
    }
}
