//! `cargo xtask bench`: figures that anybody can take again, each beside what else there is.

mod cargo_bench;
mod check;
mod idle;
mod page;
mod peers;
mod route;
mod soak;
mod workload;

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::workspace::{Workspace, say};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  cargo xtask bench\n  cargo xtask bench --quick router idle\n  cargo xtask bench soak --minutes 10"
)]
pub(crate) struct Bench {
    /// What to measure; without any, all but `soak`.
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Fewer events and repetitions: to see that it works, not for figures.
    #[arg(long)]
    pub(crate) quick: bool,
    /// How long `soak` runs.
    #[arg(long, value_name = "N", default_value_t = 10)]
    minutes: u64,
    /// Lines of the router's run.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    lines: u64,
    /// What the generated lines grow from.
    #[arg(long, value_name = "N", default_value_t = 20_260_823)]
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// ns for an event on the emitting thread, beside a raw queue, a channel of text and `tracing`; with and without a scrape.
    Emit,
    /// ns for an event in each plugin, by batch size, beside the same code natively.
    Chain,
    /// Events a second that the journal makes safe, beside plain write and fsync.
    Journal,
    /// Events a second and core from TCP through three plugins to files, beside Python, syslog-ng and rsyslog.
    Router,
    /// What a router costs that has nothing to do.
    Idle,
    /// How long a HALT takes to the pager, on a quiet router and in a storm of logs.
    Page,
    /// Memory of a router over many minutes of steady load.
    Soak,
}

const USUAL: [Part; 6] = [Part::Emit, Part::Chain, Part::Journal, Part::Router, Part::Idle, Part::Page];

impl Bench {
    pub(crate) fn run(self, workspace: &Workspace) -> Result<()> {
        crate::setup::rust_target()?;
        let parts = if self.parts.is_empty() { USUAL.to_vec() } else { self.parts.clone() };
        for part in parts {
            let name = part.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
            say(&format!("measuring: {name}"));
            let result = match part {
                Part::Emit => cargo_bench::emit(workspace, self.quick),
                Part::Chain => cargo_bench::chain(workspace, self.quick),
                Part::Journal => cargo_bench::journal(workspace, self.quick),
                Part::Router => {
                    route::measure(workspace, if self.quick { self.lines / 5 } else { self.lines }, self.seed)
                }
                Part::Idle => idle::measure(workspace, Duration::from_secs(if self.quick { 5 } else { 20 })),
                Part::Page => {
                    crate::drill::build(workspace)?;
                    page::measure(workspace, if self.quick { 50 } else { 400 })
                }
                Part::Soak => soak::measure(workspace, Duration::from_secs(self.minutes * 60), self.seed),
            };
            let result = result.with_context(|| format!("measuring {name}"))?;
            keep(workspace, &name, &result)?;
        }
        Ok(())
    }
}

/// `target/bench/<name>.json`
fn keep(workspace: &Workspace, name: &str, result: &Value) -> Result<()> {
    let path = workspace.folder("bench")?.join(format!("{name}.json"));
    fs::write(&path, serde_json::to_vec_pretty(result)?).with_context(|| format!("writing {}", path.display()))?;
    println!("\n{}\n", path.display());
    Ok(())
}
