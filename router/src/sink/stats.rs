//! What each destination counts.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tapline_contract::Contract;

use crate::encode::Withheld;
use crate::metrics::Histogram;

pub struct SinkStats {
    pub offered: AtomicU64,
    pub delivered: AtomicU64,
    pub dropped: AtomicU64,
    pub dead_lettered: AtomicU64,
    pub bytes: AtomicU64,
    pub retries: AtomicU64,
    pub withheld_pii: AtomicU64,
    pub withheld_secret: AtomicU64,
    /// Nanoseconds in `take` and `commit`, an observation for each commit.
    pub writes: Histogram,
    /// When the router took in what is being written now; 0 while nothing is.
    pub oldest_ns: AtomicI64,
    /// In trouble at the moment.
    pub failing: AtomicBool,
    /// Since when it works at a group, ms since the start of the router, plus one; 0 while it does not.
    busy_since: AtomicU64,
    started: Instant,
}

impl SinkStats {
    pub fn new(contract: &Contract) -> Self {
        SinkStats {
            offered: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            dead_lettered: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            withheld_pii: AtomicU64::new(0),
            withheld_secret: AtomicU64::new(0),
            writes: Histogram::seconds(contract, "tapline_sink_write_seconds"),
            oldest_ns: AtomicI64::new(0),
            failing: AtomicBool::new(false),
            busy_since: AtomicU64::new(0),
            started: Instant::now(),
        }
    }

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64 + 1
    }

    /// It has a group to work at.
    pub fn begin(&self) {
        self.busy_since.store(self.now_ms(), Relaxed);
    }

    pub fn end(&self) {
        self.busy_since.store(0, Relaxed);
    }

    /// It is failing, or works at a group for longer than this.
    pub fn is_slow(&self, than: Duration) -> bool {
        let since = self.busy_since.load(Relaxed);
        self.failing.load(Relaxed) || since > 0 && self.now_ms().saturating_sub(since) > than.as_millis() as u64
    }

    pub fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Relaxed);
    }

    /// Adds what an encoder left out, and starts its count again.
    pub fn take_withheld(&self, withheld: &mut Withheld) {
        let Withheld { pii, secret } = std::mem::take(withheld);
        Self::add(&self.withheld_pii, pii);
        Self::add(&self.withheld_secret, secret);
    }

    /// Offered, and without an answer yet.
    pub fn pending(&self) -> u64 {
        let answered = self.delivered.load(Relaxed) + self.dropped.load(Relaxed) + self.dead_lettered.load(Relaxed);
        self.offered.load(Relaxed).saturating_sub(answered)
    }
}
