//! The Rust target that plugins are compiled for, added where it is missing.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::{BuildError, TARGET};

pub(crate) fn ensure() -> Result<(), BuildError> {
    let sysroot = sysroot()?;
    let installed = Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("lib").is_dir();
    if installed { Ok(()) } else { add() }
}

fn sysroot() -> Result<String, BuildError> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "sysroot"])
        .output()
        .map_err(|source| BuildError::Spawn { command: "rustc --print sysroot".into(), source })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn add() -> Result<(), BuildError> {
    match Command::new("rustup").args(["target", "add", TARGET]).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(BuildError::Target { reason: format!("rustup: {status}") }),
        Err(e) => Err(BuildError::Target { reason: format!("rustup: {e}") }),
    }
}
