//! Where things are, and cargo in the one profile that all commands share.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// `target`, wherever the user has it.
    pub(crate) target: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> Self {
        // Set by `cargo run`; the other is where this was compiled.
        let member = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = member.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
        // This program is `target/release/xtask`.
        let target = env::current_exe()
            .ok()
            .and_then(|exe| Some(exe.parent()?.parent()?.to_owned()))
            .unwrap_or_else(|| root.join("target"));
        Workspace { root, target }
    }

    /// A built program.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.target.join("release").join(name)
    }

    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target).args(args);
        // `cargo run` tells us about our own package; a build script that looks at these would see another
        // world than under a cargo that somebody types, and be compiled again each time.
        let is_ours = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        names.filter(|name| is_ours(name)).for_each(|name| {
            command.env_remove(name);
        });
        command
    }

    /// Builds programs; cargo's own progress is on standard error. Always of the whole workspace: which
    /// features dependencies have follows from what is selected, and what the tests have compiled is
    /// then not compiled again.
    pub(crate) fn build(&self, programs: &[&str]) -> Result<()> {
        let mut args = vec!["build", "--release", "--workspace"];
        for program in programs {
            args.extend(["--bin", *program]);
        }
        say(&format!("building {}", programs.join(" and ")));
        run(&mut self.cargo(&args))
    }

    /// A folder below `target` that is there.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.target.join(name);
        fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(path)
    }
}

/// What is being done, on standard error: standard output belongs to results.
pub(crate) fn say(what: &str) {
    eprintln!("▸ {what}");
}

/// Runs a command that prints by itself; what it prints to standard output goes to ours, except where
/// the caller has redirected it.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("can't run {}", shown(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs a command in silence; where it fails, with what it said.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("can't run {}", shown(command)))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed ({}):\n{}{}", shown(command), output.status, text, said.trim_end());
    }
    Ok(text)
}

/// As one would type it.
fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    format!("`{}`", words.join(" "))
}
