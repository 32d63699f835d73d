//! What the journal counts for /metrics.

use std::sync::atomic::{AtomicBool, AtomicU64};

use tapline_contract::Contract;

use crate::metrics::Histogram;

pub struct JournalStats {
    /// On disk, and waiting for it.
    pub bytes: AtomicU64,
    pub budget_bytes: u64,
    pub records: AtomicU64,
    pub rows: AtomicU64,
    /// Seconds from the first write of a commit to the end of its sync.
    pub commits: Histogram,
    pub failures: AtomicU64,
    /// The last commit failed.
    pub failing: AtomicBool,
    /// Records below it are safe.
    pub durable: AtomicU64,
    /// Rows that came out of the journal when the router started.
    pub recovered_rows: AtomicU64,
}

impl JournalStats {
    pub fn new(contract: &Contract, budget_bytes: u64) -> Self {
        JournalStats {
            bytes: AtomicU64::new(0),
            budget_bytes,
            records: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            commits: Histogram::seconds(contract, "tapline_journal_commit_seconds"),
            failures: AtomicU64::new(0),
            failing: AtomicBool::new(false),
            durable: AtomicU64::new(0),
            recovered_rows: AtomicU64::new(0),
        }
    }
}
