//! `cargo xtask clickhouse`: the engine of ClickHouse behind its HTTP interface, with our tables in it.
//!
//! The program is `drills/clickhouse/front.py`; it says what it does and where it differs from a server.

mod asker;
mod front;

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::setup;
use crate::workspace::{Workspace, run, say};

pub(crate) use asker::Asker;
pub(crate) use front::Front;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  cargo xtask clickhouse\n  cargo xtask clickhouse --port 9123 --data-dir /tmp/clickhouse\n\n\
                  A folder that is there is opened with its data. Stop it with Ctrl-C."
)]
pub(crate) struct ClickHouse {
    /// On loopback; 0 takes a free one.
    #[arg(long, default_value_t = 8123)]
    port: u16,
    /// Where the data are [default: target/clickhouse].
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

/// Name, password, role. The passwords are no secrets: it listens on loopback alone.
const USERS: [[&str; 3]; 3] =
    [["router", "router", "audit_writer"], ["auditor", "auditor", "audit_reader"], ["keeper", "keeper", "audit_admin"]];

impl ClickHouse {
    pub(crate) fn run(self, workspace: &Workspace) -> Result<()> {
        let folder = self.data_dir.unwrap_or_else(|| workspace.target.join("clickhouse"));
        let stopped = Arc::new(AtomicBool::new(false));
        for signal in [libc::SIGINT, libc::SIGTERM] {
            signal_hook::flag::register(signal, stopped.clone())?;
        }
        say(&format!("starting ClickHouse on {}", folder.display()));
        let mut front = Front::start(workspace, &folder, self.port, None)?;
        if front.wait(|| stopped.load(Relaxed))? {
            play(front.asker().url());
        }
        while !stopped.load(Relaxed) {
            front.check_running()?;
            std::thread::sleep(Duration::from_millis(100));
        }
        say("stopping ClickHouse");
        front.stop()
    }
}

/// The front's own tests, a step of `cargo xtask test`.
pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    let python = setup::clickhouse(workspace)?;
    run(Command::new(python).arg(workspace.root.join("drills/clickhouse/test_front.py")))
}

fn play(url: &str) {
    println!("\nUsers (name, password, role):");
    for [name, password, role] in USERS {
        println!("  {name:8} {password:8} {role}");
    }
    println!(
        "  default  none     everything\n\n\
         Try:\n  \
         curl '{url}/' -d 'SHOW TABLES FROM audit'\n  \
         curl -u router:router '{url}/?query=INSERT+INTO+audit.orders_log+(ts,run,seq,symbol,account)+FORMAT+JSONEachRow' \\\n    \
         -d '{{\"ts\":\"2026-10-01 09:00:00\",\"run\":\"play\",\"seq\":1,\"symbol\":\"2330\",\"account\":\"A-1\"}}'\n  \
         curl -u auditor:auditor '{url}/' -d 'SELECT ts, symbol, run FROM audit.orders_log FORMAT PrettyCompact'\n  \
         curl -u auditor:auditor '{url}/' -d 'SELECT ts, component, message FROM logs.events FORMAT PrettyCompact'\n  \
         curl -u auditor:auditor '{url}/' -d 'SELECT account FROM audit.orders_log'   # refused: personal data\n  \
         curl -u keeper:keeper '{url}/' -d 'DROP TABLE audit.orders_log'              # refused: nobody may\n  \
         curl '{url}/_faults' -d '{{\"kind\": \"exception\", \"code\": 252}}'           # the next query: TOO_MANY_PARTS\n\n\
         Ctrl-C stops it; the data stay."
    );
}
