//! The program `drills/clickhouse/front.py` as a process beside us, with the audit tables in it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Asker, USERS};
use crate::process::Process;
use crate::setup;
use crate::waiting::wait_until;
use crate::workspace::Workspace;

pub(crate) struct Front {
    process: Process,
    addresses: PathBuf,
    asker: Asker,
}

/// The migrations take most of it.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// A little more than the front takes for requests that have begun.
const STOP_PATIENCE: Duration = Duration::from_secs(45);

impl Front {
    /// Starts it on a folder; `wait` before using it. What it says goes into a file where one is given.
    pub(crate) fn start(workspace: &Workspace, folder: &Path, port: u16, log: Option<File>) -> Result<Self> {
        let python = setup::clickhouse(workspace)?;
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        let addresses = folder.join("addresses.json");
        // Of an earlier run; it is written again as soon as the front listens.
        let _ = fs::remove_file(&addresses);
        let mut command = Command::new(python);
        command.arg(workspace.root.join("drills/clickhouse/front.py"));
        command.arg("--data-dir").arg(folder).args(["--listen", &format!("127.0.0.1:{port}")]);
        command.arg("--apply").arg(workspace.root.join("contracts/migrations/clickhouse"));
        for user in USERS {
            command.arg("--user").arg(user.join(":"));
        }
        if let Some(log) = log {
            command.stdout(log.try_clone()?).stderr(log);
        }
        let process = Process::start("ClickHouse's front", command.stdin(Stdio::null()))?;
        Ok(Front { process, addresses, asker: Asker::new("") })
    }

    /// Until it listens; false: it was not waited for any longer.
    pub(crate) fn wait(&mut self, is_over: impl Fn() -> bool) -> Result<bool> {
        let listens = wait_until("ClickHouse's front listens", START_PATIENCE, || {
            self.check_running()?;
            Ok(if self.addresses.exists() { Some(true) } else { is_over().then_some(false) })
        })?;
        if !listens {
            return Ok(false);
        }
        let text =
            fs::read_to_string(&self.addresses).with_context(|| format!("reading {}", self.addresses.display()))?;
        let value: Value = serde_json::from_str(&text)?;
        let http = value["http"].as_str().with_context(|| format!("{} names no address", self.addresses.display()))?;
        self.asker = Asker::new(&format!("http://{http}"));
        Ok(true)
    }

    pub(crate) fn check_running(&mut self) -> Result<()> {
        self.process.check_running()
    }

    /// Once it listens.
    pub(crate) fn asker(&self) -> &Asker {
        &self.asker
    }

    pub(crate) fn stop(self) -> Result<()> {
        self.process.signal(libc::SIGTERM);
        let (status, _) = self.process.account(STOP_PATIENCE)?;
        if !status.success() {
            bail!("ClickHouse's front ended with {status}");
        }
        Ok(())
    }
}
