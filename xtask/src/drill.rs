//! `cargo xtask drill`: faults on purpose, on the real programs, with what must hold afterwards.

mod kill;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::workspace::Workspace;

#[derive(Args)]
pub(crate) struct Drill {
    #[command(subcommand)]
    which: Which,
}

#[derive(Subcommand)]
enum Which {
    /// SIGKILL the router, the producer, or both, again and again; no acknowledged audit event may be lost or doubled.
    Kill(kill::Kill),
}

impl Drill {
    pub(crate) fn run(self, workspace: &Workspace) -> Result<()> {
        match self.which {
            Which::Kill(kill) => kill.run(workspace),
        }
    }
}

/// The kill drill as a step of the tests: over a socket, and over shared memory.
pub(crate) fn kill(workspace: &Workspace) -> Result<()> {
    kill::Kill::of_the_tests(false).run(workspace)?;
    kill::Kill::of_the_tests(true).run(workspace)
}
