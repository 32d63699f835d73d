//! What each destination counts.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

#[derive(Default)]
pub struct SinkStats {
    pub offered: AtomicU64,
    pub delivered: AtomicU64,
    pub dropped: AtomicU64,
    pub dead_lettered: AtomicU64,
    pub bytes: AtomicU64,
    pub retries: AtomicU64,
    pub withheld: AtomicU64,
    /// Nanoseconds in `take` and `commit`, and how many commits.
    pub busy_ns: AtomicU64,
    pub commits: AtomicU64,
    /// In trouble at the moment.
    pub failing: AtomicBool,
}

impl SinkStats {
    pub fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Relaxed);
    }

    /// Offered, and without an answer yet.
    pub fn pending(&self) -> u64 {
        let answered = self.delivered.load(Relaxed) + self.dropped.load(Relaxed) + self.dead_lettered.load(Relaxed);
        self.offered.load(Relaxed).saturating_sub(answered)
    }
}
