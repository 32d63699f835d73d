//! Audit tables and roles for ClickHouse: same names and columns as in SQLite.
//!
//! Rows are kept by month, sorted for the questions that are asked of them, and expire when the
//! contract says. A batch that is sent twice is taken once, by its `insert_deduplication_token`. No
//! role can change or delete a row.

use std::collections::HashSet;
use std::fmt::Write;

use crate::model::{Column, ColumnSource, Contract, Kind, Partition, Sensitivity, Table};

use super::origin;

/// Tokens of so many batches are remembered: at one batch a second some three hours, which is longer
/// than a client goes on trying.
const DEDUPLICATION_WINDOW: u32 = 10_000;

/// The database and all tables.
pub fn tables(contract: &Contract) -> String {
    let mut out = format!("-- {}\n\nCREATE DATABASE IF NOT EXISTS audit;\n", origin(contract));
    for table in &contract.tables {
        out.push_str(&create(contract, table));
    }
    out
}

/// The roles and what they may do; given to users by whoever runs the server.
pub fn roles(contract: &Contract) -> String {
    let mut out = format!(
        "-- {}\n\
         --\n\
         -- audit_writer  the router: adds rows, reads none of them\n\
         -- audit_reader  people and dashboards: read all but the columns that hold personal data\n\
         -- audit_verifier  `tapline audit verify`: reads every column, since the hash chain is over all of them\n\
         -- audit_admin   migrations: adds tables, columns and indexes, changes retention; no role drops,\n\
         --               updates or deletes\n\n\
         CREATE ROLE IF NOT EXISTS audit_writer;\n\
         CREATE ROLE IF NOT EXISTS audit_reader;\n\
         CREATE ROLE IF NOT EXISTS audit_verifier;\n\
         CREATE ROLE IF NOT EXISTS audit_admin;\n\n\
         -- The writer looks at the columns before it writes.\n\
         GRANT SHOW TABLES, SHOW COLUMNS ON audit.* TO audit_writer;\n",
        origin(contract)
    );
    for table in &contract.tables {
        let _ = writeln!(out, "GRANT INSERT ON {} TO audit_writer;", table.name);
    }
    out.push_str("\nGRANT SHOW TABLES, SHOW COLUMNS ON audit.* TO audit_reader;\n");
    for table in &contract.tables {
        let open = table.columns.iter().filter(|c| sensitivity(contract, c) == Sensitivity::Public);
        let names: Vec<String> = open.map(|c| quoted(&c.name)).collect();
        let _ = writeln!(out, "GRANT SELECT({}) ON {} TO audit_reader;", names.join(", "), table.name);
    }
    out.push_str("\nGRANT SHOW TABLES, SHOW COLUMNS ON audit.* TO audit_verifier;\n");
    for table in &contract.tables {
        let _ = writeln!(out, "GRANT SELECT ON {} TO audit_verifier;", table.name);
    }
    out.push_str(
        "\nGRANT SHOW TABLES, SHOW COLUMNS, CREATE DATABASE, CREATE TABLE, ALTER ADD COLUMN, \
         ALTER MODIFY COLUMN,\n    ALTER COMMENT COLUMN, ALTER ADD INDEX, ALTER MATERIALIZE INDEX, \
         ALTER TTL\n    ON audit.* TO audit_admin;\n",
    );
    out
}

/// What turns a table with `existing` columns into the contract's.
pub fn missing_columns(contract: &Contract, table: &Table, existing: &[String]) -> Vec<String> {
    let existing: HashSet<&str> = existing.iter().map(String::as_str).collect();
    table
        .columns
        .iter()
        .filter(|column| !existing.contains(column.name.as_str()))
        .map(|column| format!("ALTER TABLE {} ADD COLUMN {};", table.name, definition(contract, table, column)))
        .collect()
}

fn create(contract: &Contract, table: &Table) -> String {
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
    let mut out = format!("\n-- {}\n", table.doc);
    if let Some(reason) = &table.ttl_override_reason {
        let _ = writeln!(out, "-- Kept for less than a year because: {}", reason.replace('\n', " "));
    }
    let _ = write!(
        out,
        "CREATE TABLE IF NOT EXISTS {} (\n{}\n)\nENGINE = MergeTree\nPARTITION BY {partition}\nORDER BY ({})\n\
         TTL toDateTime(ts) + INTERVAL {} DAY\n\
         SETTINGS non_replicated_deduplication_window = {DEDUPLICATION_WINDOW}, ttl_only_drop_parts = 1;\n",
        table.name,
        parts.join(",\n"),
        order.join(", "),
        table.ttl_days
    );
    out
}

fn definition(contract: &Contract, table: &Table, column: &Column) -> String {
    format!("{} {}", quoted(&column.name), sql_type(contract, table, column))
}

/// A column's type, as `system.columns` shows it.
pub fn column_type(contract: &Contract, table: &Table, column: &Column) -> String {
    let definition = sql_type(contract, table, column);
    let end = definition.find(" CODEC").or_else(|| definition.find(" DEFAULT")).unwrap_or(definition.len());
    definition[..end].to_owned()
}

fn sql_type(contract: &Contract, table: &Table, column: &Column) -> String {
    // A sorting key can't be absent in ClickHouse; there it is the empty text or 0.
    let sorted = table.order_by.contains(&column.name);
    match column.source {
        ColumnSource::Ts | ColumnSource::IngestTs => "DateTime64(9, 'UTC') CODEC(Delta, ZSTD)".to_owned(),
        ColumnSource::Run | ColumnSource::Event | ColumnSource::Component | ColumnSource::Level => {
            "LowCardinality(String)".to_owned()
        }
        ColumnSource::Seq | ColumnSource::ChainPosition => "UInt64 CODEC(Delta, ZSTD)".to_owned(),
        ColumnSource::EventId | ColumnSource::ChainHash => "String".to_owned(),
        ColumnSource::Details => "String DEFAULT '{}'".to_owned(),
        ColumnSource::Field(id) => {
            let field = contract.field_at(id);
            let (plain, few) = match field.kind {
                Kind::Text => ("String", !field.join && !field.free_text && field.sensitivity == Sensitivity::Public),
                Kind::Json => ("String", false),
                Kind::Int => ("Int64", false),
                Kind::Float => ("Float64", false),
                Kind::Bool => ("Bool", false),
            };
            match (few, sorted) {
                (true, true) => format!("LowCardinality({plain})"),
                (true, false) => format!("LowCardinality(Nullable({plain}))"),
                (false, true) => plain.to_owned(),
                (false, false) => format!("Nullable({plain})"),
            }
        }
    }
}

fn sensitivity(contract: &Contract, column: &Column) -> Sensitivity {
    match column.source {
        ColumnSource::Field(id) => contract.field_at(id).sensitivity,
        _ => Sensitivity::Public,
    }
}

fn quoted(name: &str) -> String {
    format!("`{name}`")
}
