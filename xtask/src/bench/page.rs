//! How long a HALT takes to the pager, from the event's own time to the arrival of its request, on one clock:
//! on a quiet router, and while ten times the usual logs flood it. The whole way is measured: queue, socket,
//! chain, journal, board, HTTP.
//!
//! The pager answers at once: what PagerDuty and the internet take comes on top. Each page is of a strategy of
//! its own, and none is held back by a budget.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tapline_receivers::journal::{Entry, Onlooker};

use crate::drill::destinations::{Destinations, Onlookers};
use crate::drill::producer::{Book, Producer, Rates, Way};
use crate::latency::Summary;
use crate::router::Router;
use crate::table::Table;
use crate::waiting::wait_at_most;
use crate::workspace::{Workspace, say};

/// HALTs a second.
const PAGES: u64 = 8;

/// What a trading host logs on a usual day, events a second, and how many times that a storm is.
const USUAL_LOGS: u64 = 20_000;
const STORM: u64 = 10;

const ORDERS: u64 = 500;

/// For what was emitted last.
const PATIENCE: Duration = Duration::from_secs(60);

/// The goal for the slowest page in a hundred.
const P99_MS_MAX: f64 = 100.0;

/// When the pager got the first request about a strategy, ns since 1970.
type Arrivals = Arc<Mutex<HashMap<String, u64>>>;

pub(crate) fn measure(workspace: &Workspace, pages: u64) -> Result<Value> {
    let load = crate::drill::load();
    let quiet = run(workspace, "quiet", pages, Rates { orders: ORDERS, pages: PAGES, ..Rates::default() })?;
    let logs = USUAL_LOGS * STORM;
    let storm = run(workspace, "storm", pages, Rates { orders: ORDERS, pages: PAGES, logs, metrics: USUAL_LOGS })?;
    let mut table = Table::new(&["pages", "n", "p50 ms", "p99 ms", "max ms", "logs/s", "not sent"]);
    for run in [&quiet, &storm] {
        let number = |value: &Value| value.as_f64().map_or_else(String::new, |number| format!("{number:.1}"));
        table.row([
            run["name"].as_str().unwrap_or_default().to_owned(),
            run["latency"]["n"].to_string(),
            number(&run["latency"]["p50_ms"]),
            number(&run["latency"]["p99_ms"]),
            number(&run["latency"]["max_ms"]),
            number(&run["logs_per_s"]),
            run["logs_dropped_by_client"].to_string(),
        ]);
    }
    table.print("From a HALT's own time to its arrival at the pager");
    let met = storm["latency"]["p99_ms"].as_f64().is_some_and(|p99| p99 <= P99_MS_MAX);
    println!("\n  goal: p99 in the storm at most {P99_MS_MAX} ms: {}", if met { "met" } else { "not met" });
    Ok(json!({
        "quiet": quiet, "storm": storm, "goal_p99_ms": P99_MS_MAX, "met": met, "load": load,
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
    }))
}

fn run(workspace: &Workspace, name: &str, pages: u64, rates: Rates) -> Result<Value> {
    let folder = workspace.folder("bench")?.join("page");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let arrivals = Arrivals::default();
    let onlookers = Onlookers { pager: Some(watch(&arrivals)), ..Onlookers::default() };
    let destinations = Destinations::start(workspace, &folder, onlookers)?;
    let config = destinations.configure(&folder, "")?;
    let mut router = Router::start(workspace, &folder, Some(&config), "127.0.0.1:0")?;
    let book = Book::default();
    let begin = Instant::now();
    let mut producer = Producer::start(workspace, &Way::Socket(router.socket.clone()), rates, &book)?;
    say(&format!("{name}: {pages} pages at {PAGES} a second, {} logs a second", rates.logs));
    // In pairs: a change to HALT and one that ends another.
    while book.total("pages").emitted < 2 * pages {
        router.check_running()?;
        producer.check_running()?;
        std::thread::sleep(Duration::from_millis(50));
    }
    let seconds = begin.elapsed().as_secs_f64();
    producer.finish(PATIENCE)?;
    let raised = book.total("pages").emitted / 2;
    // What has not arrived by then is said below.
    wait_at_most(PATIENCE, || {
        let arrived = arrivals.lock().unwrap_or_else(PoisonError::into_inner).len() as u64;
        Ok((arrived >= raised).then_some(()))
    })?;
    router.settle(0, PATIENCE)?;
    let rows = router.client.sql(
        "SELECT strategy_id, ts FROM audit.guardrail_log WHERE event = 'stormguard_transition' AND new_mode = 'HALT'",
    )?;
    router.stop()?;
    let arrivals = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
    let latency = |row: &Vec<Value>| -> Option<u64> {
        let (strategy, ts) = (row.first()?.as_str()?, row.get(1)?.as_u64()?);
        Some(arrivals.get(strategy)?.saturating_sub(ts))
    };
    let latencies: Vec<u64> = rows.rows.iter().filter_map(latency).collect();
    if (latencies.len() as u64) < raised {
        bail!("{raised} pages were raised and {} arrived; see {}", latencies.len(), folder.display());
    }
    let (logs, summary) = (book.total("logs"), Summary::of(latencies).context("no page was raised")?);
    Ok(json!({
        "name": name, "latency": summary, "seconds": seconds, "orders_per_s": rates.orders, "pages_per_s": PAGES,
        "logs_per_s_wanted": rates.logs, "metrics_per_s_wanted": rates.metrics,
        "logs_per_s": (logs.emitted - logs.dropped) as f64 / seconds, "logs_dropped_by_client": logs.dropped,
    }))
}

/// Notes when the first request about each strategy came.
fn watch(arrivals: &Arrivals) -> Onlooker {
    let arrivals = arrivals.clone();
    Box::new(move |entry| {
        let Entry::Received(received) = entry else { return };
        let event = &received.content;
        if event["event_action"] == "trigger"
            && let Some(strategy) = event["payload"]["class"].as_str().and_then(|class| class.split('/').next_back())
        {
            let mut arrivals = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
            arrivals.entry(strategy.to_owned()).or_insert(received.arrived_ns);
        }
    })
}
