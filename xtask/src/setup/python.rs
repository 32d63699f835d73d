//! A virtual environment in `target/venv`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{debian, on_path};
use crate::workspace::{Workspace, output, say};

/// `jsonschema`: the schema that the contract generates, tried by somebody else's reading of the
/// standard.
const PACKAGES: [&str; 1] = ["jsonschema==4.26.0"];

pub(super) fn ensure(workspace: &Workspace) -> Result<PathBuf> {
    let venv = workspace.target.join("venv");
    let python = venv.join("bin/python");
    let mark = venv.join("packages.txt");
    let wanted = PACKAGES.join("\n");
    if python.exists() && fs::read_to_string(&mark).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    let Some(system) = on_path("python3") else {
        bail!("python3 is needed for some of the checks and is not on the path; install it (3.9 or later)");
    };
    say(&format!("making a Python environment with {} in {}", PACKAGES.join(", "), venv.display()));
    let made = output(Command::new(&system).args(["-m", "venv", "--clear"]).arg(&venv));
    let pip = if made.is_ok() { Pip::Own } else { without_pip(workspace, &system, &venv)? };
    let mut command = Command::new(&python);
    match &pip {
        Pip::Own => command.args(["-m", "pip"]),
        Pip::Wheel(wheel) => command.arg(wheel.join("pip")),
    };
    command.args(["install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES);
    output(&mut command)
        .with_context(|| format!("{} can't be installed; is the network there?", PACKAGES.join(", ")))?;
    fs::write(&mark, wanted)?;
    Ok(python)
}

enum Pip {
    Own,
    /// Run out of its wheel.
    Wheel(PathBuf),
}

/// Debian keeps pip for environments in a package of its own, which a bare machine lacks.
fn without_pip(workspace: &Workspace, system: &Path, venv: &Path) -> Result<Pip> {
    let by_hand = "install python3-venv by hand";
    output(Command::new(system).args(["-m", "venv", "--clear", "--without-pip"]).arg(venv)).context(by_hand)?;
    let unpacked = debian::alone(workspace, "python3-pip-whl", "python3-pip-whl").context(by_hand)?;
    let folder = unpacked.file("usr/share/python-wheels")?;
    let wheel = fs::read_dir(&folder)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pip-")))
        .with_context(|| format!("{} has no wheel of pip; {by_hand}", folder.display()))?;
    Ok(Pip::Wheel(wheel))
}
