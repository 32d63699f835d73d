//! `tapline plugin`

mod dry_run;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use serde_json::json;
use tapline_contract::Contract;
use tapline_plugin::harness::Suite;

use super::Failure;
use crate::rehearsal::Rehearsal;

#[derive(Subcommand)]
pub(super) enum Plugin {
    /// Build a plugin crate into a component.
    Build(Build),
    /// Run a plugin's cases through the real chain, as wasm.
    Test(Test),
    /// Run a plugin on recorded events, and show what it would have done, alone or against another.
    Try(dry_run::Try),
}

#[derive(Args)]
#[command(after_help = "Example:\n  tapline plugin build plugins/redact -o redact.wasm\n\n\
                  Needs cargo, and the target wasm32-unknown-unknown (which is added where rustup is there).")]
pub(super) struct Build {
    /// The plugin's crate.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Where the component goes; by default <DIR>/<name>.wasm.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  tapline plugin test plugins/redact\n  tapline plugin test redact.wasm --cases plugins/redact/tests/cases.toml\n  \
                  tapline plugin test redact --cases my-cases.toml\n\n\
                  A case gives events and what is expected of them:\n\n  \
                  [[case]]\n  name = \"masks the account\"\n  config = {}\n  \
                  events = [{ component = \"risk\", event = \"risk_decision\", account = \"ACC-1\" }]\n  \
                  expect = [{ account = \"ACC-*\", _verdict = \"keep\" }]\n\n\
                  Only what is named is compared: `{}` where nothing is. `_verdict` is keep, drop:REASON,\n\
                  send:A,B or also:A,B; `_absent = [\"account\"]` names fields that must not be there.\n\
                  `notices = [{ key = \"…\", state = \"firing\" }]` and `ticks = [5_000_000_000]` may follow.\n\n\
                  The exit code is 3 where a case fails."
)]
pub(super) struct Test {
    /// A component (.wasm), a plugin's crate (built first), or a plugin that is built in.
    plugin: String,
    /// The cases; by default <DIR>/tests/cases.toml of a crate.
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// Run cases whose name contains this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Plugin {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Plugin::Build(command) => command.run(),
            Plugin::Test(command) => command.run(),
            Plugin::Try(command) => command.run(),
        }
    }
}

impl Build {
    fn run(self) -> Result<(), Failure> {
        let (name, component) = build(&self.dir)?;
        let output = self.output.unwrap_or_else(|| self.dir.join(format!("{name}.wasm")));
        std::fs::write(&output, &component).with_context(|| format!("can't write {}", output.display()))?;
        println!("{} ({} KiB)", output.display(), component.len().div_ceil(1024));
        Ok(())
    }
}

/// The package of a folder's Cargo.toml, built.
fn build(dir: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    let manifest = dir.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest)
        .with_context(|| format!("{} is no plugin's crate: can't read {}", dir.display(), manifest.display()))?;
    let parsed: toml::Table = toml::from_str(&text).with_context(|| manifest.display().to_string())?;
    let name = parsed
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(|name| name.as_str())
        .ok_or_else(|| anyhow!("{} names no package", manifest.display()))?;
    eprintln!("building {name} for {}", tapline_plugin_build::TARGET);
    // A target folder of its own: a plugin can be built from within another cargo.
    let target = std::env::temp_dir().join("tapline-plugins-build");
    let component = tapline_plugin_build::build(dir, name, &target)?;
    Ok((name.to_owned(), component))
}

/// A plugin as the chain can name it; a crate was built first.
struct Built {
    name: String,
    /// Taken away with it.
    file: Option<PathBuf>,
}

impl Built {
    fn of(plugin: &str) -> anyhow::Result<Self> {
        if !Path::new(plugin).is_dir() {
            return Ok(Built { name: plugin.to_owned(), file: None });
        }
        let (name, component) = build(Path::new(plugin))?;
        let file = std::env::temp_dir().join(format!("{name}-{}.wasm", std::process::id()));
        std::fs::write(&file, component).with_context(|| format!("can't write {}", file.display()))?;
        Ok(Built { name: file.display().to_string(), file: Some(file) })
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = std::fs::remove_file(file);
        }
    }
}

impl Test {
    fn run(self) -> Result<(), Failure> {
        let path = Path::new(&self.plugin);
        let is_crate = path.is_dir();
        let cases = match (&self.cases, is_crate) {
            (Some(cases), _) => cases.clone(),
            (None, true) => path.join("tests/cases.toml"),
            (None, false) => return Err(Failure::Usage("name the cases with --cases FILE".into())),
        };
        let text = std::fs::read_to_string(&cases).with_context(|| format!("can't read {}", cases.display()))?;
        let suite = Suite::parse(&text).map_err(|error| Failure::Usage(format!("{}: {error}", cases.display())))?;
        let plugin = Built::of(&self.plugin)?;
        self.run_cases(plugin.name(), &suite)
    }

    fn run_cases(&self, plugin: &str, suite: &Suite) -> Result<(), Failure> {
        let contract = Arc::new(Contract::embedded().clone());
        let (mut passed, mut failures) = (0u32, Vec::new());
        for case in &suite.cases {
            if self.only.as_ref().is_some_and(|only| !case.name.contains(only.as_str())) {
                continue;
            }
            let outcome = Rehearsal::new(plugin, &case.config, contract.clone())
                .and_then(|mut rehearsal| rehearsal.play(&case.events, &case.ticks));
            match outcome.and_then(|outcome| case.check(&outcome)) {
                Ok(()) => {
                    passed += 1;
                    if !self.json {
                        println!("ok      {}", case.name);
                    }
                }
                Err(message) => {
                    if !self.json {
                        println!("FAILED  {}\n{message}", case.name);
                    }
                    failures.push(json!({ "case": case.name, "message": message }));
                }
            }
        }
        if self.json {
            println!("{}", json!({ "passed": passed, "failed": failures.len(), "failures": failures }));
        } else {
            println!("{passed} passed, {} failed", failures.len());
        }
        match (failures.is_empty(), passed) {
            (true, 0) => Err(Failure::Usage("no case was run".into())),
            (true, _) => Ok(()),
            (false, _) => Err(Failure::Found),
        }
    }
}
