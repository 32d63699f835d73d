//! Audit tables: columns that events really fill, an order, and a retention that holds.

use std::collections::HashMap;

use crate::builtin::{BUILT_INS, BuiltIn};
use crate::model::{Column, ColumnSource, Event, Field, FieldId, Sensitivity, Table, TableId};
use crate::nearest::did_you_mean;
use crate::raw::{Findings, RawTable};

use super::AUDIT_DAYS_MIN;
use super::names::{Names, check_name, claim};

/// Tables of this schema hold audit rows; the rules for retention are theirs.
const AUDIT_SCHEMA: &str = "audit.";

pub(super) fn resolve(
    raw: Vec<RawTable>,
    audit_days: u32,
    names: &Names<'_>,
) -> (Vec<Table>, HashMap<String, TableId>) {
    let mut by_name = HashMap::new();
    let mut tables = Vec::with_capacity(raw.len());
    for (index, table) in raw.into_iter().enumerate() {
        let path = format!("tables.{:?}", table.name);
        claim(&mut by_name, names.findings, &path, &table.name, table.line, TableId(index as u16));
        match table.name.strip_prefix(AUDIT_SCHEMA) {
            Some(rest) => check_name(names.findings, &path, rest, table.line),
            None => names.findings.add(
                table.line,
                &path,
                "a table stands in the schema audit",
                Some(format!("name it \"audit.{}\"", table.name)),
            ),
        }
        tables.push(resolve_table(table, audit_days, &path, names));
    }
    (tables, by_name)
}

fn resolve_table(raw: RawTable, audit_days: u32, path: &str, names: &Names<'_>) -> Table {
    let ttl_days = check_ttl(&raw, audit_days, path, names.findings);
    let own = own_columns(&raw, path, names);
    let columns = with_shared_columns(own);

    let mut order_by = Vec::new();
    for name in &raw.order_by {
        if !columns.iter().any(|c| c.name == name.value) {
            names.findings.add(
                name.line,
                format!("{path}.order_by"),
                format!("the table has no column {:?}", name.value),
                did_you_mean(&name.value, columns.iter().map(|c| c.name.as_str())),
            );
        }
        order_by.push(name.value.clone());
    }
    if order_by.is_empty() {
        order_by = ["ts", "run", "seq"].map(str::to_owned).to_vec();
    }
    Table {
        name: raw.name,
        doc: raw.doc,
        columns,
        order_by,
        partition_by: raw.partition_by,
        ttl_days,
        ttl_override_reason: raw.ttl_override_reason,
    }
}

fn check_ttl(raw: &RawTable, default: u32, path: &str, findings: &Findings) -> u32 {
    let (days, line) = raw.ttl_days.as_ref().map_or((default, raw.line), |d| (d.value, d.line));
    let reason = raw.ttl_override_reason.as_deref().map(str::trim);
    match reason {
        None if days < AUDIT_DAYS_MIN => findings.add(
            line,
            format!("{path}.ttl_days"),
            format!("audit rows are kept for at least {AUDIT_DAYS_MIN} days, here {days}"),
            Some("keep them longer, or give a ttl_override_reason, which is itself audited".to_owned()),
        ),
        Some("") => findings.add(line, format!("{path}.ttl_override_reason"), "the reason is empty", None),
        Some(_) if days >= AUDIT_DAYS_MIN => findings.add(
            line,
            format!("{path}.ttl_override_reason"),
            "a reason is given, but nothing is overridden",
            Some(format!("ttl_days is not below {AUDIT_DAYS_MIN}: leave the reason out")),
        ),
        _ => {}
    }
    if days == 0 {
        findings.add(line, format!("{path}.ttl_days"), "rows kept for 0 days are not kept", None);
    }
    days
}

fn own_columns(raw: &RawTable, path: &str, names: &Names<'_>) -> Vec<Column> {
    let path = format!("{path}.columns");
    let mut columns = Vec::with_capacity(raw.columns.len());
    for id in names.fields(&path, &raw.columns) {
        let field = &names.dictionary[usize::from(id.0)];
        if field.sensitivity == Sensitivity::Secret {
            names.findings.add(raw.line, &path, format!("{:?} is a secret; no table keeps one", field.name), None);
        }
        columns.push(Column {
            name: field.name.clone(),
            kind: field.kind,
            source: ColumnSource::Field(id),
            doc: field.doc.clone(),
        });
    }
    columns
}

/// The columns that every table has go first, `details` goes last.
fn with_shared_columns(own: Vec<Column>) -> Vec<Column> {
    let shared = |details: bool| {
        BUILT_INS.iter().filter_map(move |b| {
            let source = b.column.filter(|source| *source != ColumnSource::Lane)?;
            ((source == ColumnSource::Details) == details).then(|| shared_column(b, source))
        })
    };
    shared(false).chain(own).chain(shared(true)).collect()
}

pub(super) fn shared_column(b: &BuiltIn, source: ColumnSource) -> Column {
    Column { name: b.name.to_owned(), kind: b.kind, source, doc: b.doc.to_owned() }
}

/// A column that no event fills stays empty for ever, and a required field without a column can't be
/// asked for by name: both are how audit tables of a real platform came to be useless.
pub(super) fn check_against_events(tables: &[Table], events: &[Event], fields: &[Field], findings: &Findings) {
    for (index, table) in tables.iter().enumerate() {
        let path = format!("tables.{:?}", table.name);
        let writers: Vec<&Event> = events.iter().filter(|e| e.table == Some(TableId(index as u16))).collect();
        if writers.is_empty() {
            findings.add(None, &path, "no event goes into this table", None);
            continue;
        }
        let column_of = |id: FieldId| table.columns.iter().any(|c| c.source == ColumnSource::Field(id));
        for column in &table.columns {
            let ColumnSource::Field(id) = column.source else { continue };
            if !writers.iter().any(|event| event.fields.iter().any(|f| f.field == id)) {
                findings.add(
                    None,
                    format!("{path}.columns"),
                    format!("no event of this table carries {:?}: the column would stay empty", column.name),
                    Some("add it to an event, or leave the column out".to_owned()),
                );
            }
        }
        for event in writers {
            for field in event.fields.iter().filter(|f| f.required && !column_of(f.field)) {
                findings.add(
                    None,
                    format!("events.{}", event.name),
                    format!(
                        "the required field {:?} has no column in {}",
                        fields[usize::from(field.field.0)].name,
                        table.name
                    ),
                    Some("add the column, or make the field optional (it is then kept in details)".to_owned()),
                );
            }
        }
    }
}

/// The router writes each reason for a shorter retention into the audit trail; without this event it could not.
pub(super) fn check_overrides(tables: &[Table], events: &[Event], findings: &Findings) {
    let is_audited = events.iter().any(|event| event.name == "config_change" && event.table.is_some());
    for table in tables.iter().filter(|table| table.ttl_override_reason.is_some() && !is_audited) {
        findings.add(
            None,
            format!("tables.{:?}.ttl_override_reason", table.name),
            "the reason could not be audited: there is no event config_change with an audit table",
            Some("take the event and its table over from the contract that is built in".to_owned()),
        );
    }
}
