//! The audit lane when its reader does not keep up, or is not there.

use std::thread;
use std::time::{Duration, Instant};

use tapline_client::shared::discover;
use tapline_client::{DropReason, Emitter, Lane, StreamCounts};

use crate::setup::{attach, builder, drain, emit, risk, seqs};

fn adds_up(counts: &StreamCounts) -> bool {
    counts.emitted == counts.popped + counts.dropped() + counts.queued + counts.spilled
}

const CAPACITY: usize = 256;

/// So many that ring, overflow ring and spill all have some, and so slowly that hardly any is dropped,
/// though the machine be busy with other things.
fn emit_slowly(risk: &Emitter) {
    for n in 0..2_000 {
        emit(risk, 0, n);
        if n % 16 == 15 {
            thread::sleep(Duration::from_micros(500));
        }
    }
}

#[test]
fn what_found_no_room_comes_back_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = builder(dir.path()).capacity(Lane::Audit, CAPACITY).build();
    let risk = risk(&telemetry);
    let attached = attach(dir.path());
    emit_slowly(&risk);
    let counts = attached.counts(Lane::Audit);
    assert!(counts.emitted == 2_000 && counts.spilled > 100 && counts.dropped() < 500, "{counts:?}");

    let mut seen = Vec::new();
    let give_up = Instant::now() + Duration::from_secs(10);
    for round in 0.. {
        assert!(Instant::now() < give_up, "{} {:?}", seen.len(), attached.counts(Lane::Audit));
        // New ones come while older ones return.
        (0..20).filter(|_| round < 20).for_each(|n| emit(&risk, 1, round * 20 + n));
        seen.extend(drain(&attached, Lane::Audit));
        let counts = attached.counts(Lane::Audit);
        if round > 20 && seen.len() as u64 + counts.dropped() == counts.emitted {
            break;
        }
        thread::sleep(Duration::from_micros(300));
    }
    let counts = attached.counts(Lane::Audit);
    assert!(seqs(&seen).is_sorted_by(|a, b| a < b));
    assert!(counts.queued + counts.spilled == 0 && adds_up(&counts), "{counts:?}");

    // The ring takes events again, and the file went.
    while dir.path().join("spill/shared").read_dir().unwrap().count() > 0 {
        assert!(Instant::now() < give_up, "the spill file stays");
        thread::sleep(Duration::from_millis(1));
    }
    emit(&risk, 2, 0);
    thread::sleep(Duration::from_millis(30));
    assert_eq!(seqs(&drain(&attached, Lane::Audit)), [counts.emitted + 1]);
}

#[test]
fn what_a_dead_owner_could_not_bring_back_is_read_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = builder(dir.path()).capacity(Lane::Audit, CAPACITY).build();
    let risk = risk(&telemetry);
    emit_slowly(&risk);
    drop((telemetry, risk));
    assert!(dir.path().join("spill/shared").read_dir().unwrap().count() > 0);

    // A reader that is started again and again, and releases only half of what it reads.
    let mut seen: Vec<u64> = Vec::new();
    for round in 0.. {
        assert!(round < 500);
        let attached = attach(dir.path());
        if attached.is_done() {
            break;
        }
        let mut records = Vec::new();
        let mut mark = attached.read(Lane::Audit, &mut records, 30).unwrap();
        let mut kept = records.len();
        let second = attached.read(Lane::Audit, &mut records, 30).unwrap();
        if round % 3 == 0 {
            (mark, kept) = (second, records.len());
        }
        attached.release(mark);
        seen.extend(seqs(&records[..kept]));
        let counts = attached.counts(Lane::Audit);
        assert!(adds_up(&counts) && counts.popped == seen.len() as u64, "{counts:?}");
    }
    assert!(seen.is_sorted_by(|a, b| a < b));
    let attached = attach(dir.path());
    let counts = attached.counts(Lane::Audit);
    assert_eq!(seen.len() as u64 + counts.dropped(), 2_000, "{counts:?}");
    assert_eq!(counts.dropped_by[DropReason::Torn as usize], 0);
    attached.retire().unwrap();
    assert_eq!(dir.path().join("spill/shared").read_dir().unwrap().count(), 0);
    assert!(discover(&dir.path().join("rings")).unwrap().is_empty());
}

#[test]
fn faster_than_the_disk_it_drops_and_counts() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = builder(dir.path()).capacity(Lane::Audit, 64).spill_budget_bytes(100_000).build();
    let risk = risk(&telemetry);
    let attached = attach(dir.path());
    for producer in 0..3 {
        let risk = risk.clone();
        thread::spawn(move || (0..20_000).for_each(|n| emit(&risk, producer, n))).join().unwrap();
    }
    let counts = attached.counts(Lane::Audit);
    assert!(counts.dropped() > 0 && counts.emitted == 60_000, "{counts:?}");
    drop((telemetry, risk));
    let seen = drain(&attached, Lane::Audit);
    assert!(seqs(&seen).is_sorted_by(|a, b| a < b));
    let counts = attached.counts(Lane::Audit);
    assert_eq!(seen.len() as u64 + counts.dropped(), 60_000, "{counts:?}");
    assert_eq!(counts.dropped_by[DropReason::Torn as usize], 0);
}
