//! `tapline audit verify`

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use tapline_journal::{Seal, to_hex};

use super::Trail;
use super::databases::databases;
use super::export::print_export;
use crate::audit;
use crate::cli::Failure;
use crate::keeper;
use crate::ledger::Outcome;
use crate::sink::DEAD_LETTERS;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  tapline audit verify --data-dir tapline-data\n  tapline audit verify --export march.ndjson --seals archived-seals.ndjson\n\n\
                  Every row carries a SHA-256 over the row before and itself, so that a changed, removed, moved or added\n\
                  row breaks the chain at that place. Seals (journal/seals.ndjson) hold the Merkle root (RFC 6962) and\n\
                  the chain of each closed segment: copy them elsewhere, and a chain that was written anew is found out.\n\
                  A row that a table refused is named with its dead letter. ClickHouse is read as verify_user.\n\
                  Shown besides: which pages have a receipt, and what the ledgers of all runs say was lost, and why.\n\
                  Exit code 3: something is not as it should be, the first break first."
)]
pub(in crate::cli) struct Verify {
    #[command(flatten)]
    trail: Trail,
    /// Only the database of this destination; every one that holds the audit tables where it is not given.
    #[arg(long, value_name = "NAME", conflicts_with = "export")]
    sink: Option<String>,
    /// Check an export instead; neither a router nor its data dir is needed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data_dir", "config"])]
    export: Option<PathBuf>,
    /// Seals that were kept elsewhere: those of the export must be among them.
    #[arg(long, value_name = "FILE", requires = "export")]
    seals: Option<PathBuf>,
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self) -> Result<(), Failure> {
        if let Some(path) = &self.export {
            return self.run_on_export(path);
        }
        let config = self.trail.config()?;
        let contract = crate::router::contract(&config)?;
        let databases = databases(&config, &contract, self.sink.as_deref())?;
        let found = audit::verify(
            databases,
            &config.in_data_dir(&config.journal.path),
            &config.data_dir.join(DEAD_LETTERS),
            &contract,
            crate::router::audit_clearance(&config),
        )?;
        let losses = losses(&config.data_dir)?;
        if self.json {
            let mut answer = serde_json::to_value(&found)?;
            answer["losses"] = serde_json::to_value(&losses)?;
            println!("{answer}");
        } else {
            print_verification(&found);
            print_losses(&losses);
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

fn print_verification(found: &audit::Verification) {
    println!("journal   {} records with {} audit rows, {} seals", found.records, found.journal_rows, found.seals);
    if found.journal_rows_unchecked > 0 {
        println!(
            "          {} of them by another contract: their leaves were not made again",
            found.journal_rows_unchecked
        );
    }
    for database in &found.databases {
        let range = database.first_position.zip(database.last_position);
        let range = range.map_or(String::new(), |(first, last)| format!(", positions {first} to {last}"));
        println!("{:<9} {} rows{range}", database.name, database.rows);
        let also = [
            (database.rows_without_chain, "from before there was a chain"),
            (database.dead_letters, "refused by the table: they are dead letters"),
            (database.expired, "older than they have to be kept, and gone"),
            (database.pending, "safe in the journal, and not in the database yet"),
        ];
        also.iter().filter(|(rows, _)| *rows > 0).for_each(|(rows, what)| println!("          {rows} {what}"));
        println!("          chain {}", database.link);
    }
    let Some(pages) = &found.pages else { return };
    println!("pages     {} messages about critical alerts, {} with a receipt", pages.sent, pages.receipted);
    for page in &pages.unreceipted {
        println!("          no receipt: {} ({}); tried {}", page.summary, page.message, page.tried.join(", "));
    }
}

fn print_losses(losses: &[Loss]) {
    for loss in losses {
        let Loss { run, component, lane, outcome, reason, count } = loss;
        println!("{outcome:<9} {count} of {component}/{lane}: {reason} (run {run})");
    }
}

/// Events that no destination has, by the ledgers of the router's runs.
#[derive(Debug, Serialize)]
struct Loss {
    run: String,
    component: String,
    lane: String,
    outcome: String,
    reason: String,
    count: u64,
}

fn losses(data_dir: &Path) -> Result<Vec<Loss>, Failure> {
    let kept = keeper::history(data_dir).with_context(|| format!("reading the ledgers in {}", data_dir.display()))?;
    let mut losses = Vec::new();
    for kept in kept {
        for stream in kept.ledger.streams {
            let lost = stream.reasons.into_iter().filter(|reason| reason.outcome != Outcome::Filtered.name());
            losses.extend(lost.map(|reason| Loss {
                run: kept.run.clone(),
                component: stream.component.clone(),
                lane: stream.lane.clone(),
                outcome: reason.outcome,
                reason: reason.reason,
                count: reason.count,
            }));
        }
    }
    Ok(losses)
}
