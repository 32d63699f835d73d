//! From a plugin's crate to a component: cargo for wasm32, then the wrapping that the component model
//! asks for.
//!
//! The router's build script, `cargo xtask plugins` and `tapline plugin build` all come here, so that a
//! plugin is the same bytes whoever built it.

mod cargo;
mod target;

use std::path::{Path, PathBuf};

/// Why a plugin was not built, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("can't run `{command}`: {source}")]
    Spawn { command: String, source: std::io::Error },
    #[error("building `{package}` for {TARGET} failed ({status}); the compiler's messages are above")]
    Cargo { package: String, status: std::process::ExitStatus },
    #[error(
        "the Rust target {TARGET} is not installed and could not be added ({reason}); \
         run `rustup target add {TARGET}`"
    )]
    Target { reason: String },
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("`{package}` compiled, but is no plugin: {reason}; does its crate call the SDK's export macro?")]
    Component { package: String, reason: String },
}

/// Plain wasm32 without WASI: a plugin has nothing to import but the router's own interface.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the plugin crate `package` of the workspace at `workspace` and returns the component. Cargo
/// works in `target_dir`, which must not be the one of a cargo that is running now: it holds its lock.
pub fn build(workspace: &Path, package: &str, target_dir: &Path) -> Result<Vec<u8>, BuildError> {
    target::ensure()?;
    let module = cargo::compile(workspace, package, target_dir)?;
    componentize(package, &module)
}

/// Wraps a core module that carries the description of its interface, as the SDK's macro leaves it.
pub fn componentize(package: &str, module: &[u8]) -> Result<Vec<u8>, BuildError> {
    let encoded = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|mut encoder| encoder.encode());
    encoded.map_err(|e| BuildError::Component { package: package.into(), reason: format!("{e:#}") })
}
