//! Processes are killed at random moments under load, and started again, while what they deliver to stays up.
//! Afterwards every acknowledged audit event is in each store exactly once, both databases hold the same hash
//! chain and it verifies, every HALT was paged and has its receipt, and the ledger balances.
//!
//! What was acknowledged is known from the producer, which says so on its standard output; it is killed as
//! well, so what counts is the last that was heard of it. Over shared memory whatever was emitted counts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;
use tapline_receivers::Step;

use super::count::Count;
use super::destinations::{Destinations, Onlookers};
use super::dice::Dice;
use super::load;
use super::pages::{self, Pages};
use super::producer::{Book, Producer, Rates, Way};
use super::trail;
use crate::router::Router;
use crate::workspace::{Workspace, run, say};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  cargo xtask drill kill --rounds 100 --seed 7\n  cargo xtask drill kill --shared --sinks local\n\n\
                  The moments and victims follow from the seed; how far each process was by then does not. The data stay in target/drill/kill for a look."
)]
pub(crate) struct Kill {
    /// So many times something is killed.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Orders a second [default: 2000 with local sinks, 400 with all]
    #[arg(long)]
    rate: Option<u64>,
    /// What the router delivers to.
    #[arg(long, value_enum, default_value_t = Sinks::All)]
    sinks: Sinks,
    /// Over queues in shared memory: then no event may be lost whose emit had returned.
    #[arg(long)]
    shared: bool,
    /// Write the result here as JSON.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Sinks {
    /// SQLite and files.
    Local,
    /// ClickHouse, Elasticsearch, PagerDuty and Slack beside them.
    All,
}

/// A life lasts between these, at random.
const LIFE_MIN_MS: u64 = 60;
const LIFE_MAX_MS: u64 = 900;

/// For what is owed to be delivered at the end.
const PATIENCE: Duration = Duration::from_secs(180);

/// HALTs a second.
const PAGES: u64 = 2;

/// A pager on the internet takes this long to answer, so that most kills meet a page that is on its way.
const PAGER_DELAY_MS: u64 = 150;

#[derive(Debug, Serialize)]
struct Outcome {
    rounds: u32,
    seed: u64,
    shared: bool,
    sinks: Sinks,
    router_kills: u32,
    producer_kills: u32,
    seconds: u64,
    /// Of the machine, when it began.
    load: String,
    producer_runs: usize,
    emitted: u64,
    acknowledged: u64,
    /// Audit events, by store.
    orders: BTreeMap<&'static str, Count>,
    /// Guard events, by store.
    transitions: BTreeMap<&'static str, Count>,
    pages: Option<Pages>,
    /// Rows at the same places of one hash chain in SQLite and ClickHouse.
    rows_in_one_chain: Option<u64>,
    ledger_balanced: bool,
    verified: bool,
}

impl Kill {
    /// With everything connected over the socket; with what is local over shared memory, which is all the same
    /// to what comes behind it.
    pub(crate) fn of_the_tests(shared: bool) -> Self {
        let sinks = if shared { Sinks::Local } else { Sinks::All };
        Kill { rounds: 20, seed: 1, rate: None, sinks, shared, output: None }
    }

    pub(crate) fn run(self, workspace: &Workspace) -> Result<()> {
        let folder = workspace.target.join("drill/kill");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let outcome = self.play(workspace, &folder)?;
        println!("{}", serde_json::to_string(&outcome)?);
        if let Some(path) = &self.output {
            fs::write(path, format!("{}\n", serde_json::to_string_pretty(&outcome)?))
                .with_context(|| format!("writing {}", path.display()))?;
        }
        if outcome.acknowledged == 0 || outcome.router_kills == 0 {
            bail!("nothing was acknowledged or nobody killed: this drill has shown nothing");
        }
        if !outcome.is_right() {
            bail!("the kill drill failed (seed {}); the data are in {}", self.seed, folder.display());
        }
        Ok(())
    }

    fn play(&self, workspace: &Workspace, folder: &Path) -> Result<Outcome> {
        let (begin, load) = (Instant::now(), load());
        let book = Book::default();
        let mut dice = Dice::new(self.seed);
        let listen = if self.shared { "[listen]\nshared = \"queues\"\n" } else { "" };
        let (destinations, config) = match self.sinks {
            Sinks::All => {
                let destinations = Destinations::start(workspace, folder, Onlookers::default())?;
                let slow = Step::delay_ms(PAGER_DELAY_MS).times(u64::MAX);
                destinations.pager.script([slow]).map_err(anyhow::Error::msg)?;
                let config = destinations.configure(folder, listen)?;
                (Some(destinations), config)
            }
            Sinks::Local => {
                let config = folder.join("tapline.toml");
                fs::write(&config, listen)?;
                (None, config)
            }
        };
        let rates = match self.sinks {
            Sinks::All => Rates { orders: 400, pages: PAGES, logs: 400, metrics: 0 },
            Sinks::Local => Rates { orders: 2_000, pages: PAGES, logs: 2_000, metrics: 0 },
        };
        let rates = self.rate.map_or(rates, |rate| Rates { orders: rate, logs: rate, ..rates });
        let start = || Router::start(workspace, folder, Some(&config), "127.0.0.1:0");
        let mut router = Some(start()?);
        let way = match self.shared {
            true => Way::Shared(folder.join("queues")),
            false => Way::Socket(router.as_ref().map(|router| router.socket.clone()).unwrap_or_default()),
        };
        let mut producer = Producer::start(workspace, &way, rates, &book)?;
        let (mut router_kills, mut producer_kills) = (0, 0);
        for round in 1..=self.rounds {
            std::thread::sleep(Duration::from_millis(LIFE_MIN_MS + dice.roll(LIFE_MAX_MS - LIFE_MIN_MS)));
            let victim = dice.roll(5);
            // Twice as often the router: it has more to lose.
            let (kill_router, kill_producer) = (victim != 2, victim >= 2 && victim != 4);
            if kill_router && let Some(victim) = router.take() {
                victim.kill();
                router_kills += 1;
            }
            if kill_producer {
                producer.kill();
                producer_kills += 1;
                producer = Producer::start(workspace, &way, rates, &book)?;
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
        producer.finish(PATIENCE)?;
        let mut router = router.context("the last round starts a router")?;
        let settled = router.settle(0, PATIENCE)?;
        if let Some(destinations) = &destinations {
            pages::wait(&router.client, destinations, PATIENCE)?;
            // The receipts, too.
            router.settle(0, PATIENCE)?;
        }
        let (ledger, _) = router.stop()?;
        run(Command::new(workspace.program("tapline")).args(["audit", "verify", "--data-dir"]).arg(folder))
            .context("the audit trail does not verify")?;
        let mut outcome = Outcome {
            rounds: self.rounds,
            seed: self.seed,
            shared: self.shared,
            sinks: self.sinks,
            router_kills,
            producer_kills,
            seconds: 0,
            load,
            producer_runs: book.of("orders").len(),
            emitted: book.total("orders").emitted,
            acknowledged: book.total("orders").acknowledged,
            orders: BTreeMap::new(),
            transitions: BTreeMap::new(),
            pages: None,
            rows_in_one_chain: None,
            ledger_balanced: settled.balanced && ledger.balanced && ledger.totals.pending == 0,
            verified: true,
        };
        for (kind, table, event, counts) in [
            ("orders", "audit.orders_log", "order_new", &mut outcome.orders),
            ("pages", "audit.guardrail_log", "stormguard_transition", &mut outcome.transitions),
        ] {
            let mut count = |store, tallies| counts.insert(store, Count::of(store, kind, &book, tallies));
            count("sqlite", trail::in_sqlite(workspace, folder, table)?);
            if let Some(destinations) = &destinations {
                count("clickhouse", trail::in_clickhouse(destinations, table)?);
                count("elasticsearch", trail::in_elasticsearch(destinations, event)?);
            }
        }
        if let Some(destinations) = &destinations {
            outcome.rows_in_one_chain = Some(trail::compare(workspace, folder, destinations)?);
            outcome.pages = Some(Pages::count(workspace, folder, destinations)?);
        }
        outcome.seconds = begin.elapsed().as_secs();
        Ok(outcome)
    }
}

impl Outcome {
    fn is_right(&self) -> bool {
        self.orders.values().chain(self.transitions.values()).all(Count::is_right)
            && self.pages.as_ref().is_none_or(Pages::is_right)
            && self.verified
            && self.ledger_balanced
    }
}
