//! The journal's thread: takes what waits, writes it with one sync, hands it on.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tapline_contract::{Contract, Lane, Sensitivity};
use tapline_journal::{Budget, Class, Cursors, Folder, Hash, Journal, JournalError, leaf};

use super::inbox::{Entry, Inbox, Spill};
use super::marks::{self, Marks};
use super::stats::JournalStats;
use super::stored;
use crate::audit::RowMaker;
use crate::ingest::Components;
use crate::route::Destinations;
use crate::sink::{Chained, Delivery, SinkHandle};

/// How often cursors are kept and segments let go.
const HOUSEKEEPING: Duration = Duration::from_millis(500);

const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Of the guard lane, as much is kept in memory while the disk fails: tens of thousands of transitions.
const GUARD_BYTES_MAX: usize = 16 << 20;

/// What the thread works with.
pub struct Parts {
    pub journal: Journal<Folder>,
    pub folder: Folder,
    pub budget: Budget,
    pub cursors: Cursors,
    pub marks: Marks,
    pub marks_path: PathBuf,
    pub contract: Arc<Contract>,
    pub components: Arc<Components>,
    pub destinations: Arc<Destinations>,
    /// What the audit tables may see: the hash chain is over that.
    pub clearance: Sensitivity,
    pub sinks: Vec<Arc<SinkHandle>>,
    pub inbox: Arc<Inbox>,
    pub stats: Arc<JournalStats>,
}

/// The owner's side.
pub struct JournalWriter {
    inbox: Arc<Inbox>,
    is_idle: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

struct Writer {
    parts: Parts,
    rows: RowMaker,
    names: Vec<Arc<str>>,
    body: Vec<u8>,
    /// Taken, and not safe yet.
    waiting: Vec<Waiting>,
    /// The marks on disk are as of this record.
    marks_stored: u64,
    cursors_changed: bool,
    is_idle: Arc<AtomicBool>,
}

/// A record on its way to the disk.
struct Waiting {
    record: u64,
    bytes: u64,
    what: What,
}

enum What {
    Entry { entry: Entry, chained: Option<Arc<Chained>>, offered: u64 },
    Spill(Spill),
}

// === impl JournalWriter ===

impl JournalWriter {
    pub fn start(parts: Parts) -> std::io::Result<Self> {
        let inbox = parts.inbox.clone();
        let is_idle = Arc::new(AtomicBool::new(true));
        let rows = RowMaker::new(parts.contract.clone(), parts.components.clone(), parts.clearance);
        let marks_stored = parts.marks.as_of;
        let writer = Writer {
            parts,
            rows,
            names: Vec::new(),
            body: Vec::new(),
            waiting: Vec::new(),
            marks_stored,
            cursors_changed: false,
            is_idle: is_idle.clone(),
        };
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || writer.run())?;
        Ok(JournalWriter { inbox, is_idle, thread })
    }

    /// Waits until all that was put in is safe and handed on.
    pub fn flush(&self, by: Instant) {
        while !(self.inbox.is_empty() && self.is_idle.load(Relaxed)) && Instant::now() < by {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Writes what is left, and where the destinations are.
    pub fn stop(self) {
        self.inbox.stop();
        if self.thread.join().is_err() {
            tracing::error!("the journal's thread has panicked; what it held stays pending in the ledger");
        }
    }
}

// === impl Writer ===

impl Writer {
    fn run(mut self) {
        let mut house_kept = Instant::now();
        let mut retry = Instant::now();
        let mut pause = PAUSE_FIRST;
        loop {
            let failing = self.parts.stats.failing.load(Relaxed);
            let next = if failing { retry.min(house_kept + HOUSEKEEPING) } else { house_kept + HOUSEKEEPING };
            let with_audit = !failing && !self.parts.inbox.audit_is_full.load(Relaxed);
            let with_guard = self.parts.journal.pending_bytes() < GUARD_BYTES_MAX;
            self.parts.inbox.guard_is_full.store(!with_guard, Relaxed);
            let wait = next.saturating_duration_since(Instant::now());
            let taken = self.parts.inbox.take(wait, with_audit, with_guard);
            self.is_idle.store(false, Relaxed);
            for entry in taken.guard {
                self.guard(entry);
            }
            self.audit(taken.audit);
            for spill in taken.spills {
                self.spill(spill, failing);
            }
            if !self.waiting.is_empty() && (!failing || Instant::now() >= retry || taken.stopping) {
                match self.commit() {
                    true => pause = PAUSE_FIRST,
                    false => {
                        retry = Instant::now() + pause;
                        pause = (pause * 2).min(PAUSE_MAX);
                    }
                }
            }
            if house_kept.elapsed() >= HOUSEKEEPING || taken.stopping {
                self.keep_house();
                house_kept = Instant::now();
            }
            self.is_idle.store(self.waiting.is_empty(), Relaxed);
            if taken.stopping {
                break;
            }
        }
        self.give_up();
    }

    /// Guard rows were handed to destinations before they came here (a page waits for no disk), but for those
    /// that had no room, and those with the tables, which take nothing that is not safe.
    fn guard(&mut self, entry: Entry) {
        let tables = self.parts.destinations.tables();
        let ahead = entry.ahead;
        match self.append(Class::Guard, &entry) {
            Ok((record, bytes, chained)) => {
                self.sinks(ahead.taken).for_each(|sink| sink.number(ahead.ticket, record));
                self.offer(&entry, Some((record, bytes)), &chained, ahead.late);
                self.waiting.push(Waiting { record, bytes, what: What::Entry { entry, chained, offered: !tables } });
            }
            Err(error) => {
                tracing::error!(%error, rows = entry.targets.len(), "a guard batch does not fit into the journal");
                self.offer(&entry, None, &None, ahead.late);
                self.bury(&entry, tables, "journal_full", &error.to_string());
                entry.receipts.iter().for_each(|receipt| receipt.fail());
            }
        }
        self.sinks(ahead.late).for_each(SinkHandle::caught_up);
    }

    fn sinks(&self, among: u64) -> impl Iterator<Item = &SinkHandle> {
        self.parts.sinks.iter().map(|sink| &**sink).filter(move |sink| among >> sink.number & 1 == 1)
    }

    fn audit(&mut self, mut entries: VecDeque<Entry>) {
        while let Some(entry) = entries.pop_front() {
            match self.append(Class::Audit, &entry) {
                Ok((record, bytes, chained)) => {
                    self.waiting.push(Waiting { record, bytes, what: What::Entry { entry, chained, offered: 0 } });
                }
                Err(JournalError::TooLong(_)) => {
                    // It never will fit, and must not hold up the others.
                    self.bury(&entry, u64::MAX, "too_long", "the batch is longer than a record may be");
                }
                Err(error) => {
                    if !self.parts.inbox.audit_is_full.swap(true, Relaxed) {
                        tracing::error!(%error, "no more audit events are taken until destinations have caught up; their producers keep them and wait");
                    }
                    entries.push_front(entry);
                    self.parts.inbox.put_back(entries);
                    return;
                }
            }
        }
    }

    /// Rows of one parcel for destinations that have no room.
    fn spill(&mut self, spill: Spill, failing: bool) {
        let Some((_, first)) = spill.first() else { return };
        let class = if first.batch().lane == Lane::Metric { Class::Metric } else { Class::Log };
        let mut targets = vec![0_u64; first.batch().len()];
        for (number, delivery) in &spill {
            delivery.rows().for_each(|row| targets[row] |= 1 << number);
        }
        let parcel = first.parcel.clone();
        let taken = match failing {
            true => Err("journal_failing"),
            false => match self.write_body(&parcel, &targets) {
                Ok(()) => self.parts.journal.append(class, Vec::new(), &self.body).map_err(|error| match error {
                    JournalError::Full(_) => "journal_full",
                    JournalError::TooLong(_) => "too_long",
                    JournalError::Io { .. } => "journal_failing",
                }),
                Err(_) => Err("too_long"),
            },
        };
        match taken {
            Ok(appended) => {
                let bytes = self.body.len() as u64;
                self.waiting.push(Waiting { record: appended.number, bytes, what: What::Spill(spill) });
            }
            Err(reason) => {
                for (number, delivery) in &spill {
                    self.parts.sinks[usize::from(*number)].refuse(delivery, reason);
                }
            }
        }
    }

    fn write_body(&mut self, parcel: &crate::sink::Parcel, targets: &[u64]) -> Result<(), postcard::Error> {
        let batch = parcel.batch();
        if batch.rows().iter().any(|row| usize::from(row.component.0) >= self.names.len()) {
            self.names = self.parts.components.names();
        }
        let rows = targets.iter().copied().enumerate().filter(|(_, to)| *to != 0);
        stored::encode(&self.parts.contract, &self.names, batch, rows, &self.parts.destinations, &mut self.body)
    }

    fn append(&mut self, class: Class, entry: &Entry) -> Result<(u64, u64, Option<Arc<Chained>>), JournalError> {
        let batch = entry.parcel.batch();
        self.write_body(&entry.parcel, &entry.targets).map_err(|_| JournalError::TooLong(batch.arena_bytes()))?;
        let tables = self.parts.destinations.tables();
        let mut leaves: Vec<Hash> = Vec::new();
        for (row, _) in entry.targets.iter().enumerate().filter(|(_, to)| *to & tables != 0) {
            if let Some(audit_row) = self.rows.row(batch, row) {
                leaves.push(leaf(&self.rows.canonical(&audit_row)));
            }
        }
        let rows = leaves.len() as u64;
        let appended = self.parts.journal.append(class, leaves, &self.body)?;
        for (source, mark) in &batch.marks {
            self.parts.marks.note(&marks::request(source, batch.lane), *mark, appended.number);
        }
        let numbered = batch.rows().iter().filter(|row| row.numbered && !row.gone);
        for row in numbered {
            if let Some(seq) = row.seq {
                let component = &self.names[usize::from(row.component.0)];
                self.parts.marks.note(&marks::queue(batch.text(row.run), component, batch.lane), seq, appended.number);
            }
        }
        self.parts.stats.rows.fetch_add(rows, Relaxed);
        let chained = appended
            .audited
            .map(|audited| Arc::new(Chained { position: audited.position, links: audited.links().collect() }));
        Ok((appended.number, self.body.len() as u64, chained))
    }

    /// Writes and syncs; then producers hear that their rows are safe, and destinations get them.
    fn commit(&mut self) -> bool {
        let begin = Instant::now();
        let stats = self.parts.stats.clone();
        let result = self.parts.journal.commit();
        stats.bytes.store(self.parts.journal.bytes(), Relaxed);
        if let Err(error) = result {
            stats.failures.fetch_add(1, Relaxed);
            if !stats.failing.swap(true, Relaxed) {
                tracing::error!(%error, "the journal can't be written; audit events are not taken until it can, pages go out all the same");
            }
            return false;
        }
        stats.commits.observe(begin.elapsed().as_nanos() as u64);
        stats.durable.store(self.parts.journal.durable(), Relaxed);
        stats.records.fetch_add(self.waiting.len() as u64, Relaxed);
        if stats.failing.swap(false, Relaxed) {
            tracing::info!("the journal takes records again");
        }
        for waiting in std::mem::take(&mut self.waiting) {
            match waiting.what {
                What::Entry { mut entry, chained, offered } => {
                    entry.receipts.clear();
                    self.offer(&entry, Some((waiting.record, waiting.bytes)), &chained, !offered);
                }
                What::Spill(spill) => {
                    for (number, delivery) in spill {
                        self.parts.sinks[usize::from(number)].owe(delivery, waiting.record, waiting.bytes);
                    }
                }
            }
        }
        self.parts.sinks.iter().for_each(|sink| sink.wake());
        true
    }

    /// Hands a batch's rows to those of its destinations that are in `among`.
    fn offer(&self, entry: &Entry, record: Option<(u64, u64)>, chained: &Option<Arc<Chained>>, among: u64) {
        let lane = entry.parcel.batch().lane;
        for (sink, delivery) in self.deliveries(entry, record.map(|(record, _)| record), chained, among) {
            match record {
                Some((record, bytes)) => sink.offer_record(delivery, record, bytes),
                // Not in the journal, so the queue is all there is.
                None => {
                    if let Err(delivery) = sink.offer(delivery, lane) {
                        sink.refuse(&delivery, "journal_full");
                    }
                }
            }
        }
    }

    fn deliveries<'a>(
        &'a self,
        entry: &'a Entry,
        record: Option<u64>,
        chained: &'a Option<Arc<Chained>>,
        among: u64,
    ) -> impl Iterator<Item = (&'a SinkHandle, Delivery)> {
        self.parts.sinks.iter().enumerate().filter(move |(number, _)| among >> number & 1 == 1).filter_map(
            move |(number, sink)| {
                let rows: Vec<u16> = entry
                    .targets
                    .iter()
                    .enumerate()
                    .filter(|(_, to)| **to >> number & 1 == 1)
                    .map(|(row, _)| row as u16)
                    .collect();
                let delivery = Delivery {
                    parcel: entry.parcel.clone(),
                    rows,
                    settlement: entry.settlement.clone(),
                    settled_as: None,
                    record,
                    ticket: None,
                    hold: None,
                    chained: chained.clone(),
                };
                (!delivery.rows.is_empty()).then_some((&**sink, delivery))
            },
        )
    }

    fn bury(&self, entry: &Entry, among: u64, reason: &str, message: &str) {
        for (sink, delivery) in self.deliveries(entry, None, &None, among) {
            sink.bury(&delivery, reason, message);
        }
    }

    /// Notes how far destinations are, and lets go of what all have.
    fn keep_house(&mut self) {
        let parts = &mut self.parts;
        let numbered = parts.journal.durable();
        let mut lowest = numbered;
        for sink in &parts.sinks {
            let cursor = sink.cursor(numbered);
            self.cursors_changed |= parts.cursors.get(&sink.name) != cursor;
            parts.cursors.advance(&sink.name, cursor);
            lowest = lowest.min(cursor);
        }
        if self.cursors_changed {
            match parts.cursors.store(&parts.folder) {
                Ok(()) => self.cursors_changed = false,
                Err(error) => tracing::debug!(%error, "the cursors can't be kept"),
            }
        }
        // What is let go must be in the marks on disk.
        if parts.journal.would_release(lowest) && !self.cursors_changed {
            let marks_kept = self.marks_stored == parts.marks.as_of
                || parts.marks.store(&parts.marks_path).is_ok_and(|()| {
                    self.marks_stored = parts.marks.as_of;
                    true
                });
            if marks_kept && let Err(error) = parts.journal.release(lowest) {
                tracing::warn!(%error, "segments that nobody needs can't be let go");
            }
        }
        let bytes = parts.journal.bytes();
        parts.stats.bytes.store(bytes, Relaxed);
        // Room for a segment again: enough for it to be worth telling producers.
        let margin = parts.budget.segment_bytes.min(parts.budget.total_bytes / 20);
        if parts.inbox.audit_is_full.load(Relaxed) && bytes + margin < parts.budget.share(Class::Audit) {
            parts.inbox.audit_is_full.store(false, Relaxed);
            tracing::info!("audit events are taken again");
        }
    }

    /// The router has stopped and the disk does not work: whoever waits hears that nothing is safe.
    fn give_up(self) {
        for waiting in &self.waiting {
            match &waiting.what {
                What::Entry { entry, offered, .. } => {
                    entry.receipts.iter().for_each(|receipt| receipt.fail());
                    self.bury(entry, !offered, "journal_failing", "the journal could not be written");
                }
                What::Spill(spill) => {
                    for (number, delivery) in spill {
                        self.parts.sinks[usize::from(*number)].refuse(delivery, "journal_failing");
                    }
                }
            }
        }
        let taken = self.parts.inbox.take(Duration::ZERO, true, true);
        for entry in taken.guard.iter().chain(&taken.audit) {
            entry.receipts.iter().for_each(|receipt| receipt.fail());
            self.bury(entry, !entry.ahead.taken, "journal_failing", "the journal could not be written");
        }
    }
}
