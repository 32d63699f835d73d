//! The thread of a destination: deliveries come in, are taken in groups, made safe, answered.
//!
//! The promise: a row counts as delivered only after `commit`. A sink in trouble is tried again with
//! growing pauses, for as long as the router runs; meanwhile its queue fills and the rule of
//! [`SinkHandle::offer`] decides. Nothing is lost without an answer to the settlement.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, SendTimeoutError, Sender, TrySendError, bounded};
use tapline_contract::Lane;

use super::{DeadLetters, Delivery, Sink, SinkError, SinkStats};
use crate::ledger::{Outcome, Reason};

/// Rows taken together before a commit: enough that a transaction's or a write's fixed cost vanishes.
const GROUP_ROWS: usize = 2048;

/// The queue keeps this many places for the guard lane alone.
const GUARD_RESERVE: usize = 16;

/// How long rows may wait for room. A sink that is merely slow makes room within it; for one that has
/// failed, nobody waits.
const ROOM_WAIT: Duration = Duration::from_secs(5);

const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The worker's side of a destination.
pub struct SinkHandle {
    pub name: Arc<str>,
    pub stats: Arc<SinkStats>,
    queue: Sender<Delivery>,
    capacity: usize,
    dead_letters: Arc<DeadLetters>,
}

/// The owner's side: stop it, wait for it.
pub struct SinkRunner {
    handle: Arc<SinkHandle>,
    stopping: Arc<AtomicBool>,
    /// Closed to say that nothing more is offered.
    open: Option<Sender<()>>,
    thread: JoinHandle<()>,
}

impl SinkRunner {
    /// Starts a destination with room for `capacity` deliveries (batches) in its queue.
    pub fn start(
        name: &str,
        sink: Box<dyn Sink>,
        stats: Arc<SinkStats>,
        capacity: usize,
        dead_letters: Arc<DeadLetters>,
    ) -> std::io::Result<Self> {
        let (queue, deliveries) = bounded(capacity + GUARD_RESERVE);
        let stopping = Arc::new(AtomicBool::new(false));
        let (open, closed) = bounded(0);
        let handle = Arc::new(SinkHandle {
            name: name.into(),
            stats: stats.clone(),
            queue,
            capacity,
            dead_letters: dead_letters.clone(),
        });
        let thread = std::thread::Builder::new().name(format!("sink-{name}")).spawn({
            let (name, stopping) = (name.to_owned(), stopping.clone());
            move || Worker { name, sink, stats, deliveries, closed, dead_letters, stopping }.run()
        })?;
        Ok(SinkRunner { handle, stopping, open: Some(open), thread })
    }

    pub fn handle(&self) -> Arc<SinkHandle> {
        self.handle.clone()
    }

    /// Nothing more is offered from now on.
    pub fn close(&mut self) {
        self.stopping.store(true, Relaxed);
        self.open = None;
    }

    /// Lets the destination finish what it has; what it can't take by then becomes dead letters.
    pub fn stop(mut self) {
        self.close();
        if self.thread.join().is_err() {
            tracing::error!("a destination's thread has panicked; its rows stay pending in the ledger");
        }
    }
}

impl SinkHandle {
    /// Whether the queue has room beyond what is kept for the guard lane.
    pub fn has_room(&self) -> bool {
        self.queue.len() < self.capacity
    }

    /// Hands rows over. Where there is no room, a bounded wait (none where the destination is failing);
    /// then guard and audit rows become dead letters (kept on disk), log and metric rows are dropped.
    pub fn offer(&self, delivery: Delivery, lane: Lane) {
        SinkStats::add(&self.stats.offered, delivery.rows.len() as u64);
        let refused = match lane {
            // The places kept for it.
            Lane::Guard => self.queue.try_send(delivery).map_err(TrySendError::into_inner),
            _ if self.has_room() => self.queue.try_send(delivery).map_err(TrySendError::into_inner),
            _ => Err(delivery),
        };
        let refused = refused.or_else(|delivery| self.wait_for_room(delivery));
        let Err(delivery) = refused else { return };
        match lane {
            Lane::Guard | Lane::Audit => {
                bury(
                    &self.dead_letters,
                    &self.stats,
                    &self.name,
                    &delivery,
                    "sink_full",
                    "the destination's queue is full",
                );
            }
            Lane::Log | Lane::Metric => {
                SinkStats::add(&self.stats.dropped, delivery.rows.len() as u64);
                delivery.settle(delivery.rows(), Outcome::Dropped, &Reason::Borrowed("sink_full"));
            }
        }
    }

    fn wait_for_room(&self, mut delivery: Delivery) -> Result<(), Delivery> {
        let deadline = Instant::now() + ROOM_WAIT;
        loop {
            if self.has_room() {
                match self.queue.send_timeout(delivery, Duration::from_millis(1)) {
                    Ok(()) => return Ok(()),
                    Err(SendTimeoutError::Timeout(back) | SendTimeoutError::Disconnected(back)) => delivery = back,
                }
            }
            if Instant::now() >= deadline || self.stats.failing.load(Relaxed) {
                return Err(delivery);
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

struct Worker {
    name: String,
    sink: Box<dyn Sink>,
    stats: Arc<SinkStats>,
    deliveries: Receiver<Delivery>,
    closed: Receiver<()>,
    dead_letters: Arc<DeadLetters>,
    stopping: Arc<AtomicBool>,
}

impl Worker {
    fn run(mut self) {
        loop {
            let first = crossbeam::select! {
                recv(self.deliveries) -> delivery => delivery.ok(),
                // Closed: what is queued is still delivered.
                recv(self.closed) -> _ => self.deliveries.try_recv().ok(),
            };
            let Some(first) = first else { return };
            let mut rows = first.rows.len();
            let mut group = vec![first];
            while rows < GROUP_ROWS
                && let Ok(next) = self.deliveries.try_recv()
            {
                rows += next.rows.len();
                group.push(next);
            }
            self.stats.oldest_ns.store(group[0].batch().ingest_ns, Relaxed);
            self.deliver(group);
            self.stats.oldest_ns.store(0, Relaxed);
        }
    }

    fn deliver(&mut self, group: Vec<Delivery>) {
        let mut pause = PAUSE_FIRST;
        loop {
            let begin = Instant::now();
            let result = self.attempt(&group);
            self.stats.writes.observe(begin.elapsed().as_nanos() as u64);
            let error = match result {
                Ok(refused) => {
                    if self.stats.failing.swap(false, Relaxed) {
                        tracing::info!(sink = %self.name, "the destination takes events again");
                    }
                    return self.answer(&group, refused);
                }
                Err(error) => error,
            };
            SinkStats::add(&self.stats.retries, 1);
            if !self.stats.failing.swap(true, Relaxed) {
                // Once for each outage: a state, not a line per try.
                tracing::error!(sink = %self.name, %error, "the destination is failing; trying again until it works");
            }
            if self.stopping.load(Relaxed) {
                for delivery in &group {
                    bury(&self.dead_letters, &self.stats, &self.name, delivery, "sink_failing", &error.to_string());
                }
                return;
            }
            // Wakes at once when the router stops.
            let _ = self.closed.recv_timeout(pause);
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    fn attempt(&mut self, group: &[Delivery]) -> Result<Vec<Vec<super::Refusal>>, SinkError> {
        let mut refused = Vec::with_capacity(group.len());
        for delivery in group {
            refused.push(self.sink.take(delivery)?);
        }
        self.sink.commit()?;
        Ok(refused)
    }

    fn answer(&self, group: &[Delivery], refused: Vec<Vec<super::Refusal>>) {
        for (delivery, refusals) in group.iter().zip(refused) {
            let taken = delivery.rows.len() - refusals.len();
            SinkStats::add(&self.stats.delivered, taken as u64);
            if refusals.is_empty() {
                delivery.settle(delivery.rows(), Outcome::Delivered, &Reason::Borrowed(""));
                continue;
            }
            let is_refused = |row: &usize| refusals.iter().any(|refusal| refusal.row == *row);
            delivery.settle(delivery.rows().filter(|row| !is_refused(row)), Outcome::Delivered, &Reason::Borrowed(""));
            for refusal in &refusals {
                let one = Delivery { parcel: delivery.parcel.clone(), rows: vec![refusal.row as u16] };
                bury(&self.dead_letters, &self.stats, &self.name, &one, &refusal.reason, &refusal.message);
            }
        }
    }
}

/// Keeps rows in the dead letters and settles them; where even that fails they are dropped, counted.
fn bury(dead_letters: &DeadLetters, stats: &SinkStats, sink: &str, delivery: &Delivery, reason: &str, message: &str) {
    let n = delivery.rows.len() as u64;
    let reason: Reason = reason.to_owned().into();
    match dead_letters.keep(delivery.batch(), delivery.rows(), sink, &reason, message) {
        Ok(()) => {
            SinkStats::add(&stats.dead_lettered, n);
            delivery.settle(delivery.rows(), Outcome::DeadLettered, &reason);
        }
        Err(error) => {
            tracing::error!(sink, %error, rows = n, "the dead letters can't be written; the rows are dropped");
            SinkStats::add(&stats.dropped, n);
            delivery.settle(delivery.rows(), Outcome::Dropped, &Reason::Borrowed("dead_letter_failed"));
        }
    }
}
