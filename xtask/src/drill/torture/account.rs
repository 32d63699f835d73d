//! Where every event of the run is, store by store.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value;

use super::super::count::Count;
use super::super::destinations::{CHAT_CHANNEL, Destinations, ELASTICSEARCH, PAGER_CHANNEL};
use super::super::producer::Book;
use super::super::trail::{self, Tallies};
use super::fault::Store;
use super::watch::Watch;
use crate::client::Ledger;
use crate::workspace::{Workspace, say};

/// Of one kind of event in one store.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) store: &'static str,
    pub(super) kind: &'static str,
    /// What the producer handed over: what its own queues dropped is not among it.
    pub(super) emitted: u64,
    pub(super) delivered: u64,
    pub(super) dead_lettered: u64,
    pub(super) dropped: u64,
    /// Messages that a receiver which lied said it had taken; the audit trail has them under this name.
    pub(super) assumed: u64,
    pub(super) duplicates: u64,
}

impl Line {
    pub(super) fn is_right(&self) -> bool {
        let accounted = self.delivered + self.dead_lettered + self.dropped + self.assumed;
        self.emitted == accounted && self.duplicates == 0 && self.emitted > 0
    }
}

/// The kinds that each store gets, with their event and, where they have one, their table.
const KINDS: [(&str, &str, Option<&str>); 4] = [
    ("orders", "order_new", Some("audit.orders_log")),
    ("pages", "stormguard_transition", Some("audit.guardrail_log")),
    ("logs", "heartbeat", None),
    ("metrics", "pnl_snapshot", None),
];

/// After the router has stopped.
pub(super) fn lines(
    workspace: &Workspace,
    folder: &Path,
    destinations: &Destinations,
    book: &Book,
    watch: &Watch,
    halts: &BTreeSet<String>,
) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    let file = fs::read_to_string(folder.join("logs/events.ndjson")).context("reading the file of events")?;
    for (kind, event, table) in KINDS {
        let said = book.total(kind);
        let mut line = |store: Store, count: Count, dead_lettered| {
            if count.lost > dead_lettered {
                say(&format!("{}: {} {kind} are missing", store.name(), count.lost - dead_lettered));
            }
            lines.push(Line {
                store: store.name(),
                kind,
                emitted: said.emitted - said.dropped,
                delivered: count.rows - count.duplicates,
                dead_lettered,
                dropped: 0,
                assumed: 0,
                duplicates: count.duplicates,
            });
        };
        let count = |store, tallies: Tallies| Count::of(store, kind, book, tallies);
        if let Some(table) = table {
            line(Store::Sqlite, count("sqlite", trail::in_sqlite(workspace, folder, table)?), 0);
            line(Store::ClickHouse, count("clickhouse", trail::in_clickhouse(destinations, table)?), 0);
            let dead = dead_letters(folder, ELASTICSEARCH, event)?;
            line(Store::Elasticsearch, count("elasticsearch", trail::in_elasticsearch(destinations, event)?), dead);
        }
        line(Store::File, count("file", in_file(&file, event)?), 0);
    }
    for (store, channel) in [(Store::PagerDuty, PAGER_CHANNEL), (Store::Slack, CHAT_CHANNEL)] {
        let told = watch.told(store);
        let assumed = with_receipt(workspace, folder, channel, "'assumed'")?;
        lines.push(Line {
            store: store.name(),
            kind: "halts",
            emitted: halts.len() as u64,
            delivered: halts.iter().filter(|strategy| told.contains_key(*strategy)).count() as u64,
            dead_lettered: 0,
            dropped: 0,
            assumed: assumed.iter().filter(|strategy| !told.contains_key(*strategy)).count() as u64,
            // A page that comes again says the same under the same key.
            duplicates: 0,
        });
    }
    Ok(lines)
}

/// HALTs that a channel has a row for in the audit trail: that it took them, or (`assumed`) that it said so without
/// the proof that it owes.
pub(super) fn receipts(channel: &str, outcome: &str) -> String {
    format!(
        "SELECT notice_key, chain_position FROM audit.delivery_log WHERE event = 'delivery' \
         AND destination = '{channel}' AND delivery_outcome IN ({outcome}) AND notice_state = 'firing'"
    )
}

/// The strategy at the end of a page's key.
pub(super) fn strategy(key: &Value) -> Option<&str> {
    key.as_str()?.split('/').next_back()
}

fn with_receipt(workspace: &Workspace, folder: &Path, channel: &str, outcome: &str) -> Result<BTreeSet<String>> {
    let rows = trail::all(&receipts(channel, outcome), "chain_position", |sql| trail::sqlite(workspace, folder, sql))?;
    Ok(rows.iter().filter_map(|row| strategy(&row["notice_key"])).map(str::to_owned).collect())
}

/// Pages without a row that says that the pager took them, or said so.
pub(super) fn without_receipt(workspace: &Workspace, folder: &Path, halts: &BTreeSet<String>) -> Result<u64> {
    let received = with_receipt(workspace, folder, PAGER_CHANNEL, "'delivered', 'assumed'")?;
    Ok(halts.difference(&received).count() as u64)
}

/// Lines of the dead letters by who could not deliver them.
pub(super) fn dead_letters(folder: &Path, by: &str, event: &str) -> Result<u64> {
    let path = folder.join("dead-letters.ndjson");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    let mut dead = 0;
    for line in text.lines() {
        let letter: Value = serde_json::from_str(line).with_context(|| format!("{}: {line}", path.display()))?;
        dead += u64::from(letter["by"] == by && letter["event"]["event"] == event);
    }
    Ok(dead)
}

/// Lines of an event by run; each has its number.
pub(super) fn in_file(text: &str, event: &str) -> Result<Tallies> {
    let mut numbers: std::collections::BTreeMap<String, (u64, BTreeSet<u64>)> = Default::default();
    let mark = format!("\"event\":\"{event}\"");
    for line in text.lines().filter(|line| line.contains(&mark)) {
        let line: Value = serde_json::from_str(line)?;
        let (Some(run), Some(seq)) = (line["run"].as_str(), line["seq"].as_u64()) else {
            bail!("a line of the file of events has no run and number: {line}");
        };
        let (rows, seen) = numbers.entry(run.to_owned()).or_default();
        *rows += 1;
        seen.insert(seq);
    }
    let tally = |(run, (rows, seen)): (String, (u64, BTreeSet<u64>))| {
        let top = seen.last().copied().unwrap_or_default();
        (run, trail::Tally { rows, distinct: seen.len() as u64, top })
    };
    Ok(numbers.into_iter().map(tally).collect())
}

/// The ledger says the same as the stores do: nothing pending, nothing dropped, and as many dead letters.
pub(super) fn check_ledger(ledger: &Ledger, book: &Book, dead_lettered: u64) -> Result<()> {
    let kinds = KINDS.map(|(kind, ..)| book.of(kind)).into_iter().flatten();
    for (run, said) in kinds {
        let streams = ledger.streams.iter().filter(|stream| stream.run == run);
        let (emitted, dropped) =
            streams.fold((0, 0), |sum, stream| (sum.0 + stream.totals.emitted, sum.1 + stream.totals.dropped));
        // What the producer's own queue dropped took a number, so that the router counts it by the hole.
        if emitted != said.emitted || dropped != said.dropped {
            bail!("run {run}: the ledger has {emitted} events, {dropped} dropped; its producer said {said:?}");
        }
    }
    let totals = &ledger.totals;
    if !ledger.balanced || totals.pending > 0 || totals.dead_lettered != dead_lettered {
        bail!("{dead_lettered} dead letters lie on disk, and the ledger says {totals:?}");
    }
    Ok(())
}
