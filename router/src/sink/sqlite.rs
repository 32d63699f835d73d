//! Audit rows into SQLite: one transaction a group of deliveries, on disk when it commits.
//!
//! Exactly once: how far it is in the journal stands in the database itself, and changes in the same
//! transaction as the rows. Each row carries its position in the hash chain, and the chain behind it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, ErrorCode, ToSql};
use tapline_contract::{ColumnSource, Contract, Table};
use tapline_journal::to_hex;

use super::delivery::Chained;
use super::{Delivery, LateRefusal, Refusal, Sink, SinkError, SinkStats, Standing};
use crate::audit::{AuditError, PlacedRow, RowMaker, Value, chain_end, insert_into, open_writer};
use crate::batch::Batch;

/// Rows accepted so far, by table: shown beside what was offered, so that a table which takes nothing
/// is seen at once.
#[derive(Debug, Default)]
pub struct TableCounts {
    pub offered: AtomicU64,
    pub accepted: AtomicU64,
}

pub struct SqliteSink {
    path: PathBuf,
    contract: Arc<Contract>,
    rows: RowMaker,
    stats: Arc<SinkStats>,
    /// By table.
    inserts: Vec<String>,
    counts: Arc<[TableCounts]>,
    connection: Option<Connection>,
    /// As of the last commit, and with what is in the transaction.
    standing: Standing,
    next: Standing,
    /// By table, since the last commit.
    uncommitted: Vec<u64>,
    in_transaction: bool,
}

/// Which record of the journal comes next.
const CURSOR: &str = "CREATE TABLE IF NOT EXISTS audit.tapline_cursor (\
     \"id\" INTEGER PRIMARY KEY CHECK (\"id\" = 1), \"record\" INTEGER NOT NULL) STRICT;\
     INSERT OR IGNORE INTO audit.tapline_cursor VALUES (1, 0);";

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Value::Null => rusqlite::types::Null.to_sql(),
            Value::Int(value) => value.to_sql(),
            Value::Float(value) => value.to_sql(),
            Value::Text(text) => text.to_sql(),
        }
    }
}

impl SqliteSink {
    pub fn open(
        path: &Path,
        contract: Arc<Contract>,
        rows: RowMaker,
        stats: Arc<SinkStats>,
        counts: Arc<[TableCounts]>,
    ) -> Result<Self, AuditError> {
        let insert = |table: &Table| insert_into(&table.name, table.columns.iter().map(|column| column.name.as_str()));
        let inserts = contract.tables.iter().map(insert).collect();
        let uncommitted = vec![0; contract.tables.len()];
        let standing = Standing { record: 0, chain: None };
        let mut sink = SqliteSink {
            path: path.to_owned(),
            contract,
            rows,
            stats,
            inserts,
            counts,
            connection: None,
            standing,
            next: standing,
            uncommitted,
            in_transaction: false,
        };
        // What is wrong with the database is told at the start, not at the first row.
        sink.connect()?;
        Ok(sink)
    }

    fn connect(&mut self) -> Result<(), AuditError> {
        let connection = open_writer(&self.path, &self.contract)?;
        let failed = |source| AuditError::Sqlite { path: self.path.clone(), source };
        connection.execute_batch(CURSOR).map_err(failed)?;
        let record: i64 = connection
            .query_row("SELECT \"record\" FROM audit.tapline_cursor", [], |row| row.get(0))
            .map_err(failed)?;
        let chain = chain_end(&connection, &self.contract).map_err(failed)?;
        self.standing = Standing { record: record as u64, chain: Some(chain) };
        self.next = self.standing;
        self.connection = Some(connection);
        Ok(())
    }

    fn error(&self, operation: &'static str, source: rusqlite::Error) -> SinkError {
        SinkError { operation, what: self.path.display().to_string(), source: source.into() }
    }

    /// Forgets what was not committed; the rows come again.
    fn roll_back(&mut self) {
        if let Some(connection) = &self.connection
            && self.in_transaction
            && connection.execute_batch("ROLLBACK").is_err()
            && !connection.is_autocommit()
        {
            self.connection = None;
        }
        self.in_transaction = false;
        self.next = self.standing;
        self.uncommitted.fill(0);
    }

    /// `at` is the row's place among the record's audit rows.
    fn insert(
        &mut self,
        batch: &Batch,
        row: usize,
        at: usize,
        chained: &Chained,
    ) -> Result<Option<Refusal>, rusqlite::Error> {
        let refused =
            |reason: &'static str, message: String, placed| Refusal { row, reason: reason.into(), message, placed };
        let Some((mut audit_row, link)) = self.rows.row(batch, row).zip(chained.links.get(at)) else {
            return Ok(Some(refused("no_table", "the contract names no audit table for this event".into(), None)));
        };
        let number = audit_row.table;
        for (column, value) in self.contract.tables[number].columns.iter().zip(&mut audit_row.values) {
            match column.source {
                ColumnSource::ChainPosition => *value = Value::Int((chained.position + at as u64) as i64),
                ColumnSource::ChainHash => *value = Value::Text(to_hex(link)),
                _ => {}
            }
        }
        self.counts[number].offered.fetch_add(1, Relaxed);
        let connection = self.connection.as_ref().expect("connected before any insert");
        let mut statement = connection.prepare_cached(&self.inserts[number])?;
        match statement.execute(rusqlite::params_from_iter(&audit_row.values)) {
            Ok(_) => {
                self.uncommitted[number] += 1;
                Ok(None)
            }
            // The row itself is at fault: no later try would end otherwise.
            Err(error)
                if matches!(
                    error.sqlite_error_code(),
                    Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig)
                ) =>
            {
                let placed = PlacedRow::new(&self.contract, &audit_row, chained.position + at as u64, link);
                Ok(Some(refused("refused_by_table", error.to_string(), Some(Box::new(placed)))))
            }
            Err(error) => Err(error),
        }
    }

    fn begin(&mut self) -> Result<(), SinkError> {
        if self.connection.is_none() {
            self.connect().map_err(|error| SinkError {
                operation: "open",
                what: self.path.display().to_string(),
                source: error.into(),
            })?;
        }
        if !self.in_transaction {
            let begun = self.connection.as_ref().expect("connected above").execute_batch("BEGIN IMMEDIATE");
            begun.map_err(|source| self.error("begin a transaction on", source))?;
            self.in_transaction = true;
        }
        Ok(())
    }

    fn end(&self) -> rusqlite::Result<()> {
        let connection = self.connection.as_ref().expect("connected while in a transaction");
        let mut statement = connection.prepare_cached("UPDATE audit.tapline_cursor SET \"record\" = ?1")?;
        statement.execute([self.next.record as i64])?;
        connection.execute_batch("COMMIT")
    }
}

impl Sink for SqliteSink {
    fn take(&mut self, delivery: &Delivery) -> Result<Vec<Refusal>, SinkError> {
        let refuse_all = |reason: &'static str, message: &str| {
            let refusal = |row| Refusal { row, reason: reason.into(), message: message.to_owned(), placed: None };
            Ok(delivery.rows().map(refusal).collect())
        };
        let Some((record, chained)) = delivery.record.zip(delivery.chained.as_deref()) else {
            return refuse_all("not_journaled", "the rows have no place in the hash chain");
        };
        self.begin()?;
        // It has these rows: the router was stopped before it could note that.
        if record < self.next.record {
            return Ok(Vec::new());
        }
        let mut refused = Vec::new();
        for (at, row) in delivery.rows().enumerate() {
            match self.insert(delivery.batch(), row, at, chained) {
                Ok(refusal) => refused.extend(refusal),
                Err(source) => {
                    self.roll_back();
                    return Err(self.error("insert into", source));
                }
            }
        }
        let end = chained.links.last().map(|link| (chained.position + chained.links.len() as u64, *link));
        self.next = Standing { record: record + 1, chain: end.or(self.next.chain) };
        self.stats.take_withheld(&mut self.rows.encoder.withheld);
        Ok(refused)
    }

    fn commit(&mut self) -> Result<Vec<LateRefusal>, SinkError> {
        if !self.in_transaction {
            return Ok(Vec::new());
        }
        if let Err(source) = self.end() {
            self.roll_back();
            return Err(self.error("commit to", source));
        }
        self.in_transaction = false;
        self.standing = self.next;
        for (number, rows) in self.uncommitted.iter_mut().enumerate() {
            self.counts[number].accepted.fetch_add(std::mem::take(rows), Relaxed);
        }
        Ok(Vec::new())
    }

    fn standing(&self) -> Option<Standing> {
        Some(self.standing)
    }
}
