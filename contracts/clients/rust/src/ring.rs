//! A bounded queue, many producers and one reader at a time, that is written in place.
//!
//! Why not `crossbeam`'s `ArrayQueue`, which the metric lane uses: it takes its values whole, so a
//! record is first built elsewhere and then copied twice, its `seq` costs a second locked
//! instruction, and where the reader is descheduled inside a full queue a producer spins until it
//! is back. Here a producer claims a slot and its `seq` by one compare-exchange and writes only the
//! bytes it needs, straight into the slot: half the latency (`benches/emit`). And it never waits: a
//! slot that is not free, whoever holds it, is a full queue.
//!
//! The claim word is `seq << 20 | position`. A place in the ring is taken at `position`; an event
//! that finds none raises only `seq`. A slot's stamp says whose turn it is (Vyukov): `position` =
//! free for that position, `position + 1` = written, `position + capacity` = free for the next lap.
//!
//! Model-checked by `tests/ring_model.rs`, which includes this file; its other tests stand in
//! `ring/tests.rs`, because the model can't run them.

use std::mem::MaybeUninit;

use super::sync::{AtomicU64, Ordering, UnsafeCell};

const POSITION_BITS: u32 = 20;
pub(crate) const POSITIONS: u64 = 1 << POSITION_BITS;

/// Stamps of neighbouring laps must differ, so a ring is at most a quarter of the positions: 64 MiB
/// of records.
pub(crate) const CAPACITY_MAX: usize = (POSITIONS / 4) as usize;

/// `T: Copy`, so that a value needs no drop, and a reader may take it by copy.
pub(crate) struct Ring<T> {
    /// Written by every push: alone on its cache lines.
    claim: Padded<AtomicU64>,
    /// Where the reader is; for `len`.
    head: Padded<AtomicU64>,
    slots: Box<[Slot<T>]>,
}

/// The right to read one ring.
#[derive(Debug)]
pub(crate) struct RingReader {
    head: u64,
}

/// Two lines: the prefetcher of x86 fetches pairs.
#[repr(align(128))]
struct Padded<T>(T);

/// Begins on a cache line, so that a slot of 256 bytes touches four, not five.
#[repr(C, align(64))]
struct Slot<T> {
    stamp: AtomicU64,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: a slot's value is touched by the one producer that claimed its position, and then, after
// the stamp's release and acquire, by the one reader; see `push` and `pop`.
unsafe impl<T: Copy + Send> Sync for Ring<T> {}

impl<T: Copy> Ring<T> {
    /// The capacity is rounded up to a power of two.
    pub(crate) fn new(capacity: usize) -> (Ring<T>, RingReader) {
        let capacity = capacity.clamp(2, CAPACITY_MAX).next_power_of_two();
        let slot = |position| Slot { stamp: AtomicU64::new(position), value: UnsafeCell::new(MaybeUninit::uninit()) };
        let ring = Ring {
            claim: Padded(AtomicU64::new(0)),
            head: Padded(AtomicU64::new(0)),
            slots: (0..capacity as u64).map(slot).collect(),
        };
        (ring, RingReader { head: 0 })
    }

    /// Takes the next `seq` and has `write` put the value for it into the ring; returns what `write`
    /// does. None if the ring is full: the `seq` is taken all the same.
    ///
    /// Lock-free, without waiting: it tries again only when another producer got ahead of it.
    ///
    /// # Safety
    /// `write` initialises the value, and does not unwind: the claimed slot would hold up the reader
    /// for ever.
    #[inline(always)]
    pub(crate) unsafe fn push<R>(&self, write: impl FnOnce(&mut MaybeUninit<T>, u64) -> R) -> Option<R> {
        let mut word = self.claim.0.load(Ordering::Relaxed);
        loop {
            let position = word % POSITIONS;
            let slot = self.slot(position);
            // Acquire: the reader is done with what was here.
            if slot.stamp.load(Ordering::Acquire) == position {
                let seq_only = word.wrapping_add(POSITIONS) - position;
                let claimed = seq_only | ((position + 1) % POSITIONS);
                match self.claim.0.compare_exchange_weak(word, claimed, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => {
                        let seq = claimed >> POSITION_BITS;
                        // SAFETY: the position is ours alone until the stamp says it is written.
                        let result = slot.value.with_mut(|value| write(unsafe { &mut *value }, seq));
                        // Release: the reader sees what was written.
                        slot.stamp.store((position + 1) % POSITIONS, Ordering::Release);
                        return Some(result);
                    }
                    Err(newer) => word = newer,
                }
            } else {
                match self.take_seq_only(word) {
                    Ok(()) => return None,
                    Err(newer) => word = newer,
                }
            }
        }
    }

    /// Full, unless the word has changed since its slot was looked at.
    #[cold]
    fn take_seq_only(&self, word: u64) -> Result<(), u64> {
        self.claim
            .0
            .compare_exchange(word, word.wrapping_add(POSITIONS), Ordering::Relaxed, Ordering::Relaxed)
            .map(drop)
    }

    /// The oldest value. None if there is none, or if its producer is still writing it.
    ///
    /// # Safety
    /// `reader` came with this ring.
    pub(crate) unsafe fn pop(&self, reader: &mut RingReader) -> Option<T> {
        let position = reader.head;
        let slot = self.slot(position);
        // Acquire: what the producer wrote is there.
        if slot.stamp.load(Ordering::Acquire) != (position + 1) % POSITIONS {
            return None;
        }
        // SAFETY: written, and no producer touches it before the stamp says that it is free.
        let value = slot.value.with(|value| unsafe { (*value).assume_init() });
        let next_lap = (position + self.capacity() as u64) % POSITIONS;
        // Release: the next producer writes only after this copy.
        slot.stamp.store(next_lap, Ordering::Release);
        reader.head = (position + 1) % POSITIONS;
        self.head.0.store(reader.head, Ordering::Relaxed);
        Some(value)
    }

    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Claimed and not yet read; a snapshot, of course.
    pub(crate) fn len(&self) -> usize {
        let head = self.head.0.load(Ordering::Relaxed);
        let tail = self.claim.0.load(Ordering::Relaxed) % POSITIONS;
        let len = tail.wrapping_sub(head) % POSITIONS;
        (len as usize).min(self.capacity())
    }

    /// The last `seq` that was taken.
    pub(crate) fn seq(&self) -> u64 {
        self.claim.0.load(Ordering::Relaxed) >> POSITION_BITS
    }

    #[inline(always)]
    fn slot(&self, position: u64) -> &Slot<T> {
        let index = position as usize & (self.slots.len() - 1);
        // SAFETY: the length is a power of two, so masking with one less stays below it.
        unsafe { self.slots.get_unchecked(index) }
    }
}
