//! The trail in SQLite.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Statement};
use tapline_contract::{Contract, Table};

use super::{ChainRow, Trail, TrailError, deliveries_sql};
use crate::audit::database::open_reader;
use crate::audit::row::Value;
use crate::audit::verify::DeliveryRow;

/// All that is read from it is of one moment.
pub struct SqliteTrail<'a> {
    connection: Connection,
    contract: &'a Contract,
}

impl<'a> SqliteTrail<'a> {
    pub fn open(database: &Path, contract: &'a Contract) -> Result<Self, TrailError> {
        let connection = open_reader(database)?;
        connection.execute_batch("BEGIN")?;
        Ok(SqliteTrail { connection, contract })
    }
}

impl Trail for SqliteTrail<'_> {
    fn walk(&mut self, from: u64, to: u64, take: &mut dyn FnMut(ChainRow)) -> Result<(), TrailError> {
        let mut statements: Vec<(Statement, &Table)> = Vec::new();
        for table in &self.contract.tables {
            let sql = format!(
                "SELECT * FROM {} WHERE \"chain_position\" BETWEEN ?1 AND ?2 ORDER BY \"chain_position\"",
                table.name
            );
            statements.push((self.connection.prepare(&sql)?, table));
        }
        // A later version of the program may have added a column, so the names are the database's own.
        let names: Vec<Vec<String>> =
            statements.iter().map(|(statement, _)| statement.column_names().map(str::to_owned).collect()).collect();
        let range = [from.min(i64::MAX as u64) as i64, to.min(i64::MAX as u64) as i64];
        let mut cursors = Vec::new();
        for ((statement, table), names) in statements.iter_mut().zip(&names) {
            let mut rows = statement.query(range)?;
            let next = rows.next()?.map(|row| chain_row(row, table, names)).transpose()?;
            cursors.push((rows, *table, names, next));
        }
        loop {
            let nexts = cursors.iter().enumerate();
            let first = nexts.filter_map(|(at, (.., next))| Some((next.as_ref()?.position, at))).min();
            let Some((_, at)) = first else { return Ok(()) };
            let (rows, table, names, next) = &mut cursors[at];
            let following = rows.next()?.map(|row| chain_row(row, table, names)).transpose()?;
            if let Some(row) = std::mem::replace(next, following) {
                take(row);
            }
        }
    }

    fn position_at(&mut self, ts_ns: i64) -> Result<u64, TrailError> {
        let mut position = None;
        let mut end = 1;
        for table in &self.contract.tables {
            let sql = format!(
                "SELECT MIN(CASE WHEN \"ingest_ts\" >= ?1 THEN \"chain_position\" END), MAX(\"chain_position\") FROM {}",
                table.name
            );
            let row = |row: &Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?));
            let (first, last) = self.connection.query_row(&sql, [ts_ns], row)?;
            position = position.into_iter().chain(first).min();
            end = end.max(last.map_or(1, |last| last + 1));
        }
        Ok(position.unwrap_or(end) as u64)
    }

    fn critical_deliveries(&mut self) -> Result<Vec<DeliveryRow>, TrailError> {
        let Some(sql) = deliveries_sql(self.contract) else { return Ok(Vec::new()) };
        let mut statement = self.connection.prepare(&sql)?;
        let cell = |row: &Row<'_>, at: usize| row.get::<_, Option<String>>(at).ok().flatten().unwrap_or_default();
        let rows = statement
            .query_map([], |row| Ok(DeliveryRow::new((0..DeliveryRow::COLUMNS.len()).map(|at| cell(row, at)))))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn chain_row(row: &Row<'_>, table: &Table, names: &[String]) -> rusqlite::Result<ChainRow> {
    let mut values = Vec::with_capacity(names.len());
    for at in 0..names.len() {
        values.push(match row.get_ref(at)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::Int(value),
            ValueRef::Real(value) => Value::Float(value),
            ValueRef::Text(text) | ValueRef::Blob(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        });
    }
    Ok(ChainRow::new(table, names, &values))
}
