//! A router: the program as a user starts it, with its output in files of its data folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::client::{Client, Ledger, Totals};
use crate::process::{Process, Usage};
use crate::waiting::{wait_at_most, wait_until};
use crate::workspace::Workspace;

pub(crate) struct Router {
    process: Process,
    pub(crate) client: Client,
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) socket: PathBuf,
    pub(crate) log: PathBuf,
}

#[derive(Deserialize)]
struct Addresses {
    http: String,
}

/// As `tapline` itself takes it: then every command finds the router without being told.
pub(crate) const USUAL_ADDRESS: &str = "127.0.0.1:7311";

/// Compiling the plugins for the first time takes most of it.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// What the router promises for a stop.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

impl Router {
    /// Starts it on a folder, with the built-in settings or those of a file.
    pub(crate) fn start(workspace: &Workspace, folder: &Path, config: Option<&Path>, http: &str) -> Result<Self> {
        let program = workspace.program("tapline");
        let log = folder.join("router.log");
        let socket = socket_path(folder);
        let mut command = std::process::Command::new(&program);
        command.args(["run", "--http", http, "--data-dir"]).arg(folder).arg("--unix").arg(&socket);
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        command
            .stdin(std::process::Stdio::null())
            .stdout(File::create(folder.join("console.log"))?)
            .stderr(File::create(&log)?);
        let process = Process::start("the router", &mut command)?;
        let mut router = Router { process, client: Client::new(""), program, folder: folder.to_owned(), socket, log };
        let addresses = folder.join("addresses.json");
        let what = format!("the router is ready; see {}", router.log.display());
        router.client = wait_until(&what, START_PATIENCE, || {
            router.check_running()?;
            // It is written in one go, but may be seen before that.
            let found = fs::read(&addresses).ok().and_then(|text| serde_json::from_slice::<Addresses>(&text).ok());
            let client = found.map(|found| Client::new(&format!("http://{}", found.http)));
            Ok(client.filter(|client| client.text("/readyz").is_ok()))
        })?;
        Ok(router)
    }

    pub(crate) fn usage(&self) -> Result<Usage> {
        self.process.usage()
    }

    /// CPU time of all its threads, without the graininess of [`Usage`].
    pub(crate) fn cpu_s(&self) -> Result<f64> {
        self.process.cpu_s()
    }

    /// Until everything that came in has its outcome, `emitted` events in all.
    pub(crate) fn settle(&mut self, emitted: u64, patience: Duration) -> Result<Ledger> {
        let mut last = Totals::default();
        let settled = wait_at_most(patience, || {
            self.check_running()?;
            let ledger = self.client.ledger()?;
            last = ledger.totals.clone();
            Ok((last.emitted >= emitted && last.pending == 0).then_some(ledger))
        })?;
        settled
            .with_context(|| format!("{} of {emitted} events came, {} are still pending", last.emitted, last.pending))
    }

    pub(crate) fn check_running(&mut self) -> Result<()> {
        self.process.check_running().with_context(|| {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(5).collect();
            format!("the last of {}:\n{}", self.log.display(), last.into_iter().rev().collect::<Vec<_>>().join("\n"))
        })
    }

    /// SIGKILL.
    pub(crate) fn kill(self) {
        drop(self.process);
        // The next one tells anew where it listens.
        let _ = fs::remove_file(self.folder.join("addresses.json"));
    }

    /// Stops it in order; the ledger that it closed, and what the run has cost.
    pub(crate) fn stop(self) -> Result<(Ledger, Usage)> {
        #[derive(Deserialize)]
        struct Kept {
            closed: bool,
            #[serde(flatten)]
            ledger: Ledger,
        }
        self.process.signal(libc::SIGTERM);
        let (_, usage) = self.process.account(STOP_PATIENCE)?;
        let _ = fs::remove_file(&self.socket);
        let path = self.folder.join("ledger.json");
        let text = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let kept: Kept = serde_json::from_slice(&text)?;
        if !kept.closed {
            bail!("the router ended without closing its ledger; see {}", self.log.display());
        }
        Ok((kept.ledger, usage))
    }
}

/// A socket's path has at most 107 bytes; a deep folder has longer ones.
fn socket_path(folder: &Path) -> PathBuf {
    const PATH_MAX: usize = 107;
    let near = folder.join("tapline.sock");
    if near.as_os_str().len() <= PATH_MAX {
        return near;
    }
    std::env::temp_dir().join(format!("tapline-xtask-{}.sock", std::process::id()))
}
