//! One process plays both sides.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use tapline_client::shared::{Attached, Reason, discover};
use tapline_client::{Component, DropReason, Lane, Level, clock, events};

use crate::setup::{attach, builder, drain, emit, number, risk, seqs, slots_from, the_file};

#[test]
fn records_come_out_as_they_do_in_process() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = builder(dir.path()).build();
    let risk = risk(&telemetry);
    let before = clock::now_ns();
    emit(&risk, 3, 4);
    risk.emit(&events::StormguardTransition::default());
    risk.emit_at(5, &events::PnlSnapshot::default());
    let after = clock::now_ns();
    assert!(telemetry.streams().is_empty() && telemetry.trouble().is_empty());

    let attached = attach(dir.path());
    assert_eq!((attached.owner().service.as_str(), attached.owner().run.as_str()), ("test", telemetry.run()));
    assert_eq!(attached.component(), Component::Risk);
    assert_eq!(attached.owner().process.pid, telemetry.pid());
    let audit = drain(&attached, Lane::Audit);
    assert_eq!((seqs(&audit), number(&audit[0])), (vec![1], (3, 4)));
    assert_eq!(audit[0].schema().unwrap().level, Level::Info);
    assert!((before - 100_000..after + 100_000).contains(&audit[0].ts_ns()), "{before} {:?}", audit[0]);
    assert_eq!(drain(&attached, Lane::Guard).len(), 1);
    assert_eq!(drain(&attached, Lane::Metric)[0].ts_ns(), 5);
    assert!(!attached.has_events(Lane::Log));
}

#[test]
fn what_was_not_released_comes_again() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = builder(dir.path()).build();
    let risk = risk(&telemetry);
    (0..10).for_each(|n| emit(&risk, 0, n));

    let first = attach(dir.path());
    let mut records = Vec::new();
    let early = first.read(Lane::Audit, &mut records, 4).unwrap();
    let late = first.read(Lane::Audit, &mut records, 4).unwrap();
    assert_eq!(seqs(&records), (1..=8).collect::<Vec<_>>());
    assert!(late.is_past(&early));
    assert_eq!((first.counts(Lane::Audit).popped, first.counts(Lane::Audit).queued), (0, 10));
    first.release(early);
    assert_eq!((first.counts(Lane::Audit).popped, first.counts(Lane::Audit).queued), (4, 6));
    drop(first);

    let second = attach(dir.path());
    assert_eq!(second.released_seq(Lane::Audit), 4);
    records.clear();
    let mark = second.read(Lane::Audit, &mut records, 2).unwrap();
    assert_eq!(seqs(&records), [5, 6]);
    second.release(mark);
    second.release(early);
    second.release(late);
    assert_eq!(second.released_seq(Lane::Audit), 6, "of another reader, and not read by this one");
    assert_eq!(seqs(&drain(&second, Lane::Audit)), [7, 8, 9, 10]);
}

#[test]
fn only_a_released_slot_is_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = builder(dir.path()).capacity(Lane::Audit, 4).without_spill().build();
    let risk = risk(&telemetry);
    let attached = attach(dir.path());
    (0..4).for_each(|n| emit(&risk, 0, n));
    let mut records = Vec::new();
    let mark = attached.read(Lane::Audit, &mut records, 4).unwrap();
    emit(&risk, 0, 4);
    attached.release(mark);
    emit(&risk, 0, 5);
    assert_eq!(seqs(&drain(&attached, Lane::Audit)), [6], "5 was dropped, and has its number");
    let counts = attached.counts(Lane::Audit);
    assert_eq!(counts.dropped_reasons().collect::<Vec<_>>(), [("queue_full", 1)]);
    assert_eq!((counts.emitted, counts.popped, counts.queued), (6, 5, 0));
}

#[test]
fn every_lane_keeps_its_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut builder = builder(dir.path()).without_spill();
    for lane in Lane::ALL {
        builder = builder.capacity(lane, 4);
    }
    let telemetry = builder.build();
    let risk = risk(&telemetry);
    for _ in 0..6 {
        risk.emit(&events::StormguardTransition::default());
        risk.emit(&events::RiskDecision::default());
        risk.emit(&events::FeedGap::default());
        risk.emit(&events::PnlSnapshot::default());
    }
    let attached = attach(dir.path());
    for lane in attached.lanes() {
        assert_eq!(seqs(&drain(&attached, lane)), [1, 2, 3, 4], "{lane:?}");
        assert_eq!(attached.counts(lane).dropped(), 2);
    }
}

#[test]
fn laps_and_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = builder(dir.path()).capacity(Lane::Audit, 8).without_spill().build();
    let risk = risk(&telemetry);
    let mut seen = Vec::new();
    for round in 0..50 {
        (0..7).for_each(|n| emit(&risk, 0, round * 7 + n));
        seen.extend(drain(&attach(dir.path()), Lane::Audit).iter().map(|record| number(record).1));
    }
    assert_eq!(seen, (0..350).collect::<Vec<_>>());
}

#[test]
fn a_run_that_ended_is_drained_and_its_file_goes() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = builder(dir.path()).build();
    let risk = risk(&telemetry);
    let attached = attach(dir.path());
    (0..5).for_each(|n| emit(&risk, 0, n));
    drop(telemetry);
    assert!(attached.is_owner_alive(), "an emitter is left");
    assert!(matches!(attached.retire().unwrap_err().reason, Reason::NotDone));
    drop(risk);
    assert!(!attached.is_owner_alive() && !attached.is_done());
    assert!(matches!(attached.retire().unwrap_err().reason, Reason::NotDone));

    let mut records = Vec::new();
    let mark = attached.read(Lane::Audit, &mut records, 10).unwrap();
    assert_eq!(records.len(), 5);
    assert!(!attached.is_done(), "read and not released");
    attached.release(mark);
    drain(&attached, Lane::Audit);
    assert!(attached.is_done());
    attached.retire().unwrap();
    assert!(discover(&dir.path().join("rings")).unwrap().is_empty());
    attached.retire().unwrap();
}

/// As where a producer was killed between the claim of its slot and the stamp.
#[test]
fn a_half_written_slot_is_waited_for_and_then_counted() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = builder(dir.path()).build();
    let risk = risk(&telemetry);
    (0..5).for_each(|n| emit(&risk, 0, n));
    let file = OpenOptions::new().read(true).write(true).open(the_file(dir.path())).unwrap();
    let slots = slots_from(&file, Lane::Audit);
    for torn in [1, 4] {
        file.write_all_at(&[0; 8], slots + torn * 256).unwrap();
    }
    let attached = attach(dir.path());
    assert_eq!(seqs(&drain(&attached, Lane::Audit)), [1]);
    assert!(!attached.has_events(Lane::Audit), "nothing that could be read now");
    assert_eq!(attached.counts(Lane::Audit).queued, 4);
    drop((telemetry, risk));
    assert!(!attached.is_owner_alive());

    let mut records = Vec::new();
    attached.read(Lane::Audit, &mut records, 10).unwrap();
    assert_eq!(seqs(&records), [3, 4]);
    drop(attached);
    let attached = attach(dir.path());
    assert_eq!(seqs(&drain(&attached, Lane::Audit)), [3, 4], "neither was released");
    let counts = attached.counts(Lane::Audit);
    assert_eq!(counts.dropped_by[DropReason::Torn as usize], 2);
    assert_eq!((counts.emitted, counts.popped, counts.queued), (5, 3, 0));
    assert!(attached.is_done());
}

#[test]
fn two_components_have_two_files() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = builder(dir.path()).build();
    emit(&risk(&telemetry), 0, 0);
    telemetry.component(Component::Recorder).emit(&events::RecorderFlush::default());
    let found = discover(&dir.path().join("rings")).unwrap();
    let components: Vec<_> = found.iter().map(|path| Attached::open(path).unwrap().component()).collect();
    assert_eq!(components, [Component::Recorder, Component::Risk]);
}

#[test]
fn where_there_is_no_room_the_queues_are_the_process_s_own() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = builder(dir.path()).build();
    std::fs::remove_dir(dir.path().join("rings")).unwrap();
    std::fs::write(dir.path().join("rings"), "").unwrap();
    emit(&risk(&telemetry), 0, 0);
    assert!(telemetry.trouble()[0].contains("rings"), "{:?}", telemetry.trouble());
    assert_eq!(telemetry.streams().iter().map(|stream| stream.counts().queued).sum::<u64>(), 1);
}
