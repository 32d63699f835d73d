//! Processes are killed at random moments under load, and started again. Afterwards every acknowledged audit
//! event is in SQL exactly once, the hash chain verifies, and the ledger balances.
//!
//! What was acknowledged is known from the producer, which says so on its standard output; it is killed as
//! well, so what counts is the last that was heard of it. Over shared memory whatever was emitted counts.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;

use crate::process::Process;
use crate::router::Router;
use crate::workspace::{Workspace, run, say};

#[derive(Args)]
#[command(
    after_help = "Example:\n  cargo xtask drill kill --rounds 100 --seed 7\n\nThe moments and victims follow from the \
                  seed; how far each process was by then does not. The data stay in target/drill/kill for a look."
)]
pub(crate) struct Kill {
    /// So many times something is killed.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Orders a second.
    #[arg(long, default_value_t = 2_000)]
    rate: u64,
    /// Over queues in shared memory: then no event may be lost whose emit had returned.
    #[arg(long)]
    shared: bool,
    /// Write the result here as JSON.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A life lasts between these, at random.
const LIFE_MIN_MS: u64 = 60;
const LIFE_MAX_MS: u64 = 900;

/// For what is owed to be delivered at the end.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Default, Serialize)]
struct Outcome {
    rounds: u32,
    seed: u64,
    shared: bool,
    router_kills: u32,
    producer_kills: u32,
    seconds: u64,
    producer_runs: usize,
    emitted: u64,
    acknowledged: u64,
    rows: u64,
    lost: u64,
    duplicates: u64,
    ledger_balanced: bool,
    verified: bool,
}

/// What a run of the producer has said last.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    emitted: u64,
    acknowledged: u64,
    dropped: u64,
}

type Book = Arc<Mutex<BTreeMap<String, Said>>>;

/// The generator SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

impl Kill {
    pub(crate) fn of_the_tests(shared: bool) -> Self {
        Kill { rounds: 20, seed: 1, rate: 2_000, shared, output: None }
    }

    pub(crate) fn run(self, workspace: &Workspace) -> Result<()> {
        workspace.build(&["tapline", "kill-producer"])?;
        let folder = workspace.target.join("drill/kill");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let outcome = self.play(workspace, &folder)?;
        println!("{}", serde_json::to_string(&outcome)?);
        if let Some(path) = &self.output {
            fs::write(path, format!("{}\n", serde_json::to_string_pretty(&outcome)?))
                .with_context(|| format!("writing {}", path.display()))?;
        }
        if outcome.lost > 0 || outcome.duplicates > 0 || !outcome.verified || !outcome.ledger_balanced {
            bail!("the kill drill failed (seed {}); the data are in {}", self.seed, folder.display());
        }
        Ok(())
    }

    fn play(&self, workspace: &Workspace, folder: &Path) -> Result<Outcome> {
        let begin = Instant::now();
        let book = Book::default();
        let mut dice = Dice(self.seed);
        let mut outcome = Outcome { rounds: self.rounds, seed: self.seed, shared: self.shared, ..Outcome::default() };
        let config = folder.join("tapline.toml");
        fs::write(&config, if self.shared { "[listen]\nshared = \"queues\"\n" } else { "" })?;
        let start = || Router::start(workspace, folder, Some(&config), "127.0.0.1:0");
        let mut router = Some(start()?);
        let place = match self.shared {
            true => folder.join("queues"),
            false => router.as_ref().map(|router| router.socket.clone()).unwrap_or_default(),
        };
        let mut producer = self.producer(workspace, &place, &book)?;
        for round in 1..=self.rounds {
            std::thread::sleep(Duration::from_millis(LIFE_MIN_MS + dice.roll(LIFE_MAX_MS - LIFE_MIN_MS)));
            let victim = dice.roll(5);
            // Twice as often the router: it has more to lose.
            let (kill_router, kill_producer) = (victim != 2, victim >= 2 && victim != 4);
            if kill_router && let Some(victim) = router.take() {
                victim.kill();
                outcome.router_kills += 1;
            }
            if kill_producer {
                producer.signal(libc::SIGKILL);
                outcome.producer_kills += 1;
                producer = self.producer(workspace, &place, &book)?;
            }
            if kill_router {
                // Now and then a producer has nobody to talk to for a while.
                std::thread::sleep(Duration::from_millis(dice.roll(4) * 50));
                router = Some(start().with_context(|| format!("round {round} of seed {}", self.seed))?);
            }
            producer.check_running()?;
            if round % 50 == 0 {
                say(&format!("{round} of {} rounds, {} s", self.rounds, begin.elapsed().as_secs()));
            }
        }
        // Its standard input ends: it waits until all is acknowledged.
        drop(producer.stdin());
        let (status, _) = producer.account(PATIENCE)?;
        if !status.success() {
            bail!("the producer ended with {status}");
        }
        let mut router = router.context("the last round starts a router")?;
        let settled = router.settle(0, PATIENCE)?;
        let (ledger, _) = router.stop()?;
        outcome.ledger_balanced = settled.balanced && ledger.balanced && ledger.totals.pending == 0;
        run(Command::new(workspace.program("tapline")).args(["audit", "verify", "--data-dir"]).arg(folder))
            .context("the audit trail does not verify")?;
        outcome.verified = true;
        self.count(workspace, folder, &book, &mut outcome)?;
        outcome.seconds = begin.elapsed().as_secs();
        Ok(outcome)
    }

    fn producer(&self, workspace: &Workspace, place: &Path, book: &Book) -> Result<Process> {
        let mut command = Command::new(workspace.program("kill-producer"));
        match self.shared {
            true => command.arg("--shared").arg(place),
            false => command.arg("--connect").arg(format!("unix:{}", place.display())),
        };
        command.arg("--rate").arg(self.rate.to_string());
        let mut producer =
            Process::start("the producer", command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()))?;
        let out = producer.stdout().context("its standard output is a pipe")?;
        let book = book.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let mut words = line.split(' ');
                let (Some(run), Some(emitted), Some(acknowledged), Some(dropped)) =
                    (words.next(), words.next(), words.next(), words.next())
                else {
                    continue;
                };
                let number = |word: &str| word.parse().unwrap_or_default();
                let said =
                    Said { emitted: number(emitted), acknowledged: number(acknowledged), dropped: number(dropped) };
                book.lock().unwrap_or_else(PoisonError::into_inner).insert(run.to_owned(), said);
            }
        });
        Ok(producer)
    }

    /// Every run's rows against what it was told.
    fn count(&self, workspace: &Workspace, folder: &Path, book: &Book, outcome: &mut Outcome) -> Result<()> {
        let sql =
            "SELECT run, count(*) AS n, count(DISTINCT seq) AS d, max(seq) AS top FROM audit.orders_log GROUP BY run";
        let output = Command::new(workspace.program("tapline"))
            .args(["audit", "sql", sql, "--json", "--data-dir"])
            .arg(folder)
            .output()?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr));
        }
        let mut rows: BTreeMap<String, (u64, u64, u64)> = BTreeMap::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let row: serde_json::Value = serde_json::from_str(line)?;
            let number = |name: &str| row[name].as_u64().unwrap_or_default();
            rows.insert(row["run"].as_str().unwrap_or_default().to_owned(), (number("n"), number("d"), number("top")));
        }
        let book = book.lock().unwrap_or_else(PoisonError::into_inner).clone();
        outcome.producer_runs = book.len();
        for (run, said) in &book {
            let (n, distinct, top) = rows.remove(run).unwrap_or_default();
            outcome.emitted += said.emitted;
            outcome.acknowledged += said.acknowledged;
            outcome.rows += n;
            outcome.duplicates += n - distinct;
            // Numbers without a hole up to the highest, and that at least what was acknowledged.
            let missing = (top - distinct).max(said.acknowledged.saturating_sub(distinct));
            if missing > 0 || n > distinct || said.dropped > 0 {
                say(&format!("run {run}: {n} rows, {distinct} different, highest {top}, said {said:?}"));
            }
            outcome.lost += missing;
        }
        // Killed before it could say anything; still each once.
        for (n, distinct, top) in rows.into_values() {
            outcome.rows += n;
            outcome.duplicates += n - distinct;
            outcome.lost += top - distinct;
        }
        if outcome.acknowledged == 0 || outcome.router_kills == 0 {
            bail!("nothing was acknowledged or nobody killed: this drill has shown nothing");
        }
        Ok(())
    }
}
