//! `tapline notify list` and `tapline notify ack`: what fires, and that somebody has taken it on.

use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::Failure;
use crate::cli::client::{Client, DEFAULT_URL};
use crate::cli::table::table;

#[derive(Args)]
#[command(after_help = "Examples:\n  tapline notify list\n  tapline notify list --json | jq -r '.alerts[].id'\n\n\
                        The worst stands first. A router has to run, with a destination of type \"notify\".")]
pub(in crate::cli) struct List {
    /// The running router.
    #[arg(long, value_name = "URL", env = "TAPLINE_URL", default_value = DEFAULT_URL)]
    url: String,
    /// Print the router's answer.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  tapline notify ack stormguard_transition/mm-1 --reason 'switching the feed'\n  \
                  tapline notify ack reject-spike/spike/mm-1 --by kim\n\n\
                  It is told no more while it stays as it is: it comes again when it gets worse, and when it ends and\n\
                  begins anew. Pagers are told, and the audit trail has who and why. The operator's token is read from\n\
                  the router's data dir.")]
pub(in crate::cli) struct Acknowledge {
    /// The alert's id as `tapline notify list` has it, or its key where only one has it.
    id: String,
    /// Who takes it on.
    #[arg(long, value_name = "NAME", env = "USER")]
    by: String,
    /// Why nobody else has to look, for the audit trail.
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// The router's data dir.
    #[arg(long, value_name = "DIR", default_value = "tapline-data")]
    data_dir: PathBuf,
    /// The running router.
    #[arg(long, value_name = "URL", env = "TAPLINE_URL", default_value = DEFAULT_URL)]
    url: String,
    /// Print the router's answer.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Alerts {
    alerts: Vec<Alert>,
}

#[derive(Deserialize)]
struct Alert {
    id: String,
    severity: String,
    since: String,
    summary: String,
    told: Vec<String>,
    acknowledged_by: Option<String>,
}

impl List {
    pub(super) fn run(self) -> Result<(), Failure> {
        let answer: Value = Client::new(&self.url).get("/v1/notices")?;
        if self.json {
            println!("{answer}");
            return Ok(());
        }
        let Alerts { alerts } = serde_json::from_value(answer)?;
        if alerts.is_empty() {
            println!("nothing fires");
            return Ok(());
        }
        let header = ["since", "severity", "id", "summary", "told", "taken on by"].map(str::to_owned);
        let rows: Vec<Vec<String>> = alerts
            .into_iter()
            .map(|alert| {
                let since = alert.since.chars().take(19).chain(['Z']).collect();
                let by = alert.acknowledged_by.unwrap_or_default();
                vec![since, alert.severity, alert.id, alert.summary, alert.told.join(", "), by]
            })
            .collect();
        print!("{}", table(&header, &rows, 80));
        Ok(())
    }
}

impl Acknowledge {
    pub(super) fn run(self) -> Result<(), Failure> {
        let body = json!({ "id": self.id, "by": self.by, "reason": self.reason });
        let answer: Value = Client::operator(&self.url, &self.data_dir)?.post("/v1/notices/acknowledge", &body)?;
        if self.json {
            println!("{answer}");
            return Ok(());
        }
        let alert: Alert = serde_json::from_value(answer)?;
        println!("{} is taken on by {}; it fires since {}", alert.id, self.by, alert.since);
        Ok(())
    }
}
