//! The border: what every way in shares. Lines become batches here, are counted as emitted, and wait
//! in the lane's queue for the worker.

use std::sync::Arc;
use std::thread::Thread;
use std::time::Duration;

use crossbeam::channel::Receiver as Home;
use tapline_contract::{Contract, FieldId, Lane};
use tokio::sync::mpsc;

use crate::batch::{Batch, Cell, ComponentRef};
use crate::clock;
use crate::ingest::{Components, Decoded, Decoder, Rejection, SchemaCounts};
use crate::journal::{self, Marks};
use crate::ledger::{Arrival, Ledger, Outcome, Reason, Sequences, StreamId};
use crate::receipt::Receipt;
use crate::rejected::RejectedLines;

pub const LANES: [Lane; 4] = [Lane::Guard, Lane::Audit, Lane::Log, Lane::Metric];

/// Shared by all connections.
pub struct Intake {
    pub contract: Arc<Contract>,
    pub components: Arc<Components>,
    pub schema_counts: Arc<SchemaCounts>,
    pub ledger: Arc<Ledger>,
    pub sequences: Arc<Sequences>,
    pub rejected: RejectedLines,
    /// By lane.
    lanes: [mpsc::Sender<Batch>; 4],
    /// Empty batches, ready to be filled.
    home: Home<Batch>,
    worker: Thread,
    /// What the journal had of whom when the router started: it is sent again where the answer was lost.
    recovered: Arc<Marks>,
    /// Events of another environment are refused.
    env: Option<(FieldId, Box<str>)>,
}

impl Intake {
    #[allow(clippy::too_many_arguments, reason = "composed once, in router.rs")]
    pub fn new(
        contract: Arc<Contract>,
        components: Arc<Components>,
        schema_counts: Arc<SchemaCounts>,
        ledger: Arc<Ledger>,
        sequences: Arc<Sequences>,
        rejected: RejectedLines,
        lanes: [mpsc::Sender<Batch>; 4],
        home: Home<Batch>,
        worker: Thread,
        recovered: Arc<Marks>,
        env: Option<String>,
    ) -> Self {
        let env = env.and_then(|env| Some((contract.field("env")?, env.into_boxed_str())));
        Intake { contract, components, schema_counts, ledger, sequences, rejected, lanes, home, worker, recovered, env }
    }

    fn empty_batch(&self, lane: Lane) -> Batch {
        let mut batch = self.home.try_recv().unwrap_or_else(|_| Batch::new(&self.contract));
        batch.lane = lane;
        batch
    }

    /// Hands filled batches to the worker; waits for room, so that a socket that is not read is the
    /// only thing that a full router does to its producers.
    pub async fn hand_over(&self, batches: &mut Vec<Batch>) {
        for batch in batches.drain(..) {
            if let Err(mpsc::error::SendError(batch)) = self.lanes[batch.lane as usize].send(batch).await {
                // The worker is gone: the router has stopped, and this came too late.
                for row in batch.rows() {
                    self.ledger.get(row.stream).settle(Outcome::Dropped, &Reason::Borrowed("router_stopped"), 1);
                }
            }
            self.worker.unpark();
        }
    }

    /// Waits a bounded time for room in the lanes that network events take.
    pub async fn room(&self, patience: Duration) -> bool {
        let both = async {
            let audit = self.lanes[Lane::Audit as usize].reserve().await;
            let log = self.lanes[Lane::Log as usize].reserve().await;
            audit.is_ok() && log.is_ok()
        };
        tokio::time::timeout(patience, both).await.unwrap_or(false)
    }

    /// Batches waiting in front of the worker, and how many fit, by lane.
    pub fn queue_depths(&self) -> [(usize, usize); 4] {
        [0, 1, 2, 3].map(|lane| {
            let queue = &self.lanes[lane];
            (queue.max_capacity() - queue.capacity(), queue.max_capacity())
        })
    }
}

/// An event of a test run must not be read as one of the real thing.
fn wrong_env(found: &str, wanted: &str) -> Rejection {
    let found: String = found.chars().take(64).collect();
    let message =
        format!("the event is of the environment `{found}`, and this router takes those of `{wanted}` (its `env`)");
    Rejection::new("wrong_env", message)
}

/// One connection's or request's way from lines to batches.
pub struct Reader {
    intake: Arc<Intake>,
    decoder: Decoder,
    open: [Option<Batch>; 4],
    full: Vec<Batch>,
    /// (component, lane, run) of recent lines with their streams: a producer has few.
    streams: Vec<(ComponentRef, Lane, Box<str>, StreamId)>,
    /// For producers that name no run: tells their sequence numbers apart. None for HTTP, whose
    /// requests have nothing to tell them apart by.
    connection: Option<String>,
    numbered: bool,
    /// The request that the lines are of, where it can come again.
    batch_id: Option<Arc<str>>,
    /// Destinations that the lines go to, and to no others; 0 where the chain decides.
    only_to: u64,
    /// The number of the last line.
    lines: u64,
    /// Lines that the journal has already.
    repeated: u64,
    /// Given to the batches of the lines that come next.
    receipt: Option<Arc<Receipt>>,
    audited: bool,
    /// When the first line of the chunk that is read was there: one look at the clock for all of its lines. A
    /// connection may have been silent for long before it.
    now: Option<i64>,
    /// For messages and the rejected lines, e.g. `tcp 127.0.0.1:4242`.
    source: String,
}

const STREAMS_REMEMBERED: usize = 64;

impl Reader {
    pub fn new(intake: Arc<Intake>, source: String, connection: Option<String>) -> Self {
        let decoder = Decoder::new(intake.contract.clone(), intake.components.clone(), intake.schema_counts.clone());
        Reader {
            intake,
            decoder,
            open: [const { None }; 4],
            full: Vec::new(),
            streams: Vec::new(),
            connection,
            numbered: false,
            batch_id: None,
            only_to: 0,
            lines: 0,
            repeated: 0,
            receipt: None,
            audited: false,
            now: None,
            source,
        }
    }

    /// A reader for producers of our own protocol, which number their events by queue and report
    /// what they lose themselves.
    pub fn numbered(mut self) -> Self {
        self.decoder = self.decoder.numbered();
        self.numbered = true;
        self
    }

    /// The lines are of a request with this id: the same one again, and none of them is taken twice.
    pub fn request(mut self, batch_id: &str) -> Self {
        self.batch_id = Some(batch_id.into());
        self
    }

    /// The lines are for these destinations alone, and have been through the chain.
    pub fn only_to(mut self, destinations: u64) -> Self {
        self.only_to = destinations;
        self
    }

    /// What is read from now on holds this receipt until it is safe.
    pub fn set_receipt(&mut self, receipt: Option<Arc<Receipt>>) {
        self.receipt = receipt;
    }

    /// Reads one line. A refusal has been counted and kept when this returns.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Rejection> {
        let now = *self.now.get_or_insert_with(clock::now_ns);
        self.lines += 1;
        let mut mark = 0;
        let Reader { intake, decoder, open, streams, only_to, .. } = self;
        let ledger = &intake.ledger;
        let components = &intake.components;
        let mut stream = |decoded: &Decoded, run: &str| -> StreamId {
            let known = streams.iter().position(|(component, lane, name, _)| {
                *component == decoded.component && *lane == decoded.lane && **name == *run
            });
            if let Some(at) = known {
                return streams[at].3;
            }
            let id = ledger.stream(&components.name(decoded.component), decoded.lane, run);
            if streams.len() >= STREAMS_REMEMBERED {
                streams.clear();
            }
            streams.push((decoded.component, decoded.lane, run.into(), id));
            id
        };
        let result = decoder.decode(line, now, &mut stream, |lane| {
            let batch = open[lane as usize].get_or_insert_with(|| intake.empty_batch(lane));
            if batch.is_empty() {
                batch.ingest_ns = now;
                batch.only_to = *only_to;
            }
            mark = batch.arena_bytes();
            batch
        });
        match result.and_then(|decoded| self.of_this_env(decoded, mark)) {
            Ok(decoded) if self.is_repeated(&decoded) => {
                self.repeated += 1;
                if let Some(batch) = &mut self.open[decoded.lane as usize] {
                    batch.pop_row(mark);
                }
                Ok(())
            }
            Ok(decoded) => {
                let slot = &mut self.open[decoded.lane as usize];
                if slot.as_ref().is_some_and(Batch::is_full)
                    && let Some(batch) = slot.take()
                {
                    self.close(batch);
                }
                Ok(())
            }
            Err(rejection) => {
                self.reject(line, &rejection);
                Err(rejection)
            }
        }
    }

    /// The line that was just placed, unless it says that it is of another environment.
    fn of_this_env(&mut self, decoded: Decoded, mark: usize) -> Result<Decoded, Rejection> {
        let Some((field, wanted)) = &self.intake.env else { return Ok(decoded) };
        let Some(batch) = &mut self.open[decoded.lane as usize] else { return Ok(decoded) };
        let found = match batch.get(batch.len() - 1, *field) {
            Cell::Text(span) => batch.text(span),
            _ => return Ok(decoded),
        };
        if found == &**wanted {
            return Ok(decoded);
        }
        let rejection = wrong_env(found, wanted);
        batch.pop_row(mark);
        Err(rejection)
    }

    /// Whether the journal has the line that was just placed from before the router's start.
    fn is_repeated(&self, decoded: &Decoded) -> bool {
        let is_audited = matches!(decoded.lane, Lane::Guard | Lane::Audit);
        if !is_audited || self.intake.recovered.is_empty() {
            return false;
        }
        let marks = &self.intake.recovered;
        if let Some(id) = &self.batch_id {
            return self.lines <= marks.get(&journal::request(id, decoded.lane));
        }
        let Some(batch) = self.open[decoded.lane as usize].as_ref().filter(|_| self.numbered) else { return false };
        let Some((row, seq)) = batch.rows().last().and_then(|row| Some((row, row.seq?))) else { return false };
        let component = self.intake.components.name(row.component);
        seq <= marks.get(&journal::queue(batch.text(row.run), &component, decoded.lane))
    }

    /// Lines so far that were not taken because the journal has them.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// Counts and keeps a line that is no event.
    pub fn reject(&mut self, line: &[u8], rejection: &Rejection) {
        self.reject_beginning(line, line.len(), rejection);
    }

    /// The same for a line of `bytes` of which only the beginning is there.
    pub fn reject_beginning(&mut self, line: &[u8], bytes: usize, rejection: &Rejection) {
        let unknown = self.intake.components.unknown;
        let stream = self.intake.ledger.stream(&self.intake.components.name(unknown), Lane::Log, "");
        let stream = self.intake.ledger.get(stream);
        stream.take_in(1);
        self.intake.rejected.keep(&self.source, line, bytes, rejection);
        stream.settle(Outcome::Rejected, &Reason::Borrowed(rejection.reason), 1);
    }

    /// At the end of a chunk: what is there goes on, however little it is.
    pub fn finish(&mut self) -> &mut Vec<Batch> {
        for lane in 0..4 {
            if let Some(batch) = self.open[lane].take() {
                if batch.is_empty() {
                    self.open[lane] = Some(batch);
                } else {
                    self.close(batch);
                }
            }
        }
        self.decoder.flush();
        self.now = None;
        &mut self.full
    }

    pub fn intake(&self) -> &Arc<Intake> {
        &self.intake
    }

    /// Whether any line so far belongs to the audit or guard lane.
    pub fn has_audited(&self) -> bool {
        self.audited
    }

    pub fn has_full(&self) -> bool {
        !self.full.is_empty()
    }

    pub fn full(&mut self) -> &mut Vec<Batch> {
        &mut self.full
    }

    /// Counts the rows as emitted before anybody else can see them.
    fn close(&mut self, mut batch: Batch) {
        batch.receipts.extend(self.receipt.clone());
        if let Some(id) = &self.batch_id {
            batch.marks.push((id.clone(), self.lines));
        }
        self.audited |= matches!(batch.lane, Lane::Guard | Lane::Audit);
        let mut tally: Vec<(StreamId, u64)> = Vec::new();
        for row in batch.rows() {
            match tally.iter_mut().rfind(|(stream, _)| *stream == row.stream) {
                Some((_, n)) => *n += 1,
                None => tally.push((row.stream, 1)),
            }
        }
        for (stream, n) in tally {
            self.intake.ledger.get(stream).take_in(n);
        }
        if self.numbered {
            self.full.push(batch);
            return;
        }
        let connection = self.connection.as_deref();
        let arrivals = batch.rows().iter().filter_map(|row| {
            let run = match batch.text(row.run) {
                "" => connection?,
                run => run,
            };
            Some(Arrival { run, component: row.component, stream: row.stream, seq: row.seq? })
        });
        self.intake.sequences.note(&self.intake.ledger, arrivals);
        self.full.push(batch);
    }
}
