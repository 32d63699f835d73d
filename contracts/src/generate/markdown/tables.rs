//! Audit tables, how long they are kept, who may do what with them.

use std::fmt::Write;

use crate::model::{ColumnSource, Contract, Sensitivity, Table};

use super::{cell, marks};

pub(super) fn write(contract: &Contract, out: &mut String) {
    out.push_str(
        "## Audit tables\n\nAppend-only, with the same names and columns in SQLite and in ClickHouse. Every table has \
         the shared columns; the fields of an event that have no column of their own are kept in `details`.\n\n\
         | column | kind | what |\n|---|---|---|\n",
    );
    let shared = contract.tables.first().map(|table| table.columns.as_slice()).unwrap_or_default();
    for column in shared.iter().filter(|c| !matches!(c.source, ColumnSource::Field(_))) {
        let _ = writeln!(out, "| `{}` | {} | {} |", column.name, column.kind, cell(&column.doc));
    }
    out.push_str(
        "\n`event_id` tells an event from every other; `chain_position` runs without gaps over all tables, so that \
         a missing row shows. Prices are integers; `price_scale` in the same row says what they are multiplied with. \
         In ClickHouse a column of the sorting key is empty where SQLite has NULL.\n\n",
    );
    for (index, table) in contract.tables.iter().enumerate() {
        one(contract, table, index, out);
    }
    logs(contract, out);
    retention(contract, out);
    roles(contract, out);
}

fn logs(contract: &Contract, out: &mut String) {
    let table = &contract.log_table;
    let sorting = table.order_by.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
    let columns: Vec<String> = table.columns.iter().map(|c| format!("`{}`", c.name)).collect();
    let _ = write!(
        out,
        "## Plain logs\n\nA ClickHouse that events without an audit table are routed to keeps them in `{}`: {}. \
         Sorted by {sorting}; a partition for each {}. What has no column is in `details`. Not in the hash chain; \
         a row that was sent twice is told by its `event_id`.\n\n",
        table.name,
        columns.join(", "),
        table.partition_by
    );
}

fn one(contract: &Contract, table: &Table, index: usize, out: &mut String) {
    let writers: Vec<String> = contract
        .events
        .iter()
        .filter(|event| event.table.is_some_and(|id| usize::from(id.0) == index))
        .map(|event| format!("[`{0}`](#{0})", event.name))
        .collect();
    let _ = write!(
        out,
        "### {}\n\n{} Sorted by {}; a partition for each {}. Rows come from {}.\n\n| column | kind | | what |\n|---|---|---|---|\n",
        table.name,
        table.doc,
        table.order_by.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", "),
        table.partition_by,
        writers.join(", ")
    );
    for column in &table.columns {
        let ColumnSource::Field(id) = column.source else { continue };
        let marks = marks(contract.field_at(id));
        let _ = writeln!(out, "| `{}` | {} | {marks} | {} |", column.name, column.kind, cell(&column.doc));
    }
    out.push('\n');
}

fn retention(contract: &Contract, out: &mut String) {
    out.push_str("## Retention\n\n| what | days | |\n|---|--:|---|\n");
    for table in &contract.tables {
        let reason = table.ttl_override_reason.as_deref().unwrap_or_default();
        let _ = writeln!(out, "| `{}` | {} | {} |", table.name, table.ttl_days, cell(reason));
    }
    let _ = write!(
        out,
        "| `{}` | {} | |\n\nAn audit table keeps its rows for at least {} days. A contract with less is \
         refused, unless the table gives a `ttl_override_reason`; that reason stands here, in the SQL, and in \
         `audit.config_log`, where the router writes it when it starts with such a contract. ClickHouse removes \
         expired rows by itself. SQLite never removes any: set the file aside when its time has come.\n\n",
        contract.log_table.name,
        contract.retention.log_days,
        crate::resolve::AUDIT_DAYS_MIN,
    );
}

fn roles(contract: &Contract, out: &mut String) {
    let mut personal: Vec<String> = contract
        .tables
        .iter()
        .chain([&contract.log_table])
        .flat_map(|table| &table.columns)
        .filter(
            |c| matches!(c.source, ColumnSource::Field(id) if contract.field_at(id).sensitivity != Sensitivity::Public),
        )
        .map(|c| format!("`{}`", c.name))
        .collect();
    personal.sort();
    personal.dedup();
    let _ = write!(
        out,
        "## Roles\n\n| role | may |\n|---|---|\n\
         | `audit_writer` | add rows; not read, change or delete any |\n\
         | `audit_reader` | read every column but those with personal data ({}): name the columns, `SELECT *` is refused |\n\
         | `audit_verifier` | read every column, for `tapline audit verify`; not for people |\n\
         | `audit_admin` | add tables, columns and indexes, change the retention; not drop, update or delete |\n\n\
         In SQLite triggers refuse UPDATE and DELETE to everyone, and an insert that would replace a row.\n\n",
        personal.join(", ")
    );
}
