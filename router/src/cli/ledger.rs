//! `tapline ledger`

use clap::Args;
use serde_json::json;

use super::client::Client;
use super::table::table;
use super::{Failure, Source};
use crate::keeper::{KeptLedger, ledger_path};
use crate::ledger::{LedgerSnapshot, Totals};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  tapline ledger\n  tapline ledger --json\n  tapline ledger --data-dir tapline-data\n\n\
                  emitted = delivered + filtered + rejected + dropped + dead-lettered + pending, for each component,\n\
                  lane and run. The exit code is 3 where it does not add up."
)]
pub(super) struct LedgerArgs {
    #[command(flatten)]
    source: Source,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl LedgerArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        let snapshot: LedgerSnapshot = match &self.source.data_dir {
            None => Client::new(&self.source.url).get("/v1/ledger")?,
            Some(dir) => {
                let path = ledger_path(dir);
                let text = std::fs::read(&path).map_err(|error| {
                    anyhow::anyhow!("no ledger at {}: {error}; has a router run with this data dir?", path.display())
                })?;
                let kept: KeptLedger = serde_json::from_slice(&text)?;
                if !kept.closed && !self.json {
                    eprintln!(
                        "tapline: the router (run {}) has not closed this ledger: it runs, or was killed; it is the state of {}",
                        kept.run,
                        crate::ingest::timestamp::to_text(kept.ts)
                    );
                }
                kept.ledger
            }
        };
        if self.json {
            println!("{}", json!(snapshot));
        } else {
            print!("{}", text(&snapshot));
        }
        if snapshot.balanced { Ok(()) } else { Err(Failure::Found) }
    }
}

/// The ledger as a table.
pub(super) fn text(snapshot: &LedgerSnapshot) -> String {
    let header =
        ["component", "lane", "run", "emitted", "delivered", "filtered", "rejected", "dropped", "dead", "pending", ""];
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let cells = |totals: &Totals| {
        [
            totals.emitted,
            totals.delivered,
            totals.filtered,
            totals.rejected,
            totals.dropped,
            totals.dead_lettered,
            totals.pending,
        ]
        .map(|count| count.to_string())
    };
    let mut rows = Vec::new();
    for stream in snapshot.streams.iter().filter(|stream| stream.totals.emitted > 0) {
        let mut row = vec![stream.component.clone(), stream.lane.clone(), stream.run.clone()];
        row.extend(cells(&stream.totals));
        row.push(if stream.balanced { String::new() } else { "DOES NOT ADD UP".into() });
        rows.push(row);
    }
    let mut total = vec!["total".to_owned(), String::new(), String::new()];
    total.extend(cells(&snapshot.totals));
    total.push(String::new());
    rows.push(total);
    let mut out = table(&header, &rows, 40);
    let reasons: Vec<String> = snapshot
        .streams
        .iter()
        .flat_map(|stream| stream.reasons.iter().map(move |reason| (stream, reason)))
        .map(|(stream, reason)| {
            format!(
                "  {:>10}  {}: {} ({}/{})",
                reason.count, reason.outcome, reason.reason, stream.component, stream.lane
            )
        })
        .collect();
    if !reasons.is_empty() {
        out.push_str("\nreasons\n");
        out.push_str(&reasons.join("\n"));
        out.push('\n');
    }
    out.push_str(if snapshot.balanced {
        "\nbalanced: every event has one outcome\n"
    } else {
        "\nNOT BALANCED: some events have no recorded outcome\n"
    });
    out
}
