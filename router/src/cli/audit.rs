//! `tapline audit`

mod databases;
mod export;
mod sql;
mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Failure;
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum Audit {
    /// Run one reading SQL statement on the audit tables.
    Sql(sql::Sql),
    /// Prove that the audit trail is complete, in order and unchanged, or name the first break.
    Verify(verify::Verify),
    /// Write a range of the audit trail into a file, with the proof that `verify` checks elsewhere.
    Export(export::Export),
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

impl Audit {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Audit::Sql(command) => command.run(),
            Audit::Verify(command) => command.run(),
            Audit::Export(command) => command.run(),
        }
    }
}
