//! Alertmanager out of its Debian package.
//!
//! Debian's build reads its message templates from a fixed folder of the machine, and does not start without
//! them. So that nothing has to be installed, a copy of the program looks for that folder below the one that
//! it is started in, and a script beside it starts it there. Nothing else in it is changed.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{Unpacked, debian, on_path};
use crate::workspace::Workspace;

const PROGRAM: &str = "usr/bin/prometheus-alertmanager";
const TEMPLATES: &[u8] = b"/usr/share/prometheus/alertmanager";
/// As long as what it takes the place of: a program's texts can't grow.
const TEMPLATES_HERE: &[u8; TEMPLATES.len()] = b"usr//share/prometheus/alertmanager";

pub(crate) fn alertmanager(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(found) = ["prometheus-alertmanager", "alertmanager"].into_iter().find_map(on_path) {
        return Ok(found);
    }
    let unpacked = debian::alone(workspace, "prometheus-alertmanager", "Alertmanager")?;
    relocated(&unpacked)
}

/// A script that starts it wherever it was unpacked.
fn relocated(unpacked: &Unpacked) -> Result<PathBuf> {
    let script = unpacked.root().join("alertmanager");
    if script.exists() {
        return Ok(script);
    }
    let mut program = fs::read(unpacked.file(PROGRAM)?)?;
    let places: Vec<usize> =
        program.windows(TEMPLATES.len()).enumerate().filter(|(_, text)| *text == TEMPLATES).map(|(at, _)| at).collect();
    if places.is_empty() {
        bail!(
            "{PROGRAM} of Debian's package looks for its templates elsewhere than it did; install prometheus-alertmanager by hand"
        );
    }
    for at in places {
        program[at..at + TEMPLATES.len()].copy_from_slice(TEMPLATES_HERE);
    }
    let copy = unpacked.root().join("usr/bin/alertmanager-here");
    write_program(&copy, &program)?;
    // Last: where it is, the copy is whole.
    let text = format!("#!/bin/sh\ncd {:?} && exec ./usr/bin/alertmanager-here \"$@\"\n", unpacked.root());
    write_program(&script, text.as_bytes())?;
    Ok(script)
}

fn write_program(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = path.with_extension("part");
    let mut file = fs::File::options().write(true).create(true).truncate(true).mode(0o755).open(&part)?;
    file.write_all(bytes)?;
    file.set_permissions(fs::Permissions::from_mode(0o755))?;
    drop(file);
    fs::rename(&part, path).with_context(|| format!("can't write {}", path.display()))
}
