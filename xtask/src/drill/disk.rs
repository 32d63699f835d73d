//! The journal's disk is full, or fails, under load: the trading side goes on, audit events are refused aloud,
//! pages and logs go out all the same, and afterwards every acknowledged event is in SQL exactly once.
//!
//! The disks are real small file systems, mounted in a namespace of our own: a tmpfs that is filled to its last
//! byte, and (where we are root) ext4 on a disk that ends, so that writes fail with an I/O error and the file
//! system makes itself read-only.

mod volume;

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use super::count::Count;
use super::producer::{Book, Producer, Rates, Way};
use super::trail;
use crate::client::Client;
use crate::router::Router;
use crate::waiting::wait_until;
use crate::workspace::{Workspace, run, say};
use volume::{Failing, Full, Volume};

#[derive(Args)]
#[command(
    after_help = "Example:\n  cargo xtask drill disk\n\nNeeds util-linux's unshare and a kernel that lets it make \
                        namespaces; the failing disk needs root and e2fsprogs. Nothing is mounted outside of it."
)]
pub(crate) struct Disk {
    /// We are in the namespace.
    #[arg(long, hide = true)]
    inside: bool,
}

/// What a drill says that can't be run on this machine.
pub(crate) enum Tried {
    Yes,
    Impossible(String),
}

#[derive(Debug, Serialize)]
struct Outcome {
    disk: &'static str,
    /// While the disk did not work.
    emitted_meanwhile: u64,
    refused_status: u16,
    emitted: u64,
    acknowledged: u64,
    orders: Count,
    seconds: u64,
}

const PATIENCE: Duration = Duration::from_secs(60);

/// Orders a second.
const RATE: u64 = 2_000;

impl Disk {
    pub(crate) fn of_the_tests() -> Self {
        Disk { inside: false }
    }

    pub(crate) fn run(self, workspace: &Workspace) -> Result<Tried> {
        if !self.inside {
            return enter();
        }
        let root = workspace.target.join("drill/disk");
        let _ = fs::remove_dir_all(&root);
        let folder = root.join("full");
        fs::create_dir_all(&folder)?;
        play(workspace, &folder, "full", &mut Full::new(&folder)?)?;
        let folder = root.join("failing");
        fs::create_dir_all(&folder)?;
        match Failing::new(&folder) {
            Ok(mut volume) => play(workspace, &folder, "failing", &mut volume)?,
            Err(why) => say(&format!("the failing disk was not tried: {why:#}")),
        }
        Ok(Tried::Yes)
    }
}

/// Runs ourselves in a mount namespace, so that what is mounted is gone when we are.
fn enter() -> Result<Tried> {
    // SAFETY: it takes nothing and can't fail.
    let is_root = unsafe { libc::geteuid() } == 0;
    let how: &[&str] = match is_root {
        true => &["--mount", "--propagation", "private"],
        false => &["--user", "--map-root-user", "--mount"],
    };
    let may = Command::new("unshare").args(how).args(["--", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    match may {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Ok(Tried::Impossible(format!("this machine lets us mount nothing: {why}")));
        }
        Err(error) => return Ok(Tried::Impossible(format!("unshare can't be run: {error}"))),
    }
    let program = std::env::current_exe()?;
    run(Command::new("unshare").args(how).arg("--").arg(program).args(["drill", "--built", "disk", "--inside"]))?;
    Ok(Tried::Yes)
}

fn play(workspace: &Workspace, folder: &Path, disk: &'static str, volume: &mut dyn Volume) -> Result<()> {
    let begin = Instant::now();
    let config = folder.join("tapline.toml");
    let journal = volume.path().join("journal");
    let text = format!("[journal]\npath = \"{}\"\nbudget_mib = 16\nsegment_mib = 1\n", journal.display());
    fs::write(&config, text)?;
    let mut router = Router::start(workspace, folder, Some(&config), "127.0.0.1:0")?;
    let book = Book::default();
    let way = Way::Socket(router.socket.clone());
    let mut producer = Producer::start(workspace, &way, Rates { orders: RATE, ..Rates::default() }, &book)?;
    let said = || book.total("orders");
    until("orders are acknowledged", || Ok(said().acknowledged > RATE))?;

    volume.fail()?;
    until("the router says that its journal fails", || {
        router.check_running()?;
        Ok(router.client.status("/readyz")? == 503)
    })?;
    let emitted = said().emitted;
    // It waits for its answer, and nobody else does.
    let refused = std::thread::spawn({
        let client = Client::new(router.client.url());
        move || client.send(&order())
    });
    if router.client.send(&json!({ "component": "bus", "event": "drill_marker", "message": disk }))? != 200 {
        bail!("{disk}: a log event was refused though it needs no journal");
    }
    until("the log event is in its file", || Ok(has(&folder.join("logs/events.ndjson"), "drill_marker")))?;
    let halt = json!({ "component": "storm_guard", "event": "stormguard_transition", "old_mode": "NORMAL",
                       "new_mode": "HALT", "trigger": "drill", "reason_code": "KILL_SWITCH" });
    writeln!(UnixStream::connect(&router.socket)?, "{halt}")?;
    until("the page has gone out", || Ok(has(&folder.join("logs/pager.ndjson"), "HALT")))?;
    // It emits by the clock: were it held up anywhere, the count would stand still.
    until("the producer goes on", || {
        producer.check_running()?;
        Ok(said().emitted > emitted + RATE)
    })?;
    let refused_status = refused.join().map_err(|_| anyhow!("the order's thread has panicked"))??;
    if refused_status != 503 {
        bail!("{disk}: an order was answered with {refused_status}, and not refused with 503");
    }
    let emitted_meanwhile = said().emitted - emitted;
    say(&format!("{disk}: {emitted_meanwhile} orders were emitted while the disk did not work"));

    match volume.needs_a_stop() {
        true => {
            router.kill();
            volume.mend()?;
            router = Router::start(workspace, folder, Some(&config), "127.0.0.1:0")?;
        }
        false => volume.mend()?,
    }
    until("the router is ready again", || Ok(router.client.status("/readyz")? == 200))?;
    producer.finish(PATIENCE)?;
    let said = said();
    if said.dropped > 0 || said.acknowledged < said.emitted {
        bail!("{disk}: not all that was emitted was acknowledged: {said:?}");
    }
    router.settle(0, PATIENCE)?;
    let (ledger, _) = router.stop()?;
    if !ledger.balanced {
        bail!("{disk}: the ledger does not add up");
    }
    run(Command::new(workspace.program("tapline"))
        .args(["audit", "verify", "--data-dir"])
        .arg(folder)
        .arg("--config")
        .arg(&config))
    .context("the audit trail does not verify")?;
    let mut tallies = trail::in_sqlite(workspace, folder, "audit.orders_log")?;
    // The order that was refused: whether it is there is up to nobody's acknowledgement.
    tallies.retain(|run, _| book.of("orders").contains_key(run));
    let outcome = Outcome {
        disk,
        emitted_meanwhile,
        refused_status,
        emitted: said.emitted,
        acknowledged: said.acknowledged,
        orders: Count::of("SQLite", "orders", &book, tallies),
        seconds: begin.elapsed().as_secs(),
    };
    println!("{}", serde_json::to_string(&outcome)?);
    if !outcome.orders.is_right() {
        bail!("{disk}: rows are lost or twice; the data are in {}", folder.display());
    }
    Ok(())
}

fn order() -> Value {
    json!({ "component": "order", "event": "order_new", "client_order_id": "refused", "strategy_id": "disk-drill",
            "symbol": "TXFD6", "side": "BUY", "price": 1, "price_scale": 1, "qty": 1 })
}

fn has(path: &Path, text: &str) -> bool {
    fs::read(path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(text))
}

fn until(what: &str, mut look: impl FnMut() -> Result<bool>) -> Result<()> {
    wait_until(what, PATIENCE, || Ok(look()?.then_some(())))
}
