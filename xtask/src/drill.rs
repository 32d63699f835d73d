//! `cargo xtask drill`: faults on purpose, on the real programs, with what must hold afterwards.

mod count;
pub(crate) mod destinations;
mod dice;
mod disk;
mod kill;
mod pages;
pub(crate) mod producer;
mod torture;
mod trail;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use crate::workspace::{Workspace, say};

#[derive(Args)]
pub(crate) struct Drill {
    #[command(subcommand)]
    which: Which,
    /// Use the programs that lie beside this one, and build nothing: for a long drill from copies, while the
    /// sources change.
    #[arg(long, global = true)]
    built: bool,
}

#[derive(Subcommand)]
enum Which {
    /// SIGKILL the router, the producer, or both, again and again; no acknowledged audit event may be lost or doubled, no page lost.
    Kill(kill::Kill),
    /// Fill the journal's disk, or let it fail, under load: the trading side goes on, and nothing acknowledged is lost.
    Disk(disk::Disk),
    /// Each remote destination in turn is down, slow, resetting, refusing, lying; nothing may be lost or miscounted.
    Torture(torture::Torture),
}

impl Drill {
    pub(crate) fn run(self, workspace: &Workspace) -> Result<()> {
        if !self.built {
            build(workspace)?;
        }
        match self.which {
            Which::Kill(kill) => kill.run(workspace),
            Which::Disk(disk) => match disk.run(workspace)? {
                disk::Tried::Yes => Ok(()),
                disk::Tried::Impossible(why) => bail!("{why}; run it as root, or allow user namespaces"),
            },
            Which::Torture(torture) => torture.run(workspace),
        }
    }
}

pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    workspace.build(&["tapline", "drill-producer"])
}

/// The kill drill as a step of the tests: over a socket, and over shared memory.
pub(crate) fn kill(workspace: &Workspace) -> Result<()> {
    build(workspace)?;
    kill::Kill::of_the_tests(false).run(workspace)?;
    kill::Kill::of_the_tests(true).run(workspace)
}

/// The disk drill as a step of the tests; on a machine that lets us mount nothing, it says so.
pub(crate) fn disk(workspace: &Workspace) -> Result<()> {
    build(workspace)?;
    if let disk::Tried::Impossible(why) = disk::Disk::of_the_tests().run(workspace)? {
        say(&format!("NOT TRIED HERE: {why}"));
    }
    Ok(())
}

/// The torture drill as a step of the tests.
pub(crate) fn torture(workspace: &Workspace) -> Result<()> {
    build(workspace)?;
    torture::Torture::of_the_tests().run(workspace)
}

/// How busy the machine is, of one, five and fifteen minutes: figures from a busy one say less.
pub(crate) fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
