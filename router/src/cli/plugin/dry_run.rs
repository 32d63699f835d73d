//! `tapline plugin try`

use std::io::{BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use serde_json::json;
use tapline_contract::Contract;

use super::Built;
use crate::cli::Failure;
use crate::cli::recorded;
use crate::cli::table::table;
use crate::dry_run::{Candidate, DryRun, Report, Requirements, Side};

#[derive(Args)]
#[command(after_help = "Examples:\n  tapline plugin try redact.wasm --events monday.ndjson.gz\n  \
                  tapline plugin try route.wasm --against route --events monday.ndjson --require \"differences=0 faults=0 rows>=100000\"\n  \
                  tapline plugin try plugins/reject-spike --config spike.toml --events - < monday.ndjson\n\n\
                  Both plugins get the same batches, and a clock that is that of the events. Nothing is delivered. Examples\n\
                  are shown without secrets and without what is personal. What --require may name: rows, rejected,\n\
                  differences, faults, dead_letters, dropped, edited_values, notices, ns_per_event, memory_bytes; with\n\
                  =, <, <=, > or >=. The exit code is 3 where it is not met.")]
pub(in crate::cli) struct Try {
    /// A component (.wasm), a plugin's crate (built first), or a plugin that is built in.
    plugin: String,
    /// Recorded events, a line of JSON each: plain, .gz or .zst; `-` is standard input.
    #[arg(long, required = true, value_name = "FILE", num_args = 1..)]
    events: Vec<PathBuf>,
    /// The plugin's own configuration, in TOML.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Compare with this plugin; without it, with the events as they came.
    #[arg(long, value_name = "PLUGIN")]
    against: Option<String>,
    /// The other one's configuration.
    #[arg(long, value_name = "FILE", requires = "against")]
    against_config: Option<PathBuf>,
    /// Events and fields; the built-in contract where it is not given.
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,
    /// Events to show that are treated differently.
    #[arg(long, value_name = "N", default_value_t = 10)]
    examples: usize,
    /// What has to hold.
    #[arg(long, value_name = "FIGURES")]
    require: Option<Requirements>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

const SHOWN_EVERY: Duration = Duration::from_secs(1);
const WIDTH_MAX: usize = 100;

/// A line of the table.
type Figure = fn(&Side) -> String;

impl Try {
    pub(super) fn run(self) -> Result<(), Failure> {
        let contract = Arc::new(self.contract()?);
        let plugin = Built::of(&self.plugin)?;
        let against = self.against.as_deref().map(Built::of).transpose()?;
        let candidate = Candidate { plugin: plugin.name().to_owned(), config: config(self.config.as_deref())? };
        let against = match &against {
            Some(built) => {
                Some(Candidate { plugin: built.name().to_owned(), config: config(self.against_config.as_deref())? })
            }
            None => None,
        };
        let mut run = DryRun::new(&candidate, against.as_ref(), contract, self.examples).map_err(Failure::Usage)?;
        let shows_progress = !self.json && std::io::stderr().is_terminal();
        let mut shown = Instant::now();
        let mut line = Vec::new();
        for path in &self.events {
            let mut lines = BufReader::with_capacity(1 << 20, recorded::open(path)?);
            loop {
                line.clear();
                let read = lines.read_until(b'\n', &mut line);
                if read.with_context(|| format!("reading {}", path.display()))? == 0 {
                    break;
                }
                run.line(&line);
                if shows_progress && shown.elapsed() > SHOWN_EVERY {
                    shown = Instant::now();
                    eprint!("\r{} lines", run.lines());
                }
            }
        }
        if shows_progress {
            eprint!("\r");
        }
        let report = run.finish();
        let unmet = self.require.as_ref().map(|require| require.unmet(&report)).unwrap_or_default();
        match self.json {
            true => {
                let mut answer = serde_json::to_value(&report)?;
                answer["met"] = json!(unmet.is_empty());
                answer["unmet"] = json!(unmet);
                println!("{answer}");
            }
            false => {
                print(&report);
                unmet.iter().for_each(|what| println!("{what}"));
            }
        }
        if unmet.is_empty() { Ok(()) } else { Err(Failure::Found) }
    }

    fn contract(&self) -> Result<Contract, Failure> {
        let Some(path) = &self.contract else { return Ok(Contract::embedded().clone()) };
        let text = std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
        Contract::parse(&text).map_err(|errors| Failure::Usage(format!("{}: {errors}", path.display())))
    }
}

fn config(path: Option<&Path>) -> Result<toml::Table, Failure> {
    let Some(path) = path else { return Ok(toml::Table::new()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
    toml::from_str(&text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

fn print(report: &Report) {
    println!("{} lines, {} events", report.lines, report.rows);
    for (reason, lines) in &report.rejected {
        println!("{lines} lines that no router would take: {reason}");
    }
    let sides: Vec<&Side> = [Some(&report.candidate), report.against.as_ref()].into_iter().flatten().collect();
    let header: Vec<String> =
        std::iter::once(String::new()).chain(sides.iter().map(|side| side.plugin.clone())).collect();
    let figures: [(&str, Figure); 11] = [
        ("version", |side| side.digest.chars().take(12).collect()),
        ("events it sees", |side| side.seen.to_string()),
        ("dropped", |side| side.dropped.to_string()),
        ("drops refused", |side| side.drops_refused.to_string()),
        ("values edited", |side| side.edited_values.to_string()),
        ("faults", |side| match side.faults {
            0 => "0".into(),
            n => {
                let kinds: Vec<String> = side.faults_by_kind.iter().map(|(kind, n)| format!("{kind} {n}")).collect();
                format!("{n} ({})", kinds.join(", "))
            }
        }),
        ("dead letters", |side| side.dead_letters.to_string()),
        ("notices", |side| side.notices.to_string()),
        ("events made", |side| side.made_events.to_string()),
        ("ns an event", |side| side.ns_per_event.to_string()),
        ("memory, KiB", |side| side.memory_bytes.div_ceil(1024).to_string()),
    ];
    let rows: Vec<Vec<String>> = figures
        .iter()
        .map(|(name, figure)| {
            std::iter::once((*name).to_owned()).chain(sides.iter().map(|side| figure(side))).collect()
        })
        .collect();
    print!("\n{}", table(&header, &rows, WIDTH_MAX));
    let other = report.against.as_ref().map_or("the events as they came", |against| &against.plugin);
    println!("\n{} events differ from {other}", report.differences);
    let kinds = report.by_verdict.iter().chain(&report.by_field);
    kinds.for_each(|(kind, events)| println!("  {events:>10}  {kind}"));
    for notice in &report.notices {
        println!(
            "  notice {} {}: {} times, and {} by the other",
            notice.key, notice.state, notice.candidate, notice.against
        );
    }
    for example in &report.examples {
        println!("\nline {}: {}", example.line, example.kind);
        println!("  {}", serde_json::Value::Object(example.event.clone()));
        for (name, answer) in [("other", &example.against), ("this", &example.candidate)] {
            println!("  {name:<5} {} {}", answer.verdict, serde_json::Value::Object(answer.fields.clone()));
        }
    }
}
