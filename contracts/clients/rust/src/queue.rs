//! The queue of one component and lane, with its lane's overflow policy and its counts.
//!
//! The emitting side takes a `seq`, then pushes; it never waits. The draining side has a lock of
//! its own where the lane spills, because the spill file and the queue must be emptied in order.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;

use crate::Record;
use crate::schema::Lane;
use crate::spill::{Spill, SpillState};
use crate::stream::{DropReason, StreamCounts};

pub(crate) struct Queue {
    /// The last number given. Written by every emit: alone on its cache line.
    seq: CachePadded<AtomicU64>,
    slots: ArrayQueue<Record>,
    lane: Lane,
    losses: CachePadded<Losses>,
    popped: CachePadded<AtomicU64>,
    /// Audit only. The lock belongs to the draining side: emitting never takes it.
    spill: Option<Mutex<Spill>>,
}

/// Off the path of an event that finds room.
#[derive(Default)]
struct Losses {
    dropped_by: [AtomicU64; DropReason::COUNT],
    truncated: AtomicU64,
    /// [`SpillState`] as a number: why a full audit queue was not relieved.
    spill_state: AtomicU8,
}

/// A spill begins when the queue is this full...
const SPILL_ABOVE: (usize, usize) = (1, 2);
/// ...and ends here. Half a queue of room absorbs what arrives while the file is written.
const SPILL_DOWN_TO: (usize, usize) = (1, 4);

impl Queue {
    pub(crate) fn new(lane: Lane, capacity: usize, spill: Option<Spill>) -> Queue {
        Queue {
            seq: CachePadded::new(AtomicU64::new(0)),
            slots: ArrayQueue::new(capacity.max(1)),
            lane,
            losses: CachePadded::default(),
            popped: CachePadded::new(AtomicU64::new(0)),
            spill: spill.map(Mutex::new),
        }
    }

    /// The hot path: one `fetch_add`, one push.
    #[inline(always)]
    pub(crate) fn push(&self, lane: Lane, mut record: Record) {
        debug_assert!(lane == self.lane);
        if record.truncated() {
            self.count_truncated();
        }
        record.set_seq(self.seq.fetch_add(1, Ordering::Relaxed) + 1);
        if matches!(lane, Lane::Metric) {
            if self.slots.force_push(record).is_some() {
                self.count_drop(DropReason::Displaced);
            }
        } else if self.slots.push(record).is_err() {
            self.count_full();
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
        let before = into.len();
        // Held until the end: nothing may move from the queue to the file meanwhile.
        let mut spill = self.lock_spill();
        let mut older_ones_wait = false;
        if let Some(spill) = &mut spill {
            self.count_damaged(spill.pop(into, max));
            self.show_state(spill);
            older_ones_wait = spill.records() > 0;
        }
        while !older_ones_wait
            && into.len() - before < max
            && let Some(record) = self.slots.pop()
        {
            into.push(record);
        }
        let popped = into.len() - before;
        self.popped.fetch_add(popped as u64, Ordering::Relaxed);
        popped
    }

    /// Moves the oldest records of a queue that is filling up to its file. True if it moved any.
    pub(crate) fn relieve(&self) -> bool {
        self.slots.len() >= part(self.slots.capacity(), SPILL_ABOVE)
            && self.spill_down_to(part(self.slots.capacity(), SPILL_DOWN_TO))
    }

    /// Before the process ends: what no drain took goes to disk, for the next run.
    pub(crate) fn spill_all(&self) {
        self.spill_down_to(0);
    }

    fn spill_down_to(&self, keep: usize) -> bool {
        let Some(mut spill) = self.lock_spill() else {
            return false;
        };
        let mut moved = 0;
        loop {
            let taken = spill.push(|| {
                if self.slots.len() > keep {
                    self.slots.pop()
                } else {
                    None
                }
            });
            moved += taken;
            if taken == 0 {
                break;
            }
        }
        self.show_state(&spill);
        moved > 0
    }

    fn lock_spill(&self) -> Option<MutexGuard<'_, Spill>> {
        let lock = self.spill.as_ref()?;
        Some(lock.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count_damaged(&self, records: u64) {
        self.losses.dropped_by[DropReason::SpillDamaged as usize]
            .fetch_add(records, Ordering::Relaxed);
    }

    fn show_state(&self, spill: &Spill) {
        self.losses
            .spill_state
            .store(spill.state() as u8, Ordering::Relaxed);
    }

    /// How full the queue is, for the thread that relieves it.
    pub(crate) fn is_filling(&self) -> bool {
        self.spill.is_some() && self.slots.len() >= part(self.slots.capacity(), (1, 8))
    }

    pub(crate) fn counts(&self) -> StreamCounts {
        // With the lock, a record is not on its way between queue and file.
        let spill = self.lock_spill();
        let counts = StreamCounts {
            popped: self.popped.load(Ordering::Relaxed),
            queued: self.slots.len() as u64,
            spilled: spill.as_ref().map_or(0, |spill| spill.records()),
            dropped_by: std::array::from_fn(|reason| {
                self.losses.dropped_by[reason].load(Ordering::Relaxed)
            }),
            truncated: self.losses.truncated.load(Ordering::Relaxed),
            emitted: 0,
        };
        // Last, so that it is never less than the rest adds up to.
        StreamCounts {
            emitted: self.seq.load(Ordering::Relaxed),
            ..counts
        }
    }
}

fn part(capacity: usize, (numerator, denominator): (usize, usize)) -> usize {
    (capacity * numerator / denominator).max(1)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Component, events};

    /// A record that is told by its number.
    pub(crate) fn numbered(seq: u64) -> Record {
        let event = events::RiskDecision {
            strategy_id: "mm-1",
            ..Default::default()
        };
        let mut record = Record::encode(&event, Component::Risk, 0);
        record.set_seq(seq);
        record
    }

    fn seqs(queue: &Queue) -> Vec<u64> {
        let mut out = Vec::new();
        queue.pop(&mut out, usize::MAX);
        out.iter().map(Record::seq).collect()
    }

    fn overfilled(lane: Lane) -> Queue {
        let queue = Queue::new(lane, 4, None);
        for _ in 0..6 {
            queue.push(lane, numbered(0));
        }
        queue
    }

    #[test]
    fn guard_keeps_the_first_and_metric_the_last() {
        for (lane, kept, reason) in [
            (Lane::Guard, [1, 2, 3, 4], DropReason::QueueFull),
            (Lane::Audit, [1, 2, 3, 4], DropReason::QueueFull),
            (Lane::Log, [1, 2, 3, 4], DropReason::QueueFull),
            (Lane::Metric, [3, 4, 5, 6], DropReason::Displaced),
        ] {
            let queue = overfilled(lane);
            assert_eq!(seqs(&queue), kept, "{lane:?}");
            let counts = queue.counts();
            assert_eq!((counts.emitted, counts.popped, counts.queued), (6, 4, 0));
            assert_eq!(
                counts.dropped_reasons().collect::<Vec<_>>(),
                [(reason.name(), 2)]
            );
        }
    }

    #[test]
    fn a_dropped_event_leaves_a_hole_in_the_sequence() {
        let queue = overfilled(Lane::Log);
        seqs(&queue);
        queue.push(Lane::Log, numbered(0));
        assert_eq!(seqs(&queue), [7]);
    }
}
