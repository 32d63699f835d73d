//! A ring in another process's memory, as its reader sees it: nothing there is believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::layout::SlotWords;
use super::mapping::Mapping;
use crate::Record;
use crate::ring::{Claim, POSITIONS, ahead};

pub(super) struct View {
    claim: *const AtomicU64,
    slots: *const SlotWords,
    capacity: u64,
    _memory: Arc<Mapping>,
}

// SAFETY: atomics, in memory that is kept mapped.
unsafe impl Send for View {}

impl View {
    /// `capacity` is a power of two.
    ///
    /// # Safety
    /// The claim and so many slots are in the mapping.
    pub(super) unsafe fn new(
        claim: *const AtomicU64,
        slots: *const SlotWords,
        capacity: u64,
        memory: Arc<Mapping>,
    ) -> View {
        View { claim, slots, capacity, _memory: memory }
    }

    /// What was claimed by now. All that was written before is seen by who looks afterwards.
    pub(super) fn word(&self) -> Claim {
        // SAFETY: in the mapping, which is alive.
        let word = unsafe { &*self.claim }.load(Ordering::Relaxed);
        // A fence, because only relaxed loads are sure to be fine where memory can't be written.
        fence(Ordering::Acquire);
        Claim(word)
    }

    /// Slots claimed and not released. None if the two can't both be true.
    pub(super) fn occupied(&self, word: Claim, released: u64) -> Option<u64> {
        Some(ahead(word.position(), released % POSITIONS)).filter(|occupied| *occupied <= self.capacity)
    }

    /// What stands at the position, with its `seq`, if a value above `after` was written there.
    pub(super) fn read(&self, position: u64, after: u64) -> Option<(u64, Record)> {
        let position = position % POSITIONS;
        // SAFETY: masked, so one of the slots; in the mapping, which is alive.
        let slot = unsafe { &*self.slots.add((position & (self.capacity - 1)) as usize) };
        let stamp = Claim(slot.stamp.load(Ordering::Relaxed));
        if !stamp.stamps(position, after) {
            return None;
        }
        fence(Ordering::Acquire);
        // Word by word, atomically: a producer that does not keep to the rules may write meanwhile.
        let words = std::array::from_fn(|at| slot.record[at].load(Ordering::Relaxed));
        Some((stamp.seq(), Record::from_words(words)))
    }
}
