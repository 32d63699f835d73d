//! Keeps the ledger on disk, so that `tapline ledger` can read it when the router is gone, and gives
//! up sequence holes that were awaited long enough.

mod history;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam::channel::{RecvTimeoutError, Sender, bounded};
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::ledger::{Ledger, LedgerSnapshot, Sequences};
use crate::replace::replace;

pub use history::history;

const INTERVAL: Duration = Duration::from_secs(1);

/// `ledger.json` in the data dir.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptLedger {
    /// The run of the router that wrote it.
    pub run: String,
    /// When, ns since 1970, UTC.
    pub ts: i64,
    /// The router had stopped in order: nothing came after this.
    pub closed: bool,
    #[serde(flatten)]
    pub ledger: LedgerSnapshot,
}

pub struct Keeper {
    stop: Sender<()>,
    thread: JoinHandle<LedgerSnapshot>,
}

impl Keeper {
    pub fn start(data_dir: &Path, run: &str, ledger: Arc<Ledger>, sequences: Arc<Sequences>) -> io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let path = ledger_path(data_dir);
        let run = run.to_owned();
        if let Err(error) = history::put_away(data_dir) {
            tracing::warn!(%error, "the last run's ledger can't be kept; what it says was lost will be forgotten");
        }
        let thread = std::thread::Builder::new().name("keeper".into()).spawn(move || {
            let mut before = None;
            loop {
                let ended = stopped.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Timeout);
                sequences.expire(&ledger, ended);
                let snapshot = ledger.snapshot();
                if ended || before.as_ref() != Some(&snapshot.totals) {
                    before = Some(snapshot.totals.clone());
                    let kept =
                        KeptLedger { run: run.clone(), ts: clock::now_ns(), closed: ended, ledger: snapshot.clone() };
                    if let Err(error) =
                        serde_json::to_vec(&kept).map_err(Into::into).and_then(|text| replace(&path, &text))
                    {
                        tracing::warn!(%error, path = %path.display(), "the ledger can't be kept on disk");
                    }
                }
                if ended {
                    return snapshot;
                }
            }
        })?;
        Ok(Keeper { stop, thread })
    }

    /// Writes the last snapshot, and returns it.
    pub fn stop(self) -> LedgerSnapshot {
        drop(self.stop);
        self.thread.join().unwrap_or_default()
    }
}

pub fn ledger_path(data_dir: &Path) -> PathBuf {
    data_dir.join("ledger.json")
}
