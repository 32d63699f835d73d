//! The router about itself: what nobody would see who looks only at what arrives. Audit rows that are lost or
//! that a table does not take, orders that can't be followed, and that nobody scrapes `/metrics`.
//!
//! It tells the board of notices directly: what keeps rows from where they belong must not keep this from
//! whoever has to know. So it is there only where `[notify]` is in use.

mod conditions;
mod growth;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::{RecvTimeoutError, Sender, bounded};
use tapline_contract::Contract;
use tapline_notices::{Handle, Severity, Time};

use crate::clock;
use crate::config::WatchConfig;
use crate::ingest::SchemaCounts;
use crate::ledger::Ledger;
use crate::sink::SinkHandle;
use conditions::{Condition, Told};
use growth::Growth;

/// As the board calls where they come from.
const SOURCE: &str = "tapline";
const INTERVAL: Duration = Duration::from_millis(500);

/// When `/metrics` was last asked for.
pub struct Scrapes {
    started: Instant,
    last_ms: AtomicU64,
}

/// What it looks at.
pub struct Watched {
    pub config: WatchConfig,
    pub contract: Arc<Contract>,
    pub ledger: Arc<Ledger>,
    pub schema_counts: Arc<SchemaCounts>,
    /// Those that hold the audit tables.
    pub tables: Vec<Arc<SinkHandle>>,
    pub scrapes: Arc<Scrapes>,
}

pub struct Watch {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Scrapes {
    pub fn new() -> Self {
        Scrapes { started: Instant::now(), last_ms: AtomicU64::new(0) }
    }

    pub fn note(&self) {
        self.last_ms.store(self.started.elapsed().as_millis() as u64, Relaxed);
    }

    /// Since the last one, or since the start.
    fn silence(&self) -> Duration {
        self.started.elapsed().saturating_sub(Duration::from_millis(self.last_ms.load(Relaxed)))
    }
}

impl Watch {
    pub fn start(watched: Watched, board: Handle) -> std::io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let thread = std::thread::Builder::new().name("watch".into()).spawn(move || {
            // What the router before this one has told is ended where it is so no more.
            let before = board.open().unwrap_or_default();
            let mut told =
                Told::of(before.into_iter().filter(|alert| alert.id.source == SOURCE).map(|alert| alert.id.key));
            let mut growth = Growing::default();
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                let holding = watched.holding(&mut growth, Instant::now());
                let now = Time(clock::now_ns().max(0) as u64);
                for notice in told.changes(holding, now) {
                    let key = notice.key.clone();
                    if board.notify(notice).is_err() {
                        // The board counts what it could not take; the next look tries again.
                        told.forget(&key);
                    }
                }
            }
        })?;
        Ok(Watch { stop, thread })
    }

    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the thread that watches the router itself has panicked");
        }
    }
}

/// What must not grow, by what it is of.
#[derive(Default)]
struct Growing {
    lost: Growth,
    /// By event.
    null_join_keys: std::collections::BTreeMap<u16, Growth>,
    /// By destination: since when it is failing.
    stalled: std::collections::BTreeMap<Arc<str>, Instant>,
}

impl Watched {
    fn holding(&self, growing: &mut Growing, now: Instant) -> Vec<Condition> {
        let mut holding = Vec::new();
        holding.extend(self.not_scraped());
        holding.extend(self.lost(&mut growing.lost, now));
        self.stalled(&mut growing.stalled, now, &mut holding);
        self.null_join_keys(&mut growing.null_join_keys, now, &mut holding);
        holding
    }

    fn not_scraped(&self) -> Option<Condition> {
        let expected = self.config.expect_scrape_within();
        if expected.is_zero() || self.scrapes.silence() <= expected {
            return None;
        }
        Some(Condition {
            key: "NotScraped".into(),
            severity: Severity::Warning,
            summary: format!(
                "nobody has fetched /metrics for {} s: whatever goes wrong here, no alert rule sees it",
                expected.as_secs()
            ),
            to_do: "see that Prometheus has this router among its targets and reaches it",
        })
    }

    /// Audit and guard events that are in no table and wait for none.
    fn lost(&self, growth: &mut Growth, now: Instant) -> Option<Condition> {
        let streams = self.ledger.snapshot().streams;
        let of_audit = streams.iter().filter(|stream| matches!(stream.lane.as_str(), "audit" | "guard"));
        let lost = of_audit.map(|stream| stream.totals.dropped + stream.totals.dead_lettered).sum();
        let events = growth.seen(lost, now)?;
        Some(Condition {
            key: "AuditLoss/lost".into(),
            severity: Severity::Critical,
            summary: format!("audit events were lost or are dead letters: {events}"),
            to_do: "`tapline ledger` says why; `tapline dead-letters redrive` sends again what a destination or a plugin refused",
        })
    }

    /// Tables that were offered rows and take none.
    fn stalled(
        &self,
        since: &mut std::collections::BTreeMap<Arc<str>, Instant>,
        now: Instant,
        holding: &mut Vec<Condition>,
    ) {
        for table in &self.tables {
            if !table.stats.failing.load(Relaxed) {
                since.remove(&table.name);
                continue;
            }
            let began = *since.entry(table.name.clone()).or_insert(now);
            if now.duration_since(began) < self.config.audit_stalled_after() {
                continue;
            }
            holding.push(Condition {
                key: format!("AuditLoss/{}", table.name),
                severity: Severity::Critical,
                summary: format!("destination `{}` takes no audit rows; they wait in the journal", table.name),
                to_do: "the router's log names what it answers; rows are delivered in order once it takes them",
            });
        }
    }

    /// Events that can't be followed.
    fn null_join_keys(
        &self,
        growths: &mut std::collections::BTreeMap<u16, Growth>,
        now: Instant,
        holding: &mut Vec<Condition>,
    ) {
        for (event, count) in self.schema_counts.null_join_keys() {
            let Some(events) = growths.entry(event).or_default().seen(count, now) else { continue };
            let name = &self.contract.events[usize::from(event)].name;
            holding.push(Condition {
                key: format!("NullJoinKeys/{name}"),
                severity: Severity::Warning,
                summary: format!("events `{name}` without an id that they need to be followed: {events}"),
                to_do: "ask whoever emits them; contracts/observability.md says which fields are required",
            });
        }
    }
}
