//! A row with its place in the hash chain, as it lies among the dead letters when its table has refused it.

use std::path::Path;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use tapline_contract::{ColumnSource, Contract};
use tapline_journal::{Hash, to_hex};

use super::database::{AuditError, insert_into, open_writer};
use super::row::{AuditRow, Value, canonical};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacedRow {
    pub position: u64,
    /// The chain behind it.
    pub link: String,
    pub table: String,
    /// By column; what is absent is left out.
    pub row: serde_json::Map<String, serde_json::Value>,
}

impl PlacedRow {
    pub fn new(contract: &Contract, row: &AuditRow, position: u64, link: &Hash) -> Self {
        let table = &contract.tables[row.table];
        let columns = table.columns.iter().zip(&row.values);
        let values = columns.filter_map(|(column, value)| {
            let value = match value {
                _ if matches!(column.source, ColumnSource::ChainPosition | ColumnSource::ChainHash) => return None,
                Value::Null => return None,
                Value::Int(value) => (*value).into(),
                Value::Float(value) => (*value).into(),
                Value::Text(text) => text.as_str().into(),
            };
            Some((column.name.clone(), value))
        });
        PlacedRow { position, link: to_hex(link), table: table.name.clone(), row: values.collect() }
    }

    /// Its form in the hash chain; `None` where the contract has no such table.
    pub fn canonical(&self, contract: &Contract) -> Option<Vec<u8>> {
        let table = contract.tables.iter().find(|table| table.name == self.table)?;
        let values: Vec<(&str, Value)> = self.values().collect();
        Some(canonical(table, values.iter().map(|(name, value)| (*name, value))))
    }

    fn values(&self) -> impl Iterator<Item = (&str, Value)> {
        self.row.iter().map(|(name, value)| {
            let value = match value {
                serde_json::Value::Number(number) => match number.as_i64() {
                    Some(value) => Value::Int(value),
                    None => number.as_f64().map_or(Value::Null, Value::Float),
                },
                serde_json::Value::String(text) => Value::Text(text.clone()),
                _ => Value::Null,
            };
            (name.as_str(), value)
        })
    }

    /// Puts it into the table at its own place, so that nothing is missing there any more. Whether it had
    /// been put there before: then nothing is done.
    pub fn put_back(&self, database: &Path, contract: &Contract) -> Result<bool, AuditError> {
        let failed = |source| AuditError::Sqlite { path: database.to_owned(), source };
        let connection = open_writer(database, contract)?;
        self.insert(&connection, contract).map_err(failed)
    }

    fn insert(&self, connection: &Connection, contract: &Contract) -> rusqlite::Result<bool> {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for table in &contract.tables {
            let sql = format!("SELECT \"event_id\" FROM {} WHERE \"chain_position\" = ?1", table.name);
            let mut statement = connection.prepare(&sql)?;
            if statement.exists([self.position as i64])? {
                return Ok(true);
            }
        }
        // The name comes from a file: only a table of the contract is written to.
        let Some(table) = contract.tables.iter().find(|table| table.name == self.table) else {
            return Err(rusqlite::Error::InvalidParameterName(self.table.clone()));
        };
        let place =
            [("chain_position", Value::Int(self.position as i64)), ("chain_hash", Value::Text(self.link.clone()))];
        let columns: Vec<(&str, Value)> = self.values().chain(place).collect();
        if let Some((name, _)) =
            columns.iter().find(|(name, _)| table.columns.iter().all(|column| column.name != *name))
        {
            return Err(rusqlite::Error::InvalidColumnName((*name).to_owned()));
        }
        let sql = insert_into(&table.name, columns.iter().map(|(name, _)| *name));
        connection.execute(&sql, rusqlite::params_from_iter(columns.into_iter().map(|(_, value)| value)))?;
        connection.execute_batch("COMMIT")?;
        Ok(false)
    }
}
