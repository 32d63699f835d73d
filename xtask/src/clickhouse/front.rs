//! The program `drills/clickhouse/front.py` as a process beside us, with the audit tables in it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;

use super::USERS;
use crate::process::Process;
use crate::setup;
use crate::workspace::Workspace;

pub(crate) struct Front {
    process: Process,
    addresses: PathBuf,
    agent: Agent,
    url: String,
}

/// The migrations take most of it.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// A little more than the front takes for requests that have begun.
const STOP_PATIENCE: Duration = Duration::from_secs(45);

/// A count over everything that a drill has written.
const QUERY_PATIENCE: Duration = Duration::from_secs(120);

const ANSWER_BYTES_MAX: u64 = 256 << 20;

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
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(QUERY_PATIENCE));
        Ok(Front { process, addresses, agent: config.build().into(), url: String::new() })
    }

    /// Until it listens; false: it was not waited for any longer.
    pub(crate) fn wait(&mut self, is_over: impl Fn() -> bool) -> Result<bool> {
        let patience = Instant::now() + START_PATIENCE;
        while !self.addresses.exists() {
            self.check_running()?;
            if is_over() {
                return Ok(false);
            }
            if Instant::now() > patience {
                bail!("ClickHouse's front was not ready within {} s", START_PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let text =
            fs::read_to_string(&self.addresses).with_context(|| format!("reading {}", self.addresses.display()))?;
        let value: Value = serde_json::from_str(&text)?;
        let http = value["http"].as_str().with_context(|| format!("{} names no address", self.addresses.display()))?;
        self.url = format!("http://{http}");
        Ok(true)
    }

    pub(crate) fn check_running(&mut self) -> Result<()> {
        self.process.check_running()
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The rows of a SELECT, each by its columns' names.
    pub(crate) fn sql(&self, sql: &str) -> Result<Vec<Value>> {
        // Numbers of 64 bits as numbers, which is how SQLite's come.
        let settings = "?output_format_json_quote_64bit_integers=0";
        let text = self.post(&format!("/{settings}"), &format!("{sql} FORMAT JSONEachRow"))?;
        text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("`{sql}`: {line}"))).collect()
    }

    /// What is to go wrong; `faults.py` has the kinds.
    pub(crate) fn fault(&self, fault: &Value) -> Result<()> {
        self.post("/_faults", &fault.to_string()).map(|_| ())
    }

    /// Nothing goes wrong any more.
    pub(crate) fn mend(&self) -> Result<()> {
        let url = format!("{}/_faults", self.url);
        self.agent.delete(&url).call().with_context(|| format!("asking {url}"))?;
        Ok(())
    }

    fn post(&self, path: &str, body: &str) -> Result<String> {
        let url = format!("{}{path}", self.url);
        let mut answer = self.agent.post(&url).send(body).with_context(|| format!("asking {url}"))?;
        let status = answer.status();
        let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string()?;
        if !status.is_success() {
            bail!("ClickHouse on `{body}`: {status}: {text}");
        }
        Ok(text)
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
