//! Audit rows into SQLite: one transaction a group of deliveries, on disk when it commits.
//!
//! Each row carries the router's chain position, a number without gaps over all tables, so that a
//! missing row shows.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, ErrorCode, ToSql};
use tapline_contract::{ColumnSource, Contract, Table, Word};

use super::{Delivery, Refusal, Sink, SinkError, SinkStats};
use crate::audit::{AuditError, open_writer};
use crate::batch::{Batch, Cell};
use crate::encode::Encoder;
use crate::ingest::Components;

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
    components: Arc<Components>,
    /// Named in the ids of events that no producer has numbered.
    run: String,
    encoder: Encoder,
    stats: Arc<SinkStats>,
    tables: Vec<Insert>,
    counts: Arc<[TableCounts]>,
    connection: Option<Connection>,
    next_position: i64,
    /// By table, since the last commit.
    uncommitted: Vec<u64>,
    in_transaction: bool,
}

struct Insert {
    sql: String,
    /// Fields with a column of their own, by field number: the others go to `details`.
    placed: Vec<bool>,
}

enum Bound {
    Null,
    Int(i64),
    Float(f64),
    Text(String),
}

impl ToSql for Bound {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Bound::Null => rusqlite::types::Null.to_sql(),
            Bound::Int(value) => value.to_sql(),
            Bound::Float(value) => value.to_sql(),
            Bound::Text(text) => text.to_sql(),
        }
    }
}

impl SqliteSink {
    pub fn open(
        path: &Path,
        contract: Arc<Contract>,
        components: Arc<Components>,
        run: &str,
        encoder: Encoder,
        stats: Arc<SinkStats>,
        counts: Arc<[TableCounts]>,
    ) -> Result<Self, AuditError> {
        let tables = contract.tables.iter().map(|table| Insert::new(&contract, table)).collect();
        let uncommitted = vec![0; contract.tables.len()];
        let mut sink = SqliteSink {
            path: path.to_owned(),
            contract,
            components,
            run: run.to_owned(),
            encoder,
            stats,
            tables,
            counts,
            connection: None,
            next_position: 1,
            uncommitted,
            in_transaction: false,
        };
        // What is wrong with the database is told at the start, not at the first row.
        sink.connect()?;
        Ok(sink)
    }

    fn connect(&mut self) -> Result<(), AuditError> {
        let connection = open_writer(&self.path, &self.contract)?;
        let parts: Vec<String> = self
            .contract
            .tables
            .iter()
            .map(|table| format!("SELECT MAX(chain_position) AS p FROM {}", table.name))
            .collect();
        // A contract need not have audit tables.
        if !parts.is_empty() {
            let sql = format!("SELECT COALESCE(MAX(p), 0) + 1 FROM ({})", parts.join(" UNION ALL "));
            self.next_position = connection
                .query_row(&sql, [], |row| row.get(0))
                .map_err(|source| AuditError::Sqlite { path: self.path.clone(), source })?;
        }
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
        self.next_position -= self.uncommitted.iter().sum::<u64>() as i64;
        self.uncommitted.fill(0);
    }

    fn insert(&mut self, batch: &Batch, row: usize) -> Result<Option<Refusal>, rusqlite::Error> {
        let head = batch.rows()[row];
        let Some((definition, table)) =
            head.event.map(|event| self.contract.event_at(event)).and_then(|event| Some((event, event.table?)))
        else {
            return Ok(Some(Refusal {
                row,
                reason: "no_table".into(),
                message: "the contract names no audit table for this event".into(),
            }));
        };
        let number = usize::from(table.0);
        let columns = &self.contract.tables[number].columns;
        let mut values = Vec::with_capacity(columns.len());
        for column in columns {
            values.push(match column.source {
                ColumnSource::Ts => Bound::Int(head.ts_ns),
                ColumnSource::IngestTs => Bound::Int(batch.ingest_ns),
                ColumnSource::Level => Bound::Text(head.level.word().to_owned()),
                ColumnSource::Component => Bound::Text(self.components.name(head.component).to_string()),
                ColumnSource::Event => Bound::Text(definition.name.clone()),
                ColumnSource::Run if head.run.len == 0 => Bound::Null,
                ColumnSource::Run => Bound::Text(batch.text(head.run).to_owned()),
                ColumnSource::Seq => head.seq.map_or(Bound::Null, |seq| Bound::Int(seq as i64)),
                ColumnSource::EventId => Bound::Text(self.event_id(batch, row)),
                ColumnSource::ChainPosition => Bound::Int(self.next_position),
                ColumnSource::Field(field) if self.encoder.is_cleared(field) => bound(batch, batch.get(row, field)),
                ColumnSource::Field(_) => Bound::Null,
                ColumnSource::Details => {
                    self.encoder.rest(batch, row, &self.tables[number].placed).map_or(Bound::Null, Bound::Text)
                }
            });
        }
        self.counts[number].offered.fetch_add(1, Relaxed);
        let connection = self.connection.as_ref().expect("connected before any insert");
        let mut statement = connection.prepare_cached(&self.tables[number].sql)?;
        match statement.execute(rusqlite::params_from_iter(values)) {
            Ok(_) => {
                self.next_position += 1;
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
                Ok(Some(Refusal { row, reason: "refused_by_table".into(), message: error.to_string() }))
            }
            Err(error) => Err(error),
        }
    }

    fn event_id(&self, batch: &Batch, row: usize) -> String {
        let head = &batch.rows()[row];
        match head.seq {
            Some(seq) if head.run.len > 0 && head.numbered => {
                format!("{}/{}/{}/{seq}", batch.text(head.run), self.components.name(head.component), head.lane)
            }
            _ => format!("{}/{}", self.run, head.position),
        }
    }
}

impl Insert {
    fn new(contract: &Contract, table: &Table) -> Self {
        let names: Vec<String> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let marks = vec!["?"; names.len()].join(", ");
        let mut placed = vec![false; contract.fields.len()];
        for column in &table.columns {
            if let ColumnSource::Field(field) = column.source {
                placed[usize::from(field.0)] = true;
            }
        }
        Insert { sql: format!("INSERT INTO {} ({}) VALUES ({marks})", table.name, names.join(", ")), placed }
    }
}

impl Sink for SqliteSink {
    fn take(&mut self, delivery: &Delivery) -> Result<Vec<Refusal>, SinkError> {
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
        let mut refused = Vec::new();
        for row in delivery.rows() {
            match self.insert(delivery.batch(), row) {
                Ok(refusal) => refused.extend(refusal),
                Err(source) => {
                    self.roll_back();
                    return Err(self.error("insert into", source));
                }
            }
        }
        self.stats.take_withheld(&mut self.encoder.withheld);
        Ok(refused)
    }

    fn commit(&mut self) -> Result<(), SinkError> {
        if !self.in_transaction {
            return Ok(());
        }
        let committed = self.connection.as_ref().expect("connected while in a transaction").execute_batch("COMMIT");
        if let Err(source) = committed {
            self.roll_back();
            return Err(self.error("commit to", source));
        }
        self.in_transaction = false;
        for (number, rows) in self.uncommitted.iter_mut().enumerate() {
            self.counts[number].accepted.fetch_add(std::mem::take(rows), Relaxed);
        }
        Ok(())
    }
}

fn bound(batch: &Batch, cell: Cell) -> Bound {
    match cell {
        Cell::Absent => Bound::Null,
        Cell::Bool(value) => Bound::Int(i64::from(value)),
        Cell::Int(value) => Bound::Int(value),
        Cell::Float(value) => Bound::Float(value),
        Cell::Text(span) | Cell::Json(span) => Bound::Text(batch.text(span).to_owned()),
    }
}
