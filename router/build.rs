//! Builds the plugins that the router carries with it, and compiles them to machine code, so that a
//! plain `cargo build` gives a router that starts at once with its default chain.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Plugins by name; each is the crate `tapline-<name>` in `plugins/<name>`.
const PLUGINS: [&str; 4] = ["redact", "enrich", "route", "reject-spike"];

fn main() -> ExitCode {
    let workspace = workspace();
    commit(&workspace);
    match plugins(&workspace) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Cargo shows what a failed build script printed.
            eprintln!("\nthe router's own plugins can't be built: {message}\n");
            ExitCode::FAILURE
        }
    }
}

fn plugins(workspace: &Path) -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets no OUT_DIR")?);
    let target_dir = plugin_target_dir(&out);
    for folder in ["sdk", "../wit"].into_iter().chain(PLUGINS) {
        let path = workspace.join("plugins").join(folder);
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let mut table = String::from("pub(super) static SHIPPED: &[Shipped] = &[\n");
    for name in PLUGINS {
        let package = format!("tapline-{name}");
        let wasm = tapline_plugin_build::build(workspace, &package, &target_dir).map_err(|e| e.to_string())?;
        let machine_code = tapline_host::Engine::precompile(&wasm).map_err(|e| e.to_string())?;
        for (extension, bytes) in [("wasm", &wasm), ("cwasm", &machine_code)] {
            let path = out.join(format!("{name}.{extension}.zst"));
            let packed = zstd::bulk::compress(bytes, 19).map_err(|e| format!("{}: {e}", path.display()))?;
            fs::write(&path, packed).map_err(|e| format!("{}: {e}", path.display()))?;
        }
        table += &format!(
            "    Shipped {{ name: {name:?}, \
             wasm: Packed {{ zstd: include_bytes!(\"{name}.wasm.zst\"), bytes: {} }}, \
             machine_code: Packed {{ zstd: include_bytes!(\"{name}.cwasm.zst\"), bytes: {} }} }},\n",
            wasm.len(),
            machine_code.len()
        );
    }
    table += "];\n";
    fs::write(out.join("shipped.rs"), table).map_err(|e| format!("shipped.rs: {e}"))
}

/// Beside the folder that cargo works in now and holds the lock of. `OUT_DIR` is
/// `<target>/<profile>/build/<package>/out`.
fn plugin_target_dir(out: &Path) -> PathBuf {
    out.ancestors().nth(4).unwrap_or(out).join("plugins-build")
}

/// Names the source that the router was built from, for `build_info`.
fn commit(workspace: &Path) {
    let log = workspace.join(".git/logs/HEAD");
    // A path that does not exist would make cargo run this script each time.
    if log.exists() {
        println!("cargo::rerun-if-changed={}", log.display());
    }
    let git = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).current_dir(workspace).output();
    let sha = git.ok().filter(|output| output.status.success());
    let sha = sha.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    println!("cargo::rustc-env=TAPLINE_GIT_SHA={}", sha.as_deref().unwrap_or("unknown"));
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
