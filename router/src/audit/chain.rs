//! The audit rows of a database in the order of the hash chain.

mod clickhouse;
mod sqlite;

use tapline_contract::{Contract, Table};
use tapline_journal::{Hash, from_hex, leaf};

use super::database::AuditError;
use super::row::{Value, canonical};
use super::verify::DeliveryRow;

pub use clickhouse::ClickHouseTrail;
pub use sqlite::SqliteTrail;

/// A database that holds the audit tables, as a verifier sees it.
pub trait Trail {
    /// Hands the rows from one position, and up to and with another, to `take`, over all tables in order of
    /// their positions; a position that is there twice comes twice.
    fn walk(&mut self, from: u64, to: u64, take: &mut dyn FnMut(ChainRow)) -> Result<(), TrailError>;

    /// The position of the first row that the router took in at or after a time, ns; behind the last where
    /// there is none.
    fn position_at(&mut self, ts_ns: i64) -> Result<u64, TrailError>;

    /// What `audit.delivery_log` has about critical notices, in order; nothing where there is no such table.
    fn critical_deliveries(&mut self) -> Result<Vec<DeliveryRow>, TrailError>;

    /// Rows that were taken in before this time, ns, may have been let go by the database itself.
    fn expired_before(&self) -> i64 {
        i64::MIN
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error("audit database: {0}")]
    Sql(#[from] rusqlite::Error),
    #[error("ClickHouse at {url}: {what}")]
    Server { url: String, what: String },
}

/// The question for [`Trail::critical_deliveries`], where the contract has the table and its columns.
fn deliveries_sql(contract: &Contract) -> Option<String> {
    let table = contract.tables.iter().find(|table| table.name == "audit.delivery_log")?;
    let has = |name: &str| table.columns.iter().any(|column| column.name == name);
    if !has("severity") || !DeliveryRow::COLUMNS.iter().all(|name| has(name)) {
        return None;
    }
    let columns = DeliveryRow::COLUMNS.join(", ");
    Some(format!("SELECT {columns} FROM {} WHERE severity = 'critical' ORDER BY chain_position", table.name))
}

/// A row as the chain sees it.
#[derive(Clone, Debug)]
pub struct ChainRow {
    pub position: u64,
    pub table: String,
    pub event_id: String,
    /// When the router took it in, ns since 1970, UTC.
    pub ingest_ns: i64,
    pub canonical: Vec<u8>,
    /// The chain behind it, as the row itself says; rows from before there was a chain say nothing.
    pub link: Option<Hash>,
}

impl ChainRow {
    /// Of a row as it was read, by the names of its columns.
    pub fn new(table: &Table, names: &[String], values: &[Value]) -> Self {
        let mut row = ChainRow {
            position: 0,
            table: table.name.clone(),
            event_id: String::new(),
            ingest_ns: 0,
            canonical: canonical(table, names.iter().map(String::as_str).zip(values)),
            link: None,
        };
        for (name, value) in names.iter().zip(values) {
            match (name.as_str(), value) {
                ("chain_position", Value::Int(position)) => row.position = *position as u64,
                ("chain_hash", Value::Text(hash)) => row.link = from_hex(hash),
                ("event_id", Value::Text(id)) => row.event_id.clone_from(id),
                ("ingest_ts", Value::Int(time)) => row.ingest_ns = *time,
                _ => {}
            }
        }
        row
    }

    pub fn leaf(&self) -> Hash {
        leaf(&self.canonical)
    }

    /// How a person finds it.
    pub fn name(&self) -> String {
        format!("position {} ({}, event_id {})", self.position, self.table, self.event_id)
    }
}
