//! Virtual environments below `target`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{debian, on_path};
use crate::workspace::{Workspace, output, say};

/// The packages of one environment.
pub(super) struct Packages {
    folder: &'static str,
    names: &'static [&'static str],
    /// As pip takes them: what they depend on is named, too, or not needed.
    alone: bool,
    /// What is worth knowing before it begins.
    note: &'static str,
}

/// `jsonschema`: the schema that the contract generates, tried by somebody else's reading of the
/// standard. `aiosmtpd`: a mail server to send to.
pub(super) const CHECKS: Packages =
    Packages { folder: "venv", names: &["jsonschema==4.26.0", "aiosmtpd==1.4.6"], alone: false, note: "" };

/// ClickHouse's engine and what the HTTP front before it compresses with. The engine's package asks for
/// pandas and pyarrow, which are as large as itself, for what the front does not use.
pub(super) const CLICKHOUSE: Packages = Packages {
    folder: "clickhouse-venv",
    names: &["chdb-core==26.9.0", "clickhouse-cityhash==1.0.2.6", "lz4==4.4.5", "zstandard==0.25.0"],
    alone: true,
    note: " (about 600 MB on disk)",
};

pub(super) fn ensure(workspace: &Workspace, packages: &Packages) -> Result<PathBuf> {
    let venv = workspace.target.join(packages.folder);
    let python = venv.join("bin/python");
    let mark = venv.join("packages.txt");
    let wanted = packages.names.join("\n");
    if python.exists() && fs::read_to_string(&mark).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    let Some(system) = on_path("python3") else {
        bail!("python3 is needed for some of the checks and is not on the path; install it (3.9 or later)");
    };
    let names = packages.names.join(", ");
    say(&format!("making a Python environment with {names} in {}{}", venv.display(), packages.note));
    let made = output(Command::new(&system).args(["-m", "venv", "--clear"]).arg(&venv));
    let pip = if made.is_ok() { Pip::Own } else { without_pip(workspace, &system, &venv)? };
    let mut command = Command::new(&python);
    match &pip {
        Pip::Own => command.args(["-m", "pip"]),
        Pip::Wheel(wheel) => command.arg(wheel.join("pip")),
    };
    command.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages.names);
    if packages.alone {
        command.arg("--no-deps");
    }
    output(&mut command).with_context(|| format!("{names} can't be installed; is the network there?"))?;
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
