//! Queues in shared memory: files that components write, and that outlive them and this router.
//!
//! What was read is released only when it is safe here (in the journal, or with all of its destinations), so
//! it is read again after a SIGKILL; numbers tell what the journal has already.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tapline_client::shared::{Attached, Mark, discover};
use tapline_client::{Record, StreamCounts};
use tapline_contract::{Contract, Lane};

use crate::batch::{Batch, ROWS_MAX};
use crate::ingest::record::{self, Origin, RecordDecoder};
use crate::ingest::{Components, SchemaCounts};
use crate::journal::{self, Marks};
use crate::ledger::{Ledger, Producer, ProducerCounts, StreamKey};
use crate::receipt::Receipt;

/// A new component is found after at most this long.
const LOOK: Duration = Duration::from_millis(100);

/// A refused file is looked at again after this long: its reader may have gone, or an operator mended it.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

pub struct Shared {
    folder: PathBuf,
    files: Vec<File>,
    refused: HashMap<PathBuf, Instant>,
    looked: Option<Instant>,
    contract: Arc<Contract>,
    components: Arc<Components>,
    ledger: Arc<Ledger>,
    decoder: RecordDecoder,
    records: Vec<Record>,
    recovered: Arc<Marks>,
    /// Files of components of another environment are refused.
    env: Option<String>,
    /// Where the next round begins, so that no component of a lane starves another.
    turn: usize,
}

struct File {
    attached: Arc<Attached>,
    /// By lane; none that can't be read any more.
    queues: Vec<Queue>,
}

struct Queue {
    lane: Lane,
    client_lane: tapline_client::Lane,
    origin: Origin,
    counts: Arc<QueueCounts>,
    releases: Arc<Releases>,
    /// Up to this number the journal has them from before this router's start.
    journaled: u64,
    readable: bool,
    last: Option<Mark>,
}

/// The queue's own counts, less what went to a router before this one.
struct QueueCounts {
    attached: Arc<Attached>,
    lane: tapline_client::Lane,
    popped_before: AtomicU64,
    dropped_before: StreamCounts,
    /// Taken out by this router.
    taken: AtomicU64,
}

/// Marks in the order in which they were read: batches get safe in another.
#[derive(Default)]
struct Releases(Mutex<VecDeque<(Mark, Arc<AtomicBool>)>>);

impl Producer for QueueCounts {
    fn counts(&self) -> ProducerCounts {
        let now = self.attached.counts(self.lane);
        let dropped: Vec<_> = now
            .dropped_reasons()
            .map(|(reason, n)| {
                let before = self.dropped_before.dropped_reasons().find(|(other, _)| *other == reason);
                (reason, n - before.map_or(0, |(_, n)| n))
            })
            .collect();
        let lost: u64 = dropped.iter().map(|(_, n)| n).sum();
        let emitted = now.emitted.saturating_sub(self.popped_before.load(Relaxed) + self.dropped_before.dropped());
        let waiting = emitted.saturating_sub(lost + self.taken.load(Relaxed));
        ProducerCounts { emitted, waiting, dropped }
    }
}

impl Releases {
    /// What is to be called when everything that was read up to the mark is safe.
    fn on_safe(self: &Arc<Self>, attached: &Arc<Attached>, mark: Mark) -> Arc<Receipt> {
        let done = Arc::new(AtomicBool::new(false));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back((mark, done.clone()));
        let (releases, attached) = (self.clone(), attached.clone());
        Receipt::calling(move || {
            done.store(true, Relaxed);
            let mut waiting = releases.0.lock().unwrap_or_else(PoisonError::into_inner);
            let mut last = None;
            while let Some((mark, _)) = waiting.pop_front_if(|(_, done)| done.load(Relaxed)) {
                last = Some(mark);
            }
            if let Some(mark) = last {
                attached.release(mark);
            }
        })
    }

    fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl Shared {
    pub fn new(
        folder: PathBuf,
        contract: Arc<Contract>,
        components: Arc<Components>,
        ledger: Arc<Ledger>,
        counts: Arc<SchemaCounts>,
        recovered: Arc<Marks>,
        env: Option<String>,
    ) -> Self {
        let decoder = RecordDecoder::new(contract.clone(), counts);
        Shared {
            folder,
            files: Vec::new(),
            refused: HashMap::new(),
            looked: None,
            contract,
            components,
            ledger,
            decoder,
            records: Vec::with_capacity(ROWS_MAX),
            recovered,
            env,
            turn: 0,
        }
    }

    /// Attaches to what is new, and lets go of files whose component is gone and which are read to the end.
    fn look(&mut self) {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return;
        }
        self.looked = Some(Instant::now());
        self.files.retain(|file| {
            let is_done = file.attached.is_done() && file.queues.iter().all(|queue| queue.releases.is_empty());
            if is_done && let Err(refusal) = file.attached.retire() {
                tracing::warn!(%refusal, "the file of a component that is gone can't be removed");
            }
            !is_done
        });
        self.refused.retain(|_, since| since.elapsed() < LOOK_AGAIN);
        let found = match discover(&self.folder) {
            Ok(found) => found,
            Err(refusal) => {
                if self.refused.insert(self.folder.clone(), Instant::now()).is_none() {
                    tracing::warn!(%refusal, "the folder of shared queues can't be read");
                }
                return;
            }
        };
        for path in found {
            if self.refused.contains_key(&path) || self.files.iter().any(|file| file.attached.path() == path) {
                continue;
            }
            match Attached::open(&path) {
                Ok(attached) => match self.env.as_deref().filter(|wanted| *wanted != attached.owner().env) {
                    None => self.attach(Arc::new(attached)),
                    Some(wanted) => {
                        let found = &attached.owner().env;
                        tracing::error!(path = %path.display(), found, wanted, "a file of shared queues is refused: its component is of another environment");
                        self.refused.insert(path, Instant::now());
                    }
                },
                Err(refusal) => {
                    tracing::error!(%refusal, "a file of shared queues is refused");
                    self.refused.insert(path, Instant::now());
                }
            }
        }
    }

    fn attach(&mut self, attached: Arc<Attached>) {
        let owner = attached.owner();
        tracing::info!(service = owner.service, run = owner.run, path = %attached.path().display(), "attached to the queues of a component");
        let mut queues = Vec::new();
        for client_lane in attached.lanes() {
            let lane = record::lane(client_lane);
            let component = attached.component().name();
            let before = attached.counts(client_lane);
            let counts = Arc::new(QueueCounts {
                attached: attached.clone(),
                lane: client_lane,
                popped_before: AtomicU64::new(before.popped),
                dropped_before: before,
                taken: AtomicU64::new(0),
            });
            let key = StreamKey { component: component.to_owned(), lane, run: owner.run.clone() };
            let stream = self.ledger.stream_of(key, counts.clone());
            let constants = [("service", &owner.service), ("env", &owner.env), ("host", &owner.host)];
            let origin = record::origin_of(
                &self.contract,
                &self.components,
                constants.map(|(name, text)| (name, text.as_str())),
                owner.process.pid,
                component,
                lane,
                &owner.run,
                stream,
            );
            let is_audited = matches!(lane, Lane::Guard | Lane::Audit);
            let journaled = self.recovered.get(&journal::queue(&owner.run, component, lane));
            queues.push(Queue {
                lane,
                client_lane,
                origin,
                counts,
                releases: Arc::default(),
                journaled: if is_audited { journaled } else { 0 },
                readable: true,
                last: None,
            });
        }
        self.files.push(File { attached, queues });
    }

    pub fn has_events(&mut self, lane: Lane) -> bool {
        self.look();
        self.files.iter().any(|file| {
            let queue = file.queues.iter().find(|queue| queue.lane == lane && queue.readable);
            queue.is_some_and(|queue| file.attached.has_events(queue.client_lane))
        })
    }

    /// Fills the batch from the lane's queues, round robin.
    pub fn drain(&mut self, lane: Lane, batch: &mut Batch) {
        let files = self.files.len();
        for step in 0..files {
            if batch.is_full() {
                break;
            }
            let File { attached, queues } = &mut self.files[(self.turn + step) % files];
            let Some(queue) = queues.iter_mut().find(|queue| queue.lane == lane && queue.readable) else { continue };
            self.records.clear();
            let mark = match attached.read(queue.client_lane, &mut self.records, ROWS_MAX - batch.len()) {
                Ok(mark) => mark,
                Err(refusal) => {
                    tracing::error!(%refusal, "a lane of a component can't be read any more");
                    queue.readable = false;
                    continue;
                }
            };
            if self.records.is_empty() && queue.last.is_some_and(|last| !mark.is_past(&last)) {
                continue;
            }
            queue.last = Some(mark);
            // What a router before this one has journaled and could not release any more.
            let known = self.records.iter().take_while(|record| record.seq() <= queue.journaled).count() as u64;
            queue.counts.popped_before.fetch_add(known, Relaxed);
            let records = &self.records[known as usize..];
            batch.receipts.push(queue.releases.on_safe(attached, mark));
            if records.is_empty() {
                continue;
            }
            self.ledger.get(queue.origin.stream).take_over(records.len() as u64);
            queue.counts.taken.fetch_add(records.len() as u64, Relaxed);
            let placed = queue.origin.place(batch);
            for record in records {
                self.decoder.decode(record, &queue.origin, &placed, 0, batch);
            }
        }
        self.turn = self.turn.wrapping_add(1) % files.max(1);
        self.decoder.flush();
    }
}
