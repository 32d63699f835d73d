//! Queues in shared memory under real processes, killed at moments that a seed picks.
//!
//! A child is this test program again, started with the name of one of the `#[ignore]`d tests below.
//! `TAPLINE_SEED` adds a seed to the fixed ones.

// What this program does not use of it is not dead.
#[allow(dead_code)]
#[path = "shared/setup.rs"]
mod setup;

use std::collections::BTreeMap;
use std::env;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use setup::{attach, builder, drain, emit, number, risk, seqs};
use tapline_client::{DropReason, Lane};

const PRODUCERS: usize = 2;

struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    fn pause(&mut self, most: Duration) {
        thread::sleep(Duration::from_micros(self.below(most.as_micros() as u64)));
    }
}

fn seeds(fixed: std::ops::Range<u64>) -> impl Iterator<Item = u64> {
    let given = env::var("TAPLINE_SEED").ok().and_then(|seed| seed.parse().ok());
    fixed.map(|n| (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).chain(given)
}

fn start(name: &str, dir: &Path, variables: &[(&str, &str)]) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--ignored"])
        .env("TAPLINE_TEST_DIR", dir)
        .envs(variables.iter().copied())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn wait_for(what: impl Fn() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(Instant::now() < give_up, "a child did not do its work");
        thread::sleep(Duration::from_millis(1));
    }
}

/// How many of its emits have returned, told by each thread of a producer in memory that outlives it.
struct Returned(*const AtomicU64);

// SAFETY: atomics, in memory that is never unmapped.
unsafe impl Sync for Returned {}

impl Returned {
    fn open(dir: &Path) -> Returned {
        let path = dir.join("returned");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).unwrap();
        file.set_len(4096).unwrap();
        // SAFETY: a new mapping, which is kept for ever.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                4096,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                std::os::fd::AsRawFd::as_raw_fd(&file),
                0,
            )
        };
        assert_ne!(start, libc::MAP_FAILED);
        Returned(start.cast())
    }

    fn of(&self, producer: usize) -> &AtomicU64 {
        assert!(producer * 8 < 4096);
        // SAFETY: within the mapping.
        unsafe { &*self.0.add(producer) }
    }
}

/// The child that emits, for ever: at full rate, or in bursts that a reader can keep up with.
#[test]
#[ignore = "the child of other tests"]
fn producer() {
    let Ok(dir) = env::var("TAPLINE_TEST_DIR") else { return };
    let burst: u64 = env::var("BURST").map_or(u64::MAX, |burst| burst.parse().unwrap());
    let returned = Returned::open(Path::new(&dir));
    let telemetry = builder(Path::new(&dir)).build();
    let risk = risk(&telemetry);
    thread::scope(|scope| {
        for producer in 0..PRODUCERS {
            let (risk, returned) = (&risk, &returned);
            scope.spawn(move || {
                for n in 0.. {
                    emit(risk, producer as i64, n as i64);
                    returned.of(producer).store(n + 1, Ordering::Release);
                    if n % burst == burst - 1 {
                        thread::sleep(Duration::from_micros(100));
                    }
                }
            });
        }
    });
}

/// What one event is in a reader's journal.
const ENTRY_BYTES: usize = 24;

/// The child that reads as a router does: it writes down what it reads, and then releases it.
#[test]
#[ignore = "the child of other tests"]
fn reader() {
    let Ok(dir) = env::var("TAPLINE_TEST_DIR") else { return };
    let dir = Path::new(&dir);
    let mut journal = OpenOptions::new().append(true).create(true).open(dir.join("journal")).unwrap();
    // The reader before was killed as it wrote.
    let whole = journal.metadata().unwrap().len() / ENTRY_BYTES as u64 * ENTRY_BYTES as u64;
    journal.set_len(whole).unwrap();
    let attached = attach(dir);
    let mut records = Vec::new();
    while !attached.is_done() {
        records.clear();
        let mark = attached.read(Lane::Audit, &mut records, 64).unwrap();
        let mut bytes = Vec::new();
        for record in &records {
            let (producer, n) = number(record);
            for word in [record.seq(), producer as u64, n as u64] {
                bytes.extend_from_slice(&word.to_le_bytes());
            }
        }
        journal.write_all(&bytes).unwrap();
        attached.release(mark);
        if records.is_empty() {
            thread::sleep(Duration::from_micros(50));
        }
    }
    std::fs::write(dir.join("done"), format!("{:?}", attached.counts(Lane::Audit))).unwrap();
}

/// By `seq`, each once; what a reader wrote twice is the same both times.
fn journal(dir: &Path) -> BTreeMap<u64, (u64, u64)> {
    let mut bytes = Vec::new();
    File::open(dir.join("journal")).unwrap().read_to_end(&mut bytes).unwrap();
    let mut seen = BTreeMap::new();
    for entry in bytes.chunks_exact(ENTRY_BYTES) {
        let word = |at: usize| u64::from_le_bytes(entry[at * 8..at * 8 + 8].try_into().unwrap());
        let before = seen.insert(word(0), (word(1), word(2)));
        assert!(before.is_none_or(|before| before == (word(1), word(2))));
    }
    seen
}

/// Each producer's events come in order, and if none was dropped, every one that had returned.
fn check(seed: u64, returned: &Returned, events: impl Iterator<Item = (u64, u64)>, dropped: u64) {
    let mut next = [0; PRODUCERS];
    let mut missing = 0;
    for (producer, n) in events {
        let expected = &mut next[producer as usize];
        assert!(n >= *expected, "seed {seed}: {n} of {producer} came after {expected}");
        missing += n - *expected;
        *expected = n + 1;
    }
    for (producer, next) in next.into_iter().enumerate() {
        let returned = returned.of(producer).load(Ordering::Acquire);
        missing += returned.saturating_sub(next);
        // One may be written that had not returned yet.
        assert!(next <= returned + 1, "seed {seed}: {next} of {returned}");
    }
    assert!(missing <= dropped, "seed {seed}: {missing} are missing and {dropped} were dropped");
}

#[test]
fn a_producer_killed_at_full_rate_leaves_all_that_it_emitted() {
    for seed in seeds(0..16) {
        let mut random = Random(seed);
        let dir = tempfile::tempdir().unwrap();
        let returned = Returned::open(dir.path());
        let mut child = start("producer", dir.path(), &[]);
        wait_for(|| returned.of(0).load(Ordering::Relaxed) > 0);
        random.pause(Duration::from_millis(60));
        kill(&mut child);
        let attached = attach(dir.path());
        assert!(!attached.is_owner_alive());
        let seen = drain(&attached, Lane::Audit);
        assert!(seqs(&seen).is_sorted_by(|a, b| a < b));
        let counts = attached.counts(Lane::Audit);
        assert_eq!(counts.emitted, counts.popped + counts.dropped(), "seed {seed}: {counts:?}");
        assert_eq!((counts.popped, counts.queued), (seen.len() as u64, 0));
        let torn = counts.dropped_by[DropReason::Torn as usize];
        assert!(torn <= PRODUCERS as u64, "seed {seed}: {torn} torn by {PRODUCERS} threads");
        let numbers = seen.iter().map(number).map(|(producer, n)| (producer as u64, n as u64));
        check(seed, &returned, numbers, counts.dropped() - torn);
        attached.retire().unwrap();
    }
}

#[test]
fn readers_and_a_producer_are_killed_and_nothing_is_lost() {
    for seed in seeds(0..6) {
        let mut random = Random(seed);
        let dir = tempfile::tempdir().unwrap();
        let returned = Returned::open(dir.path());
        let mut producer = start("producer", dir.path(), &[("BURST", "16")]);
        wait_for(|| returned.of(0).load(Ordering::Relaxed) > 0);
        for _ in 0..4 {
            let before = journal_bytes(dir.path());
            let mut reader = start("reader", dir.path(), &[]);
            wait_for(|| journal_bytes(dir.path()) > before);
            random.pause(Duration::from_millis(30));
            kill(&mut reader);
            // Nobody reads: events wait, and overflow.
            random.pause(Duration::from_millis(60));
        }
        kill(&mut producer);
        let mut reader = start("reader", dir.path(), &[]);
        random.pause(Duration::from_millis(20));
        kill(&mut reader);
        reader = start("reader", dir.path(), &[]);
        wait_for(|| dir.path().join("done").exists());
        reader.wait().unwrap();

        let attached = attach(dir.path());
        let counts = attached.counts(Lane::Audit);
        let torn = counts.dropped_by[DropReason::Torn as usize];
        assert!(torn <= PRODUCERS as u64, "seed {seed}: {counts:?}");
        let seen = journal(dir.path());
        assert_eq!(seen.len() as u64, counts.popped, "seed {seed}");
        assert_eq!(counts.emitted, counts.popped + counts.dropped(), "seed {seed}: {counts:?}");
        // None, unless the machine is so busy that the keeper does not get its turn.
        check(seed, &returned, seen.values().copied(), counts.dropped() - torn);
        attached.retire().unwrap();
        assert_eq!(dir.path().join("rings").read_dir().unwrap().count(), 0);
    }
}

fn journal_bytes(dir: &Path) -> u64 {
    std::fs::metadata(dir.join("journal")).map_or(0, |metadata| metadata.len())
}
