//! Producers of our own protocol: which chunk of a run is settled, what it lost itself, and its
//! metrics.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tapline_contract::{Lane, Word};
use tokio::sync::Notify;

use crate::ledger::Ledger;

/// Runs remembered; the one longest gone makes room.
const RUNS_MAX: usize = 1024;

/// A run's metrics stay this long after its connection has ended: it may come back within seconds.
const METRICS_KEPT: Duration = Duration::from_secs(10);

#[derive(Default)]
pub struct Producers {
    runs: Mutex<HashMap<String, Arc<Producer>>>,
}

#[derive(Default)]
pub struct Producer {
    /// Every chunk up to it is settled.
    pub settled: AtomicU64,
    /// Held by the connection that speaks for the run.
    pub session: Arc<tokio::sync::Mutex<()>>,
    /// Told when another connection of the run wants to take over.
    pub replaced: Notify,
    /// Lost by the producer so far, as it said: by component, lane and reason.
    lost: Mutex<HashMap<(String, String, String), u64>>,
    metrics: Mutex<Metrics>,
}

#[derive(Default)]
struct Metrics {
    families: BTreeMap<String, Family>,
    gone_since: Option<Instant>,
}

/// A metric with its series, as it comes over the wire.
#[derive(Clone, Debug, Deserialize)]
pub struct Family {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub swallowed: u64,
    pub samples: Vec<Sample>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Sample {
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    pub value: Option<Number>,
    #[serde(default)]
    pub buckets: Vec<(f64, u64)>,
    pub sum: Option<Number>,
    pub count: Option<u64>,
}

/// JSON has no infinities, so those come as text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Number {
    Plain(f64),
    Named(String),
}

impl Number {
    pub fn get(&self) -> f64 {
        match self {
            Number::Plain(value) => *value,
            Number::Named(name) => match name.as_str() {
                "+Inf" => f64::INFINITY,
                "-Inf" => f64::NEG_INFINITY,
                _ => f64::NAN,
            },
        }
    }
}

/// A producer's own account of one stream.
#[derive(Debug, Deserialize)]
pub struct Counts {
    pub component: String,
    pub lane: String,
    #[serde(default)]
    pub dropped: BTreeMap<String, u64>,
}

impl Producers {
    pub fn run(&self, run: &str) -> Arc<Producer> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(producer) = runs.get(run) {
            return producer.clone();
        }
        if runs.len() >= RUNS_MAX {
            let oldest = runs
                .iter()
                .filter_map(|(name, producer)| Some((producer.gone_since()?, name.clone())))
                .min()
                .map(|(_, name)| name);
            if let Some(name) = oldest {
                runs.remove(&name);
            }
        }
        let producer = Arc::new(Producer::default());
        runs.insert(run.to_owned(), producer.clone());
        producer
    }

    /// The metrics of all runs that are there, or were a moment ago.
    pub fn families(&self) -> Vec<Family> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.values().flat_map(|producer| producer.families()).collect()
    }
}

impl Producer {
    fn gone_since(&self) -> Option<Instant> {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).gone_since
    }

    pub fn connected(&self, is: bool) {
        let mut metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        metrics.gone_since = (!is).then(Instant::now);
    }

    pub fn set_metrics(&self, families: Vec<Family>) {
        let mut metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        for family in families {
            metrics.families.insert(family.name.clone(), family);
        }
    }

    fn families(&self) -> Vec<Family> {
        let metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        match metrics.gone_since {
            Some(since) if since.elapsed() > METRICS_KEPT => Vec::new(),
            _ => metrics.families.values().cloned().collect(),
        }
    }

    /// Enters into the ledger what the producer says that it lost since it last said so.
    pub fn set_counts(&self, ledger: &Ledger, run: &str, counts: Vec<Counts>) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in counts {
            let Some(lane) = Lane::from_word(&stream.lane) else { continue };
            for (reason, total) in stream.dropped {
                let known = lost.entry((stream.component.clone(), stream.lane.clone(), reason.clone())).or_default();
                let more = total.saturating_sub(*known);
                if more > 0 {
                    *known = total;
                    ledger.get(ledger.stream(&stream.component, lane, run)).lost_before(more, reason.into());
                }
            }
        }
    }

    pub fn settle(&self, chunk: u64) {
        self.settled.fetch_max(chunk, Relaxed);
    }
}
