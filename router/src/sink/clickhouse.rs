//! Audit rows into ClickHouse, over its HTTP interface.
//!
//! Exactly once: an insert carries an `insert_deduplication_token` made of the records it holds and of the
//! hash chain behind them. Which records those are is on disk before the insert goes out, so that a router
//! that was killed in between makes the same insert again, and not one that overlaps it.
//!
//! At the start, and whenever it had lost the server, the live tables are compared with the contract.
//! Where a column is missing or of another type nothing is sent: the rows stay in the journal, and the log
//! says which column it is.

mod progress;
mod rows;
mod schema;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::clickhouse::error::Error;
use ::clickhouse::{Client, Compression};
use bytes::Bytes;
use tapline_contract::Contract;
use tapline_journal::to_hex;

use super::sqlite::TableCounts;
use super::{Delivery, LateRefusal, Refusal, Sink, SinkError, SinkStats, Standing};
use crate::audit::RowMaker;
use progress::Progress;
use rows::Encoding;
use schema::Retention;

/// How to reach it.
#[derive(Clone, Debug)]
pub struct Server {
    pub url: String,
    pub user: String,
    pub password: String,
    pub database: String,
    pub timeout: Duration,
    /// Make missing tables and columns; the user needs the rights of `audit_admin`.
    pub migrate: bool,
    pub compress: bool,
}

pub struct ClickHouseSink {
    server: Server,
    client: Client,
    runtime: tokio::runtime::Runtime,
    contract: Arc<Contract>,
    rows: RowMaker,
    stats: Arc<SinkStats>,
    counts: Arc<[TableCounts]>,
    encodings: Vec<Encoding>,
    progress: Progress,
    /// The live tables have been compared since the server was last lost.
    compared: bool,
    group: Group,
}

/// What was taken since the last commit.
#[derive(Default)]
struct Group {
    first: Option<u64>,
    last: u64,
    link: String,
    /// By table: rows, and how many.
    tables: Vec<(Vec<u8>, u64)>,
}

impl ClickHouseSink {
    pub fn open(
        server: Server,
        progress: &Path,
        contract: Arc<Contract>,
        rows: RowMaker,
        stats: Arc<SinkStats>,
        counts: Arc<[TableCounts]>,
    ) -> Result<Self, SinkError> {
        let what = server.url.clone();
        let failed = |operation: &'static str| {
            let what = what.clone();
            move |source: std::io::Error| SinkError { operation, what, source: source.into() }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed("start"))?;
        let progress = Progress::load(progress).map_err(failed("read the progress of"))?;
        let compression = if server.compress { Compression::Lz4 } else { Compression::None };
        let client = Client::default()
            .with_url(&server.url)
            .with_user(&server.user)
            .with_password(&server.password)
            .with_database(&server.database)
            .with_compression(compression);
        let encodings = contract.tables.iter().map(|table| Encoding::new(&contract, table)).collect();
        Ok(ClickHouseSink {
            server,
            client,
            runtime,
            group: Group { tables: vec![(Vec::new(), 0); contract.tables.len()], ..Group::default() },
            contract,
            rows,
            stats,
            counts,
            encodings,
            progress,
            compared: false,
        })
    }

    fn error(&self, operation: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SinkError {
        SinkError { operation, what: self.server.url.clone(), source: source.into() }
    }

    /// Makes the tables what the contract says, where it may, and compares them with it.
    fn compare(&mut self) -> Result<(), SinkError> {
        let retention = Retention::of(&self.contract);
        let comparing = schema::compare(&self.client, &self.server, &self.contract, &retention);
        let compared = self.runtime.block_on(async {
            tokio::time::timeout(self.server.timeout, comparing)
                .await
                .unwrap_or_else(|_| Err(schema::SchemaError::Server(Error::TimedOut)))
        });
        compared.map_err(|error| self.error("compare the tables of", error))?;
        self.compared = true;
        Ok(())
    }

    fn insert(&self, table: usize, body: Vec<u8>, token: &str) -> Result<(), Error> {
        let table = &self.contract.tables[table];
        let name = table.name.rsplit('.').next().unwrap_or(&table.name);
        let columns: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
        let sql = format!("INSERT INTO `{name}` ({}) FORMAT RowBinary", columns.join(", "));
        let timeout = Some(self.server.timeout);
        self.runtime.block_on(async {
            let mut insert = self
                .client
                .insert_formatted_with(sql)
                .with_setting("async_insert", "0")
                .with_setting("insert_deduplicate", "1")
                .with_setting("insert_deduplication_token", format!("{token}-{name}"))
                .with_timeouts(timeout, timeout);
            insert.send(Bytes::from(body)).await?;
            insert.end().await
        })
    }

    fn forget(&mut self) {
        self.group.first = None;
        for (body, rows) in &mut self.group.tables {
            body.clear();
            *rows = 0;
        }
    }
}

impl Sink for ClickHouseSink {
    fn take(&mut self, delivery: &Delivery) -> Result<Vec<Refusal>, SinkError> {
        let Some((record, chained)) = delivery.record.zip(delivery.chained.as_deref()) else {
            let refusal = |row| Refusal {
                row,
                reason: "not_journaled".into(),
                message: "the rows have no place in the hash chain".to_owned(),
                placed: None,
            };
            return Ok(delivery.rows().map(refusal).collect());
        };
        // A try that failed is made again from its first record on.
        if self.group.first.is_some_and(|_| record <= self.group.last) {
            self.forget();
        }
        if record < self.progress.next() {
            return Ok(Vec::new());
        }
        for (at, row) in delivery.rows().enumerate() {
            let (Some(audit_row), Some(link)) = (self.rows.row(delivery.batch(), row), chained.links.get(at)) else {
                continue;
            };
            let (body, rows) = &mut self.group.tables[audit_row.table];
            self.encodings[audit_row.table].row(&audit_row, chained.position + at as u64, link, body);
            *rows += 1;
        }
        self.stats.take_withheld(&mut self.rows.encoder.withheld);
        self.group.first.get_or_insert(record);
        self.group.last = record;
        self.group.link = chained.links.last().map(|link| to_hex(link)[..16].to_owned()).unwrap_or_default();
        Ok(Vec::new())
    }

    fn commit(&mut self) -> Result<Vec<LateRefusal>, SinkError> {
        let Some(first) = self.group.first else { return Ok(Vec::new()) };
        let result = self.try_commit(first);
        self.forget();
        result.map(|()| Vec::new())
    }

    fn standing(&self) -> Option<Standing> {
        Some(Standing { record: self.progress.next(), chain: None })
    }

    fn group_end(&self) -> Option<u64> {
        self.progress.in_flight()
    }

    fn is_remote(&self) -> bool {
        true
    }
}

impl ClickHouseSink {
    fn try_commit(&mut self, first: u64) -> Result<(), SinkError> {
        if !self.compared {
            self.compare()?;
        }
        let last = self.group.last;
        self.progress.begin(first, last).map_err(|error| self.error("note the progress of", error))?;
        let token = format!("tapline-{first}-{last}-{}", self.group.link);
        for table in 0..self.group.tables.len() {
            let (body, rows) = std::mem::take(&mut self.group.tables[table]);
            if rows == 0 {
                continue;
            }
            self.counts[table].offered.fetch_add(rows, std::sync::atomic::Ordering::Relaxed);
            SinkStats::add(&self.stats.bytes, body.len() as u64);
            if let Err(error) = self.insert(table, body, &token) {
                // Whatever it was, the tables may not be what they were when it comes back.
                self.compared = false;
                return Err(self.error("insert into", error));
            }
            self.counts[table].accepted.fetch_add(rows, std::sync::atomic::Ordering::Relaxed);
        }
        self.progress.end();
        Ok(())
    }
}
