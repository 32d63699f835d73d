//! Whatever producers, drains and the spill do to each other: no event is lost uncounted, none comes
//! twice, and each producer's events stay in order.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tapline_client::{Component, Lane, Record, Stream, StreamCounts, Telemetry, Value, events};

fn adds_up(counts: &StreamCounts) -> bool {
    counts.emitted == counts.popped + counts.dropped() + counts.queued + counts.spilled
}

/// The number that a test's producer put into the record.
fn number(record: &Record) -> (i64, i64) {
    let mut producer = -1;
    let mut at = -1;
    let schema = record.schema().unwrap();
    for (index, value) in record.fields() {
        match (schema.field(index).unwrap().name, value) {
            ("qty", Value::Int(n)) => producer = n,
            ("price", Value::Int(n)) => at = n,
            _ => {}
        }
    }
    (producer, at)
}

fn stream(telemetry: &Telemetry, lane: Lane) -> std::sync::Arc<dyn Stream> {
    let streams = telemetry.streams();
    let found = streams.iter().find(|s| s.component() == Component::Risk && s.lane() == lane);
    std::sync::Arc::clone(found.unwrap())
}

fn run(producers: i64, drains: usize, events_each: i64, capacity: usize, spill: bool) {
    let dir = tempfile::tempdir().unwrap();
    let builder = Telemetry::builder("test").capacity(Lane::Audit, capacity);
    let telemetry = if spill {
        builder.spill_dir(dir.path()).spill_budget_bytes(200_000).build()
    } else {
        builder.without_spill().build()
    };
    let risk = telemetry.component(Component::Risk);
    let stream = stream(&telemetry, Lane::Audit);
    let done = AtomicBool::new(false);
    let (done, risk, stream) = (&done, &risk, &stream);

    let popped: Vec<Vec<Record>> = thread::scope(|scope| {
        let drains: Vec<_> = (0..drains)
            .map(|drain| {
                scope.spawn(move || {
                    let mut taken = Vec::new();
                    loop {
                        let last = done.load(Ordering::Acquire);
                        if stream.pop(&mut taken, 7) == 0 {
                            if last {
                                return taken;
                            }
                            thread::sleep(Duration::from_micros(200 * drain as u64));
                        }
                    }
                })
            })
            .collect();
        let producing: Vec<_> = (0..producers)
            .map(|producer| {
                scope.spawn(move || {
                    for at in 0..events_each {
                        risk.emit(&events::RiskDecision {
                            strategy_id: "s",
                            qty: Some(producer),
                            price: Some(at),
                            ..Default::default()
                        });
                        if at % 64 == 0 {
                            thread::yield_now();
                        }
                        let counts = stream.counts();
                        assert!(counts.popped + counts.dropped() + counts.queued + counts.spilled <= counts.emitted);
                    }
                })
            })
            .collect();
        for producer in producing {
            producer.join().unwrap();
        }
        done.store(true, Ordering::Release);
        drains.into_iter().map(|drain| drain.join().unwrap()).collect()
    });

    let counts = stream.counts();
    assert!(adds_up(&counts), "{counts:?}");
    assert_eq!(counts.emitted, (producers * events_each) as u64);
    assert_eq!(counts.queued + counts.spilled, 0);
    let all: Vec<&Record> = popped.iter().flatten().collect();
    assert_eq!(all.len() as u64, counts.popped);
    let seqs: HashSet<u64> = all.iter().map(|record| record.seq()).collect();
    assert_eq!(seqs.len(), all.len(), "an event came twice");
    for taken in &popped {
        for producer in 0..producers {
            let of_one: Vec<i64> =
                taken.iter().map(number).filter(|(of, _)| *of == producer).map(|(_, at)| at).collect();
            assert!(of_one.is_sorted(), "a drain saw a producer's events out of order");
        }
    }
    assert_eq!(dir.path().read_dir().unwrap().count(), 0, "the spill file went");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn every_event_is_in_one_place(
        producers in 1i64..4,
        drains in 1usize..3,
        events_each in 1i64..2_000,
        capacity in 1usize..300,
        spill: bool,
    ) {
        run(producers, drains, events_each, capacity, spill);
    }
}

/// Without any drain an audit queue goes to disk, in order, up to its budget; then it drops, and
/// says why.
#[test]
fn audit_events_without_a_drain_are_spilled_until_the_budget_is_used_up() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry =
        Telemetry::builder("test").capacity(Lane::Audit, 256).spill_dir(dir.path()).spill_budget_bytes(100_000).build();
    let risk = telemetry.component(Component::Risk);
    let stream = stream(&telemetry, Lane::Audit);
    let give_up = Instant::now() + Duration::from_secs(20);
    let mut full = 0;
    while full == 0 {
        assert!(Instant::now() < give_up, "{:?}", stream.counts());
        for at in 0..32 {
            risk.emit(&events::RiskDecision { strategy_id: "s", price: Some(at), ..Default::default() });
        }
        thread::sleep(Duration::from_millis(1));
        full = stream.counts().dropped_reasons().find(|(r, _)| *r == "spill_full").map_or(0, |(_, n)| n);
    }
    let counts = stream.counts();
    assert!(counts.spilled > 500, "{counts:?}");
    assert!(adds_up(&counts), "{counts:?}");

    let mut taken = Vec::new();
    while stream.pop(&mut taken, 100) > 0 {}
    assert!(taken.is_sorted_by_key(Record::seq), "older ones came first");
    let counts = stream.counts();
    assert_eq!(counts.popped + counts.dropped(), counts.emitted);
    assert_eq!(taken[0].seq(), 1);
}

/// The process ends with events that no drain took: the next run of the service delivers them, as
/// events of the run that emitted them.
#[test]
fn the_next_run_delivers_what_the_last_one_left() {
    let dir = tempfile::tempdir().unwrap();
    let builder = || Telemetry::builder("test").env("here").spill_dir(dir.path());
    let first = builder().build();
    let emitter = first.component(Component::Risk);
    let run = first.run().to_owned();
    drop(first);
    for at in 0..10 {
        emitter.emit(&events::RiskDecision { strategy_id: "s", price: Some(at), ..Default::default() });
    }
    drop(emitter);

    let elsewhere = builder().env("elsewhere").build();
    assert!(elsewhere.streams().is_empty());
    let second = builder().build();
    let streams = second.streams();
    assert_eq!(streams.len(), 1);
    assert_eq!(streams[0].run(), run);
    let mut taken = Vec::new();
    streams[0].pop(&mut taken, 100);
    let seqs: Vec<u64> = taken.iter().map(Record::seq).collect();
    assert_eq!(seqs, (1..=10).collect::<Vec<_>>());
    assert!(adds_up(&streams[0].counts()));
    assert_eq!(dir.path().read_dir().unwrap().count(), 0);
}
