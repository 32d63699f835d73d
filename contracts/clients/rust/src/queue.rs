//! The queue of one component and lane, with its lane's overflow policy and its counts.
//!
//! The emitting side takes a `seq` and writes its record, or counts why it could not; it never
//! waits. The draining side has a lock of its own: drains take turns, and the spill file and the ring
//! are emptied in order.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;

use crate::clock::Stamp;
use crate::diversion::{Diversion, Next};
use crate::losses::Losses;
use crate::ring::{Claim, Ring, RingReader};
use crate::schema::Lane;
use crate::spill::{Spill, SpillState};
use crate::stream::{DropReason, StreamCounts};
use crate::{Component, Event, Record};

pub(crate) struct Queue {
    slots: Slots,
    /// Audit in shared memory only: what finds no room in the ring goes here, see `diversion`.
    overflow: Option<Ring<Record>>,
    losses: Losses,
    popped: CachePadded<AtomicU64>,
    drain: Mutex<DrainSide>,
}

/// Where records wait, by what happens when there is no room.
// Few are made, and a box would cost each event of a metric lane a pointer to follow.
#[allow(clippy::large_enum_variant)]
enum Slots {
    /// Guard, audit, log, and all lanes in shared memory: the newest is dropped. Records come out in
    /// the order of `seq`.
    DropNewest(Ring<Record>),
    /// Metric: the oldest is dropped, which takes a queue that producers may pop from.
    DropOldest {
        /// The last number given.
        seq: CachePadded<AtomicU64>,
        records: ArrayQueue<Record>,
    },
}

/// Rings in memory that another process reads.
pub(crate) struct SharedRings {
    pub(crate) main: Ring<Record>,
    pub(crate) overflow: Option<Ring<Record>>,
    pub(crate) losses: Losses,
}

/// Only a drain, or the thread that spills, is here.
struct DrainSide {
    /// Of the ring; in shared memory of the overflow, if there is one.
    reader: Option<RingReader>,
    /// Audit only.
    spill: Option<Spill>,
    /// On their way back into the main ring.
    returning: Vec<Record>,
}

/// A spill begins when the queue is this full...
const SPILL_ABOVE: (usize, usize) = (1, 2);
/// ...and ends here. Half a queue of room absorbs what arrives while the file is written.
const SPILL_DOWN_TO: (usize, usize) = (1, 4);
/// From here on the queue is looked at more often.
const FILLING: (usize, usize) = (1, 8);
/// Brought back from the overflow in one go.
const RETURN_BATCH: usize = 256;

impl Queue {
    pub(crate) fn new(lane: Lane, capacity: usize, spill: Option<Spill>) -> Queue {
        let (slots, reader) = if lane == Lane::Metric {
            let slots = Slots::DropOldest { seq: CachePadded::default(), records: ArrayQueue::new(capacity.max(1)) };
            (slots, None)
        } else {
            let (ring, reader) = Ring::new(capacity);
            (Slots::DropNewest(ring), Some(reader))
        };
        Queue::with(slots, None, Losses::new(), reader, spill)
    }

    /// Drained by another process.
    pub(crate) fn shared(rings: SharedRings, spill: Option<Spill>) -> Queue {
        let SharedRings { main, overflow, losses } = rings;
        let reader = overflow.is_some().then(RingReader::first);
        Queue::with(Slots::DropNewest(main), overflow, losses, reader, spill)
    }

    fn with(
        slots: Slots,
        overflow: Option<Ring<Record>>,
        losses: Losses,
        reader: Option<RingReader>,
        spill: Option<Spill>,
    ) -> Queue {
        let drain = Mutex::new(DrainSide { reader, spill, returning: Vec::new() });
        Queue { slots, overflow, losses, popped: CachePadded::default(), drain }
    }

    /// The hot path; the queue is that of the event's lane. `stamp` is asked for once there is a
    /// place for the event.
    #[inline(always)]
    pub(crate) fn push<E: Event>(&self, event: &E, component: Component, stamp: impl Fn() -> Stamp) {
        match &self.slots {
            Slots::DropNewest(main) => {
                let mut ring = main;
                loop {
                    // SAFETY: `encode_into` initialises the record, and neither it nor the clock can
                    // unwind: events are generated, no code of a user runs here.
                    let pushed = unsafe {
                        ring.push(
                            #[inline(always)]
                            |slot: &mut MaybeUninit<Record>, seq| {
                                Record::encode_into(slot, event, component, stamp(), seq)
                            },
                        )
                    };
                    match pushed {
                        Ok(false) => return,
                        Ok(true) => return self.losses.count_truncated(),
                        Err(word) => match self.turn_away(main, ring, word) {
                            Some(next) => ring = next,
                            None => return,
                        },
                    }
                }
            }
            // `E::LANE` is a constant: other lanes compile the first arm only.
            Slots::DropOldest { seq, records } if E::LANE == Lane::Metric => {
                let mut slot = MaybeUninit::uninit();
                let seq = seq.fetch_add(1, Ordering::Relaxed) + 1;
                if Record::encode_into(&mut slot, event, component, stamp(), seq) {
                    self.losses.count_truncated();
                }
                // SAFETY: `encode_into` has initialised it.
                if records.force_push(unsafe { slot.assume_init() }).is_some() {
                    self.losses.count(DropReason::Displaced, 1);
                }
            }
            Slots::DropOldest { .. } => debug_assert!(false, "the queue is that of the event's lane"),
        }
    }

    /// The ring was full at `word`. Where to try it next; none if it was dropped.
    ///
    /// It knows nothing of the event: one that is passed on to a function has to be in memory, with
    /// all its fields, each time, and not only here.
    #[cold]
    #[inline(never)]
    fn turn_away<'q>(&'q self, main: &'q Ring<Record>, ring: &Ring<Record>, word: Claim) -> Option<&'q Ring<Record>> {
        let Some(overflow) = &self.overflow else {
            if !main.pass(word) {
                return Some(main);
            }
            self.losses.count_full();
            return None;
        };
        let diversion = Diversion { main, overflow };
        let next = if std::ptr::eq(ring, main) {
            diversion.turned_away_by_main(word)
        } else {
            diversion.turned_away_by_overflow(word)
        };
        match next {
            Next::Main => Some(main),
            Next::Overflow => Some(overflow),
            Next::Dropped => {
                self.losses.count_full();
                None
            }
        }
    }

    pub(crate) fn pop(&self, into: &mut Vec<Record>, max: usize) -> usize {
        // A drain asks dozens of empty queues again and again.
        if self.len() == 0 && !self.losses.has_spilled() {
            return 0;
        }
        let mut drain = self.lock_drain();
        let popped = self.take(&mut drain, into, max);
        self.let_go(&mut drain);
        self.popped.fetch_add(popped as u64, Ordering::Relaxed);
        popped
    }

    /// The oldest records. They are still in the ring and in the spill file until
    /// [`let_go`](Queue::let_go).
    fn take(&self, drain: &mut DrainSide, into: &mut Vec<Record>, max: usize) -> usize {
        let before = into.len();
        if let Some(spill) = &mut drain.spill {
            let damaged = spill.pop(into, max);
            if damaged > 0 {
                self.losses.count(DropReason::SpillDamaged, damaged);
            }
        }
        // What is left in the file is older than anything in the queue.
        while !drain.has_spilled()
            && into.len() - before < max
            && let Some(record) = self.next(drain)
        {
            into.push(record);
        }
        into.len() - before
    }

    fn next(&self, drain: &mut DrainSide) -> Option<Record> {
        let mut record = match (self.drained(), &mut drain.reader) {
            // SAFETY: the two came together.
            (Drained::Ring(ring), Some(reader)) => unsafe { ring.peek(reader) },
            (Drained::Array(records), _) => records.pop(),
            (Drained::Ring(_), None) => None,
        }?;
        record.settle_time();
        Some(record)
    }

    /// What was taken is elsewhere now.
    fn let_go(&self, drain: &mut DrainSide) {
        if let Some(spill) = &mut drain.spill {
            spill.forget_read();
            self.losses.show_spill(spill.state(), spill.records());
            if spill.state() == SpillState::Failed {
                // Some are in this process's memory only, and would die with it.
                return;
            }
        }
        if let (Drained::Ring(ring), Some(reader)) = (self.drained(), &mut drain.reader) {
            // SAFETY: the two came together.
            unsafe { ring.release(reader) };
        }
    }

    /// Moves the oldest records of a queue that is filling up to its file. True if it moved any.
    pub(crate) fn relieve(&self) -> bool {
        self.is_fuller_than(SPILL_ABOVE) && self.spill_down_to(self.part(SPILL_DOWN_TO))
    }

    /// Before the process ends: what no drain took goes to disk, for the next run. What is in shared
    /// memory is kept there.
    pub(crate) fn spill_all(&self) {
        if self.overflow.is_none() {
            self.spill_down_to(0);
        }
    }

    fn spill_down_to(&self, keep: usize) -> bool {
        let mut drain = self.lock_drain();
        let Some(mut spill) = drain.spill.take() else {
            return false;
        };
        let mut moved = 0;
        loop {
            let taken = spill.push(|| if self.unread(&drain) > keep { self.next(&mut drain) } else { None });
            moved += taken;
            if taken == 0 {
                break;
            }
        }
        drain.spill = Some(spill);
        self.let_go(&mut drain);
        moved > 0
    }

    /// Brings what overflowed back into the main ring as that finds room. True if it moved any.
    pub(crate) fn give_back(&self) -> bool {
        let (Slots::DropNewest(main), Some(overflow)) = (&self.slots, &self.overflow) else {
            return false;
        };
        if !main.word().is_closed() {
            return false;
        }
        let mut drain = self.lock_drain();
        let room = main.capacity() - main.len();
        let mut returning = std::mem::take(&mut drain.returning);
        self.take(&mut drain, &mut returning, room.min(RETURN_BATCH));
        for record in &returning {
            // SAFETY: only the keeper is here, and it has not ended the diversion.
            let placed = unsafe { main.place(record.seq(), |slot| record.copy_to(slot)) };
            if !placed {
                // There was room, so the reader moved its position back: it can't be right any more.
                self.losses.count(DropReason::QueueFull, 1);
            }
        }
        let moved = !returning.is_empty();
        returning.clear();
        drain.returning = returning;
        self.let_go(&mut drain);
        if !drain.has_spilled()
            && let Some(reader) = &drain.reader
        {
            Diversion { main, overflow }.end(reader);
        }
        moved
    }

    fn lock_drain(&self) -> MutexGuard<'_, DrainSide> {
        self.drain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the thread that relieves it: time to look more often.
    pub(crate) fn is_filling(&self) -> bool {
        // Before the overflow ring can fill, the main one has to.
        let main_fills = match (&self.slots, &self.overflow) {
            (Slots::DropNewest(main), Some(_)) => main.len() >= main.capacity() * FILLING.0 / FILLING.1,
            _ => false,
        };
        main_fills || self.is_fuller_than(FILLING)
    }

    fn is_fuller_than(&self, part: (usize, usize)) -> bool {
        self.len() >= self.part(part)
    }

    fn part(&self, (numerator, denominator): (usize, usize)) -> usize {
        let capacity = match self.drained() {
            Drained::Ring(ring) => ring.capacity(),
            Drained::Array(records) => records.capacity(),
        };
        (capacity * numerator / denominator).max(1)
    }

    /// What a drain in this process reads.
    fn drained(&self) -> Drained<'_> {
        match (&self.slots, &self.overflow) {
            (_, Some(overflow)) => Drained::Ring(overflow),
            (Slots::DropNewest(ring), None) => Drained::Ring(ring),
            (Slots::DropOldest { records, .. }, None) => Drained::Array(records),
        }
    }

    fn len(&self) -> usize {
        match self.drained() {
            Drained::Ring(ring) => ring.len(),
            Drained::Array(records) => records.len(),
        }
    }

    fn unread(&self, drain: &DrainSide) -> usize {
        match (self.drained(), &drain.reader) {
            (Drained::Ring(ring), Some(reader)) => ring.unread(reader),
            _ => self.len(),
        }
    }

    pub(crate) fn counts(&self) -> StreamCounts {
        // With the lock, a record is not on its way between queue and file.
        let drain = self.lock_drain();
        let counts = StreamCounts {
            popped: self.popped.load(Ordering::Relaxed),
            queued: self.unread(&drain) as u64,
            spilled: drain.spill.as_ref().map_or(0, Spill::records),
            dropped_by: self.losses.words().dropped_by(),
            truncated: self.losses.words().truncated.load(Ordering::Relaxed),
            emitted: 0,
        };
        // Last, so that it is never less than the rest adds up to.
        StreamCounts { emitted: self.emitted(), ..counts }
    }

    /// The last `seq` given.
    pub(crate) fn emitted(&self) -> u64 {
        match &self.slots {
            Slots::DropNewest(ring) => ring.seq().max(self.overflow.as_ref().map_or(0, Ring::seq)),
            Slots::DropOldest { seq, .. } => seq.load(Ordering::Relaxed),
        }
    }
}

enum Drained<'q> {
    Ring(&'q Ring<Record>),
    Array(&'q ArrayQueue<Record>),
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
