//! The audit trail as each store has it, read after the router has stopped.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use ureq::Agent;

use super::destinations::Destinations;
use crate::workspace::Workspace;

/// What a store has of one run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) rows: u64,
    /// Different numbers.
    pub(super) distinct: u64,
    pub(super) top: u64,
}

/// By run.
pub(super) type Tallies = BTreeMap<String, Tally>;

/// Rows that an answer has at most.
const PAGE: usize = 10_000;

/// Every table that the drills' events and receipts go to.
pub(super) const TABLES: [&str; 3] = ["audit.orders_log", "audit.guardrail_log", "audit.delivery_log"];

fn by_run(table: &str, distinct: &str) -> String {
    format!("SELECT run, count(*) AS rows, {distinct} AS numbers, max(seq) AS top FROM {table} GROUP BY run")
}

/// Rows of SQLite, from a folder whose router has stopped.
pub(super) fn sqlite(workspace: &Workspace, folder: &Path, sql: &str) -> Result<Vec<Value>> {
    let output = Command::new(workspace.program("tapline"))
        .args(["audit", "sql", sql, "--json", "--data-dir"])
        .arg(folder)
        .output()?;
    if !output.status.success() {
        bail!("`{sql}`: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("`{sql}`: {line}"))).collect()
}

/// All rows of a SELECT, page by page along a column that orders them.
pub(super) fn all(sql: &str, along: &str, mut ask: impl FnMut(&str) -> Result<Vec<Value>>) -> Result<Vec<Value>> {
    let mut rows: Vec<Value> = Vec::new();
    loop {
        let after = rows.last().map_or(-1, |row| row[along].as_i64().unwrap_or_default());
        let page = ask(&format!("{sql} AND {along} > {after} ORDER BY {along} LIMIT {PAGE}"))?;
        let is_last = page.len() < PAGE;
        rows.extend(page);
        if is_last {
            return Ok(rows);
        }
    }
}

pub(super) fn in_sqlite(workspace: &Workspace, folder: &Path, table: &str) -> Result<Tallies> {
    Ok(tallies(&sqlite(workspace, folder, &by_run(table, "count(DISTINCT seq)"))?))
}

pub(super) fn in_clickhouse(destinations: &Destinations, table: &str) -> Result<Tallies> {
    Ok(tallies(&destinations.clickhouse.asker().sql(&by_run(table, "uniqExact(seq)"))?))
}

/// Documents of an event. An `_id` is there once by nature; what is counted here are their numbers.
pub(super) fn in_elasticsearch(destinations: &Destinations, event: &str) -> Result<Tallies> {
    let url = format!("{}/logs-tapline-default/_search", destinations.elasticsearch.url());
    let query = json!({
        "size": 0, "query": { "term": { "event": event } },
        "aggs": { "runs": { "terms": { "field": "run", "size": PAGE }, "aggs": {
            "numbers": { "cardinality": { "field": "seq" } }, "top": { "max": { "field": "seq" } } } } },
    });
    let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.post(&url).send_json(&query)?;
    let answer: Value = answer.body_mut().read_json()?;
    let runs = &answer["aggregations"]["runs"];
    if runs["sum_other_doc_count"] != 0 {
        bail!("Elasticsearch does not say what it has: {answer}");
    }
    let tally = |bucket: &Value| {
        let number = |value: &Value| value.as_f64().unwrap_or_default() as u64;
        let tally = Tally {
            rows: number(&bucket["doc_count"]),
            distinct: number(&bucket["numbers"]["value"]),
            top: number(&bucket["top"]["value"]),
        };
        (bucket["key"].as_str().unwrap_or_default().to_owned(), tally)
    };
    Ok(runs["buckets"].as_array().into_iter().flatten().map(tally).collect())
}

fn tallies(rows: &[Value]) -> Tallies {
    let tally = |row: &Value| {
        let number = |name: &str| row[name].as_u64().unwrap_or_default();
        let tally = Tally { rows: number("rows"), distinct: number("numbers"), top: number("top") };
        (row["run"].as_str().unwrap_or_default().to_owned(), tally)
    };
    rows.iter().map(tally).collect()
}

/// Whether both databases have the same rows at the same places of the hash chain; how many there are.
pub(super) fn compare(workspace: &Workspace, folder: &Path, destinations: &Destinations) -> Result<u64> {
    let mut rows = 0;
    for table in TABLES {
        let sql = format!("SELECT chain_position, chain_hash, event_id FROM {table} WHERE 1 = 1");
        let here = all(&sql, "chain_position", |sql| sqlite(workspace, folder, sql))?;
        let there = all(&sql, "chain_position", |sql| destinations.clickhouse.asker().sql(sql))?;
        if let Some((here, there)) = here.iter().zip(&there).find(|(here, there)| here != there) {
            bail!("{table}: SQLite has {here} where ClickHouse has {there}");
        }
        if here.len() != there.len() {
            bail!("{table}: {} rows in SQLite, {} in ClickHouse", here.len(), there.len());
        }
        rows += here.len() as u64;
    }
    Ok(rows)
}
