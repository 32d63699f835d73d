//! `tapline notify`

mod open;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::Failure;
use super::table::table;
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum Notify {
    /// What fires at the running router, who was told, and who has taken it on.
    List(open::List),
    /// Take an alert on: it is told no more while it stays as it is.
    #[command(alias = "acknowledge")]
    Ack(open::Acknowledge),
    /// Send a test notice through every channel, and say what came of each.
    Test(Test),
    /// Print every setting of [notify], commented.
    Reference,
}

#[derive(Args)]
#[command(after_help = "Example:\n  tapline notify test --config tapline.toml\n\n\
                        Exit code 3: a channel did not deliver. No router has to run.")]
pub(super) struct Test {
    /// The configuration with the section [notify].
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[arg(long)]
    json: bool,
}

impl Notify {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Notify::List(list) => list.run(),
            Notify::Ack(acknowledge) => acknowledge.run(),
            Notify::Test(test) => test.run(),
            Notify::Reference => {
                print!("{}", tapline_notices::config::REFERENCE_TOML);
                Ok(())
            }
        }
    }
}

impl Test {
    fn run(self) -> Result<(), Failure> {
        let config = Config::load(&self.config).map_err(|error| Failure::Usage(error.to_string()))?;
        if config.notify.channels.is_empty() {
            return Err(Failure::Usage(format!("{} has no [notify.channels]", self.config.display())));
        }
        let trials = tapline_notices::trial(&config.notify);
        let arrived = trials.iter().all(|trial| trial.outcome.arrived());
        if self.json {
            for trial in &trials {
                println!(
                    "{}",
                    json!({ "channel": trial.channel, "outcome": trial.outcome.code(), "receipt": trial.receipt,
                            "error": trial.error, "took_ms": trial.took.as_secs_f64() * 1e3 })
                );
            }
        } else {
            let header = ["channel", "outcome", "took", "receipt or error"].map(str::to_owned);
            let rows: Vec<Vec<String>> = trials
                .iter()
                .map(|trial| {
                    let said = trial.error.clone().or_else(|| trial.receipt.clone()).unwrap_or_default();
                    let took = format!("{} ms", trial.took.as_millis());
                    vec![trial.channel.clone(), trial.outcome.code().to_owned(), took, said]
                })
                .collect();
            print!("{}", table(&header, &rows, 80));
        }
        if arrived { Ok(()) } else { Err(Failure::Found) }
    }
}
