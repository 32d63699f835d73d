//! `cargo xtask clickhouse`: the engine of ClickHouse behind its HTTP interface, with our tables in it.
//!
//! The program is `drills/clickhouse/front.py`; it says what it does and where it differs from a server.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::process::Process;
use crate::setup;
use crate::workspace::{Workspace, run, say};

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

/// The migrations take most of it.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// A little more than the front takes for requests that have begun.
const STOP_PATIENCE: Duration = Duration::from_secs(45);

impl ClickHouse {
    pub(crate) fn run(self, workspace: &Workspace) -> Result<()> {
        let python = setup::clickhouse(workspace)?;
        let folder = self.data_dir.unwrap_or_else(|| workspace.target.join("clickhouse"));
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let stopped = Arc::new(AtomicBool::new(false));
        for signal in [libc::SIGINT, libc::SIGTERM] {
            signal_hook::flag::register(signal, stopped.clone())?;
        }
        say(&format!("starting ClickHouse on {}", folder.display()));
        let addresses = folder.join("addresses.json");
        // Of an earlier run; it is written again as soon as the front listens.
        let _ = fs::remove_file(&addresses);
        let mut command = Command::new(python);
        command.arg(workspace.root.join("drills/clickhouse/front.py"));
        command.arg("--data-dir").arg(&folder).args(["--listen", &format!("127.0.0.1:{}", self.port)]);
        command.arg("--apply").arg(workspace.root.join("contracts/migrations/clickhouse"));
        for user in USERS {
            command.arg("--user").arg(user.join(":"));
        }
        let mut front = Process::start("ClickHouse's front", command.stdin(Stdio::null()))?;
        let patience = Instant::now() + START_PATIENCE;
        while !addresses.exists() && !stopped.load(Relaxed) {
            front.check_running()?;
            if Instant::now() > patience {
                bail!("ClickHouse's front was not ready within {} s", START_PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        if addresses.exists() {
            play(&address(&addresses)?);
        }
        while !stopped.load(Relaxed) {
            front.check_running()?;
            std::thread::sleep(Duration::from_millis(100));
        }
        say("stopping ClickHouse");
        front.signal(libc::SIGTERM);
        let (status, _) = front.account(STOP_PATIENCE)?;
        if !status.success() {
            bail!("ClickHouse's front ended with {status}");
        }
        Ok(())
    }
}

/// The front's own tests, a step of `cargo xtask test`.
pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    let python = setup::clickhouse(workspace)?;
    run(Command::new(python).arg(workspace.root.join("drills/clickhouse/test_front.py")))
}

fn address(addresses: &PathBuf) -> Result<String> {
    let text = fs::read_to_string(addresses).with_context(|| format!("reading {}", addresses.display()))?;
    let value: serde_json::Value = serde_json::from_str(&text)?;
    let http = value["http"].as_str().with_context(|| format!("{} names no address", addresses.display()))?;
    Ok(format!("http://{http}"))
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
