//! Whatever stands in the file: an error or counted slots, no wrong `seq`, no panic, no end of it.

use std::fs;

use proptest::prelude::*;
use tapline_client::shared::Attached;
use tapline_client::{Component, Lane, events};

use crate::setup::{attach, builder, drain, emit, risk, seqs, slots_from, the_file};

/// A file of a run that has ended, on its third lap, half drained.
fn image() -> (Vec<u8>, Vec<Vec<u64>>) {
    let dir = tempfile::tempdir().unwrap();
    let mut builder = builder(dir.path());
    for lane in Lane::ALL {
        builder = builder.capacity(lane, 16);
    }
    let telemetry = builder.build();
    let risk = telemetry.component(Component::Risk);
    let attached = attach(dir.path());
    for round in 0..5 {
        for n in 0..8 {
            emit(&risk, round, n);
            risk.emit(&events::StormguardTransition::default());
            risk.emit(&events::FeedGap::default());
            risk.emit(&events::PnlSnapshot::default());
        }
        if round < 4 {
            Lane::ALL.iter().for_each(|lane| drop(drain(&attached, *lane)));
        }
    }
    drop((telemetry, risk, attached));
    let bytes = fs::read(the_file(dir.path())).unwrap();
    let expected = attach(dir.path());
    let rest = Lane::ALL.iter().map(|lane| seqs(&drain(&expected, *lane))).collect();
    (bytes, rest)
}

/// Places where something is, rather than the empty pages between.
fn place(size: usize) -> impl Strategy<Value = usize> {
    prop_oneof![0..700usize, 8192..8192 + 1536usize, 65536..65536 + 1024usize, 131_072..size,]
}

fn damage(size: usize) -> impl Strategy<Value = Vec<(usize, Vec<u8>)>> {
    let bytes = prop_oneof![proptest::collection::vec(any::<u8>(), 1..9), Just(vec![0; 256]), Just(vec![255; 300]),];
    proptest::collection::vec((place(size), bytes), 1..6)
}

fn read_all(path: &std::path::Path, rest: &[Vec<u64>]) -> Result<(), TestCaseError> {
    let Ok(attached) = Attached::open(path) else { return Ok(()) };
    for (lane, expected) in Lane::ALL.into_iter().zip(rest) {
        let mut records = Vec::new();
        // Each read passes something, or it is over.
        for round in 0.. {
            prop_assert!(round < 200, "{lane:?} does not end");
            if !attached.has_events(lane) {
                break;
            }
            match attached.read(lane, &mut records, 5) {
                Ok(mark) => attached.release(mark),
                Err(_) => break,
            }
        }
        let seqs = seqs(&records);
        prop_assert!(seqs.is_sorted_by(|a, b| a < b), "{:?}", seqs);
        prop_assert!(seqs.iter().all(|seq| expected.contains(seq)), "{:?} of {:?}", seqs, expected);
        for record in &records {
            let mut json = Vec::new();
            record.write_json(&mut json);
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
        }
        attached.counts(lane);
    }
    let _ = attached.retire();
    Ok(())
}

#[test]
fn any_damage_is_an_error_or_counted() {
    let (bytes, rest) = image();
    assert!(rest.iter().all(|seqs| !seqs.is_empty()));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("damaged.ring");
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 1_000,
        ..ProptestConfig::with_source_file(file!())
    });
    runner
        .run(&damage(bytes.len()), |damages| {
            let mut damaged = bytes.clone();
            for (at, with) in damages {
                let end = damaged.len().min(at + with.len());
                damaged[at..end].copy_from_slice(&with[..end - at]);
            }
            fs::write(&path, damaged).unwrap();
            read_all(&path, &rest)
        })
        .unwrap();
}

/// Someone writes to the slots while they are read: no more than that may come of it.
#[test]
fn a_producer_without_manners_does_no_harm() {
    use std::os::unix::fs::FileExt;
    use std::sync::atomic::{AtomicBool, Ordering};

    let dir = tempfile::tempdir().unwrap();
    let telemetry = builder(dir.path()).capacity(Lane::Audit, 64).without_spill().build();
    let risk = risk(&telemetry);
    let attached = attach(dir.path());
    let file = fs::OpenOptions::new().read(true).write(true).open(the_file(dir.path())).unwrap();
    let slots = slots_from(&file, Lane::Audit);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = 88_172_645_463_325_252u64;
            while !done.load(Ordering::Relaxed) {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                file.write_all_at(&random.to_ne_bytes(), slots + random % (64 * 256)).unwrap();
            }
        });
        let mut records = Vec::new();
        for n in 0..20_000 {
            emit(&risk, 0, n);
            if n % 8 == 0
                && let Ok(mark) = attached.read(Lane::Audit, &mut records, 100)
            {
                attached.release(mark);
            }
            records.drain(..).for_each(|record| drop(format!("{record:?}")));
        }
        done.store(true, Ordering::Relaxed);
    });
}
