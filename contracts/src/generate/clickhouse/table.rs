//! Tables: made, and brought up to date.

use std::collections::HashSet;
use std::fmt::Write;

use crate::model::{ColumnSource, Contract, Partition, Table};

use super::super::bare;
use super::cluster::Cluster;
use super::column::{column_type, definition};
use super::quoted;

/// Tokens of so many batches are remembered: at one batch a second some three hours, which is longer
/// than a client goes on trying.
const DEDUPLICATION_WINDOW: u32 = 10_000;

/// Replicas also forget by time, some versions of them after an hour: a router that could not reach them for
/// a night makes its last insert again.
const DEDUPLICATION_WINDOW_S: u32 = 7 * 24 * 3600;

/// Each shard gets the same rows of an insert that is made again, so that it knows them by their token.
const SHARDING_KEY: &str = "cityHash64(event_id)";

/// Makes a database, where there is none.
pub fn database(name: &str, cluster: Option<&Cluster>) -> String {
    format!("CREATE DATABASE IF NOT EXISTS {name}{}", Cluster::on(cluster))
}

/// What makes a table, in order; no statement ends with a semicolon.
pub fn create(contract: &Contract, table: &Table, cluster: Option<&Cluster>) -> Vec<String> {
    let mut statements = vec![store(contract, table, cluster)];
    statements.extend(cluster.filter(|cluster| cluster.distributed).map(|cluster| wide(contract, table, cluster)));
    statements
}

/// What turns a table with `existing` columns into the contract's. `name` is the table's own, or that of the
/// one which keeps its rows.
pub fn missing_columns(
    contract: &Contract,
    table: &Table,
    name: &str,
    existing: &[String],
    cluster: Option<&Cluster>,
) -> Vec<String> {
    let existing: HashSet<&str> = existing.iter().map(String::as_str).collect();
    table
        .columns
        .iter()
        .filter(|column| !existing.contains(column.name.as_str()))
        .map(|column| {
            let on = Cluster::on(cluster);
            format!("ALTER TABLE {name}{on} ADD COLUMN IF NOT EXISTS {}", definition(contract, table, column))
        })
        .collect()
}

/// The statements of a script, with what a reader of it wants to know.
pub(super) fn script(contract: &Contract, table: &Table, cluster: Option<&Cluster>) -> String {
    let mut out = format!("\n-- {}\n", table.doc);
    if let Some(reason) = &table.ttl_override_reason {
        let _ = writeln!(out, "-- Kept for less than a year because: {}", reason.replace('\n', " "));
    }
    for statement in create(contract, table, cluster) {
        let _ = writeln!(out, "{statement};");
    }
    out
}

/// The table that keeps the rows.
fn store(contract: &Contract, table: &Table, cluster: Option<&Cluster>) -> String {
    let mut parts: Vec<String> =
        table.columns.iter().map(|c| format!("    {}", definition(contract, table, c))).collect();
    for column in &table.columns {
        if let ColumnSource::Field(id) = column.source
            && contract.field_at(id).join
        {
            let name = &column.name;
            parts.push(format!("    INDEX {name}_bloom {} TYPE bloom_filter GRANULARITY 4", quoted(name)));
        }
    }
    let order: Vec<String> = table.order_by.iter().map(|c| quoted(c)).collect();
    let partition = match table.partition_by {
        Partition::Month => "toYYYYMM(ts)",
        Partition::Day => "toYYYYMMDD(ts)",
    };
    let name = Cluster::store(cluster, table);
    let (engine, window) = match cluster {
        None => ("MergeTree".to_owned(), format!("non_replicated_deduplication_window = {DEDUPLICATION_WINDOW}")),
        Some(_) => (
            format!("ReplicatedMergeTree('/clickhouse/tables/{{shard}}/{}', '{{replica}}')", name.replace('.', "/")),
            format!(
                "replicated_deduplication_window = {DEDUPLICATION_WINDOW}, \
                 replicated_deduplication_window_seconds = {DEDUPLICATION_WINDOW_S}"
            ),
        ),
    };
    format!(
        "CREATE TABLE IF NOT EXISTS {name}{} (\n{}\n)\nENGINE = {engine}\nPARTITION BY {partition}\nORDER BY ({})\n\
         TTL toDateTime(ts) + INTERVAL {} DAY\nSETTINGS {window}, ttl_only_drop_parts = 1",
        Cluster::on(cluster),
        parts.join(",\n"),
        order.join(", "),
        table.ttl_days
    )
}

/// The table through which all shards are written and read.
fn wide(contract: &Contract, table: &Table, cluster: &Cluster) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("    {} {}", quoted(&column.name), column_type(contract, table, column)))
        .collect();
    let store = Cluster::store(Some(cluster), table);
    let database = store.split('.').next().unwrap_or_default();
    format!(
        "CREATE TABLE IF NOT EXISTS {}{} (\n{}\n)\nENGINE = Distributed('{}', '{database}', '{}', {SHARDING_KEY})",
        table.name,
        Cluster::on(Some(cluster)),
        columns.join(",\n"),
        cluster.name,
        bare(&store)
    )
}
