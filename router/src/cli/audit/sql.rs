//! `tapline audit sql`

use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};

use crate::audit::{self, QueryLimits, QueryResult};
use crate::cli::client::Client;
use crate::cli::table::table;
use crate::cli::{Failure, Source};
use crate::config::Config;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  tapline audit sql \"SELECT event, count(*) FROM audit.orders_log GROUP BY event\"\n  \
                  tapline audit sql \"SELECT * FROM audit.guardrail_log ORDER BY ts DESC LIMIT 5\" --json\n  \
                  tapline audit sql \"SELECT count(*) FROM audit.risk_log WHERE approved = 0\" --data-dir tapline-data\n\n\
                  Times (ts, ingest_ts) are ns since 1970, UTC: datetime(ts / 1000000000, 'unixepoch') reads them."
)]
pub(in crate::cli) struct Sql {
    /// One SELECT in SQLite's SQL.
    sql: String,
    #[command(flatten)]
    source: Source,
    /// Print one JSON object a row.
    #[arg(long)]
    json: bool,
}

impl Sql {
    pub(super) fn run(self) -> Result<(), Failure> {
        let result: QueryResult = match &self.source.data_dir {
            None => Client::new(&self.source.url).post("/v1/audit/sql", &json!({ "sql": self.sql }))?,
            Some(dir) => {
                let config = Config { data_dir: dir.clone(), ..Config::default() };
                let limits = QueryLimits {
                    rows_max: config.limits.sql_rows_max,
                    timeout: Duration::from_secs(config.limits.sql_timeout_s),
                };
                audit::query(&config.audit_database().unwrap_or_default(), &self.sql, limits)?
            }
        };
        if self.json {
            for row in &result.rows {
                let row: Map<String, Value> = result.columns.iter().cloned().zip(row.iter().cloned()).collect();
                println!("{}", Value::Object(row));
            }
        } else {
            let text = |value: &Value| match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let rows: Vec<Vec<String>> = result.rows.iter().map(|row| row.iter().map(text).collect()).collect();
            print!("{}", table(&result.columns, &rows, 60));
        }
        if result.truncated {
            eprintln!("tapline: only the first {} rows are shown; narrow the query down", result.rows.len());
        }
        Ok(())
    }
}
