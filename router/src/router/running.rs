//! A router at work, and how it stops.

use std::fs::File;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::journal::JournalWriter;
use crate::keeper::Keeper;
use crate::ledger::{Ledger, LedgerSnapshot, Sequences};
use crate::sink::SinkRunner;
use crate::watch::Watch;
use crate::worker::Worker;

/// For the last receipts to find room.
const RECEIPTS_WAIT: Duration = Duration::from_millis(500);

/// A running router. Dropping it without [`Running::stop`] leaves its threads running.
pub struct Running {
    pub(super) run: String,
    pub(super) http: Option<SocketAddr>,
    pub(super) tcp: Option<SocketAddr>,
    pub(super) stop_timeout: Duration,
    pub(super) ledger: Arc<Ledger>,
    pub(super) sequences: Arc<Sequences>,
    pub(super) io: tokio::runtime::Runtime,
    pub(super) tasks: Vec<tokio::task::JoinHandle<()>>,
    pub(super) stop_io: watch::Sender<bool>,
    pub(super) stopping: Arc<AtomicBool>,
    pub(super) worker: std::thread::JoinHandle<Worker>,
    pub(super) stop_by: Arc<OnceLock<Instant>>,
    pub(super) journal: JournalWriter,
    pub(super) notices: Option<tapline_notices::Runner>,
    /// Of the router itself, where anybody is told.
    pub(super) watch: Option<Watch>,
    /// Those that lead to people, and all others.
    pub(super) telling: Vec<SinkRunner>,
    pub(super) sinks: Vec<SinkRunner>,
    pub(super) keeper: Keeper,
    /// Held as long as the router works in its data dir.
    pub(super) _lock: File,
}

impl Running {
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Where HTTP is served; the port that the system chose where the configuration says 0.
    pub fn http(&self) -> Option<SocketAddr> {
        self.http
    }

    pub fn tcp(&self) -> Option<SocketAddr> {
        self.tcp
    }

    pub fn ledger(&self) -> LedgerSnapshot {
        self.ledger.snapshot()
    }

    /// Stops in the direction of the way: nothing more comes in, what is queued is processed, what is
    /// processed is delivered; then the ledger is closed.
    pub fn stop(mut self) -> LedgerSnapshot {
        let begin = Instant::now();
        self.stopping.store(true, Relaxed);
        let _ = self.stop_io.send(true);
        if let Some(watch) = self.watch.take() {
            watch.stop();
        }
        let patience = self.stop_timeout / 2;
        self.io.block_on(async {
            let all = async {
                for task in self.tasks {
                    let _ = task.await;
                }
            };
            if tokio::time::timeout(patience, all).await.is_err() {
                tracing::warn!("connections did not end in time and are cut");
            }
        });
        let _ = self.stop_by.set(begin + self.stop_timeout);
        self.worker.thread().unpark();
        let worker = self.worker.join();
        let stop_by = begin + self.stop_timeout;
        self.journal.flush(stop_by);
        // Those that lead to people first: what came of that is for the audit trail.
        end(self.telling, stop_by);
        if let Some(notices) = self.notices {
            notices.stop(stop_by.saturating_duration_since(Instant::now()).max(Duration::from_millis(500)));
        }
        match worker {
            Ok(worker) => worker.last_receipts(Instant::now() + RECEIPTS_WAIT),
            Err(_) => tracing::error!("the worker has panicked; what it held stays pending in the ledger"),
        }
        self.journal.flush(stop_by);
        end(self.sinks, stop_by);
        self.journal.stop();
        self.io.shutdown_timeout(Duration::from_millis(200));
        self.sequences.expire(&self.ledger, true);
        let snapshot = self.keeper.stop();
        tracing::info!(balanced = snapshot.balanced, seconds = begin.elapsed().as_secs_f32(), "the router has stopped");
        snapshot
    }
}

/// All are told first, so that failing ones give up together and not one after the other. What they can't deliver any
/// more stays in the journal, or goes into it now.
fn end(mut sinks: Vec<SinkRunner>, by: Instant) {
    sinks.iter_mut().for_each(|sink| sink.close(by));
    sinks.into_iter().for_each(SinkRunner::join);
}
