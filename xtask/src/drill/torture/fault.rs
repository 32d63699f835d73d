//! What is done to a destination, and undone.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;
use tapline_receivers::{Receiver, Step};

use super::super::destinations::Destinations;
use crate::clickhouse::Asker;

/// One destination, in one kind of trouble.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) store: Store,
    pub(super) trouble: Trouble,
}

/// Where events arrive; SQLite and files are in no trouble, but must not notice that of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Store {
    Sqlite,
    File,
    ClickHouse,
    Elasticsearch,
    PagerDuty,
    Slack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nobody listens.
    Down,
    /// Each answer takes long.
    Slow,
    /// The connection is reset, before or after the work was done.
    Reset,
    /// It is there and says no: items, inserts, messages.
    Refusing,
    /// It says 200, and what follows is nonsense.
    Lying,
}

/// More requests than any phase has.
const ALL: u64 = u64::MAX / 2;

/// Pairs of them; with the pauses between tries more than a phase has room for.
const RESETS: usize = 100;

const SLOW_MS: u64 = 1_000;

const MEND_PATIENCE: Duration = Duration::from_secs(10);

/// Documents that Elasticsearch will never take: one in so many of some requests, which may be short.
const REFUSED_ITEMS: usize = 2;
const REFUSING_REQUESTS: u64 = 3;

impl Store {
    pub(super) const ALL: [Store; 6] =
        [Store::Sqlite, Store::File, Store::ClickHouse, Store::Elasticsearch, Store::PagerDuty, Store::Slack];

    pub(super) fn name(self) -> &'static str {
        match self {
            Store::Sqlite => "sqlite",
            Store::File => "file",
            Store::ClickHouse => "clickhouse",
            Store::Elasticsearch => "elasticsearch",
            Store::PagerDuty => "pagerduty",
            Store::Slack => "slack",
        }
    }
}

impl Fault {
    /// Those that people hear from come first: their pauses between tries are the longest.
    pub(super) fn all() -> Vec<Fault> {
        let stores = [Store::PagerDuty, Store::Slack, Store::Elasticsearch, Store::ClickHouse];
        let troubles = [Trouble::Down, Trouble::Slow, Trouble::Reset, Trouble::Refusing, Trouble::Lying];
        stores.into_iter().flat_map(|store| troubles.map(|trouble| Fault { store, trouble })).collect()
    }

    pub(super) fn name(self) -> String {
        let trouble = match self.trouble {
            Trouble::Down => "down",
            Trouble::Slow => "slow",
            Trouble::Reset => "reset",
            Trouble::Refusing => "refusing",
            Trouble::Lying => "lying",
        };
        format!("{} {trouble}", self.store.name())
    }

    pub(super) fn begin(self, destinations: &Destinations, length: Duration) -> Result<()> {
        match self.store {
            Store::ClickHouse => self.strike_clickhouse(destinations, length),
            Store::Elasticsearch => self.strike(&destinations.elasticsearch, Some("/_bulk")),
            Store::PagerDuty => self.strike(&destinations.pager, None),
            Store::Slack => self.strike(&destinations.slack, None),
            Store::Sqlite | Store::File => Ok(()),
        }
    }

    /// All is normal again.
    pub(super) fn end(self, destinations: &Destinations) -> Result<()> {
        let receiver = match self.store {
            Store::ClickHouse => return mend(destinations.clickhouse.asker()),
            Store::Elasticsearch => &destinations.elasticsearch,
            Store::PagerDuty => &destinations.pager,
            Store::Slack => &destinations.slack,
            Store::Sqlite | Store::File => return Ok(()),
        };
        receiver.script([]).map_err(anyhow::Error::msg)?;
        Ok(receiver.start_again()?)
    }

    fn strike(self, receiver: &Receiver, on: Option<&str>) -> Result<()> {
        let on = |step: Step| on.iter().fold(step, |step, path| step.on(path));
        let steps = match (self.trouble, self.store) {
            (Trouble::Down, _) => {
                receiver.stop();
                return Ok(());
            }
            (Trouble::Slow, _) => vec![on(Step::delay_ms(SLOW_MS)).times(ALL)],
            (Trouble::Reset, _) => {
                // In turns: such as did not arrive, and such as did.
                (0..RESETS).flat_map(|_| [on(Step::reset()), on(Step::accept_then_reset())]).collect()
            }
            (Trouble::Refusing, Store::Elasticsearch) => vec![
                on(Step::items(400, REFUSED_ITEMS)).times(REFUSING_REQUESTS),
                on(Step::items(429, 2)).times(REFUSING_REQUESTS),
                on(Step::status(503)).times(ALL),
            ],
            (Trouble::Refusing, Store::PagerDuty) => {
                vec![on(Step::hang()), on(Step::status(429)).times(ALL)]
            }
            (Trouble::Refusing, _) => vec![on(Step::status(429).retry_after(1)).times(ALL)],
            (Trouble::Lying, _) => vec![on(Step::garbage()).times(ALL)],
        };
        receiver.script(steps).map_err(anyhow::Error::msg)
    }

    fn strike_clickhouse(self, destinations: &Destinations, length: Duration) -> Result<()> {
        // Inserts alone, so that we can look at the tables meanwhile.
        let (insert, times) = ("INSERT INTO", 1_000_000);
        let faults = match self.trouble {
            Trouble::Down => vec![json!({ "kind": "refuse", "seconds": length.as_secs_f64() })],
            Trouble::Slow => {
                vec![
                    json!({ "kind": "delay_before", "seconds": SLOW_MS as f64 / 1e3, "times": times, "match": insert }),
                ]
            }
            Trouble::Reset => ["reset_before", "reset_after"]
                .repeat(RESETS)
                .iter()
                .map(|kind| json!({ "kind": kind, "match": insert }))
                .collect(),
            // TOO_MANY_PARTS
            Trouble::Refusing => vec![json!({ "kind": "exception", "code": 252, "times": times, "match": insert })],
            Trouble::Lying => {
                vec![json!({ "kind": "broken_result", "times": times, "match": insert })]
            }
        };
        faults.iter().try_for_each(|fault| destinations.clickhouse.asker().fault(fault))
    }
}

/// One that refuses connections can be told so only when its time is over.
fn mend(clickhouse: &Asker) -> Result<()> {
    let end = Instant::now() + MEND_PATIENCE;
    loop {
        match clickhouse.mend() {
            Err(_) if Instant::now() < end => std::thread::sleep(Duration::from_millis(20)),
            mended => return mended,
        }
    }
}
