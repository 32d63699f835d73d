//! The queue of one component and lane, with its lane's overflow policy and its counts.
//!
//! The emitting side takes a `seq` and writes its record, or counts why it could not; it never
//! waits. The draining side has a lock of its own: drains take turns, and the spill file and the ring
//! are emptied in order.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;

use crate::clock::Stamp;
use crate::ring::{Ring, RingReader};
use crate::schema::Lane;
use crate::spill::{Spill, SpillState};
use crate::stream::{DropReason, StreamCounts};
use crate::{Component, Event, Record};

pub(crate) struct Queue {
    slots: Slots,
    losses: CachePadded<Losses>,
    popped: CachePadded<AtomicU64>,
    /// There is something in the spill, or soon will be.
    spilled: AtomicBool,
    drain: Mutex<DrainSide>,
}

/// Where records wait, by what happens when there is no room.
enum Slots {
    /// Guard, audit, log: the newest is dropped. Records come out in the order of `seq`.
    DropNewest(Ring<Record>),
    /// Metric: the oldest is dropped, which takes a queue that producers may pop from.
    DropOldest {
        /// The last number given.
        seq: CachePadded<AtomicU64>,
        records: ArrayQueue<Record>,
    },
}

/// Off the path of an event that finds room.
#[derive(Default)]
struct Losses {
    dropped_by: [AtomicU64; DropReason::COUNT],
    truncated: AtomicU64,
    /// [`SpillState`] as a number: why a full audit queue was not relieved.
    spill_state: AtomicU8,
}

/// Only a drain, or the thread that spills, is here.
struct DrainSide {
    reader: Option<RingReader>,
    /// Audit only.
    spill: Option<Spill>,
}

/// A spill begins when the queue is this full...
const SPILL_ABOVE: (usize, usize) = (1, 2);
/// ...and ends here. Half a queue of room absorbs what arrives while the file is written.
const SPILL_DOWN_TO: (usize, usize) = (1, 4);
/// From here on the queue is looked at more often.
const FILLING: (usize, usize) = (1, 8);

impl Queue {
    pub(crate) fn new(lane: Lane, capacity: usize, spill: Option<Spill>) -> Queue {
        let (slots, reader) = if lane == Lane::Metric {
            let slots = Slots::DropOldest { seq: CachePadded::default(), records: ArrayQueue::new(capacity.max(1)) };
            (slots, None)
        } else {
            let (ring, reader) = Ring::new(capacity);
            (Slots::DropNewest(ring), Some(reader))
        };
        Queue {
            slots,
            losses: CachePadded::default(),
            popped: CachePadded::default(),
            spilled: AtomicBool::new(false),
            drain: Mutex::new(DrainSide { reader, spill }),
        }
    }

    /// The hot path; the queue is that of the event's lane. `stamp` is asked for once there is a
    /// place for the event.
    #[inline(always)]
    pub(crate) fn push<E: Event>(&self, event: &E, component: Component, stamp: impl FnOnce() -> Stamp) {
        // `E::LANE` is a constant, so one arm is all that is compiled.
        match &self.slots {
            Slots::DropNewest(ring) if E::LANE != Lane::Metric => {
                // SAFETY: `encode_into` initialises the record, and neither it nor the clock can
                // unwind: events are generated, no code of a user runs here.
                let pushed = unsafe {
                    ring.push(
                        #[inline(always)]
                        |slot: &mut MaybeUninit<Record>, seq| Record::encode_into(slot, event, component, stamp(), seq),
                    )
                };
                match pushed {
                    Some(false) => {}
                    Some(true) => self.count_truncated(),
                    None => self.count_full(),
                }
            }
            Slots::DropOldest { seq, records } if E::LANE == Lane::Metric => {
                let mut slot = MaybeUninit::uninit();
                let seq = seq.fetch_add(1, Ordering::Relaxed) + 1;
                if Record::encode_into(&mut slot, event, component, stamp(), seq) {
                    self.count_truncated();
                }
                // SAFETY: `encode_into` has initialised it.
                if records.force_push(unsafe { slot.assume_init() }).is_some() {
                    self.count_drop(DropReason::Displaced);
                }
            }
            _ => debug_assert!(false, "the queue is that of the event's lane"),
        }
    }

    #[cold]
    fn count_truncated(&self) {
        self.losses.truncated.fetch_add(1, Ordering::Relaxed);
    }

    #[cold]
    fn count_full(&self) {
        let state = self.losses.spill_state.load(Ordering::Relaxed);
        self.count_drop(if state == SpillState::Full as u8 {
            DropReason::SpillFull
        } else if state == SpillState::Failed as u8 {
            DropReason::SpillFailed
        } else {
            DropReason::QueueFull
        });
    }

    #[cold]
    fn count_drop(&self, reason: DropReason) {
        self.losses.dropped_by[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn pop(&self, into: &mut Vec<Record>, max: usize) -> usize {
        // A drain asks dozens of empty queues again and again.
        if self.len() == 0 && !self.spilled.load(Ordering::Relaxed) {
            return 0;
        }
        let before = into.len();
        let mut drain = self.lock_drain();
        if let Some(spill) = &mut drain.spill {
            self.count_damaged(spill.pop(into, max));
            self.show_state(spill);
        }
        // What is left in the file is older than anything in the queue.
        while !drain.has_spilled()
            && into.len() - before < max
            && let Some(record) = self.pop_slot(&mut drain)
        {
            into.push(record);
        }
        let popped = into.len() - before;
        self.popped.fetch_add(popped as u64, Ordering::Relaxed);
        popped
    }

    fn pop_slot(&self, drain: &mut DrainSide) -> Option<Record> {
        let mut record = match (&self.slots, &mut drain.reader) {
            // SAFETY: the two came together, in `new`.
            (Slots::DropNewest(ring), Some(reader)) => unsafe { ring.pop(reader) },
            (Slots::DropOldest { records, .. }, _) => records.pop(),
            (Slots::DropNewest(_), None) => None,
        }?;
        record.settle_time();
        Some(record)
    }

    /// Moves the oldest records of a queue that is filling up to its file. True if it moved any.
    pub(crate) fn relieve(&self) -> bool {
        self.is_fuller_than(SPILL_ABOVE) && self.spill_down_to(self.part(SPILL_DOWN_TO))
    }

    /// Before the process ends: what no drain took goes to disk, for the next run.
    pub(crate) fn spill_all(&self) {
        self.spill_down_to(0);
    }

    fn spill_down_to(&self, keep: usize) -> bool {
        let mut drain = self.lock_drain();
        let Some(mut spill) = drain.spill.take() else {
            return false;
        };
        self.spilled.store(true, Ordering::Relaxed);
        let mut moved = 0;
        loop {
            let taken = spill.push(|| if self.len() > keep { self.pop_slot(&mut drain) } else { None });
            moved += taken;
            if taken == 0 {
                break;
            }
        }
        self.show_state(&spill);
        drain.spill = Some(spill);
        moved > 0
    }

    fn lock_drain(&self) -> MutexGuard<'_, DrainSide> {
        self.drain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_damaged(&self, records: u64) {
        self.losses.dropped_by[DropReason::SpillDamaged as usize].fetch_add(records, Ordering::Relaxed);
    }

    fn show_state(&self, spill: &Spill) {
        self.spilled.store(spill.records() > 0, Ordering::Relaxed);
        self.losses.spill_state.store(spill.state() as u8, Ordering::Relaxed);
    }

    /// For the thread that relieves it: time to look more often.
    pub(crate) fn is_filling(&self) -> bool {
        self.is_fuller_than(FILLING)
    }

    fn is_fuller_than(&self, part: (usize, usize)) -> bool {
        self.len() >= self.part(part)
    }

    fn part(&self, (numerator, denominator): (usize, usize)) -> usize {
        let capacity = match &self.slots {
            Slots::DropNewest(ring) => ring.capacity(),
            Slots::DropOldest { records, .. } => records.capacity(),
        };
        (capacity * numerator / denominator).max(1)
    }

    fn len(&self) -> usize {
        match &self.slots {
            Slots::DropNewest(ring) => ring.len(),
            Slots::DropOldest { records, .. } => records.len(),
        }
    }

    pub(crate) fn counts(&self) -> StreamCounts {
        // With the lock, a record is not on its way between queue and file.
        let drain = self.lock_drain();
        let counts = StreamCounts {
            popped: self.popped.load(Ordering::Relaxed),
            queued: self.len() as u64,
            spilled: drain.spill.as_ref().map_or(0, Spill::records),
            dropped_by: std::array::from_fn(|reason| self.losses.dropped_by[reason].load(Ordering::Relaxed)),
            truncated: self.losses.truncated.load(Ordering::Relaxed),
            emitted: 0,
        };
        // Last, so that it is never less than the rest adds up to.
        StreamCounts { emitted: self.emitted(), ..counts }
    }

    /// The last `seq` given.
    pub(crate) fn emitted(&self) -> u64 {
        match &self.slots {
            Slots::DropNewest(ring) => ring.seq(),
            Slots::DropOldest { seq, .. } => seq.load(Ordering::Relaxed),
        }
    }
}

impl DrainSide {
    fn has_spilled(&self) -> bool {
        self.spill.as_ref().is_some_and(|spill| spill.records() > 0)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{clock, events};

    /// A record that is told by its number.
    pub(crate) fn numbered(seq: u64) -> Record {
        let event = events::RiskDecision { strategy_id: "mm-1", ..Default::default() };
        let mut slot = MaybeUninit::uninit();
        Record::encode_into(&mut slot, &event, Component::Risk, Stamp::Ns(0), seq);
        // SAFETY: just written.
        unsafe { slot.assume_init() }
    }

    fn seqs(queue: &Queue) -> Vec<u64> {
        let mut out = Vec::new();
        queue.pop(&mut out, usize::MAX);
        out.iter().map(Record::seq).collect()
    }

    fn overfilled<E: Event>(event: &E) -> Queue {
        let queue = Queue::new(E::LANE, 4, None);
        for _ in 0..6 {
            queue.push(event, Component::Risk, || Stamp::Ns(0));
        }
        queue
    }

    #[test]
    fn guard_keeps_the_first_and_metric_the_last() {
        let newest = (vec![1, 2, 3, 4], vec![("queue_full", 2)]);
        let oldest = (vec![3, 4, 5, 6], vec![("displaced", 2)]);
        for (queue, expected) in [
            (overfilled(&events::StormguardTransition::default()), &newest),
            (overfilled(&events::RiskDecision::default()), &newest),
            (overfilled(&events::FeedGap::default()), &newest),
            (overfilled(&events::PnlSnapshot::default()), &oldest),
        ] {
            let kept = seqs(&queue);
            let counts = queue.counts();
            assert_eq!(&(kept, counts.dropped_reasons().collect()), expected);
            assert_eq!((counts.emitted, counts.popped, counts.queued), (6, 4, 0));
        }
    }

    #[test]
    fn a_dropped_event_leaves_a_hole_in_the_sequence() {
        let queue = overfilled(&events::RiskDecision::default());
        seqs(&queue);
        queue.push(&events::RiskDecision::default(), Component::Risk, || Stamp::Ns(0));
        assert_eq!(seqs(&queue), [7]);
    }

    #[test]
    fn an_event_has_the_time_of_its_emit_though_the_drain_comes_late() {
        clock::start();
        let queue = Queue::new(Lane::Audit, 4, None);
        let before = clock::now_ns();
        queue.push(&events::RiskDecision::default(), Component::Risk, clock::stamp);
        let after = clock::now_ns();
        std::thread::sleep(std::time::Duration::from_millis(20));
        clock::refresh();
        let mut out = Vec::new();
        queue.pop(&mut out, 1);
        // The clock was adjusted in between, by what it had gone wrong.
        let near = before - 100_000..after + 100_000;
        assert!(near.contains(&out[0].ts_ns()), "{near:?}, {:?}", out[0]);
    }
}
