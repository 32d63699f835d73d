//! Audit tables for SQLite, the store that needs no server.
//!
//! SQLite has no schemas, but it has attached databases: attach the file as `audit`, and
//! `audit.orders_log` is the table's name in a query here as it is in ClickHouse. All statements can
//! be run again without harm.
//!
//! Append-only is enforced by triggers. The chain position is the primary key, which costs nothing
//! (it is the row id) and makes a repeated insert harmless: the same row again is ignored, another
//! row in its place is refused. The insert trigger is needed for that because `INSERT OR REPLACE`
//! removes the old row without asking the delete trigger.

use std::collections::HashSet;
use std::fmt::Write;

use crate::model::{Column, ColumnSource, Contract, Kind, Table};

use super::{bare, origin};

/// All tables, indexes and triggers.
pub fn tables(contract: &Contract) -> String {
    let mut out = format!(
        "-- {}\n--\n-- Run it with the database file attached as `audit`:\n--   ATTACH DATABASE 'audit.db' AS audit;\n",
        origin(contract)
    );
    for table in &contract.tables {
        out.push_str(&create(table));
    }
    out
}

/// What turns a table with `existing` columns into the contract's: one statement for each column
/// that it lacks. Columns that the contract does not have any more stay, and stay empty.
pub fn missing_columns(table: &Table, existing: &[String]) -> Vec<String> {
    let existing: HashSet<String> = existing.iter().map(|name| name.to_ascii_lowercase()).collect();
    table
        .columns
        .iter()
        .filter(|column| !existing.contains(&column.name))
        .map(|column| {
            let (name, kind) = (quoted(&column.name), sql_type(column.kind));
            format!("ALTER TABLE audit.{} ADD COLUMN {name} {kind};", quoted(bare(&table.name)))
        })
        .collect()
}

fn create(table: &Table) -> String {
    let name = bare(&table.name);
    let columns: Vec<String> = table.columns.iter().map(|c| format!("    {}", definition(c))).collect();
    let mut out = format!(
        "\n-- {}\nCREATE TABLE IF NOT EXISTS audit.{} (\n{}\n) STRICT;\n",
        table.doc,
        quoted(name),
        columns.join(",\n")
    );
    if table.columns.iter().any(|c| c.name == "trace_id") {
        let _ = writeln!(
            out,
            "CREATE INDEX IF NOT EXISTS audit.{} ON {} (\"trace_id\") WHERE \"trace_id\" IS NOT NULL;",
            quoted(&format!("{name}_trace_id")),
            quoted(name)
        );
    }
    for (verb, suffix) in [("UPDATE", "no_update"), ("DELETE", "no_delete")] {
        let _ = writeln!(
            out,
            "CREATE TRIGGER IF NOT EXISTS audit.{} BEFORE {verb} ON {}\n\
             BEGIN SELECT RAISE(ABORT, 'audit.{name} is append-only'); END;",
            quoted(&format!("{name}_{suffix}")),
            quoted(name)
        );
    }
    let _ = writeln!(
        out,
        "CREATE TRIGGER IF NOT EXISTS audit.{trigger} BEFORE INSERT ON {table}\n\
         WHEN EXISTS (SELECT 1 FROM {table} WHERE \"chain_position\" = NEW.\"chain_position\")\n\
         BEGIN SELECT CASE\n\
         \x20   WHEN (SELECT \"event_id\" FROM {table} WHERE \"chain_position\" = NEW.\"chain_position\") = NEW.\"event_id\"\n\
         \x20   THEN RAISE(IGNORE)\n\
         \x20   ELSE RAISE(ABORT, 'audit.{name}: the chain position is taken by another event') END; END;",
        trigger = quoted(&format!("{name}_no_replace")),
        table = quoted(name),
    );
    out
}

fn definition(column: &Column) -> String {
    let (name, kind) = (quoted(&column.name), sql_type(column.kind));
    let more = match column.source {
        ColumnSource::ChainPosition => " PRIMARY KEY",
        // Fields and what is left of them may be absent, the rest is there in every row.
        ColumnSource::Field(_) | ColumnSource::Details => "",
        // A line need not come from a producer that numbers its events.
        ColumnSource::Run | ColumnSource::Seq => "",
        // A table from before there was a chain has rows without it.
        ColumnSource::ChainHash => "",
        _ => " NOT NULL",
    };
    format!("{name} {kind}{more}")
}

fn sql_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Json => "TEXT",
        // 0 and 1 for truth values.
        Kind::Int | Kind::Bool => "INTEGER",
        Kind::Float => "REAL",
    }
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
