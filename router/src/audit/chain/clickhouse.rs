//! The trail in ClickHouse, read over its HTTP interface by a user who may read every column.

use std::time::Duration;

use clickhouse::{Client, Compression};
use tapline_contract::{Contract, Table};

use super::{ChainRow, Trail, TrailError, deliveries_sql};
use crate::audit::row::Value;
use crate::audit::verify::DeliveryRow;
use crate::clock;
use crate::sink::{ClickHouseLogin, with_causes};

/// Positions that are asked for at once: one question a table, and all their rows in memory.
const PAGE: u64 = 20_000;

const NS_PER_DAY: i64 = 86_400_000_000_000;

pub struct ClickHouseTrail<'a> {
    url: String,
    client: Client,
    runtime: tokio::runtime::Runtime,
    timeout: Duration,
    contract: &'a Contract,
}

/// A live table's columns, and the expressions that read them.
struct Columns {
    names: Vec<String>,
    expressions: Vec<String>,
    floats: Vec<bool>,
}

impl<'a> ClickHouseTrail<'a> {
    pub fn new(login: &ClickHouseLogin, timeout: Duration, contract: &'a Contract) -> Result<Self, TrailError> {
        let failed = |what: String| TrailError::Server { url: login.url.clone(), what };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        let client = login.client(Compression::Lz4).map_err(|error| failed(error.to_string()))?;
        let client = client.with_database("default");
        Ok(ClickHouseTrail { url: login.url.clone(), client, runtime, timeout, contract })
    }

    fn error(&self, what: impl ToString) -> TrailError {
        TrailError::Server { url: self.url.clone(), what: what.to_string() }
    }

    /// The lines of an answer, each a JSON array.
    fn ask(&self, sql: &str) -> Result<Vec<Vec<serde_json::Value>>, TrailError> {
        let bytes = self.runtime.block_on(async {
            let answer = async {
                let query = self.client.query_raw(sql).with_setting("output_format_json_quote_64bit_integers", "0");
                query.fetch_bytes("JSONCompactEachRow")?.collect().await
            };
            tokio::time::timeout(self.timeout, answer).await
        });
        let bytes = match bytes {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error)) => return Err(self.error(with_causes(&error))),
            Err(_) => return Err(self.error(format!("no answer within {} s", self.timeout.as_secs()))),
        };
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| {
                serde_json::from_slice(line).map_err(|error| self.error(format!("an answer that is no JSON: {error}")))
            })
            .collect()
    }

    /// A later version of the program may have added a column, so they are the database's own.
    fn columns(&self, table: &Table) -> Result<Columns, TrailError> {
        let (database, name) = table.name.split_once('.').unwrap_or(("audit", &table.name));
        let found = self.ask(&format!(
            "SELECT name, type FROM system.columns WHERE database = '{database}' AND table = '{name}' ORDER BY position"
        ))?;
        let mut columns = Columns { names: Vec::new(), expressions: Vec::new(), floats: Vec::new() };
        for row in found {
            let (Some(name), Some(kind)) =
                (row.first().and_then(|name| name.as_str()), row.get(1).and_then(|kind| kind.as_str()))
            else {
                return Err(self.error(format!("table {}: its columns can't be read", table.name)));
            };
            let quoted = format!("`{name}`");
            columns.floats.push(kind.contains("Float64"));
            columns.expressions.push(match () {
                () if kind.contains("DateTime64") => format!("toUnixTimestamp64Nano({quoted})"),
                // Its bits: a decimal form may be read as a neighbour.
                () if kind.contains("Float64") => format!("reinterpretAsInt64({quoted})"),
                () if kind.contains("Bool") => format!("toUInt8({quoted})"),
                () => quoted,
            });
            columns.names.push(name.to_owned());
        }
        if columns.names.is_empty() {
            return Err(self.error(format!("there is no table {}, or its columns may not be seen", table.name)));
        }
        Ok(columns)
    }

    fn page(
        &self,
        table: &Table,
        columns: &Columns,
        range: (u64, u64),
        rows: &mut Vec<ChainRow>,
    ) -> Result<(), TrailError> {
        let sql = format!(
            "SELECT {} FROM {} WHERE chain_position BETWEEN {} AND {}",
            columns.expressions.join(", "),
            table.name,
            range.0,
            range.1
        );
        for line in self.ask(&sql)? {
            let cells = line.into_iter().zip(&columns.floats);
            let values: Option<Vec<Value>> = cells.map(|(cell, is_float)| value(cell, *is_float)).collect();
            let values = values.filter(|values| values.len() == columns.names.len());
            let values =
                values.ok_or_else(|| self.error(format!("table {} has a row of another shape", table.name)))?;
            rows.push(ChainRow::new(table, &columns.names, &values));
        }
        Ok(())
    }
}

fn value(cell: serde_json::Value, is_float: bool) -> Option<Value> {
    Some(match cell {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Number(number) if is_float => Value::Float(f64::from_bits(number.as_i64()? as u64)),
        serde_json::Value::Number(number) => {
            Value::Int(number.as_i64().or_else(|| number.as_u64().map(|value| value as i64))?)
        }
        _ => return None,
    })
}

impl Trail for ClickHouseTrail<'_> {
    fn walk(&mut self, from: u64, to: u64, take: &mut dyn FnMut(ChainRow)) -> Result<(), TrailError> {
        let mut columns = Vec::new();
        let mut end = 0;
        let mut begin = u64::MAX;
        for table in &self.contract.tables {
            let found =
                self.ask(&format!("SELECT min(chain_position), max(chain_position), count() FROM {}", table.name))?;
            let number = |at: usize| found.first().and_then(|row| row.get(at)?.as_u64());
            if number(2).is_some_and(|rows| rows > 0) {
                begin = begin.min(number(0).unwrap_or(begin));
                end = end.max(number(1).unwrap_or(end));
            }
            columns.push(self.columns(table)?);
        }
        let mut first = from.max(begin);
        while first <= end.min(to) {
            let last = first.saturating_add(PAGE - 1).min(end).min(to);
            let mut rows = Vec::new();
            for (table, columns) in self.contract.tables.iter().zip(&columns) {
                self.page(table, columns, (first, last), &mut rows)?;
            }
            rows.sort_by_key(|row| row.position);
            rows.into_iter().for_each(&mut *take);
            first = last + 1;
        }
        Ok(())
    }

    fn position_at(&mut self, ts_ns: i64) -> Result<u64, TrailError> {
        let mut position = None;
        let mut end = 1;
        for table in &self.contract.tables {
            let since = format!("toUnixTimestamp64Nano(ingest_ts) >= {ts_ns}");
            // An aggregate over nothing is 0, and no row has that position.
            let found =
                self.ask(&format!("SELECT minIf(chain_position, {since}), max(chain_position) FROM {}", table.name))?;
            let number = |at: usize| found.first().and_then(|row| row.get(at)?.as_u64()).filter(|number| *number > 0);
            position = position.into_iter().chain(number(0)).min();
            end = end.max(number(1).map_or(1, |last| last + 1));
        }
        Ok(position.unwrap_or(end))
    }

    fn critical_deliveries(&mut self) -> Result<Vec<DeliveryRow>, TrailError> {
        let Some(sql) = deliveries_sql(self.contract) else { return Ok(Vec::new()) };
        let cell = |cell: serde_json::Value| cell.as_str().unwrap_or_default().to_owned();
        Ok(self.ask(&sql)?.into_iter().map(|row| DeliveryRow::new(row.into_iter().map(cell))).collect())
    }

    /// Tables let their rows go by themselves, and not all at the same moment.
    fn expired_before(&self) -> i64 {
        let days = self.contract.tables.iter().map(|table| table.ttl_days).min().unwrap_or(u32::MAX);
        clock::now_ns().saturating_sub(i64::from(days).saturating_mul(NS_PER_DAY))
    }
}
