//! `cargo xtask plugins`: every plugin of the repository as a component.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::workspace::{Workspace, say};

/// In the order of the chain; `misbehave` is what the host's promises are tried with.
const PLUGINS: [&str; 5] = ["redact", "enrich", "route", "reject-spike", "misbehave"];

/// Builds them one after the other; cargo shares what they have in common.
pub(crate) fn build(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let folder = workspace.folder("plugins")?;
    // Not the target folder of the cargo that may be running around us: that one is locked.
    let scratch = workspace.folder("plugins-build")?;
    let mut files = Vec::new();
    for plugin in PLUGINS {
        say(&format!("building plugin {plugin}"));
        let bytes = tapline_plugin_build::build(&workspace.root, &package(plugin), &scratch)?;
        let file = folder.join(format!("{plugin}.wasm"));
        fs::write(&file, &bytes).with_context(|| format!("writing {}", file.display()))?;
        println!("{} ({} KiB)", file.display(), bytes.len() / 1024);
        files.push(file);
    }
    Ok(files)
}

/// The crate of a plugin.
fn package(plugin: &str) -> String {
    format!("tapline-{plugin}")
}
