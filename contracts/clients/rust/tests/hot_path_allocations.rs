//! Emitting allocates nothing, and neither do metric handles: a counting allocator looks on.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use tapline_client::{Component, Lane, Telemetry, events, shared};

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn note() {
    // A thread that is going away counts for nothing here.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Calls of the allocator by this thread.
fn calls(work: impl FnOnce()) -> u64 {
    let before = CALLS.get();
    work();
    CALLS.get() - before
}

/// Emits far beyond the capacity of every lane. Calls of the allocator meanwhile.
fn emitting(telemetry: &Telemetry) -> u64 {
    let risk = telemetry.component(Component::Risk);
    let recorder = telemetry.component(Component::Recorder);
    let metrics = telemetry.metrics();
    let latency = metrics.strategy_latency_ns.with("mm-1");
    let long = "x".repeat(10_000);

    assert!(calls(|| drop(std::hint::black_box(Box::new(1)))) == 2, "the allocator counts");
    calls(|| {
        for n in 0..10_000 {
            risk.emit(&events::RiskDecision {
                strategy_id: "mm-1",
                intent_id: Some("intent-000001"),
                approved: true,
                reason_code: Some("RATE_LIMIT"),
                price: Some(n),
                ..Default::default()
            });
            risk.emit(&events::RiskDecision { strategy_id: &long, reason: Some(&long), ..Default::default() });
            risk.emit(&events::StormguardTransition::default());
            recorder.emit(&events::RecorderFlush::default());
            risk.emit(&events::PnlSnapshot::default());
            metrics.feed_events_total.tick().inc();
            metrics.order_reject_rate.set(0.5);
            metrics.risk_reject_total.with("RATE_LIMIT").inc();
            latency.observe(1234.0);
        }
    })
}

#[test]
fn nothing_on_the_hot_path_allocates() {
    let telemetry = Telemetry::builder("test").capacity(Lane::Audit, 64).without_spill().build();
    assert_eq!(emitting(&telemetry), 0);

    let counts: Vec<_> = telemetry.streams().iter().map(|stream| stream.counts()).collect();
    assert!(counts.iter().any(|counts| counts.truncated > 0), "texts were cut");
    assert!(counts.iter().filter(|counts| counts.dropped() > 0).count() >= 4, "every lane was full");
}

#[test]
fn nor_does_it_in_shared_memory() {
    for spill in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let builder = Telemetry::builder("test").capacity(Lane::Audit, 64).shared(dir.path()).unwrap();
        // With a spill the audit lane overflows into its second ring, too.
        let builder = if spill { builder.spill_dir(dir.path().join("spill")) } else { builder.without_spill() };
        let telemetry = builder.build();
        assert_eq!(emitting(&telemetry), 0);
        let files = shared::discover(dir.path()).unwrap();
        let attached: Vec<_> = files.iter().map(|path| shared::Attached::open(path).unwrap()).collect();
        let counts = attached.iter().flat_map(|attached| attached.lanes().map(|lane| attached.counts(lane)));
        assert!(counts.clone().any(|counts| counts.truncated > 0), "texts were cut");
        assert!(counts.filter(|counts| counts.dropped() > 0).count() >= 4, "every lane was full");
    }
}
