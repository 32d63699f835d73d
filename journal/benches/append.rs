//! How fast records are safe: appending with group commit, against writing the same bytes and syncing as often,
//! which is what the disk gives.
//!
//!     cargo xtask bench journal
//!
//! An event is 300 bytes here, a record 256 events (a batch), a commit as many records as the line says. Audited
//! records carry a SHA-256 leaf for each event, made here as the router makes them. CPU time is the kernel's
//! account of this process. Set TMPDIR to measure another disk.

use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::json;
use tapline_journal::{Budget, Class, Folder, Journal, leaf};

const EVENT: usize = 300;
const ROWS: usize = 256;
const BUDGET: Budget = Budget { segment_bytes: 16 << 20, total_bytes: 256 << 20 };

/// Events a second by the clock, and by CPU time.
struct Figure {
    wall: f64,
    cpu: f64,
}

fn cpu_s() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().map_or(0.0, |rest| {
        rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum()
    });
    // USER_HZ is 100 wherever Linux runs.
    ticks / 100.0
}

fn measure(length: Duration, mut commit: impl FnMut() -> u64) -> Figure {
    commit();
    let (begin, cpu) = (Instant::now(), cpu_s());
    let mut events = 0;
    while begin.elapsed() < length {
        events += commit();
    }
    Figure { wall: events as f64 / begin.elapsed().as_secs_f64(), cpu: events as f64 / (cpu_s() - cpu).max(0.01) }
}

fn main() {
    // `cargo test` runs benchmarks with this, to see that they build.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let length = if is_quick { Duration::from_millis(300) } else { Duration::from_secs(3) };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let event: Vec<u8> = (0..EVENT).map(|at| (at * 31) as u8).collect();
    let body: Vec<u8> = event.iter().copied().cycle().take(EVENT * ROWS).collect();
    let mut rows = Vec::new();
    let mut row = |what: &str, records: usize, figure: &Figure, floor: &Figure| {
        rows.push(json!({
            "what": what, "records_a_commit": records, "events_per_s": figure.wall as u64,
            "events_per_s_and_core": figure.cpu as u64, "of_floor": figure.wall / floor.wall,
        }));
    };
    for records in [1, 8, 32] {
        let path = folder.path().join("floor");
        let mut file = File::create(&path).expect("a file");
        let mut written = 0;
        let floor = measure(length, || {
            for _ in 0..records {
                file.write_all(&body).expect("a disk with room");
            }
            file.sync_data().expect("a disk that works");
            written += records * body.len();
            if written as u64 > BUDGET.segment_bytes {
                file = File::create(&path).expect("a file");
                written = 0;
            }
            (records * ROWS) as u64
        });
        row("write and fsync", records, &floor, &floor);
        for (name, audited) in [("journal", false), ("journal with hash chain", true)] {
            let disk = Folder::open(&folder.path().join(format!("{name} {records}"))).expect("a folder");
            let (mut journal, _) = Journal::open(disk, BUDGET).expect("a journal");
            let figure = measure(length, || {
                for _ in 0..records {
                    let leaves = if audited { body.chunks(EVENT).map(leaf).collect() } else { Vec::new() };
                    journal.append(Class::Guard, leaves, &body).expect("room");
                }
                journal.commit().expect("a disk that works");
                // Whoever reads it keeps up.
                journal.release(journal.durable()).expect("a disk that works");
                (records * ROWS) as u64
            });
            row(name, records, &figure, &floor);
        }
    }
    println!("{}", json!({ "rows": rows }));
}
