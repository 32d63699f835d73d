//! The trading stack of the demo, in a process of its own, and its report.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Demo;
use crate::process::Process;
use crate::workspace::Workspace;

pub(crate) struct Stack {
    process: Process,
    report: PathBuf,
    log: PathBuf,
}

/// What the stack counted by itself, apart from all telemetry.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Report {
    pub(crate) run: String,
    pub(crate) market: String,
    pub(crate) market_events: u64,
    pub(crate) seconds: f64,
    pub(crate) emitted: u64,
    pub(crate) streams: Vec<StreamTally>,
    pub(crate) events: BTreeMap<String, u64>,
    pub(crate) dropped: Vec<Dropped>,
    pub(crate) canaries: Vec<Canary>,
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) died: Vec<String>,
    pub(crate) delivery: Delivery,
}

/// What the stack's shipper says at its end.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Delivery {
    /// Events that the router has not confirmed.
    pub(crate) left: u64,
    pub(crate) trouble: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct StreamTally {
    pub(crate) component: String,
    pub(crate) lane: String,
    pub(crate) emitted: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Dropped {
    pub(crate) lane: String,
    pub(crate) events: u64,
}

/// A value that no output may show.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Canary {
    pub(crate) kind: String,
    pub(crate) value: String,
}

/// A transaction that went all the way.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) trace_id: String,
    pub(crate) intent_id: String,
}

impl Stack {
    pub(crate) fn start(workspace: &Workspace, folder: &Path, socket: &Path, demo: &Demo) -> Result<Self> {
        let report = folder.join("stack-report.json");
        let log = folder.join("stack.log");
        let mut command = Command::new(workspace.program("trading-stack"));
        command
            .arg("--connect")
            .arg(format!("unix:{}", socket.display()))
            .args(["--for", &format!("{}s", demo.length.as_secs()), "--json"])
            .stdin(Stdio::null())
            .stdout(File::create(&report)?)
            .stderr(File::create(&log)?);
        if let Some(market) = &demo.market {
            command.arg("--market").arg(market);
        }
        if demo.incidents {
            command.arg("--incidents");
        }
        let process = Process::start("the trading stack", &mut command)?;
        Ok(Stack { process, report, log })
    }

    /// However it ended, its report tells.
    pub(crate) fn is_running(&mut self) -> Result<bool> {
        Ok(self.process.ended()?.is_none())
    }

    /// Asks it to end its day now.
    pub(crate) fn stop(&self) {
        self.process.signal(libc::SIGINT);
    }

    pub(crate) fn report(&self) -> Result<Report> {
        let text = fs::read_to_string(&self.report)?;
        let report: Report = serde_json::from_str(&text).with_context(|| {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            format!("the trading stack left no report; it said: {}", log.trim_end())
        })?;
        // It lists the planted values in the clear: not among the outputs that are searched.
        fs::remove_file(&self.report)?;
        Ok(report)
    }
}
