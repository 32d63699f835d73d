//! `tapline audit export`

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::Trail;
use super::databases::databases;
use crate::audit;
use crate::cli::Failure;

#[derive(Args)]
#[command(after_help = "Examples:\n  tapline audit export --from 1 --to 5000 --output first.ndjson\n  \
                  tapline audit export --since 2026-11-01 --until 2026-12-01 --output november.ndjson\n  \
                  tapline audit export --config tapline.toml --sink warehouse --output all.ndjson")]
pub(in crate::cli) struct Export {
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
    /// From the database of this destination; from SQLite, where there is one, if it is not given.
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
    /// Where to; an existing file is not overwritten.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    #[arg(long)]
    json: bool,
}

impl Export {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = self.trail.config()?;
        let contract = crate::router::contract(&config)?;
        let database = databases(&config, &contract, self.sink.as_deref())?.swap_remove(0);
        let mut trail = (database.open)()?;
        let from = match &self.since {
            Some(time) => trail.position_at(nanoseconds(time)?)?,
            None => self.from.unwrap_or(1),
        };
        let to = match &self.until {
            Some(time) => trail.position_at(nanoseconds(time)?)?.saturating_sub(1),
            None => self.to.unwrap_or(u64::MAX),
        };
        if from > to {
            return Err(Failure::Usage(format!("there is nothing from position {from} to {to}")));
        }
        let file = File::create_new(&self.output).with_context(|| format!("can't write {}", self.output.display()))?;
        let mut out = BufWriter::new(file);
        let journal = config.in_data_dir(&config.journal.path);
        let done = audit::export(&mut *trail, &journal, &contract, from, to, &mut out).map_err(anyhow::Error::from);
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

pub(super) fn print_export(found: &audit::Exported) {
    println!("rows      {}, positions {} to {}", found.rows, found.from, found.to);
    println!("chain     {} before, {} behind", found.link_before, found.link);
    println!("seals     {}, {} rows are behind the last", found.seals.len(), found.unsealed_rows);
}

fn nanoseconds(text: &str) -> Result<i64, Failure> {
    let time = text.parse::<jiff::civil::DateTime>().ok().and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).ok());
    let time = time.map(|time| time.timestamp()).or_else(|| text.parse::<jiff::Timestamp>().ok());
    let time = time.ok_or_else(|| {
        Failure::Usage(format!("`{text}` is no time; write it like 2026-11-01 or 2026-11-01T08:30:00"))
    })?;
    Ok(time.as_nanosecond() as i64)
}
