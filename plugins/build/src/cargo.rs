//! The inner cargo.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{BuildError, TARGET};

/// What the code of a guest is optimised for: speed, and a small module, which compiles faster in the
/// router. SIMD is what makes scanning text fast.
const PROFILE: [(&str, &str); 9] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_LTO", "fat"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_STRIP", "true"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_INCREMENTAL", "false"),
    // The macros run once; compiling them well takes longer than they do.
    ("CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_DEBUG", "false"),
];
const RUSTFLAGS: &str = "-C target-feature=+simd128,+bulk-memory";

/// What an outer cargo, or one of its wrappers such as clippy, leaves in the environment for its own
/// compilations.
const NOT_INHERITED: [&str; 4] =
    ["CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR"];

pub(crate) fn compile(workspace: &Path, package: &str, target_dir: &Path) -> Result<Vec<u8>, BuildError> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for name in NOT_INHERITED {
        cargo.env_remove(name);
    }
    cargo
        .current_dir(workspace)
        .envs(PROFILE)
        .env("RUSTFLAGS", RUSTFLAGS)
        // `rustc --crate-type`: the crates are also plain libraries, for their native tests, and cargo
        // does not optimise over crates in one that is both.
        .args(["rustc", "--release", "--lib", "--crate-type", "cdylib", "--target", TARGET])
        .args(["--package", package, "--target-dir"])
        .arg(target_dir);
    let status = cargo.status().map_err(|source| BuildError::Spawn { command: format!("{cargo:?}"), source })?;
    if !status.success() {
        return Err(BuildError::Cargo { package: package.into(), status });
    }
    let file = format!("{}.wasm", package.replace('-', "_"));
    let path = target_dir.join(TARGET).join("release").join(file);
    fs::read(&path).map_err(|source| BuildError::Io { path, source })
}
