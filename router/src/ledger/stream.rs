//! One stream's counters, and the book of all streams.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use tapline_contract::Lane;

use super::{Outcome, Reason};

/// Index into the ledger's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u32);

impl StreamId {
    /// Of rows that are settled elsewhere.
    pub const NONE: StreamId = StreamId(u32::MAX);
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamKey {
    pub component: String,
    pub lane: Lane,
    /// The producer's run; empty for producers that have none.
    pub run: String,
}

/// What a queue in this process knows of itself. Where a stream has one, it is the authority on
/// what was emitted.
pub trait Producer: Send + Sync {
    fn counts(&self) -> ProducerCounts;
}

#[derive(Clone, Debug, Default)]
pub struct ProducerCounts {
    /// Sequence numbers taken, dropped ones too.
    pub emitted: u64,
    /// In the queue or in its spill file.
    pub waiting: u64,
    /// Lost in front of the router, by reason.
    pub dropped: Vec<(&'static str, u64)>,
}

pub struct Stream {
    pub key: StreamKey,
    pub(super) producer: OnceLock<Arc<dyn Producer>>,
    /// Events that entered by the network, and sequence holes of such producers.
    pub(super) emitted: AtomicU64,
    /// Taken into the router and without an outcome yet.
    pub(super) in_flight: AtomicU64,
    /// Sequence numbers that are missing but may still come (another connection may be slower).
    pub(super) awaited: AtomicU64,
    pub(super) outcomes: [AtomicU64; 5],
    /// Everything but deliveries, by reason.
    pub(super) reasons: Mutex<HashMap<(Outcome, Reason), u64>>,
}

/// So many streams are told apart; beyond it a producer's run counts under `_other`. A producer that
/// restarts in a loop must not grow the router without bound.
const STREAMS_MAX: usize = 4096;

/// Drop reasons come from plugins too: so many are told apart in a stream, the rest is `_other`.
const REASONS_MAX: usize = 64;

#[derive(Default)]
pub struct Ledger {
    streams: RwLock<Vec<Arc<Stream>>>,
    index: Mutex<HashMap<StreamKey, StreamId>>,
}

impl Ledger {
    /// The stream of that key, opened where it is new.
    pub fn stream(&self, component: &str, lane: Lane, run: &str) -> StreamId {
        let key = StreamKey { component: component.to_owned(), lane, run: run.to_owned() };
        self.open(key, None)
    }

    /// A stream whose producer lives in this process.
    pub fn stream_of(&self, key: StreamKey, producer: Arc<dyn Producer>) -> StreamId {
        self.open(key, Some(producer))
    }

    fn open(&self, mut key: StreamKey, producer: Option<Arc<dyn Producer>>) -> StreamId {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&id) = index.get(&key) {
            // The journal had rows of it before its queue was found.
            if let Some(producer) = producer {
                let _ = self.get(id).producer.set(producer);
            }
            return id;
        }
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        if streams.len() >= STREAMS_MAX && producer.is_none() && key.run != "_other" {
            key.run = "_other".to_owned();
            if let Some(&id) = index.get(&key) {
                return id;
            }
        }
        let id = StreamId(streams.len() as u32);
        streams.push(Arc::new(Stream {
            key: key.clone(),
            producer: producer.map_or_else(OnceLock::new, OnceLock::from),
            emitted: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            awaited: AtomicU64::new(0),
            outcomes: Default::default(),
            reasons: Mutex::default(),
        }));
        index.insert(key, id);
        id
    }

    pub fn get(&self, id: StreamId) -> Arc<Stream> {
        self.streams.read().unwrap_or_else(PoisonError::into_inner)[id.0 as usize].clone()
    }

    pub fn streams(&self) -> Vec<Arc<Stream>> {
        self.streams.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Stream {
    /// `n` events came in by the network: they are emitted, and in the router's hands.
    pub fn take_in(&self, n: u64) {
        self.in_flight.fetch_add(n, SeqCst);
        self.emitted.fetch_add(n, SeqCst);
    }

    /// `n` events were taken from a queue in this process, which has counted them as emitted itself.
    pub fn take_over(&self, n: u64) {
        self.in_flight.fetch_add(n, SeqCst);
    }

    /// `n` events that never reached the router (a network producer's sequence holes, or what it says
    /// that it dropped): emitted, and dropped.
    pub fn lost_before(&self, n: u64, reason: Reason) {
        self.emitted.fetch_add(n, SeqCst);
        self.count(Outcome::Dropped, &reason, n);
    }

    /// Changes how many sequence numbers may still come.
    pub fn set_awaited(&self, n: u64) {
        self.awaited.store(n, SeqCst);
    }

    /// `n` events in the router's hands have reached their outcome.
    pub fn settle(&self, outcome: Outcome, reason: &Reason, n: u64) {
        if n == 0 {
            return;
        }
        self.count(outcome, reason, n);
        self.in_flight.fetch_sub(n, SeqCst);
    }

    fn count(&self, outcome: Outcome, reason: &Reason, n: u64) {
        if outcome != Outcome::Delivered {
            let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
            if reasons.len() < REASONS_MAX || reasons.contains_key(&(outcome, reason.clone())) {
                *reasons.entry((outcome, reason.clone())).or_default() += n;
            } else {
                *reasons.entry((outcome, Reason::Borrowed("_other"))).or_default() += n;
            }
        }
        self.outcomes[outcome as usize].fetch_add(n, SeqCst);
    }
}
