//! What must hold whatever the disk does.

use super::*;
use crate::chain::leaf;
use crate::reader::Step;
use crate::seal::Seal;
use crate::simulated::{Faults, Simulated};
use crate::survey::Found;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::time::{SystemTime, UNIX_EPOCH};

/// Lives that are played each time, and lives that nobody has played before.
const SEEDS: u64 = 2_000;
const SEEDS_NEW: u64 = 1_000;

const BUDGET: Budget = Budget { segment_bytes: 600, total_bytes: 1 << 20 };

#[derive(Clone, Debug)]
enum Act {
    Append(Class, u8),
    Commit,
    Release(u8),
    /// The machine loses power, now or within the next few operations on the disk.
    Crash {
        after: u8,
        seed: u64,
    },
    /// The next operations fail, without a crash.
    Fail {
        after: u8,
        count: u8,
    },
}

fn step() -> impl Strategy<Value = Act> {
    let class = prop::sample::select(vec![Class::Log, Class::Audit, Class::Guard]);
    prop_oneof![
        8 => (class, any::<u8>()).prop_map(|(class, length)| Act::Append(class, length)),
        4 => Just(Act::Commit),
        1 => any::<u8>().prop_map(Act::Release),
        1 => (0u8..12, any::<u64>()).prop_map(|(after, seed)| Act::Crash { after, seed }),
        1 => (0u8..6, 1u8..4).prop_map(|(after, count)| Act::Fail { after, count }),
    ]
}

fn payload(number: u64, length: u8) -> Vec<u8> {
    (0..u64::from(length)).map(|at| (number.wrapping_mul(31) + at) as u8).collect()
}

/// What the journal must still have: class and payload by number.
type Model = std::collections::BTreeMap<u64, (Class, Vec<u8>)>;

fn holds(journal: &Journal<Simulated>, model: &Model, durable: u64) -> Result<(), TestCaseError> {
    let mut found = Model::new();
    let mut reader = journal.reader(journal.oldest());
    let mut link = None;
    while let Some(step) = reader.read_next().map_err(|error| TestCaseError::fail(error.to_string()))? {
        let Step::Record(record) = step else {
            return Err(TestCaseError::fail(format!("{step:?}")));
        };
        if let Some(audited) = record.audited {
            prop_assert!(link.is_none_or(|link| link == audited.link_before), "the chain is broken");
            link = audited.links().last();
        }
        found.insert(record.number, (record.class, record.body));
    }
    for (number, record) in model.range(journal.oldest()..durable) {
        prop_assert_eq!(found.get(number), Some(record), "record {}", number);
    }
    for (number, record) in &found {
        prop_assert_eq!(model.get(number), Some(record), "record {} was never taken", number);
    }
    Ok(())
}

/// Seals, heads and records say the same of the chain.
fn is_proved(journal: &Journal<Simulated>, disk: &Simulated) -> Result<(), TestCaseError> {
    let mut seals = std::collections::BTreeMap::new();
    let mut leaves = Vec::new();
    let mut position = None;
    let mut sealed: Option<Seal> = None;
    let mut wrong = Vec::new();
    let found = crate::survey(disk, |found| match found {
        Found::Seal(seal) => {
            if let Some(before) = &sealed
                && before.end().position != seal.position
            {
                wrong.push(format!("{before:?} is followed by {seal:?}"));
            }
            sealed = Some(seal.clone());
            seals.insert(seal.segment, seal);
        }
        Found::Segment { first, position: begin, .. } => {
            leaves.clear();
            position = Some(begin);
            sealed = seals.get(&first).cloned();
        }
        Found::Record(record) => {
            if let Some(audited) = record.audited {
                if position != Some(audited.position) {
                    wrong.push(format!("{position:?} is followed by {}", audited.position));
                }
                position = Some(audited.position + audited.leaves.len() as u64);
                leaves.extend_from_slice(&audited.leaves);
            }
            if let Some(seal) = sealed.take_if(|seal| seal.segment + seal.records == record.number + 1)
                && (seal.root != crate::merkle_root(&leaves) || seal.rows != leaves.len() as u64)
            {
                wrong.push(format!("{seal:?} has another root"));
            }
        }
        other => wrong.push(format!("{other:?}")),
    });
    prop_assert!(found.is_ok());
    prop_assert!(wrong.is_empty(), "{:?}", wrong);
    prop_assert!(position.is_none_or(|position| position == journal.end().position));
    Ok(())
}

/// Whatever is lost with the power or fails on the disk, a record that was said to be safe is there, as it was, until
/// it is let go.
///
/// Each seed is a life of a journal. The first ones are the same every time, and some are new ones; one that fails
/// is played again by its number: `TAPLINE_SEED=1234 cargo test --release -p tapline-journal what_is_safe`.
#[test]
fn what_is_safe_stays_safe() {
    let played = std::env::var("TAPLINE_SEED").ok().map(|seed| seed.parse::<u64>().expect("TAPLINE_SEED is a number"));
    let new = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let seeds: Vec<u64> = match played {
        Some(seed) => vec![seed],
        None => (0..SEEDS).chain(new..new + SEEDS_NEW).collect(),
    };
    for seed in seeds {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let config = ProptestConfig { cases: 1, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        if let Err(error) = runner.run(&prop::collection::vec(step(), 1..60), live) {
            panic!("seed {seed} (TAPLINE_SEED={seed} plays it again): {error}");
        }
    }
}

/// A journal's life on a disk that fails and loses power.
fn live(steps: Vec<Act>) -> Result<(), TestCaseError> {
    let disk = Simulated::default();
    let (mut journal, _) = Journal::open(disk.clone(), BUDGET).expect("an empty disk");
    let mut model = Model::new();
    let mut safe = 0_u64;
    for (at, step) in steps.into_iter().enumerate() {
        match step {
            Act::Append(class, length) => {
                let payload = payload(at as u64, length);
                let leaves = vec![leaf(&payload); usize::from(length % 4)];
                if let Ok(Appended { number, .. }) = journal.append(class, leaves, &payload) {
                    model.insert(number, (class, payload));
                }
            }
            Act::Commit => {
                let _ = journal.commit();
            }
            Act::Release(back) => {
                let _ = journal.release(safe.saturating_sub(u64::from(back)));
            }
            Act::Crash { after, seed } => {
                disk.set(Faults { power_lost_after: Some(u64::from(after)), ..Faults::default() });
                let _ = journal.commit();
                safe = safe.max(journal.durable());
                let oldest = journal.oldest();
                disk.power_on(seed);
                let (reopened, recovery) = Journal::open(disk.clone(), BUDGET).expect("a disk that works");
                journal = reopened;
                prop_assert!(recovery.missing.is_empty(), "{:?}", recovery);
                prop_assert!(journal.durable() >= safe, "{} < {safe}", journal.durable());
                prop_assert!(journal.oldest() <= oldest.max(safe));
                model.retain(|number, _| *number < journal.durable());
                safe = journal.durable();
            }
            Act::Fail { after, count } => {
                disk.set(Faults {
                    fail_after: Some(u64::from(after)),
                    fail_count: u64::from(count),
                    ..Faults::default()
                });
            }
        }
        safe = safe.max(journal.durable());
        disk.set_if_calm();
        holds(&journal, &model, safe)?;
        prop_assert!(journal.bytes() <= BUDGET.total_bytes);
    }
    // A disk that works again is enough: nobody has to lend a hand.
    disk.set(Faults::default());
    prop_assert!(journal.commit().is_ok());
    prop_assert_eq!(journal.durable(), journal.end().number);
    is_proved(&journal, &disk)?;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Bytes that somebody, or a bad disk, has changed are found, never believed: what is read is what was
    /// written, and the journal goes on behind it.
    #[test]
    fn damage_is_found_and_never_believed(
        at: prop::sample::Index, file: prop::sample::Index, xor in 1_u8.., cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let disk = crate::Folder::open(folder.path()).expect("a folder");
        let (mut journal, _) = Journal::open(disk.clone(), BUDGET).expect("an empty folder");
        let mut written = Vec::new();
        for number in 0..40 {
            let body = payload(number, 60);
            journal.append(Class::Audit, vec![leaf(&body)], &body).expect("room");
            journal.commit().expect("a disk that works");
            written.push(body);
        }
        drop(journal);
        let files: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().map(|entry| entry.path()).collect();
        let path = &files[file.index(files.len())];
        let mut bytes = std::fs::read(path).expect("a file");
        let at = at.index(bytes.len());
        bytes[at] ^= xor;
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        std::fs::write(path, &bytes).expect("a file");
        crate::survey(&disk, |_| ()).expect("it can be looked at");
        let (mut journal, _) = Journal::open(disk, BUDGET).expect("it opens");
        let mut reader = journal.reader(journal.oldest());
        while let Some(step) = reader.read_next().expect("it can be read") {
            if let Step::Record(record) = step {
                prop_assert_eq!(&record.body, &written[record.number as usize]);
            }
        }
        journal.append(Class::Audit, Vec::new(), b"behind it").expect("room");
        prop_assert!(journal.commit().is_ok());
    }
}
