//! How components speak: the client's emitter with a count of our own beside it.
//!
//! The stack counts what it emits independently of the client's sequence numbers, so that a report
//! of the stack can be held against the router's ledger.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use tapline_client::schema::EVENTS;
use tapline_client::{Emitter, Event};

/// Emits the events of one component, and counts them.
#[derive(Clone)]
pub struct Voice {
    emitter: Emitter,
    tally: Arc<Tally>,
}

/// How many of each event were emitted.
#[derive(Debug)]
pub struct Tally {
    by_event: Box<[AtomicU64]>,
}

/// What one component emitted in one lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StreamTally {
    pub component: &'static str,
    pub lane: &'static str,
    pub emitted: u64,
}

// === impl Voice ===

impl Voice {
    pub fn new(emitter: Emitter, tally: Arc<Tally>) -> Self {
        Voice { emitter, tally }
    }

    #[inline]
    pub fn emit<E: Event>(&self, event: &E) {
        self.emitter.emit(event);
        self.tally.by_event[usize::from(E::ID)].fetch_add(1, Ordering::Relaxed);
    }
}

// === impl Tally ===

impl Tally {
    pub fn new() -> Arc<Self> {
        Arc::new(Tally { by_event: EVENTS.iter().map(|_| AtomicU64::new(0)).collect() })
    }

    pub fn total(&self) -> u64 {
        self.by_event.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// By event name; events that were not emitted are absent.
    pub fn events(&self) -> BTreeMap<&'static str, u64> {
        EVENTS
            .iter()
            .zip(&self.by_event)
            .map(|(event, count)| (event.name, count.load(Ordering::Relaxed)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// By component and lane, in the order of components; streams without an event are absent.
    pub fn streams(&self) -> Vec<StreamTally> {
        let mut streams = BTreeMap::new();
        for (event, count) in EVENTS.iter().zip(&self.by_event) {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                *streams.entry((event.component, event.lane)).or_insert(0) += count;
            }
        }
        streams
            .into_iter()
            .map(|((component, lane), emitted)| StreamTally { component: component.name(), lane: lane.name(), emitted })
            .collect()
    }
}
