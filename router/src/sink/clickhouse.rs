//! Audit rows and plain logs into ClickHouse, over its HTTP interface.
//!
//! Audit rows exactly once: an insert carries an `insert_deduplication_token` made of the records it holds and
//! of the hash chain behind them. Which records those are is on disk before the insert goes out, so that a
//! router that was killed in between makes the same insert again, and not one that overlaps it.
//!
//! Plain logs at least once: they are in the journal only where there was no room for them. The token of an
//! insert is made of its rows, so that the try that got no answer is not counted twice.
//!
//! Before the first insert, and whenever it had lost the server, the live tables are compared with the
//! contract. Where a column is missing or of another type nothing is sent: the rows stay in the journal, and
//! the log says which column it is.
//!
//! On a cluster a token is known to the replicas of one shard. So either all inserts go to one shard, or
//! through `Distributed` tables that split the same rows in the same way each time, hand the token on, and
//! answer only when every shard has its part.
//!
//! ClickHouse, "HTTP interface", "Deduplicating inserts on retries".

mod group;
mod login;
mod progress;
mod rows;
mod schema;
mod ttl;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use ::clickhouse::error::Error;
use ::clickhouse::{Client, Compression};
use bytes::Bytes;
use tapline_contract::generate::clickhouse::Cluster;
use tapline_contract::{Contract, Table};

use super::sqlite::TableCounts;
use super::{Delivery, LateRefusal, Refusal, Sink, SinkError, SinkStats, Standing};
use crate::audit::RowMaker;
use group::Group;
pub use login::Login;
use progress::Progress;
use rows::Encoding;
use schema::{Comparison, SchemaError};

/// An insert makes a part of its table, and the server has to merge them: ClickHouse advises 10,000 to 100,000 rows
/// (<https://clickhouse.com/docs/optimize/bulk-inserts>).
const GROUP_ROWS: usize = 16_384;

/// How to reach it.
#[derive(Clone, Debug)]
pub struct Server {
    pub login: Login,
    pub timeout: Duration,
    /// Make missing tables and columns; the user needs the rights of `audit_admin`.
    pub migrate: bool,
    pub compress: bool,
    /// It is one of several that have the tables between them.
    pub cluster: Option<Cluster>,
}

pub struct ClickHouseSink {
    server: Server,
    client: Client,
    runtime: tokio::runtime::Runtime,
    contract: Arc<Contract>,
    rows: RowMaker,
    stats: Arc<SinkStats>,
    counts: Arc<[TableCounts]>,
    /// By table, that of plain logs last.
    encodings: Vec<Encoding>,
    progress: Progress,
    /// The live tables have been compared since the server was last lost.
    compared: bool,
    /// Plain logs are routed here, so their table is looked at, too.
    takes_logs: bool,
    group: Group,
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
        let what = server.login.url.clone();
        let failed = |operation: &'static str| {
            let what = what.clone();
            move |source: std::io::Error| SinkError { operation, what, source: source.into() }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed("start"))?;
        let progress = Progress::load(progress).map_err(failed("read the progress of"))?;
        let compression = if server.compress { Compression::Lz4 } else { Compression::None };
        let client = server.login.client(compression).map_err(std::io::Error::other).map_err(failed("trust"))?;
        let tables = contract.tables.iter().chain([&contract.log_table]);
        let encodings: Vec<Encoding> = tables.map(|table| Encoding::new(&contract, table)).collect();
        Ok(ClickHouseSink {
            server,
            client,
            runtime,
            group: Group::new(encodings.len()),
            contract,
            rows,
            stats,
            counts,
            encodings,
            progress,
            compared: false,
            takes_logs: false,
        })
    }

    fn error(&self, operation: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SinkError {
        SinkError { operation, what: self.server.login.url.clone(), source: source.into() }
    }

    fn table(&self, number: usize) -> &Table {
        self.contract.tables.get(number).unwrap_or(&self.contract.log_table)
    }

    /// Makes the tables what the contract says, where it may, and compares them with it.
    fn compare(&mut self) -> Result<(), SinkError> {
        let logs = self.takes_logs.then_some(&self.contract.log_table);
        let comparison = Comparison {
            client: &self.client,
            server: &self.server,
            contract: &self.contract,
            tables: self.contract.tables.iter().chain(logs).collect(),
        };
        let compared = self.runtime.block_on(async {
            tokio::time::timeout(self.server.timeout, comparison.run())
                .await
                .unwrap_or_else(|_| Err(SchemaError::Server(Error::TimedOut)))
        });
        compared.map_err(|error| match error {
            // The outage is the one that the insert has met.
            SchemaError::Server(error) => self.error("insert into", error),
            SchemaError::Differs(_) => self.error("compare the tables of", error),
        })?;
        self.compared = true;
        Ok(())
    }

    fn insert(&self, table: usize, body: Vec<u8>, token: &str) -> Result<(), Error> {
        let table = self.table(table);
        let columns: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
        let sql = format!("INSERT INTO {} ({}) FORMAT RowBinary", table.name, columns.join(", "));
        let timeout = Some(self.server.timeout);
        self.runtime.block_on(async {
            let mut insert = self
                .client
                .insert_formatted_with(sql)
                .with_setting("async_insert", "0")
                .with_setting("insert_deduplicate", "1")
                .with_setting("insert_deduplication_token", format!("{token}-{}", table.name))
                // Lines that are sent again after months have days, and so partitions, of their own.
                .with_setting("max_partitions_per_insert_block", "0")
                .with_timeouts(timeout, timeout);
            if Cluster::is_distributed(self.server.cluster.as_ref()) {
                insert = insert.with_setting("distributed_foreground_insert", "1");
            }
            insert.send(Bytes::from(body)).await?;
            insert.end().await
        })
    }

    fn try_commit(&mut self) -> Result<(), SinkError> {
        if !self.compared {
            self.compare()?;
        }
        if let Some((first, last)) = self.group.records {
            self.progress.begin(first, last).map_err(|error| self.error("note the progress of", error))?;
        }
        let audit_token = self.group.token();
        for number in 0..self.group.tables.len() {
            let rows = std::mem::take(&mut self.group.tables[number]);
            if rows.count == 0 {
                continue;
            }
            let counts = self.counts.get(number);
            if let Some(counts) = counts {
                counts.offered.fetch_add(rows.count, Relaxed);
            }
            SinkStats::add(&self.stats.bytes, rows.body.len() as u64);
            let token = match (counts, &audit_token) {
                (Some(_), Some(token)) => token.clone(),
                _ => rows.digest(),
            };
            if let Err(error) = self.insert(number, rows.body, &token) {
                // Whatever it was, the tables may not be what they were when it comes back.
                self.compared = false;
                return Err(self.error("insert into", error));
            }
            if let Some(counts) = counts {
                counts.accepted.fetch_add(rows.count, Relaxed);
            }
        }
        if self.group.records.is_some() {
            self.progress.end();
        }
        Ok(())
    }
}

impl Sink for ClickHouseSink {
    fn take(&mut self, delivery: &Delivery) -> Result<Vec<Refusal>, SinkError> {
        if let Some(record) = delivery.record {
            if record < self.progress.next() {
                return Ok(Vec::new());
            }
            self.group.record(record);
        }
        let batch = delivery.batch();
        let chained = delivery.chained.as_deref().filter(|_| delivery.record.is_some());
        let mut links = chained.into_iter().flat_map(|chained| (chained.position..).zip(&chained.links));
        let mut refused = Vec::new();
        for row in delivery.rows() {
            let Some(audit_row) = self.rows.row(batch, row) else {
                let values = self.rows.log_row(batch, row);
                let logs = self.contract.tables.len();
                self.group.log_row(logs, &self.encodings[logs], &values);
                self.compared &= self.takes_logs;
                self.takes_logs = true;
                continue;
            };
            match links.next() {
                Some(chained) => {
                    let encoding = &self.encodings[audit_row.table];
                    self.group.audit_row(audit_row.table, encoding, &audit_row.values, chained);
                }
                None => refused.push(Refusal {
                    row,
                    reason: "not_journaled".into(),
                    message: "the row has no place in the hash chain".to_owned(),
                    placed: None,
                }),
            }
        }
        self.stats.take_withheld(&mut self.rows.encoder.withheld);
        Ok(refused)
    }

    fn commit(&mut self) -> Result<Vec<LateRefusal>, SinkError> {
        if self.group.is_empty() {
            return Ok(Vec::new());
        }
        let result = self.try_commit();
        // What could not be sent is taken again.
        self.group.clear();
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

    fn group_rows(&self) -> usize {
        GROUP_ROWS
    }
}
