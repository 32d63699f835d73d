//! Memory of a router under steady load for many minutes: it has to be flat.

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::workload::{Expected, Generator};
use crate::router::Router;
use crate::table::Table;
use crate::workspace::Workspace;

/// Lines a second: far below what the router can do, far above what a slow leak needs to show.
const RATE: u64 = 5_000;

/// Between two looks at the memory.
const INTERVAL: Duration = Duration::from_secs(10);

pub(crate) fn measure(workspace: &Workspace, length: Duration, seed: u64) -> Result<Value> {
    workspace.build(&["tapline"])?;
    let folder = workspace.folder("bench")?.join("soak");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let mut router = Router::start(workspace, &folder, None, "127.0.0.1:0")?;
    let mut stream = UnixStream::connect(&router.socket)?;
    let mut generator = Generator::new(seed);
    let mut sent = Expected::default();
    let (mut line, mut chunk) = (String::new(), String::new());
    let begin = Instant::now();
    let mut samples: Vec<(f64, f64)> = Vec::new();
    let mut look = Duration::ZERO;
    while begin.elapsed() < length {
        chunk.clear();
        let due = (begin.elapsed().as_secs_f64() * RATE as f64) as u64;
        while sent.lines < due {
            generator.line(&mut line, &mut sent);
            chunk.push_str(&line);
        }
        stream.write_all(chunk.as_bytes())?;
        if begin.elapsed() >= look {
            look += INTERVAL;
            router.check_running()?;
            let usage = router.usage()?;
            samples.push((begin.elapsed().as_secs_f64(), usage.resident_bytes as f64 / 1e6));
            eprint!(
                "\r{:.0} s, {} lines, {:.1} MB ",
                begin.elapsed().as_secs_f64(),
                sent.lines,
                usage.resident_bytes as f64 / 1e6
            );
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    eprintln!();
    drop(stream);
    let ledger = router.settle(sent.lines, Duration::from_secs(30))?;
    let usage = router.usage()?;
    router.stop()?;
    let _ = fs::remove_dir_all(&folder);
    if !ledger.balanced || ledger.totals.dropped > 0 {
        bail!("the ledger is not in order after the run: {:?}", ledger.totals);
    }
    let mut table = Table::new(&["second", "resident MB"]);
    for (at, resident) in samples.iter().step_by(samples.len().div_ceil(12).max(1)) {
        table.row([format!("{at:.0}"), format!("{resident:.1}")]);
    }
    table.print(&format!("Memory at {RATE} lines a second for {} s", length.as_secs()));
    // The second half against itself: caches and files have their size by then.
    let half = &samples[samples.len() / 2..];
    let growth = half.last().map_or(0.0, |(_, end)| end - half[0].1);
    println!("\n  in the second half it grew by {growth:.1} MB; peak {:.1} MB", usage.peak_bytes as f64 / 1e6);
    Ok(json!({
        "seconds": length.as_secs(), "rate": RATE, "lines": sent.lines, "peak_mb": usage.peak_bytes as f64 / 1e6,
        "growth_in_second_half_mb": growth, "samples": samples,
    }))
}
