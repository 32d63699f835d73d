//! `cargo xtask test`: what CI runs. Every step runs or the whole fails: nothing is skipped, but for the disk
//! drill where the machine lets nobody mount a disk, which is said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::demo::Demo;
use crate::workspace::{Workspace, run, say};
use crate::{clickhouse, drill, plugins, setup};

#[derive(Args)]
#[command(after_help = "Example:\n  cargo xtask test")]
pub(crate) struct Test {}

/// Long enough for every arranged incident of the trading stack.
const DEMO_LENGTH: Duration = Duration::from_secs(20);

type Step = fn(&Workspace) -> Result<()>;

impl Test {
    pub(crate) fn run(self, workspace: &Workspace) -> Result<()> {
        let begin = Instant::now();
        let steps: [(&str, Step); 9] = [
            ("what the tests need", tools),
            ("plugins", |workspace| plugins::build(workspace).map(|_| ())),
            ("cargo test", cargo_test),
            ("ClickHouse's front", clickhouse::test),
            ("kill drill", drill::kill),
            ("disk drill", drill::disk),
            ("torture drill", drill::torture),
            ("demo", |workspace| demo(workspace, false)),
            ("demo with incidents", |workspace| demo(workspace, true)),
        ];
        let total = steps.len();
        for (number, (name, step)) in steps.into_iter().enumerate() {
            let since = Instant::now();
            say(&format!("step {} of {total}: {name}", number + 1));
            step(workspace).with_context(|| format!("step {} of {total} ({name}) failed", number + 1))?;
            say(&format!("step {} of {total}: {name} passed in {} s", number + 1, since.elapsed().as_secs()));
        }
        println!("all steps passed in {} s", begin.elapsed().as_secs());
        println!("steps: {total} passed, 0 failed");
        Ok(())
    }
}

fn tools(workspace: &Workspace) -> Result<()> {
    setup::rust_target()?;
    setup::promtool(workspace)?;
    setup::alertmanager(workspace)?;
    setup::python(workspace)?;
    setup::clickhouse(workspace).map(|_| ())
}

fn cargo_test(workspace: &Workspace) -> Result<()> {
    let promtool = setup::promtool(workspace)?;
    let mut cargo = workspace.cargo(&["test", "--release", "--workspace", "--no-fail-fast"]);
    cargo
        .env("TAPLINE_PROMTOOL", promtool)
        .env("TAPLINE_ALERTMANAGER", setup::alertmanager(workspace)?)
        .env("TAPLINE_PLUGINS", workspace.target.join("plugins"))
        .env("TAPLINE_AIOSMTPD", setup::python(workspace)?)
        .env("TAPLINE_CLICKHOUSE_PYTHON", setup::clickhouse(workspace)?);
    run(&mut cargo)
}

/// The demo with its own checks, and what it wrote against the generated schema.
fn demo(workspace: &Workspace, incidents: bool) -> Result<()> {
    let demo = Demo { length: DEMO_LENGTH, market: None, incidents, json: true };
    let outcome = demo.play(workspace)?;
    println!("{}", outcome.verdict.to_json());
    outcome.verdict.check()?;
    outcome.verdict.check_complete()?;
    let logs = logs(&outcome.folder.join("logs"))?;
    let schema = workspace.root.join("contracts/schema/events.schema.json");
    let stubs = workspace.root.join("contracts/clients/python/tapline/_contract.pyi");
    let script = workspace.root.join("xtask/python/check_events.py");
    run(Command::new(setup::python(workspace)?).arg(script).arg(schema).arg(stubs).args(logs))
}

fn logs(folder: &Path) -> Result<Vec<PathBuf>> {
    let files: Vec<PathBuf> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("events")))
        .collect();
    if files.is_empty() {
        bail!("the router has written no events to {}", folder.display());
    }
    Ok(files)
}
