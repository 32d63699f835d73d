//! Every remote destination in turn is down, slow, resetting connections, refusing and lying, under steady load on
//! all lanes. No other destination may lose anything or be told anything wrong by it; how much slower the others
//! get is measured against a time without any fault. Then one is away until the journal's budget is used up, and
//! what is dropped must be counted to the event.
//!
//! The drill fails on any loss and any miscount. Latencies are told, with whether they stay within the bound: on a
//! machine that others share a hundredth of the events says as much about them as about the router.

mod account;
mod budget;
mod fault;
mod watch;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;

use super::destinations::{CHAT_CHANNEL, CLICKHOUSE, Destinations, ELASTICSEARCH, Onlookers, PAGER_CHANNEL};
use super::load;
use super::producer::{Book, Producer, Rates, Way};
use super::trail;
use crate::client::Client;
use crate::figures;
use crate::latency::Summary;
use crate::router::Router;
use crate::table::Table;
use crate::workspace::{Workspace, say};
use account::Line;
use budget::Budget;
use fault::{Fault, Store};
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

/// How much slower than without a fault another destination may get.
const RATIO_MAX: f64 = 2.0;

/// The time without a fault is so many times as long as that of a fault.
const BASELINE: u32 = 3;

#[derive(Debug, Serialize)]
struct Outcome {
    seconds: u64,
    load: String,
    events_per_s: u64,
    baseline: BTreeMap<&'static str, Option<Summary>>,
    phases: Vec<Phase>,
    ratio_max: f64,
    /// Pairs of a phase and another destination whose p50 and p99 are within the bound, and all of them.
    within: usize,
    measured: usize,
    within_p50: usize,
    met: bool,
    accounts: Vec<Line>,
    without_receipt: u64,
    dead_letters: u64,
    rows_in_one_chain: u64,
    small_budget: Budget,
    ledger_balanced: bool,
}

#[derive(Debug, Serialize)]
struct Phase {
    name: String,
    /// From the end of the fault until nothing was owed any more.
    recovered_after_ms: Option<u64>,
    latency: BTreeMap<&'static str, Measured>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Measured {
    #[serde(flatten)]
    summary: Summary,
    /// To the baseline's.
    p50_ratio: f64,
    p99_ratio: f64,
}

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
            phases: Vec::new(),
            ratio_max: RATIO_MAX,
            within: 0,
            measured: 0,
            within_p50: 0,
            met: false,
            accounts,
            without_receipt,
            dead_letters,
            rows_in_one_chain,
            small_budget,
            ledger_balanced: ledger.balanced,
        };
        outcome.measure(&windows, &watch, &halts);
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

impl Outcome {
    fn measure(&mut self, windows: &[Window], watch: &Watch, halts: &HashMap<String, u64>) {
        let summary =
            |store: Store, window: &Window| Summary::of(watch.latencies(store, window.from, window.to, halts));
        for window in windows {
            let Some(fault) = window.fault else {
                self.baseline = Store::ALL.map(|store| (store.name(), summary(store, window))).into();
                continue;
            };
            let mut latency = BTreeMap::new();
            for store in Store::ALL.into_iter().filter(|store| *store != fault.store) {
                let baseline = self.baseline.get(store.name()).copied().flatten();
                if let (Some(summary), Some(baseline)) = (summary(store, window), baseline) {
                    let ratio = |now: f64, then: f64| (now / then.max(0.01) * 100.0).round() / 100.0;
                    let measured = Measured {
                        summary,
                        p50_ratio: ratio(summary.p50_ms, baseline.p50_ms),
                        p99_ratio: ratio(summary.p99_ms, baseline.p99_ms),
                    };
                    latency.insert(store.name(), measured);
                }
            }
            let recovered_after_ms = window.recovered_after.map(|time| time.as_millis() as u64);
            self.phases.push(Phase { name: fault.name(), recovered_after_ms, latency });
        }
        let all = || self.phases.iter().flat_map(|phase| phase.latency.values());
        let is_within = |measured: &&Measured| measured.p50_ratio <= RATIO_MAX && measured.p99_ratio <= RATIO_MAX;
        self.measured = all().count();
        self.within = all().filter(is_within).count();
        self.within_p50 = all().filter(|measured| measured.p50_ratio <= RATIO_MAX).count();
        self.met = self.within == self.measured;
    }

    fn is_right(&self) -> bool {
        self.accounts.iter().all(Line::is_right)
            && self.without_receipt == 0
            // None refused: that phase would have shown nothing.
            && self.dead_letters > 0
            && self.small_budget.is_right()
            && self.ledger_balanced
    }

    fn print(&self) {
        let names = Store::ALL.map(Store::name);
        let mut table = Table::new(&[&["p50 / p99 ms"], &names[..]].concat());
        let shown = |summary: &Summary| format!("{:.0} / {:.0}", summary.p50_ms, summary.p99_ms);
        table.row(
            std::iter::once("no fault".to_owned()).chain(
                names.map(|name| self.baseline.get(name).and_then(Option::as_ref).map_or_else(String::new, shown)),
            ),
        );
        for phase in &self.phases {
            let cell = |name: &str| {
                phase.latency.get(name).map_or_else(
                    || "·".to_owned(),
                    |measured| {
                        format!("{} ({:.1}, {:.1})", shown(&measured.summary), measured.p50_ratio, measured.p99_ratio)
                    },
                )
            };
            table.row(std::iter::once(phase.name.clone()).chain(names.map(cell)));
        }
        table.print("From an event's own time to its arrival, with ratios to the time without a fault");
        println!(
            "\n  within {RATIO_MAX} times: {} of {} (p50 alone: {}): {}",
            self.within,
            self.measured,
            self.within_p50,
            if self.met { "met" } else { "not met" }
        );
        let mut table =
            Table::new(&["store", "kind", "emitted", "delivered", "dead letters", "dropped", "assumed", "twice"]);
        for line in &self.accounts {
            table.row([
                line.store.to_owned(),
                line.kind.to_owned(),
                line.emitted.to_string(),
                line.delivered.to_string(),
                line.dead_lettered.to_string(),
                line.dropped.to_string(),
                line.assumed.to_string(),
                line.duplicates.to_string(),
            ]);
        }
        table.print("Where every event is");
        println!("\n  with a small journal: {:?}", self.small_budget);
    }
}
