//! The client's one background thread: it relieves filling audit queues, brings back what overflowed,
//! and keeps the clock right.
//!
//! It polls, because waking it would be a system call on the emitting side. Asleep it costs about a
//! thousandth of a core.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::clock;
use crate::schema::Lane;
use crate::telemetry::Inner;

/// While nothing comes into the audit queues. One of 4,096 slots would fill up within this pause at
/// 200,000 events a second.
const CALM: Duration = Duration::from_millis(20);
/// While events come, or wait.
const BUSY: Duration = Duration::from_millis(2);
/// While events come and a queue fills.
const FILLING: Duration = Duration::from_micros(500);
const CLOCK_EVERY: Duration = Duration::from_secs(1);

/// Starts the thread. It ends with the last handle of the telemetry. Where no thread can be had the
/// client works without: a full audit queue then drops, and counts.
pub(crate) fn start(inner: Arc<Inner>) -> Option<JoinHandle<()>> {
    thread::Builder::new().name("tapline-keeper".into()).spawn(move || keep(&inner)).ok()
}

fn keep(inner: &Inner) {
    let mut clock_due = Instant::now() + CLOCK_EVERY;
    let mut pause = CALM;
    let mut emitted_before = 0;
    while !inner.ended.load(Ordering::Acquire) {
        thread::park_timeout(pause);
        let mut emitted = 0;
        let mut filling = false;
        for station in inner.stations() {
            let audit = &station.queues[Lane::Audit as usize];
            while audit.relieve() || audit.give_back() {}
            filling |= audit.is_filling();
            emitted += audit.emitted();
        }
        pause = match () {
            () if filling && emitted != emitted_before => FILLING,
            () if filling || emitted != emitted_before => BUSY,
            () => CALM,
        };
        emitted_before = emitted;
        let now = Instant::now();
        if now >= clock_due {
            clock_due = now + CLOCK_EVERY;
            clock::refresh();
            for segment in inner.stations().filter_map(|station| station.segment.as_ref()) {
                segment.publish_clock();
            }
        }
    }
}
