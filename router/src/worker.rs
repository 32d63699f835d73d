//! The worker: one plain thread that takes events from queues, guard first, and walks each batch
//! along the way to its destinations. tokio carries input and output only; nothing here awaits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crossbeam::channel::Receiver;
use tapline_contract::{Contract, Lane};
use tapline_host::NewEvent;
use tokio::sync::mpsc;

use crate::batch::{Batch, ROWS_MAX};
use crate::chain::{Chain, Effects};
use crate::clearance::Gate;
use crate::clock;
use crate::dispatch::Dispatcher;
use crate::embedded::Embedded;
use crate::intake::LANES;
use crate::ledger::{Ledger, Outcome};
use crate::metrics::{EventCounts, Histogram};
use crate::notice::{Inbound, NoticeCode};
use crate::shared::Shared;
use crate::sink::DeadLetters;

/// While events come in from queues in this process nobody wakes the worker: their emitters make no
/// system call. It looks again after this long, and ever less often while it finds nothing.
const NAP_FIRST: Duration = Duration::from_micros(100);
/// The longest time for which an event can wait unnoticed in an idle router.
const NAP_MAX: Duration = Duration::from_millis(5);
/// Without queues in this process, sockets wake the worker; it looks up only for its own timers.
const NAP_WITHOUT_QUEUES: Duration = Duration::from_millis(250);

/// What the worker counts for /metrics.
pub struct WorkerStats {
    pub batch_events: Histogram,
    pub notices: Mutex<BTreeMap<NoticeCode, u64>>,
    pub events: EventCounts,
}

impl WorkerStats {
    pub fn new(contract: &Contract) -> Self {
        WorkerStats {
            batch_events: Histogram::numbers(contract, "tapline_batch_events"),
            notices: Mutex::new(BTreeMap::new()),
            events: EventCounts::new(contract),
        }
    }
}

pub struct Worker {
    pub contract: Arc<Contract>,
    pub ledger: Arc<Ledger>,
    /// By lane.
    pub lanes: [mpsc::Receiver<Batch>; 4],
    /// By lane: a batch that was taken from the lane and did not fit into the one before it.
    pub next: [Option<Batch>; 4],
    pub home: Receiver<Batch>,
    pub embedded: Embedded,
    /// Queues in shared memory, where the configuration has a folder for them.
    pub shared: Option<Shared>,
    pub inbound: Inbound,
    pub chain: Chain,
    pub gate: Gate,
    pub dispatcher: Dispatcher,
    pub dead_letters: Arc<DeadLetters>,
    /// What became of notices.
    pub receipts: Receiver<NewEvent>,
    pub stats: Arc<WorkerStats>,
    /// Set once the ways in are closed: what is queued is still processed, but not beyond this time;
    /// the rest stays pending in the ledger.
    pub stop_by: Arc<OnceLock<Instant>>,
}

/// What came of looking for work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Worked,
    /// Events may be waiting, but a destination that they need is full.
    NoRoom,
    Idle,
}

impl Worker {
    /// Until the router stops and nothing is left; then for [`Worker::last_receipts`].
    pub fn run(mut self) -> Self {
        let mut effects = Effects::default();
        let mut nap = NAP_FIRST;
        loop {
            // Read before looking for work: what was queued before the stop is seen by this look.
            let stop_by = self.stop_by.get().copied();
            let turn = self.turn(&mut effects);
            self.chain.tick(clock::now_ns(), &mut effects);
            self.follow_up(&mut effects);
            if stop_by.is_some_and(|time| turn == Turn::Idle || Instant::now() > time) {
                break;
            }
            match turn {
                Turn::Worked => {
                    nap = NAP_FIRST;
                    continue;
                }
                // The destination tells nobody when it has room.
                Turn::NoRoom => nap = NAP_FIRST,
                Turn::Idle => {}
            }
            let has_queues = self.embedded.is_attached() || self.shared.is_some();
            let longest = if has_queues { NAP_MAX } else { NAP_WITHOUT_QUEUES };
            nap = if has_queues || turn == Turn::NoRoom { nap.min(longest) } else { longest };
            let tick = self.chain.next_tick().unwrap_or(longest);
            std::thread::park_timeout(nap.min(tick));
            nap = (nap * 2).min(longest);
        }
        self.chain.stop();
        self
    }

    /// What came of the notices that were told since: no other thread makes any more.
    pub fn last_receipts(mut self, by: Instant) {
        let mut effects = Effects::default();
        while !self.receipts.is_empty() && Instant::now() < by {
            if !self.dispatcher.has_room(Lane::Audit) {
                std::thread::sleep(NAP_FIRST);
            }
            self.follow_up(&mut effects);
        }
        if !self.receipts.is_empty() {
            tracing::warn!(rows = self.receipts.len(), "receipts of notices have found no room, and have no audit row");
        }
    }

    /// One batch of the most urgent lane that has any.
    fn turn(&mut self, effects: &mut Effects) -> Turn {
        let mut turn = Turn::Idle;
        for lane in LANES {
            if !self.dispatcher.has_room(lane) {
                // The destination that this lane can't do without is full. Its events wait where
                // they are; other lanes go on.
                turn = Turn::NoRoom;
                continue;
            }
            if let Some(batch) = self.next_of_lane(lane).or_else(|| self.next_of_queues(lane)) {
                self.process(batch, effects);
                return Turn::Worked;
            }
        }
        turn
    }

    /// The lane's next batch. Small ones that wait one behind the other are joined: many producers send
    /// few events at a time, and a plugin call or a transaction for each would be most of their cost.
    fn next_of_lane(&mut self, lane: Lane) -> Option<Batch> {
        let queue = &mut self.lanes[lane as usize];
        let next = &mut self.next[lane as usize];
        let mut batch = next.take().or_else(|| queue.try_recv().ok())?;
        while !batch.is_full()
            && let Ok(mut other) = queue.try_recv()
        {
            if !batch.append(&mut other) {
                *next = Some(other);
                break;
            }
            self.dispatcher.bring_home(other);
        }
        Some(batch)
    }

    fn next_of_queues(&mut self, lane: Lane) -> Option<Batch> {
        let has_shared = self.shared.as_mut().is_some_and(|shared| shared.has_events(lane));
        if !has_shared && !self.embedded.has_events(lane) {
            return None;
        }
        let mut batch = self.empty_batch(lane);
        self.embedded.drain(lane, &mut batch);
        if let Some(shared) = self.shared.as_mut().filter(|_| has_shared && !batch.is_full()) {
            shared.drain(lane, &mut batch);
        }
        if batch.is_empty() {
            // Whatever was read is done with.
            self.dispatcher.bring_home(batch);
            return None;
        }
        Some(batch)
    }

    fn empty_batch(&self, lane: Lane) -> Batch {
        let mut batch = self.home.try_recv().unwrap_or_else(|_| Batch::new(&self.contract));
        batch.lane = lane;
        batch.ingest_ns = clock::now_ns();
        batch
    }

    /// The way of a batch.
    fn process(&mut self, mut batch: Batch, effects: &mut Effects) {
        self.stats.batch_events.observe(batch.len() as u64);
        self.stats.events.take(&batch);
        self.inbound.number(&mut batch);
        // A dead letter of a destination has been through the chain.
        if batch.only_to == 0 {
            self.chain.process(&mut batch, effects);
        }
        self.gate.clear(&mut batch);
        self.settle_gone(&batch, effects);
        self.dispatcher.send(batch);
        self.follow_up(effects);
    }

    /// Rows that ended in the chain: filtered ones are settled, dead ones are kept first.
    fn settle_gone(&self, batch: &Batch, effects: &mut Effects) {
        for gone in effects.gone.drain(..) {
            let stream = self.ledger.get(batch.rows()[gone.row].stream);
            let mut outcome = gone.outcome;
            let mut reason = gone.reason;
            if outcome == Outcome::DeadLettered
                && let Err(error) =
                    self.dead_letters.keep(batch, std::iter::once(gone.row), &gone.by, &reason, &gone.message, None)
            {
                tracing::error!(%error, plugin = %gone.by, "the dead letters can't be written; the event is dropped");
                outcome = Outcome::Dropped;
                reason = "dead_letter_failed".into();
            }
            stream.settle(outcome, &reason, 1);
        }
    }

    /// Notices and events that plugins made become events of their own, behind the chain.
    fn follow_up(&mut self, effects: &mut Effects) {
        if self.dispatcher.has_room(Lane::Audit) {
            effects.receipts.extend(self.receipts.try_iter().take(ROWS_MAX));
        }
        if effects.notices.is_empty() && effects.events.is_empty() && effects.receipts.is_empty() {
            return;
        }
        for (_, notice) in &effects.notices {
            let mut notices = self.stats.notices.lock().unwrap_or_else(PoisonError::into_inner);
            *notices.entry(NoticeCode::of(notice)).or_default() += 1;
        }
        for lane in [Lane::Guard, Lane::Audit, Lane::Log] {
            let mut batch = self.empty_batch(lane);
            self.inbound.collect(lane, effects, &mut batch);
            if !batch.is_empty() {
                self.gate.clear(&mut batch);
                self.dispatcher.send(batch);
            }
        }
        effects.notices.clear();
        effects.events.clear();
        effects.receipts.clear();
    }
}
