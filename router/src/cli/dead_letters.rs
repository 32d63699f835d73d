//! `tapline dead-letters`

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Failure;
use super::client::Client;
use super::table::table;
use crate::ingest::timestamp;
use crate::sink::{DEAD_LETTERS, DeadLetter};

#[derive(Subcommand)]
pub(super) enum DeadLetters {
    /// How many there are, by what failed and why.
    List(List),
    /// The events themselves, as JSON lines.
    Show(Show),
    /// Send them again to where they could not be delivered; what is safe then is no dead letter any more.
    Redrive(Redrive),
}

/// Which dead letters.
#[derive(Args)]
struct Chosen {
    /// The router's data dir, running or stopped.
    #[arg(long, value_name = "DIR", default_value = "tapline-data")]
    data_dir: PathBuf,
    /// Only those of this destination or plugin.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Only those for this reason.
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  tapline dead-letters list\n  tapline dead-letters list --by redact --json\n\n\
                        A dead letter is an event that broke a plugin, or that a destination could not take. The\n\
                        router never deletes one: they lie in <data-dir>/dead-letters.ndjson.")]
pub(super) struct List {
    #[command(flatten)]
    chosen: Chosen,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  tapline dead-letters show --reason plugin_trap --limit 1\n  \
                  tapline dead-letters show --by audit | jq .event\n\n\
                  `tapline dead-letters redrive` sends them again, once what failed has been mended.")]
pub(super) struct Show {
    #[command(flatten)]
    chosen: Chosen,
    /// As many at most, the oldest first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  tapline dead-letters redrive --by audit\n  \
                  tapline dead-letters redrive --reason plugin_trap --limit 100\n\n\
                  Those of a destination go to that one alone, those of a plugin through the chain. The router has to\n\
                  run; the operator's token is read from its data dir. Exit code 3: some are dead letters still.")]
pub(super) struct Redrive {
    #[command(flatten)]
    chosen: Chosen,
    /// As many at most, the oldest first.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// The running router.
    #[arg(long, value_name = "URL", env = "TAPLINE_URL", default_value = super::client::DEFAULT_URL)]
    url: String,
    /// Print the router's answer.
    #[arg(long)]
    json: bool,
}

/// Dead letters of one kind.
#[derive(Debug, Serialize)]
struct Kind {
    by: String,
    reason: String,
    events: u64,
    first_ns: i64,
    last_ns: i64,
    /// What was said of the last one.
    message: String,
}

impl DeadLetters {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            DeadLetters::List(list) => list.run(),
            DeadLetters::Show(show) => show.run(),
            DeadLetters::Redrive(redrive) => redrive.run(),
        }
    }
}

impl List {
    fn run(self) -> Result<(), Failure> {
        let mut kinds: BTreeMap<(String, String), Kind> = BTreeMap::new();
        let unreadable = self.chosen.each(|letter, _| {
            let kind = kinds.entry((letter.by.to_string(), letter.reason.to_string())).or_insert_with(|| Kind {
                by: letter.by.to_string(),
                reason: letter.reason.to_string(),
                events: 0,
                first_ns: letter.dead_ts,
                last_ns: letter.dead_ts,
                message: String::new(),
            });
            kind.events += 1;
            kind.first_ns = kind.first_ns.min(letter.dead_ts);
            if letter.dead_ts >= kind.last_ns {
                kind.last_ns = letter.dead_ts;
                kind.message = letter.message.to_string();
            }
            ControlFlow::Continue(())
        })?;
        let kinds: Vec<Kind> = kinds.into_values().collect();
        let total: u64 = kinds.iter().map(|kind| kind.events).sum();
        if self.json {
            let found = serde_json::json!({ "events": total, "unreadable_lines": unreadable, "kinds": kinds });
            println!("{found}");
            return Ok(());
        }
        if total == 0 {
            println!("no dead letters");
        } else {
            let header = ["by", "reason", "events", "first", "last", "said of the last"].map(str::to_owned);
            let rows: Vec<Vec<String>> = kinds
                .into_iter()
                .map(|kind| {
                    let time = |ns| timestamp::to_text(ns).chars().take(19).chain(['Z']).collect();
                    let events = kind.events.to_string();
                    vec![kind.by, kind.reason, events, time(kind.first_ns), time(kind.last_ns), kind.message]
                })
                .collect();
            print!("{}", table(&header, &rows, 60));
        }
        if unreadable > 0 {
            println!("{unreadable} lines can't be read");
        }
        Ok(())
    }
}

impl Show {
    fn run(self) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        let mut left = self.limit;
        let mut written = Ok(());
        self.chosen.each(|_, line| {
            if left == 0 {
                return ControlFlow::Break(());
            }
            left -= 1;
            written = writeln!(out, "{line}");
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(written?)
    }
}

impl Redrive {
    fn run(self) -> Result<(), Failure> {
        let body = serde_json::json!({ "by": self.chosen.by, "reason": self.chosen.reason, "limit": self.limit });
        let client = Client::operator(&self.url, &self.chosen.data_dir)?;
        let answer: serde_json::Value = client.post("/v1/dead-letters/redrive", &body)?;
        if self.json {
            println!("{answer}");
        } else {
            println!("redriven {}, failed {}, left {}", answer["redriven"], answer["failed"], answer["left"]);
            for error in answer["errors"].as_array().into_iter().flatten() {
                println!("  {}", error.as_str().unwrap_or_default());
            }
        }
        if answer["failed"] == 0 { Ok(()) } else { Err(Failure::Found) }
    }
}

impl Chosen {
    /// Hands over each chosen dead letter and its line, until `take` has had enough. How many lines could
    /// not be read.
    fn each(&self, mut take: impl FnMut(&DeadLetter<'_>, &str) -> ControlFlow<()>) -> Result<u64, Failure> {
        if !self.data_dir.is_dir() {
            let folder = self.data_dir.display();
            return Err(Failure::Usage(format!("there is no data dir {folder}; name the router's with --data-dir")));
        }
        let path = self.data_dir.join(DEAD_LETTERS);
        let read = DeadLetter::each(&path, |letter, line| {
            let is_chosen = self.by.as_ref().is_none_or(|by| *by == letter.by)
                && self.reason.as_ref().is_none_or(|reason| *reason == letter.reason);
            if is_chosen { take(letter, line) } else { ControlFlow::Continue(()) }
        });
        read.map_err(|error| anyhow::anyhow!("can't read {}: {error}", path.display()).into())
    }
}
