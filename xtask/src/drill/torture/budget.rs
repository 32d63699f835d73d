//! A destination is away for so long that the journal's budget is used up: then logs are dropped, each of them
//! counted, and audit events wait.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::Serialize;

use super::super::destinations::Destinations;
use super::super::producer::{Book, Producer, Rates, Way};
use super::super::trail;
use super::PATIENCE;
use crate::router::Router;
use crate::workspace::Workspace;

#[derive(Debug, Serialize)]
pub(super) struct Budget {
    budget_mib: u64,
    /// Log events that were handed over for Elasticsearch, which was down.
    logs: u64,
    logs_delivered: u64,
    /// As the ledger counts them, by the reason `journal_full`.
    logs_dropped: u64,
    orders: u64,
    orders_in_sqlite: u64,
    orders_in_clickhouse: u64,
    orders_in_elasticsearch: u64,
}

const BUDGET_MIB: u64 = 4;

const RATES: Rates = Rates { orders: 200, pages: 0, logs: 20_000, metrics: 0 };

/// So many drops are enough to count.
const DROPS: u64 = 20_000;

const FILLING: Duration = Duration::from_secs(60);

impl Budget {
    pub(super) fn play(workspace: &Workspace, folder: &Path, destinations: &Destinations) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let more =
            format!("[journal]\nbudget_mib = {BUDGET_MIB}\nsegment_mib = 1\n[route]\ndefault = [\"logs\", \"elk\"]\n");
        let config = destinations.configure(folder, &more)?;
        let mut router = Router::start(workspace, folder, Some(&config), "127.0.0.1:0")?;
        destinations.elasticsearch.stop();
        let book = Book::default();
        let mut producer = Producer::start(workspace, &Way::Socket(router.socket.clone()), RATES, &book)?;
        let end = Instant::now() + FILLING;
        while dropped(&router)? < DROPS {
            if Instant::now() > end {
                bail!("the journal was not full within {} s", FILLING.as_secs());
            }
            router.check_running()?;
            producer.check_running()?;
            std::thread::sleep(Duration::from_millis(50));
        }
        destinations.elasticsearch.start_again()?;
        producer.finish(PATIENCE)?;
        router.settle(0, PATIENCE)?;
        let logs_dropped = dropped(&router)?;
        let (ledger, _) = router.stop()?;
        if !ledger.balanced || ledger.totals.pending > 0 {
            bail!("the ledger is not in order after the journal was full: {:?}", ledger.totals);
        }
        let (orders, logs) = (book.total("orders"), book.total("logs"));
        // Of this run alone: the stores have those of the phases before, too.
        let rows = |kind: &str, tallies: trail::Tallies| -> u64 {
            let runs = book.of(kind);
            tallies.iter().filter(|(run, _)| runs.contains_key(*run)).map(|(_, tally)| tally.distinct).sum()
        };
        Ok(Budget {
            budget_mib: BUDGET_MIB,
            logs: logs.emitted - logs.dropped,
            logs_delivered: rows("logs", trail::in_elasticsearch(destinations, "heartbeat")?),
            logs_dropped,
            orders: orders.emitted - orders.dropped,
            orders_in_sqlite: rows("orders", trail::in_sqlite(workspace, folder, "audit.orders_log")?),
            orders_in_clickhouse: rows("orders", trail::in_clickhouse(destinations, "audit.orders_log")?),
            orders_in_elasticsearch: rows("orders", trail::in_elasticsearch(destinations, "order_new")?),
        })
    }

    pub(super) fn is_right(&self) -> bool {
        let orders = [self.orders_in_sqlite, self.orders_in_clickhouse, self.orders_in_elasticsearch];
        self.logs_dropped >= DROPS
            && self.logs == self.logs_delivered + self.logs_dropped
            && orders.iter().all(|rows| *rows == self.orders)
    }
}

fn dropped(router: &Router) -> Result<u64> {
    let ledger = router.client.ledger()?;
    let reasons = ledger.streams.iter().flat_map(|stream| &stream.reasons);
    Ok(reasons.filter(|reason| reason.reason == "journal_full").map(|reason| reason.count).sum())
}
