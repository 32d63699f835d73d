//! What a router costs that has nothing to do.

use std::fs;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::router::Router;
use crate::workspace::Workspace;

/// Plugins are compiled and caches filled by then.
const REST: Duration = Duration::from_secs(3);

pub(crate) fn measure(workspace: &Workspace, length: Duration) -> Result<Value> {
    workspace.build(&["tapline"])?;
    let folder = workspace.folder("bench")?.join("idle");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let router = Router::start(workspace, &folder, None, "127.0.0.1:0")?;
    std::thread::sleep(REST);
    let before = router.cpu_s()?;
    std::thread::sleep(length);
    let cpu_s = router.cpu_s()? - before;
    let usage = router.usage()?;
    router.stop()?;
    let _ = fs::remove_dir_all(&folder);
    let percent = cpu_s / length.as_secs_f64() * 100.0;
    let resident_mb = usage.resident_bytes as f64 / 1e6;
    println!(
        "\nAn idle router with the built-in settings: {percent:.3} % of a core over {} s, {resident_mb:.1} MB resident",
        length.as_secs()
    );
    Ok(json!({ "seconds": length.as_secs(), "cpu_percent": percent, "cpu_s": cpu_s, "resident_mb": resident_mb }))
}
