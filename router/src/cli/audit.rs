//! `tapline audit`

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::client::Client;
use super::table::table;
use super::{Failure, Source};
use crate::audit::{self, QueryLimits, QueryResult};
use crate::config::Config;
use tapline_journal::{Seal, to_hex};

#[derive(Subcommand)]
pub(super) enum Audit {
    /// Run one reading SQL statement on the audit tables.
    Sql(Sql),
    /// Prove that the audit trail is complete, in order and unchanged, or name the first break.
    Verify(Verify),
    /// Write a range of the audit trail into a file, with the proof that `verify` checks elsewhere.
    Export(Export),
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  tapline audit sql \"SELECT event, count(*) FROM audit.orders_log GROUP BY event\"\n  \
                  tapline audit sql \"SELECT * FROM audit.guardrail_log ORDER BY ts DESC LIMIT 5\" --json\n  \
                  tapline audit sql \"SELECT count(*) FROM audit.risk_log WHERE approved = 0\" --data-dir tapline-data\n\n\
                  Times (ts, ingest_ts) are ns since 1970, UTC: datetime(ts / 1000000000, 'unixepoch') reads them."
)]
pub(super) struct Sql {
    /// One SELECT in SQLite's SQL.
    sql: String,
    #[command(flatten)]
    source: Source,
    /// Print one JSON object a row.
    #[arg(long)]
    json: bool,
}

/// Where a router keeps its audit trail.
#[derive(Args)]
struct Trail {
    /// The data dir of the router, running or not.
    #[arg(long, value_name = "DIR", default_value = "tapline-data")]
    data_dir: PathBuf,
    /// The router's configuration, where it has one of its own.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Trail {
    fn config(&self) -> Result<Config, Failure> {
        let config = match &self.config {
            Some(path) => Config::load(path).map_err(|error| Failure::Usage(error.to_string()))?,
            None => Config::default(),
        };
        Ok(Config { data_dir: self.data_dir.clone(), ..config })
    }
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  tapline audit verify --data-dir tapline-data\n  tapline audit verify --export march.ndjson --seals archived-seals.ndjson\n\n\
                  Every row carries a SHA-256 over the row before and itself, so that a changed, removed, moved or added\n\
                  row breaks the chain at that place. Seals (journal/seals.ndjson) hold the Merkle root (RFC 6962) and\n\
                  the chain of each closed segment: copy them elsewhere, and a chain that was written anew is found out.\n\
                  Exit code 3: something is not as it should be, the first break first."
)]
pub(super) struct Verify {
    #[command(flatten)]
    trail: Trail,
    /// Check an export instead; neither a router nor its data dir is needed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data_dir", "config"])]
    export: Option<PathBuf>,
    /// Seals that were kept elsewhere: those of the export must be among them.
    #[arg(long, value_name = "FILE", requires = "export")]
    seals: Option<PathBuf>,
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  tapline audit export --from 1 --to 5000 --output first.ndjson\n  \
                  tapline audit export --since 2026-11-01 --until 2026-12-01 --output november.ndjson")]
pub(super) struct Export {
    #[command(flatten)]
    trail: Trail,
    /// First chain position.
    #[arg(long, value_name = "POSITION", conflicts_with = "since")]
    from: Option<u64>,
    /// Last chain position; the last there is where it is not given.
    #[arg(long, value_name = "POSITION", conflicts_with = "until")]
    to: Option<u64>,
    /// From the first row that the router took in at or after this time (UTC, e.g. 2026-11-01 or 2026-11-01T08:30:00).
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Up to the last row that it took in before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Where to; an existing file is not overwritten.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Audit::Sql(command) => command.run(),
            Audit::Verify(command) => command.run(),
            Audit::Export(command) => command.run(),
        }
    }
}

impl Verify {
    fn run(self) -> Result<(), Failure> {
        if let Some(path) = &self.export {
            return self.run_on_export(path);
        }
        let config = self.trail.config()?;
        let contract = crate::router::contract(&config)?;
        let database = database(&config)?;
        let clearance = crate::router::audit_clearance(&config);
        let found = audit::verify(&database, &config.in_data_dir(&config.journal.path), &contract, clearance)?;
        if self.json {
            println!("{}", serde_json::to_string(&found)?);
        } else {
            let range = found.first_position.zip(found.last_position);
            let range = range.map_or(String::new(), |(first, last)| format!(", positions {first} to {last}"));
            println!("database  {} rows{range}", found.rows);
            if found.rows_without_chain > 0 {
                println!("          {} of them from before there was a chain", found.rows_without_chain);
            }
            println!(
                "journal   {} records with {} audit rows, {} seals",
                found.records, found.journal_rows, found.seals
            );
            if found.journal_rows_unchecked > 0 {
                println!(
                    "          {} of them by another contract: their leaves were not made again",
                    found.journal_rows_unchecked
                );
            }
            println!("pending   {} rows are safe in the journal and not in the database yet", found.pending);
            println!("chain     {}", found.link);
            found.breaks.iter().for_each(|what| println!("BREAK     {what}"));
            if found.more_breaks > 0 {
                println!("          and {} more", found.more_breaks);
            }
            println!("{}", if found.ok { "complete, in order, unchanged" } else { "NOT as it should be" });
        }
        if found.ok { Ok(()) } else { Err(Failure::Found) }
    }

    fn run_on_export(&self, path: &Path) -> Result<(), Failure> {
        let open = |path: &Path| {
            File::open(path).with_context(|| format!("can't open {}", path.display())).map(BufReader::new)
        };
        let kept: Option<Vec<Seal>> = match &self.seals {
            None => None,
            Some(seals) => {
                let lines = open(seals)?.lines().map(|line| Ok(serde_json::from_str(&line?)?));
                Some(
                    lines
                        .collect::<anyhow::Result<_>>()
                        .with_context(|| format!("{} has a line that is no seal", seals.display()))?,
                )
            }
        };
        let found = audit::verify_export(open(path)?, kept.as_deref())?;
        if self.json {
            println!("{}", serde_json::to_string(&found)?);
        } else {
            print_export(&found);
            if self.seals.is_none() {
                for seal in &found.seals {
                    println!(
                        "root      {} of segment {}: compare it with one that was kept elsewhere",
                        to_hex(&seal.root),
                        seal.segment
                    );
                }
            }
            found.breaks.iter().for_each(|what| println!("BREAK     {what}"));
            println!("{}", if found.ok { "complete, in order, unchanged" } else { "NOT as it should be" });
        }
        if found.ok { Ok(()) } else { Err(Failure::Found) }
    }
}

fn print_export(found: &audit::Exported) {
    println!("rows      {}, positions {} to {}", found.rows, found.from, found.to);
    println!("chain     {} before, {} behind", found.link_before, found.link);
    println!("seals     {}, {} rows are behind the last", found.seals.len(), found.unsealed_rows);
}

fn database(config: &Config) -> Result<PathBuf, Failure> {
    config
        .audit_database()
        .ok_or_else(|| Failure::Usage("the configuration has no destination of type \"sqlite\"".into()))
}

impl Export {
    fn run(self) -> Result<(), Failure> {
        let config = self.trail.config()?;
        let contract = crate::router::contract(&config)?;
        let database = database(&config)?;
        let from = match &self.since {
            Some(time) => audit::position_at(&database, &contract, nanoseconds(time)?)?,
            None => self.from.unwrap_or(1),
        };
        let to = match &self.until {
            Some(time) => audit::position_at(&database, &contract, nanoseconds(time)?)?.saturating_sub(1),
            None => self.to.unwrap_or(u64::MAX),
        };
        if from > to {
            return Err(Failure::Usage(format!("there is nothing from position {from} to {to}")));
        }
        let file = File::create_new(&self.output).with_context(|| format!("can't write {}", self.output.display()))?;
        let mut out = BufWriter::new(file);
        let journal = config.in_data_dir(&config.journal.path);
        let done = audit::export(&database, &journal, &contract, from, to, &mut out).map_err(anyhow::Error::from);
        let done = done.and_then(|done| {
            out.flush()?;
            out.get_ref().sync_all()?;
            Ok(done)
        });
        let done = done.inspect_err(|_| {
            // Half an export is none.
            let _ = std::fs::remove_file(&self.output);
        })?;
        match self.json {
            true => println!("{}", serde_json::to_string(&done)?),
            false => {
                print_export(&done);
                println!("check it with: tapline audit verify --export {}", self.output.display());
            }
        }
        Ok(())
    }
}

fn nanoseconds(text: &str) -> Result<i64, Failure> {
    let time = text.parse::<jiff::civil::DateTime>().ok().and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).ok());
    let time = time.map(|time| time.timestamp()).or_else(|| text.parse::<jiff::Timestamp>().ok());
    let time = time.ok_or_else(|| {
        Failure::Usage(format!("`{text}` is no time; write it like 2026-11-01 or 2026-11-01T08:30:00"))
    })?;
    Ok(time.as_nanosecond() as i64)
}

impl Sql {
    fn run(self) -> Result<(), Failure> {
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
