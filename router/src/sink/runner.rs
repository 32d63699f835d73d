//! The thread of a destination: deliveries come in, are taken in groups, made safe, answered.
//!
//! The promise: a row counts as delivered only after `commit`. A sink in trouble is tried again with
//! growing pauses, for as long as the router runs; what comes meanwhile goes by way of the journal (see
//! `backlog.rs`). Nothing is lost without an answer to the settlement.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use tapline_contract::Lane;

use super::backlog::{Backlog, Owed};
use super::feed::{Fed, Feed};
use super::{DeadLetters, Delivery, Kept, Refusal, Sink, SinkError, SinkStats};
use crate::audit::PlacedRow;
use crate::journal::Inbox;
use crate::ledger::{Outcome, Reason};

/// Rows are not taken together beyond this, whatever their number: they are in memory, and once more as they are sent.
const GROUP_BYTES: usize = 8 << 20;

/// The queue has this many places more for rows that are in the journal already: what was on its way there
/// when the queue filled up, and the guard lane.
const RESERVE: usize = 24;

/// For a destination on this machine the worker waits when its queue is full, so that producers feel how
/// fast it is, unless it has been at one group for this long. A remote one gets its rows by way of the
/// journal at once, and delays nobody.
const SLOW: Duration = Duration::from_secs(1);

const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// A destination's queue, for those who have rows for it.
pub struct SinkHandle {
    pub name: Arc<str>,
    /// The destination's number.
    pub number: u8,
    pub stats: Arc<SinkStats>,
    is_remote: bool,
    queue: Sender<Delivery>,
    capacity: usize,
    backlog: Arc<Mutex<Backlog>>,
    kept: Option<Kept>,
    /// Something that is owed has become safe.
    wake: Sender<()>,
    dead_letters: Arc<DeadLetters>,
}

/// The owner's side: stop it, wait for it.
pub struct SinkRunner {
    handle: Arc<SinkHandle>,
    stop_by: Arc<OnceLock<Instant>>,
    /// Closed to say that nothing more is offered.
    open: Option<Sender<()>>,
    thread: JoinHandle<()>,
}

/// What a destination starts with.
pub struct Start {
    pub name: String,
    pub number: u8,
    pub sink: Box<dyn Sink>,
    pub stats: Arc<SinkStats>,
    /// Deliveries (batches) that fit into its queue.
    pub capacity: usize,
    pub backlog: Backlog,
    pub feed: Feed,
    pub inbox: Arc<Inbox>,
    pub dead_letters: Arc<DeadLetters>,
}

// === impl SinkRunner ===

impl SinkRunner {
    pub fn start(start: Start) -> std::io::Result<Self> {
        let Start { name, number, sink, stats, capacity, backlog, feed, inbox, dead_letters } = start;
        let (queue, deliveries) = bounded(capacity + RESERVE);
        let stop_by = Arc::new(OnceLock::new());
        let (open, closed) = bounded(0);
        let (wake, woken) = bounded(1);
        let backlog = Arc::new(Mutex::new(backlog));
        let handle = Arc::new(SinkHandle {
            name: name.as_str().into(),
            number,
            stats: stats.clone(),
            is_remote: sink.is_remote(),
            queue,
            capacity,
            backlog: backlog.clone(),
            kept: sink.kept(),
            wake,
            dead_letters: dead_letters.clone(),
        });
        let thread = std::thread::Builder::new().name(format!("sink-{name}")).spawn({
            let stop_by = stop_by.clone();
            let worker = Worker {
                name,
                number,
                sink,
                stats,
                deliveries,
                closed,
                woken,
                backlog,
                feed,
                inbox,
                dead_letters,
                stop_by,
            };
            move || worker.run()
        })?;
        Ok(SinkRunner { handle, stop_by, open: Some(open), thread })
    }

    pub fn handle(&self) -> Arc<SinkHandle> {
        self.handle.clone()
    }

    /// Nothing more is offered from now on; what is not delivered by then stays in the journal.
    pub fn close(&mut self, by: Instant) {
        let _ = self.stop_by.set(by);
        self.open = None;
    }

    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("a destination's thread has panicked; its rows stay pending in the ledger");
        }
    }
}

// === impl SinkHandle ===

impl SinkHandle {
    fn backlog(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self) -> bool {
        self.queue.len() < self.capacity
    }

    /// False: the worker had better wait for it. What is remote, failing or slow is not waited for.
    pub fn keeps_up(&self) -> bool {
        self.has_room() || self.is_remote || self.stats.is_slow(SLOW)
    }

    /// Hands over rows that no record holds. Where the destination has no room for them and nobody waits for
    /// it, they come back, to be put into the journal: then [`SinkHandle::owe`] or [`SinkHandle::refuse`] follows.
    pub fn offer(&self, mut delivery: Delivery, lane: Lane) -> Result<(), Delivery> {
        SinkStats::add(&self.stats.offered, delivery.rows.len() as u64);
        {
            let mut backlog = self.backlog();
            // No producer waits for what is elsewhere, or in trouble.
            delivery.hold.take_if(|_| self.is_remote || self.stats.failing.load(Relaxed));
            if let Some(hold) = &delivery.hold {
                backlog.hold(hold);
            }
        }
        loop {
            {
                let mut backlog = self.backlog();
                let back = match backlog.is_behind() {
                    true => Err(delivery),
                    false if self.has_room() || lane == Lane::Guard => {
                        self.queue.try_send(delivery).map_err(TrySendError::into_inner)
                    }
                    false => Err(delivery),
                };
                let Err(back) = back else { return Ok(()) };
                delivery = back;
                if backlog.is_behind() || self.is_remote || self.stats.is_slow(SLOW) {
                    delivery.hold = None;
                    backlog.spilled();
                    return Err(delivery);
                }
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Hands over guard rows that have no record yet, since a page waits for no disk: [`SinkHandle::number`]
    /// follows. False: there is no room, or older ones come by way of the journal; then these do too, and
    /// [`SinkHandle::caught_up`] follows.
    pub fn offer_ahead(&self, delivery: Delivery, ticket: u64) -> bool {
        let rows = delivery.rows.len() as u64;
        let mut backlog = self.backlog();
        let delivery = Delivery { ticket: Some(ticket), ..delivery };
        if !backlog.lets_ahead() || self.queue.try_send(delivery).is_err() {
            backlog.late();
            return false;
        }
        backlog.ahead(ticket);
        SinkStats::add(&self.stats.offered, rows);
        true
    }

    pub fn number(&self, ticket: u64, record: u64) {
        self.backlog().number(ticket, record);
    }

    pub fn caught_up(&self) {
        self.backlog().caught_up();
    }

    /// Hands over rows of a record; never waits.
    pub fn offer_record(&self, delivery: Delivery, record: u64, bytes: u64) {
        SinkStats::add(&self.stats.offered, delivery.rows.len() as u64);
        let mut backlog = self.backlog();
        let refused = match backlog.is_behind() {
            true => Err(delivery),
            false => self.queue.try_send(delivery).map_err(TrySendError::into_inner),
        };
        match refused {
            Ok(()) => backlog.queued(record),
            Err(Delivery { settlement, rows, .. }) => backlog.owe(record, Owed { settlement, rows, bytes }),
        }
    }

    /// What did not fit has a record now.
    pub fn owe(&self, delivery: Delivery, record: u64, bytes: u64) {
        let mut backlog = self.backlog();
        backlog.owe(record, Owed { settlement: delivery.settlement, rows: delivery.rows, bytes });
        backlog.numbered();
    }

    /// What did not fit into the queue did not fit into the journal either.
    pub fn refuse(&self, delivery: &Delivery, reason: &'static str) {
        self.backlog().numbered();
        self.drop_rows(delivery, reason);
    }

    pub fn drop_rows(&self, delivery: &Delivery, reason: &'static str) {
        SinkStats::add(&self.stats.dropped, delivery.rows.len() as u64);
        delivery.settle(delivery.rows(), Outcome::Dropped, &Reason::Borrowed(reason));
    }

    /// Keeps rows that this destination can't get in the dead letters.
    pub fn bury(&self, delivery: &Delivery, reason: &str, message: &str) {
        bury(&self.dead_letters, &self.stats, &self.name, delivery, reason, message, None);
    }

    /// Records have become safe.
    pub fn wake(&self) {
        if self.backlog().is_behind() {
            let _ = self.wake.try_send(());
        }
    }

    /// See [`Backlog::cursor`].
    pub fn cursor(&self, numbered: u64) -> u64 {
        let mut backlog = self.backlog();
        if let Some(kept) = &self.kept {
            backlog.kept(kept());
        }
        backlog.cursor(numbered)
    }

    /// Records of the journal that are owed to it, and their bytes.
    pub fn owed(&self) -> (usize, u64) {
        let backlog = self.backlog();
        (backlog.records(), backlog.bytes())
    }
}

// === impl Worker ===

struct Worker {
    name: String,
    number: u8,
    sink: Box<dyn Sink>,
    stats: Arc<SinkStats>,
    deliveries: Receiver<Delivery>,
    closed: Receiver<()>,
    woken: Receiver<()>,
    backlog: Arc<Mutex<Backlog>>,
    feed: Feed,
    inbox: Arc<Inbox>,
    dead_letters: Arc<DeadLetters>,
    /// Set when the router stops.
    stop_by: Arc<OnceLock<Instant>>,
}

impl Worker {
    fn run(mut self) {
        while let Some(group) = self.next_group() {
            self.stats.oldest_ns.store(group[0].batch().ingest_ns, Relaxed);
            let delivered = self.deliver(&group);
            self.stats.oldest_ns.store(0, Relaxed);
            if !delivered {
                self.leave(group);
                break;
            }
        }
        while let Ok(delivery) = self.deliveries.try_recv() {
            self.leave(vec![delivery]);
        }
    }

    /// What to deliver next: the queue first, which is older than what is owed. `None`: the router stops.
    fn next_group(&mut self) -> Option<Vec<Delivery>> {
        loop {
            if let Ok(first) = self.deliveries.try_recv() {
                return Some(self.group(first, |worker| worker.deliveries.try_recv().ok()));
            }
            let is_over = self.stop_by.get().is_some_and(|time| Instant::now() > *time);
            if !is_over && let Some(first) = self.next_owed() {
                return Some(self.group(first, Self::next_owed));
            }
            crossbeam::select! {
                recv(self.deliveries) -> delivery => {
                    let first = delivery.ok()?;
                    return Some(self.group(first, |worker| worker.deliveries.try_recv().ok()));
                }
                recv(self.woken) -> _ => {}
                // Closed: what is queued is still delivered.
                recv(self.closed) -> _ => {
                    if self.deliveries.is_empty() {
                        return None;
                    }
                }
            }
        }
    }

    fn group(&mut self, first: Delivery, mut next: impl FnMut(&mut Self) -> Option<Delivery>) -> Vec<Delivery> {
        let end = self.sink.group_end();
        let rows_max = self.sink.group_rows();
        let (mut rows, mut bytes) = (first.rows.len(), first.batch().arena_bytes());
        let mut group = vec![first];
        let is_open = |group: &[Delivery], rows: usize, bytes: usize| match end {
            Some(end) => group.last().and_then(|delivery| delivery.record).is_some_and(|record| record < end),
            None => rows < rows_max && bytes < GROUP_BYTES,
        };
        while is_open(&group, rows, bytes)
            && let Some(delivery) = next(self)
        {
            rows += delivery.rows.len();
            bytes += delivery.batch().arena_bytes();
            group.push(delivery);
        }
        group
    }

    /// The next rows from the journal.
    fn next_owed(&mut self) -> Option<Delivery> {
        loop {
            match self.feed.next(&self.backlog) {
                Ok(Fed::Delivery(delivery)) => return Some(delivery),
                Ok(Fed::Nothing) => return None,
                Ok(Fed::Lost(lost, why)) => {
                    let rows: usize = lost.iter().map(|owed| owed.rows.len()).sum();
                    tracing::error!(sink = %self.name, rows, why, "rows can't be read back from the journal and are lost");
                    SinkStats::add(&self.stats.dropped, rows as u64);
                    for owed in lost {
                        let rows = owed.rows.iter().map(|row| usize::from(*row));
                        owed.settlement.settle(rows, Outcome::Dropped, &Reason::Borrowed("journal_damaged"));
                    }
                }
                Err(error) => {
                    tracing::error!(sink = %self.name, %error, "the journal can't be read; trying again");
                    let _ = self.closed.recv_timeout(PAUSE_MAX);
                    return None;
                }
            }
        }
    }

    /// False: it can't be done before the router stops.
    fn deliver(&mut self, group: &[Delivery]) -> bool {
        let mut pause = PAUSE_FIRST;
        let mut told = None;
        loop {
            let begin = Instant::now();
            self.stats.begin();
            let result = self.attempt(group);
            self.stats.end();
            self.stats.writes.observe(begin.elapsed().as_nanos() as u64);
            let error = match result {
                Ok(refused) => {
                    if self.stats.failing.swap(false, Relaxed) {
                        tracing::info!(sink = %self.name, "the destination takes events again");
                    }
                    self.answer(group, refused);
                    return true;
                }
                Err(error) => error,
            };
            SinkStats::add(&self.stats.retries, 1);
            let mut backlog = self.backlog.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = !self.stats.failing.swap(true, Relaxed);
            backlog.release_holds();
            drop(backlog);
            if is_new || told.is_some_and(|operation| operation != error.operation) {
                // Once for each outage, and for what it turns out to be: a state, not a line per try.
                tracing::error!(sink = %self.name, %error, "the destination is failing; trying again until it works");
            }
            told = Some(error.operation);
            if self.stop_by.get().is_some() {
                return false;
            }
            // Wakes at once when the router stops.
            let _ = self.closed.recv_timeout(pause);
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    fn attempt(&mut self, group: &[Delivery]) -> Result<Vec<Vec<Refusal>>, SinkError> {
        let mut refused = Vec::with_capacity(group.len());
        for delivery in group {
            refused.push(self.sink.take(delivery)?);
        }
        for late in self.sink.commit()? {
            refused[late.delivery].push(late.refusal);
        }
        Ok(refused)
    }

    fn answer(&self, group: &[Delivery], refused: Vec<Vec<Refusal>>) {
        for (delivery, refusals) in group.iter().zip(refused) {
            let taken = delivery.rows.len() - refusals.len();
            SinkStats::add(&self.stats.delivered, taken as u64);
            let is_refused = |row: &usize| refusals.iter().any(|refusal| refusal.row == *row);
            delivery.settle(delivery.rows().filter(|row| !is_refused(row)), Outcome::Delivered, &Reason::Borrowed(""));
            for refusal in &refusals {
                let one = delivery.only(vec![refusal.row as u16]);
                let placed = refusal.placed.as_deref();
                bury(&self.dead_letters, &self.stats, &self.name, &one, &refusal.reason, &refusal.message, placed);
            }
            let mut backlog = self.backlog.lock().unwrap_or_else(PoisonError::into_inner);
            match (delivery.record, delivery.ticket, self.sink.mark()) {
                (Some(record), _, Some(mark)) => backlog.done_at(mark, record),
                (Some(record), _, None) => backlog.done(record),
                (None, Some(ticket), mark) => backlog.arrived(ticket, mark),
                (None, None, _) => {}
            }
        }
    }

    /// The router stops before these could be delivered. What the journal has stays there for the next
    /// start; what it has not goes into it now.
    fn leave(&self, group: Vec<Delivery>) {
        for delivery in group.into_iter().filter(|delivery| delivery.record.is_none()) {
            let mut backlog = self.backlog.lock().unwrap_or_else(PoisonError::into_inner);
            if delivery.ticket.is_some_and(|ticket| backlog.is_numbered(ticket)) {
                continue;
            }
            backlog.spilled();
            drop(backlog);
            self.inbox.spill(vec![(self.number, delivery)]);
        }
    }
}

/// Keeps rows in the dead letters and settles them; where even that fails they are dropped, counted.
fn bury(
    dead_letters: &DeadLetters,
    stats: &SinkStats,
    sink: &str,
    delivery: &Delivery,
    reason: &str,
    message: &str,
    placed: Option<&PlacedRow>,
) {
    let n = delivery.rows.len() as u64;
    let reason: Reason = reason.to_owned().into();
    match dead_letters.keep(delivery.batch(), delivery.rows(), sink, &reason, message, placed) {
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
