//! Every remote destination in turn is down, slow, resetting connections, refusing and lying, under steady load on
//! all lanes. No other destination may lose anything or be told anything wrong by it; how much slower the others
//! get is measured against a time without any fault. Then one is away until the journal's budget is used up, and
//! what is dropped must be counted to the event.
//!
//! The drill fails on any loss and any miscount. Latencies are told, with whether they stay within the bound, beside how
//! slow the disk was meanwhile: where others share it, a hundredth of the events may say more about them than about
//! the router.

mod account;
mod budget;
mod fault;
mod outcome;
mod probe;
mod watch;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::destinations::{CHAT_CHANNEL, CLICKHOUSE, Destinations, ELASTICSEARCH, Onlookers, PAGER_CHANNEL};
use super::load;
use super::producer::{Book, Producer, Rates, Way};
use super::trail;
use crate::client::Client;
use crate::figures;
use crate::router::Router;
use crate::workspace::{Workspace, say};
use budget::Budget;
use fault::{Fault, Store};
use outcome::{Outcome, RATIO_MAX};
use probe::Probe;
use watch::{LOOK_INTO_CLICKHOUSE, LOOK_INTO_SQLITE, Watch, now_ns, positions};

#[derive(Args)]
#[command(after_help = "Examples:\n  cargo xtask drill torture\n  cargo xtask drill torture --seconds 20\n\n\
                  The data stay in target/drill/torture for a look.")]
pub(crate) struct Torture {
    /// All faults together; what it takes until a destination has caught up comes on top.
    #[arg(long, value_name = "N", default_value_t = 120)]
    seconds: u64,
    /// Write the result here as JSON.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Go from fault to fault without waiting for what the one before has held up: for the counts alone.
    #[arg(long)]
    hurried: bool,
}

/// About 5,000 events a second.
const RATES: Rates = Rates { orders: 400, pages: 5, logs: 4_000, metrics: 600 };

/// For what is owed to be delivered.
const PATIENCE: Duration = Duration::from_secs(120);

/// The time without a fault is so many times as long as that of a fault.
const BASELINE: u32 = 3;

/// When a fault held, ns since 1970.
struct Window {
    fault: Option<Fault>,
    from: u64,
    to: u64,
    recovered_after: Option<Duration>,
}

impl Window {
    /// From now on for so long.
    fn held(fault: Option<Fault>, length: Duration) -> Self {
        let from = now_ns();
        std::thread::sleep(length);
        Window { fault, from, to: now_ns(), recovered_after: None }
    }
}

impl Torture {
    /// Every fault, each for a second: enough for the counts.
    pub(crate) fn of_the_tests() -> Self {
        Torture { seconds: 24, output: None, hurried: true }
    }

    pub(crate) fn run(self, workspace: &Workspace) -> Result<()> {
        let folder = workspace.target.join("drill/torture");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let outcome = self.play(workspace, &folder)?;
        outcome.print();
        if let Some(path) = &self.output {
            fs::write(path, format!("{}\n", serde_json::to_string_pretty(&outcome)?))
                .with_context(|| format!("writing {}", path.display()))?;
        }
        if !outcome.is_right() {
            bail!("events are lost, or counted wrongly; the data are in {}", folder.display());
        }
        Ok(())
    }

    fn play(&self, workspace: &Workspace, folder: &Path) -> Result<Outcome> {
        let load = load();
        let watch = Watch::default();
        let onlookers = Onlookers {
            elasticsearch: Some(watch.documents()),
            pager: Some(watch.messages(Store::PagerDuty)),
            slack: Some(watch.messages(Store::Slack)),
        };
        let destinations = Destinations::start(workspace, folder, onlookers)?;
        let config = destinations.configure(folder, "")?;
        let probe = Probe::start(folder)?;
        let mut router = Router::start(workspace, folder, Some(&config), "127.0.0.1:0")?;
        let book = Book::default();
        let mut producer = Producer::start(workspace, &Way::Socket(router.socket.clone()), RATES, &book)?;
        let watchers = [
            watch.file(folder.join("logs/events.ndjson")),
            watch.rows(Store::Sqlite, LOOK_INTO_SQLITE, look_into_sqlite(router.client.url())),
            watch.rows(
                Store::ClickHouse,
                LOOK_INTO_CLICKHOUSE,
                look_into_clickhouse(destinations.clickhouse.asker().url()),
            ),
        ];
        let windows = self.faults(&mut router, &mut producer, &destinations)?;
        say("all is normal again; counting");
        producer.finish(PATIENCE)?;
        router.settle(0, PATIENCE)?;
        let halts = halts(&router.client)?;
        for store in [Store::PagerDuty, Store::Slack] {
            wait_for_receipts(&router.client, store, &halts)?;
        }
        router.settle(0, PATIENCE)?;
        let disk = probe.stop();
        watch.stop();
        watchers.into_iter().for_each(|watcher| {
            let _ = watcher.join();
        });
        let (ledger, _) = router.stop()?;
        let strategies: BTreeSet<String> = halts.keys().cloned().collect();
        let accounts = account::lines(workspace, folder, &destinations, &book, &watch, &strategies)?;
        let dead_letters = accounts.iter().map(|line| line.dead_lettered).sum();
        account::check_ledger(&ledger, &book, dead_letters)?;
        let rows_in_one_chain = trail::compare(workspace, folder, &destinations)?;
        let without_receipt = account::without_receipt(workspace, folder, &strategies)?;
        say("a journal that is too small");
        let small_budget = Budget::play(workspace, &folder.join("budget"), &destinations)?;
        let mut outcome = Outcome {
            seconds: self.seconds,
            load,
            events_per_s: RATES.orders + 2 * RATES.pages + RATES.logs + RATES.metrics,
            baseline: BTreeMap::new(),
            baseline_disk: None,
            phases: Vec::new(),
            ratio_max: RATIO_MAX,
            within: 0,
            measured: 0,
            within_p50: 0,
            disk_was_slow: 0,
            met: false,
            accounts,
            without_receipt,
            dead_letters,
            rows_in_one_chain,
            small_budget,
            ledger_balanced: ledger.balanced,
        };
        outcome.measure(&windows, &watch, &halts, &disk);
        Ok(outcome)
    }

    fn faults(&self, router: &mut Router, producer: &mut Producer, destinations: &Destinations) -> Result<Vec<Window>> {
        let faults = Fault::all();
        let length = Duration::from_secs(self.seconds) / (faults.len() as u32 + BASELINE);
        // What is compiled and opened on first use does not belong into a measurement.
        std::thread::sleep(length);
        let mut windows = vec![Window::held(None, length * BASELINE)];
        for fault in faults {
            say(&fault.name());
            fault.begin(destinations, length)?;
            let mut window = Window::held(Some(fault), length);
            router.check_running()?;
            producer.check_running()?;
            fault.end(destinations).with_context(|| format!("ending `{}`", fault.name()))?;
            if !self.hurried {
                let begin = Instant::now();
                catch_up(router, fault)?;
                window.recovered_after = Some(begin.elapsed());
            }
            windows.push(window);
        }
        Ok(windows)
    }
}

/// Records of the journal that a destination may be behind and counts as caught up: about half a second of the load,
/// which one that takes rows in groups always is.
const OWED_MAX: f64 = 100.0;

/// Until the destination has all that had come by now.
fn catch_up(router: &Router, fault: Fault) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    let sink = match fault.store {
        Store::ClickHouse => CLICKHOUSE,
        Store::Elasticsearch => ELASTICSEARCH,
        Store::Sqlite | Store::File => return Ok(()),
        Store::PagerDuty | Store::Slack => {
            let halts = halts(&router.client)?;
            return wait_for_receipts(&router.client, fault.store, &halts);
        }
    };
    let is_backlog = |sample: &figures::Sample| {
        sample.name == "tapline_sink_backlog_events" && sample.label("sink") == sink && sample.value > OWED_MAX
    };
    // Not ready: a destination is failing.
    while router.client.text("/readyz").is_err()
        || figures::samples(&router.client.text("/metrics")?)?.iter().any(is_backlog)
    {
        if Instant::now() > end {
            bail!("`{}` is over, and the destination has not caught up within {} s", fault.name(), PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Own times of all HALTs, by strategy.
fn halts(client: &Client) -> Result<HashMap<String, u64>> {
    let rows = client.sql(
        "SELECT strategy_id, ts FROM audit.guardrail_log WHERE event = 'stormguard_transition' AND new_mode = 'HALT'",
    )?;
    let halt = |row: &Vec<serde_json::Value>| Some((row.first()?.as_str()?.to_owned(), row.get(1)?.as_u64()?));
    Ok(rows.rows.iter().filter_map(halt).collect())
}

/// Pages are told behind the ledger's back; what is missing after this is counted as lost.
fn wait_for_receipts(client: &Client, store: Store, halts: &HashMap<String, u64>) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    let channel = if store == Store::PagerDuty { PAGER_CHANNEL } else { CHAT_CHANNEL };
    let sql = account::receipts(channel, "'delivered', 'assumed'");
    loop {
        let rows = client.sql(&sql)?.rows;
        let received: BTreeSet<&str> =
            rows.iter().filter_map(|row| row.first()).filter_map(account::strategy).collect();
        if halts.keys().all(|strategy| received.contains(strategy.as_str())) || Instant::now() > end {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// New rows of the orders' table: their position and time.
fn newer_than(position: u64) -> String {
    format!(
        "SELECT chain_position AS p, ts AS t FROM audit.orders_log WHERE chain_position > {position} \
         ORDER BY chain_position LIMIT 10000"
    )
}

fn look_into_sqlite(url: &str) -> impl Fn(u64) -> Option<Vec<(u64, u64)>> + Send + use<> {
    let client = Client::new(url);
    move |last| {
        let rows = client.sql(&newer_than(last)).ok()?.rows;
        Some(rows.iter().filter_map(|row| Some((row.first()?.as_u64()?, row.get(1)?.as_u64()?))).collect())
    }
}

fn look_into_clickhouse(url: &str) -> impl Fn(u64) -> Option<Vec<(u64, u64)>> + Send + use<> {
    let client = crate::clickhouse::Asker::new(url);
    move |last| {
        let sql = newer_than(last).replace("ts AS t", "toUnixTimestamp64Nano(ts) AS t");
        client.sql(&sql).ok().map(|rows| positions(&rows))
    }
}
