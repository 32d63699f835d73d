//! The client's one background thread: it relieves filling audit queues and keeps the clock right.
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

/// While all audit queues are near empty. A queue of 4,096 would fill up within one pause at
/// 700,000 audit events a second.
const CALM: Duration = Duration::from_millis(5);
/// While one of them fills.
const BUSY: Duration = Duration::from_micros(500);
const CLOCK_EVERY: Duration = Duration::from_secs(1);

/// Starts the thread. It ends with the last handle of the telemetry. Where no thread can be had the
/// client works without: a full audit queue then drops, and counts.
pub(crate) fn start(inner: Arc<Inner>) -> Option<JoinHandle<()>> {
    thread::Builder::new()
        .name("tapline-keeper".into())
        .spawn(move || keep(&inner))
        .ok()
}

fn keep(inner: &Inner) {
    let mut clock_due = Instant::now() + CLOCK_EVERY;
    let mut pause = CALM;
    while !inner.ended.load(Ordering::Acquire) {
        thread::park_timeout(pause);
        pause = CALM;
        for station in inner.stations() {
            let audit = &station.queues[Lane::Audit as usize];
            while audit.relieve() {}
            if audit.is_filling() {
                pause = BUSY;
            }
        }
        let now = Instant::now();
        if now >= clock_due {
            clock_due = now + CLOCK_EVERY;
            clock::refresh();
        }
    }
}
