//! A ring in another process's memory, as its reader sees it: nothing there is believed.

use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::layout::SlotWords;
use crate::Record;
use crate::ring::{Claim, POSITIONS, ahead};

pub(super) struct View {
    claim: *const AtomicU64,
    slots: *const SlotWords,
    capacity: u64,
    _memory: Arc<dyn Send + Sync>,
}

// SAFETY: atomics, in memory that is kept mapped.
unsafe impl Send for View {}

impl View {
    /// `capacity` is a power of two.
    ///
    /// # Safety
    /// The claim and so many slots are in the memory, and stay there.
    pub(super) unsafe fn new(
        claim: *const AtomicU64,
        slots: *const SlotWords,
        capacity: u64,
        memory: Arc<dyn Send + Sync>,
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

    /// Whether there is one, as for [`read`](View::read).
    pub(super) fn is_written(&self, position: u64, after: u64) -> bool {
        let position = position % POSITIONS;
        Claim(self.slot(position).stamp.load(Ordering::Relaxed)).stamps(position, after)
    }

    /// Copies what stands at the position, if a value above `after` was written there, and returns the
    /// `seq` that it was stamped with. The copy is a record then, be it one that nobody emitted.
    #[inline]
    pub(super) fn read(&self, position: u64, after: u64, copy: &mut MaybeUninit<Record>) -> Option<u64> {
        let position = position % POSITIONS;
        let slot = self.slot(position);
        let stamp = Claim(slot.stamp.load(Ordering::Relaxed));
        if !stamp.stamps(position, after) {
            return None;
        }
        fence(Ordering::Acquire);
        // Word by word, atomically: a producer that does not keep to the rules may write meanwhile.
        Record::copy_from(copy, |at| slot.record[at].load(Ordering::Relaxed));
        Some(stamp.seq())
    }

    fn slot(&self, position: u64) -> &SlotWords {
        // SAFETY: masked, so one of the slots; in memory that is alive.
        unsafe { &*self.slots.add((position & (self.capacity - 1)) as usize) }
    }
}

/// In memory of this process, so that Miri can look on.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Stamp;
    use crate::ring::{Padded, Parts, Ring};
    use crate::schema::Lane;
    use crate::{Component, events};

    const CAPACITY: usize = 8;

    struct Memory {
        claim: Padded<AtomicU64>,
        released: Padded<AtomicU64>,
        slots: [SlotWords; CAPACITY],
    }

    fn both_sides() -> (Arc<Memory>, Ring<Record>, View) {
        let slot = |_| SlotWords { stamp: AtomicU64::new(0), record: [const { AtomicU64::new(0) }; _] };
        let memory = Arc::new(Memory {
            claim: Padded(AtomicU64::new(0)),
            released: Padded(AtomicU64::new(0)),
            slots: std::array::from_fn(slot),
        });
        let slots = memory.slots.as_ptr();
        let parts = Parts {
            claim: &raw const memory.claim,
            released: &raw const memory.released,
            slots: slots.cast(),
            capacity: CAPACITY,
            memory: memory.clone(),
        };
        // SAFETY: all of it is in the memory, zeroed, and used by these two.
        let ring = unsafe { Ring::at(parts) };
        // SAFETY: as above.
        let view = unsafe { View::new(&raw const memory.claim.0, slots, CAPACITY as u64, memory.clone()) };
        (memory, ring, view)
    }

    #[test]
    fn sees_what_producers_write_while_they_write_more() {
        const EACH: u64 = 60;
        let (memory, ring, view) = both_sides();
        let push = |ring: &Ring<Record>| {
            let event = events::RiskDecision { strategy_id: "mm-1", price: Some(7), ..Default::default() };
            // SAFETY: writes the record, can't unwind.
            let pushed = unsafe {
                ring.push(|slot, seq| Record::encode_into(slot, &event, Component::Risk, Stamp::Ns(seq), seq))
            };
            pushed.is_ok()
        };
        let (mut passed, mut last) = (0, 0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..EACH {
                        while !push(&ring) {
                            std::thread::yield_now();
                        }
                    }
                });
            }
            while passed < 2 * EACH {
                let occupied = view.occupied(view.word(), memory.released.0.load(Ordering::Relaxed));
                assert!(occupied.is_some());
                let mut copy = MaybeUninit::uninit();
                let Some(seq) = view.read(passed, last, &mut copy) else {
                    std::thread::yield_now();
                    continue;
                };
                // SAFETY: it was read.
                let record = unsafe { copy.assume_init_ref() };
                assert!(record.is_whole(Component::Risk, Lane::Audit) && seq > last);
                assert_eq!((record.seq(), record.ts_ns()), (seq, seq));
                (passed, last) = (passed + 1, seq);
                if passed % 3 == 0 {
                    memory.released.0.store(passed, Ordering::Release);
                }
            }
        });
        assert!(!view.is_written(passed, last));
    }

    #[test]
    fn a_slot_of_an_earlier_lap_is_not_taken_for_a_new_one() {
        let (memory, ring, view) = both_sides();
        for n in 1..=CAPACITY as u64 {
            // SAFETY: writes the record, can't unwind.
            let pushed = unsafe { ring.push(|slot, seq| crate::queue::tests::numbered(seq).copy_to(slot)) };
            assert!(pushed.is_ok() && ring.seq() == n);
        }
        memory.released.0.store(CAPACITY as u64, Ordering::Release);
        let mut copy = MaybeUninit::uninit();
        assert_eq!(view.read(0, 0, &mut copy), Some(1));
        assert_eq!(view.read(CAPACITY as u64, 0, &mut copy), None);
        assert_eq!(view.occupied(ring.word(), 0), Some(CAPACITY as u64));
        assert_eq!(view.occupied(ring.word(), CAPACITY as u64 + 1), None, "a reader ahead of its writers");
    }
}
