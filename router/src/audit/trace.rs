//! One transaction, followed over all audit tables: tick, intent, risk, order, ack, fill, position.
//!
//! Rows are joined by the contract's join keys, transitively: an intent id leads to an order id, that
//! to the broker's, and so on, until nothing new is found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tapline_contract::{ColumnSource, Contract};

use super::database::open_reader;
use super::query::QueryError;

/// Ids followed at most: an id that joins half of the database is no transaction.
const IDS_MAX: usize = 500;
const STEPS_MAX: usize = 2_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trace {
    pub id: String,
    /// Every id that belongs to the transaction, by join key.
    pub ids: BTreeMap<String, BTreeSet<String>>,
    pub steps: Vec<Step>,
    /// From the first step to the last, ns.
    pub total_ns: i64,
    /// There was more than can be shown.
    pub truncated: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    pub ts: i64,
    /// Since the step before, ns.
    pub since_previous_ns: i64,
    pub component: String,
    pub event: String,
    pub level: String,
    pub table: String,
    /// The columns that are set, beside the ones above.
    pub fields: Map<String, Value>,
}

/// The columns of a table that hold join keys.
fn join_columns(contract: &Contract, table: &tapline_contract::Table) -> Vec<String> {
    table
        .columns
        .iter()
        .filter(|column| match column.source {
            ColumnSource::Field(field) => contract.field_at(field).join,
            _ => false,
        })
        .map(|column| column.name.clone())
        .collect()
}

pub fn trace(database: &Path, contract: &Contract, id: &str) -> Result<Trace, QueryError> {
    let connection = open_reader(database)?;
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut found: BTreeMap<(String, i64), Step> = BTreeMap::new();
    // The id may be of any kind; what is found next is looked for only under its own key.
    let mut wanted: Vec<(Option<String>, String)> = vec![(None, id.to_owned())];
    let mut truncated = false;
    while let Some((key, value)) = wanted.pop() {
        for table in &contract.tables {
            let joins = join_columns(contract, table);
            let columns: Vec<&String> =
                joins.iter().filter(|name| key.as_ref().is_none_or(|key| key == *name)).collect();
            if columns.is_empty() {
                continue;
            }
            for (position, step) in rows(&connection, &table.name, &columns, &value).map_err(QueryError::Sql)? {
                for join in &joins {
                    let Some(Value::String(other)) = step.fields.get(join) else { continue };
                    if other.is_empty() || !ids.entry(join.clone()).or_default().insert(other.clone()) {
                        continue;
                    }
                    if ids.values().map(BTreeSet::len).sum::<usize>() > IDS_MAX {
                        truncated = true;
                    } else {
                        wanted.push((Some(join.clone()), other.clone()));
                    }
                }
                if found.len() < STEPS_MAX {
                    found.insert((table.name.clone(), position), step);
                } else {
                    truncated = true;
                }
            }
        }
    }
    let mut steps: Vec<((String, i64), Step)> = found.into_iter().collect();
    // Steps of one moment stay in the order in which the router took them in.
    steps.sort_by_key(|((_, position), step)| (step.ts, *position));
    let mut steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
    let mut before = steps.first().map_or(0, |step| step.ts);
    let first = before;
    for step in &mut steps {
        step.since_previous_ns = step.ts - before;
        before = step.ts;
    }
    Ok(Trace { id: id.to_owned(), ids, steps, total_ns: before - first, truncated })
}

fn rows(connection: &Connection, table: &str, columns: &[&String], value: &str) -> rusqlite::Result<Vec<(i64, Step)>> {
    let conditions: Vec<String> = columns.iter().map(|name| format!("\"{name}\" = ?")).collect();
    let sql = format!("SELECT * FROM {table} WHERE {} LIMIT {STEPS_MAX}", conditions.join(" OR "));
    let mut statement = connection.prepare_cached(&sql)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query(params_from_iter(columns.iter().map(|_| value)))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let mut step = Step {
            ts: 0,
            since_previous_ns: 0,
            component: String::new(),
            event: String::new(),
            level: String::new(),
            table: table.to_owned(),
            fields: Map::new(),
        };
        let mut position = 0;
        for (at, name) in names.iter().enumerate() {
            match (name.as_str(), row.get_ref(at)?) {
                ("ts", ValueRef::Integer(ts)) => step.ts = ts,
                ("chain_position", ValueRef::Integer(number)) => position = number,
                ("component", ValueRef::Text(text)) => step.component = lossy(text),
                ("event", ValueRef::Text(text)) => step.event = lossy(text),
                ("level", ValueRef::Text(text)) => step.level = lossy(text),
                ("ingest_ts" | "run" | "seq" | "event_id", _) | (_, ValueRef::Null | ValueRef::Blob(_)) => {}
                ("details", ValueRef::Text(text)) => {
                    let details = serde_json::from_slice(text).unwrap_or_else(|_| lossy(text).into());
                    step.fields.insert("details".into(), details);
                }
                (name, ValueRef::Integer(value)) => {
                    step.fields.insert(name.to_owned(), value.into());
                }
                (name, ValueRef::Real(value)) => {
                    step.fields.insert(name.to_owned(), value.into());
                }
                (name, ValueRef::Text(text)) => {
                    step.fields.insert(name.to_owned(), lossy(text).into());
                }
            }
        }
        found.push((position, step));
    }
    Ok(found)
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
