//! The Rust target that plugins are compiled for.

use std::process::Command;

use anyhow::{Context, Result, bail};
use tapline_plugin_build::TARGET;

use crate::workspace::{output, say};

/// `rust-toolchain.toml` alone would not install it, so this does.
pub(crate) fn ensure() -> Result<()> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = output(Command::new(rustc).args(["--print", "sysroot"]))?;
    let library = std::path::Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib");
    if library.is_dir() {
        return Ok(());
    }
    say(&format!("adding the Rust target {TARGET}"));
    let status = Command::new("rustup").args(["target", "add", TARGET]).status().with_context(|| {
        format!(
            "plugins are compiled for {TARGET}, which this Rust lacks ({}), and there is no rustup to add it; \
             install that target the way this Rust was installed",
            sysroot.trim()
        )
    })?;
    if !status.success() {
        bail!("`rustup target add {TARGET}` failed ({status}); is the network there? Plugins can't be built without");
    }
    Ok(())
}
