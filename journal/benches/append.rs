//! How fast records are safe: appending with group commit, against writing the same bytes and syncing as often,
//! which is what the disk gives.
//!
//!     cargo bench -p tapline-journal
//!
//! An event is 300 bytes here, a record 256 events (a batch), a commit as many records as the line says. Audited
//! records carry a SHA-256 leaf for each event, made here as the router makes them. CPU time is the kernel's
//! account of this process. Set TMPDIR to measure another disk.

use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, Instant};

use tapline_journal::{Budget, Class, Folder, Journal, leaf};

const EVENT: usize = 300;
const ROWS: usize = 256;
const LENGTH: Duration = Duration::from_secs(3);
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

fn measure(mut commit: impl FnMut() -> u64) -> Figure {
    commit();
    let (begin, cpu) = (Instant::now(), cpu_s());
    let mut events = 0;
    while begin.elapsed() < LENGTH {
        events += commit();
    }
    Figure { wall: events as f64 / begin.elapsed().as_secs_f64(), cpu: events as f64 / (cpu_s() - cpu).max(0.01) }
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let event: Vec<u8> = (0..EVENT).map(|at| (at * 31) as u8).collect();
    let body: Vec<u8> = event.iter().copied().cycle().take(EVENT * ROWS).collect();
    println!("{:<44}{:>14}{:>18}{:>10}", "", "events/s", "events/s/core", "of floor");
    for records in [1, 8, 32] {
        let path = folder.path().join("floor");
        let mut file = File::create(&path).expect("a file");
        let mut written = 0;
        let floor = measure(|| {
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
        println!("write + fsync, {records:>2} records a commit{:>27.0}{:>18.0}", floor.wall, floor.cpu);
        for (name, audited) in [("journal", false), ("journal, hash chain", true)] {
            let disk = Folder::open(&folder.path().join(name)).expect("a folder");
            let (mut journal, _) = Journal::open(disk, BUDGET).expect("a journal");
            let figure = measure(|| {
                for _ in 0..records {
                    let leaves = if audited { body.chunks(EVENT).map(leaf).collect() } else { Vec::new() };
                    journal.append(Class::Guard, leaves, &body).expect("room");
                }
                journal.commit().expect("a disk that works");
                // Whoever reads it keeps up.
                journal.release(journal.durable()).expect("a disk that works");
                (records * ROWS) as u64
            });
            let label = format!("{name}, {records:>2} records a commit");
            println!("{label:<44}{:>14.0}{:>18.0}{:>10.2}", figure.wall, figure.cpu, figure.wall / floor.wall);
        }
    }
}
