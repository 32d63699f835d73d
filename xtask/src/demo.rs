//! `cargo xtask demo`: a router and a trading stack, run together, watched, and checked.
//!
//! The stack counts by itself what it emits and plants values that must never be seen; both are held
//! against what the router says and has written. So the demo is a test of the whole as well.

mod audit;
mod leaks;
mod live;
mod stack;
mod tour;
mod verdict;

use std::fs;
use std::io::IsTerminal;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::figures;
use crate::router::{Router, USUAL_ADDRESS};
use crate::waiting::wait_at_most;
use crate::workspace::{Workspace, say};
use live::Live;
use stack::Stack;
use verdict::Verdict;

#[derive(Args)]
#[command(after_help = "Examples:\n  cargo xtask demo\n  cargo xtask demo --for 60s --incidents\n  \
                  cargo xtask demo --market day.parquet\n  cargo xtask demo --for 10s --json")]
pub(crate) struct Demo {
    /// How long the stack trades, e.g. 20s or 2m.
    #[arg(long = "for", value_name = "TIME", default_value = "20s", value_parser = duration)]
    pub(crate) length: Duration,
    /// Recorded market data (parquet, or NDJSON, also compressed) in place of generated data.
    #[arg(long, value_name = "FILE")]
    pub(crate) market: Option<PathBuf>,
    /// Let everything go wrong that can, a bad day in 20 seconds.
    #[arg(long)]
    pub(crate) incidents: bool,
    /// Print one JSON object instead of the tour, and don't wait at the end.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a run leaves to be looked at.
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) folder: PathBuf,
}

impl Demo {
    pub(crate) fn run(self, workspace: &Workspace) -> Result<()> {
        crate::setup::rust_target()?;
        let outcome = self.play(workspace)?;
        if self.json {
            println!("{}", outcome.verdict.to_json());
        }
        outcome.verdict.check()
    }

    /// Builds, runs, stops; what came of it.
    pub(crate) fn play(&self, workspace: &Workspace) -> Result<Outcome> {
        if let Some(file) = &self.market
            && !file.is_file()
        {
            bail!("there is no market data at {}", file.display());
        }
        workspace.build(&["tapline", "trading-stack"])?;
        let folder = empty_folder(&workspace.folder("demo")?)?;
        let stopped = Arc::new(AtomicBool::new(false));
        for signal in [libc::SIGINT, libc::SIGTERM] {
            signal_hook::flag::register(signal, stopped.clone())?;
        }

        let usual = !self.json && TcpListener::bind(USUAL_ADDRESS).is_ok();
        let http = if usual { USUAL_ADDRESS } else { "127.0.0.1:0" };
        let mut router = Router::start(workspace, &folder, None, http)?;
        say(&format!("router at {}  (its log: {})", router.client.url(), router.log.display()));
        let mut stack = Stack::start(workspace, &folder, &router.socket, self)?;
        let mut live = Live::new(self.length);
        while stack.is_running()? {
            router.check_running()?;
            if stopped.swap(false, Relaxed) {
                say("stopping the trading stack; once more stops everything");
                stack.stop();
            }
            live.show(&router.client)?;
            std::thread::sleep(Duration::from_millis(250));
        }
        live.finish();
        let report = stack.report()?;
        settle(&mut router)?;

        let audit = audit::read(&router.client)?;
        let figures = figures::read(&router.client)?;
        if !self.json {
            tour::show(&router, &report, &audit, &figures)?;
            if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
                linger(&router, &stopped)?;
            }
        }
        say("stopping the router");
        let (ledger, _) = router.stop()?;
        let leaks = leaks::find(&folder, &audit, &report.canaries)?;
        let verdict = Verdict::new(&report, &ledger, &audit, figures, leaks);
        if !self.json {
            tour::close(&verdict, &folder);
        }
        Ok(Outcome { verdict, folder })
    }
}

const SETTLE_PATIENCE: Duration = Duration::from_secs(10);

/// Until nothing is pending any more.
fn settle(router: &mut Router) -> Result<()> {
    let mut pending = 0;
    let settled = wait_at_most(SETTLE_PATIENCE, || {
        router.check_running()?;
        let ledger = router.client.ledger()?;
        pending = ledger.totals.pending;
        Ok((pending == 0 && ledger.balanced).then_some(()))
    })?;
    if settled.is_none() {
        // The verdict tells; this only says why it took long.
        eprintln!("xtask: {pending} events are still pending after {} s", SETTLE_PATIENCE.as_secs());
    }
    Ok(())
}

/// The router stays up until Enter or Ctrl-C.
fn linger(router: &Router, stopped: &AtomicBool) -> Result<()> {
    println!("\nThe router is up at {} until you press Enter.", router.client.url());
    let (pressed, enter) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_line(&mut String::new());
        let _ = pressed.send(());
    });
    while !stopped.load(Relaxed) && enter.recv_timeout(Duration::from_millis(100)).is_err() {}
    Ok(())
}

/// `target/demo/data` and its neighbours, emptied; not under the feet of a demo that runs.
fn empty_folder(home: &Path) -> Result<PathBuf> {
    let folder = home.join("data");
    if let Ok(lock) = fs::File::open(folder.join("lock"))
        && lock.try_lock().is_err()
    {
        bail!("another demo is running in {}", folder.display());
    }
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("emptying {}", folder.display()));
        }
        _ => {}
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let seconds = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(format!("`{unit}` is no unit of time; write 20s, 5m or 1h")),
    };
    match number.parse::<u64>() {
        Ok(number) if number > 0 => Ok(Duration::from_secs(number * seconds)),
        _ => Err("write a time such as 20s, 5m or 1h".to_owned()),
    }
}
