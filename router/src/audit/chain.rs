//! The audit rows of the database in the order of the hash chain.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Statement};
use tapline_contract::{Contract, Table};
use tapline_journal::{Hash, from_hex, leaf};

use super::database::open_reader;
use super::row::{Value, canonical};
use super::verify::VerifyError;

/// A row as the chain sees it.
#[derive(Clone, Debug)]
pub struct ChainRow {
    pub position: u64,
    pub table: String,
    pub event_id: String,
    pub canonical: Vec<u8>,
    /// The chain behind it, as the row itself says; rows from before there was a chain say nothing.
    pub link: Option<Hash>,
}

impl ChainRow {
    pub fn leaf(&self) -> Hash {
        leaf(&self.canonical)
    }

    /// How a person finds it.
    pub fn name(&self) -> String {
        format!("position {} ({}, event_id {})", self.position, self.table, self.event_id)
    }
}

/// Hands the rows from one position, and up to and with another, to `take`, over all tables in order of their
/// positions; a position that is there twice comes twice.
pub fn walk(
    connection: &Connection,
    contract: &Contract,
    from: u64,
    to: u64,
    mut take: impl FnMut(ChainRow),
) -> rusqlite::Result<()> {
    let mut statements: Vec<(Statement, &Table)> = Vec::new();
    for table in &contract.tables {
        let sql = format!(
            "SELECT * FROM {} WHERE \"chain_position\" BETWEEN ?1 AND ?2 ORDER BY \"chain_position\"",
            table.name
        );
        statements.push((connection.prepare(&sql)?, table));
    }
    // A later version of the program may have added a column, so the names are the database's own.
    let names: Vec<Vec<String>> = statements
        .iter()
        .map(|(statement, _)| statement.column_names().into_iter().map(str::to_owned).collect())
        .collect();
    let range = [from.min(i64::MAX as u64) as i64, to.min(i64::MAX as u64) as i64];
    let mut cursors = Vec::new();
    for ((statement, table), names) in statements.iter_mut().zip(&names) {
        let mut rows = statement.query(range)?;
        let next = rows.next()?.map(|row| chain_row(row, table, names)).transpose()?;
        cursors.push((rows, *table, names, next));
    }
    loop {
        let first = cursors.iter().enumerate().filter_map(|(at, (.., next))| Some((next.as_ref()?.position, at))).min();
        let Some((_, at)) = first else { return Ok(()) };
        let (rows, table, names, next) = &mut cursors[at];
        let following = rows.next()?.map(|row| chain_row(row, table, names)).transpose()?;
        if let Some(row) = std::mem::replace(next, following) {
            take(row);
        }
    }
}

/// The position of the first row that the router took in at or after a time, ns; behind the last where
/// there is none.
pub fn position_at(database: &Path, contract: &Contract, ts_ns: i64) -> Result<u64, VerifyError> {
    let connection = open_reader(database)?;
    let parts: Vec<String> = contract
        .tables
        .iter()
        .map(|table| {
            format!("SELECT MIN(CASE WHEN \"ingest_ts\" >= ?1 THEN \"chain_position\" END) AS p, MAX(\"chain_position\") AS e FROM {}", table.name)
        })
        .collect();
    if parts.is_empty() {
        return Ok(1);
    }
    let sql = format!("SELECT COALESCE(MIN(p), MAX(e) + 1, 1) FROM ({})", parts.join(" UNION ALL "));
    Ok(connection.query_row(&sql, [ts_ns], |row| row.get::<_, i64>(0))? as u64)
}

fn chain_row(row: &Row<'_>, table: &Table, names: &[String]) -> rusqlite::Result<ChainRow> {
    let mut found =
        ChainRow { position: 0, table: table.name.clone(), event_id: String::new(), canonical: Vec::new(), link: None };
    let mut values = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let value = match row.get_ref(at)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::Int(value),
            ValueRef::Real(value) => Value::Float(value),
            ValueRef::Text(text) | ValueRef::Blob(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        };
        match (name.as_str(), &value) {
            ("chain_position", Value::Int(position)) => found.position = *position as u64,
            ("chain_hash", Value::Text(hash)) => found.link = from_hex(hash),
            ("event_id", Value::Text(id)) => found.event_id.clone_from(id),
            _ => {}
        }
        values.push(value);
    }
    found.canonical = canonical(table, names.iter().map(String::as_str).zip(&values));
    Ok(found)
}
