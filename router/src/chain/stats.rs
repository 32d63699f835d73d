//! What a chain entry counts, shared with /metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tapline_contract::Contract;
use tapline_host::FaultKind;

use crate::metrics::{Families, Histogram};

/// Hex digits of the digest that name a version in metrics.
const VERSION_DIGITS: usize = 12;

/// Written by the worker alone, read by anyone.
#[derive(Default)]
pub struct Count(AtomicU64);

pub struct EntryStats {
    /// The chain entry.
    pub name: Arc<str>,
    /// SHA-256 of the component, in hex.
    pub digest: String,
    /// Batches with rows that the plugin subscribed to.
    pub batches: Count,
    pub rows: Count,
    /// Gathering, the call, and applying the answer.
    pub busy_ns: Count,
    durations: Histogram,
    pub rows_dropped: Count,
    /// Drops on a lane from which the entry may not drop; the event went on.
    pub drops_refused: Count,
    pub cells_edited: Count,
    /// Calls that failed, by [`FaultKind::ALL`].
    pub faults: [Count; FaultKind::ALL.len()],
    /// Events that broke the plugin, or that it did not see for a fault; dead-lettered.
    pub rows_dead: Count,
    /// The same, passed on as the entry says.
    pub rows_passed: Count,
    pub restarts: Count,
    pub states_dropped: Count,
    pub log_lines_suppressed: Count,
    /// Now.
    pub memory_bytes: Count,
    pub state_bytes: Count,
    /// 1 while the plugin is out.
    pub quarantined: Count,
}

// === impl Count ===

impl Count {
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// There is one writer, so this need not be one step.
    pub(super) fn add(&self, n: u64) {
        self.0.store(self.get() + n, Relaxed);
    }

    pub(super) fn set(&self, n: u64) {
        self.0.store(n, Relaxed);
    }
}

// === impl EntryStats ===

impl EntryStats {
    pub(super) fn new(name: Arc<str>, digest: String, contract: &Contract) -> Self {
        EntryStats {
            name,
            digest,
            batches: Count::default(),
            rows: Count::default(),
            busy_ns: Count::default(),
            durations: Histogram::seconds(contract, "tapline_plugin_duration_seconds"),
            rows_dropped: Count::default(),
            drops_refused: Count::default(),
            cells_edited: Count::default(),
            faults: Default::default(),
            rows_dead: Count::default(),
            rows_passed: Count::default(),
            restarts: Count::default(),
            states_dropped: Count::default(),
            log_lines_suppressed: Count::default(),
            memory_bytes: Count::default(),
            state_bytes: Count::default(),
            quarantined: Count::default(),
        }
    }

    /// Faults by kind.
    pub fn faults(&self) -> impl Iterator<Item = (FaultKind, u64)> {
        FaultKind::ALL.into_iter().zip(self.faults.iter().map(Count::get))
    }

    pub(super) fn took(&self, ns: u64) {
        self.busy_ns.add(ns);
        self.durations.observe(ns);
    }

    /// Adds the samples of a scrape.
    pub fn collect(&self, families: &mut Families<'_>) {
        let version = &self.digest[..VERSION_DIGITS.min(self.digest.len())];
        let labels = [("plugin", &*self.name), ("version", version)];
        families.add("tapline_plugin_duration_seconds", &labels, self.durations.series());
        families.counter("tapline_plugin_events_total", &labels, self.rows.get());
        for (kind, n) in self.faults() {
            let labels = [labels[0], labels[1], ("kind", kind.as_str())];
            families.counter("tapline_plugin_faults_total", &labels, n);
        }
        families.gauge("tapline_plugin_memory_bytes", &labels, self.memory_bytes.get() as f64);
        families.gauge("tapline_plugin_active", &labels, 1.0);
        families.gauge("tapline_plugin_quarantined", &labels[..1], self.quarantined.get() as f64);
        let source = format!("plugin:{}", self.name);
        let suppressed = self.log_lines_suppressed.get();
        families.counter("tapline_log_lines_suppressed_total", &[("source", &source)], suppressed);
    }

    /// Takes over what the host counts.
    pub(super) fn take_over(&self, host: &tapline_host::Stats) {
        self.faults.iter().zip(host.faults).for_each(|(count, n)| count.set(n));
        self.restarts.set(host.restarts);
        self.states_dropped.set(host.states_dropped);
        self.log_lines_suppressed.set(host.log_lines_suppressed);
        self.memory_bytes.set(host.memory_bytes as u64);
        self.state_bytes.set(host.state_bytes as u64);
    }
}
