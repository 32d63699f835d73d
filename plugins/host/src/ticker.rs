//! The clock by which a guest is stopped: wasmtime's epoch, raised by one thread.
//!
//! The thread ticks only while a call is in flight, and a little longer, so that a busy router does
//! not pay for waking it with each batch; an idle router pays nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Deadlines are counted in ticks of this length. 1 ms costs about 0.3 % of a core while busy, and is
/// well below the shortest sensible deadline.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// Ticks that the thread stays awake after the last call. Waking it costs the caller a system call of
/// a few microseconds; twenty ticks make that rare under any steady load.
const LINGER_TICKS: u32 = 20;

pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// A call in flight. The epoch moves while one of these exists.
pub(crate) struct InFlight<'a> {
    shared: &'a Shared,
}

#[derive(Default)]
struct Shared {
    in_flight: AtomicU32,
    parked: AtomicBool,
    stop: AtomicBool,
}

// === impl Ticker ===

impl Ticker {
    pub(crate) fn start(engine: wasmtime::Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new().name("tapline-epoch".into()).spawn({
            let shared = Arc::clone(&shared);
            move || shared.run(|| engine.increment_epoch())
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(crate) fn enter(&self) -> InFlight<'_> {
        self.shared.in_flight.fetch_add(1, Ordering::SeqCst);
        if self.shared.parked.load(Ordering::SeqCst) {
            self.unpark();
        }
        InFlight { shared: &self.shared }
    }

    fn unpark(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.unpark();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

// === impl InFlight ===

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.shared.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

// === impl Shared ===

impl Shared {
    fn run(&self, tick: impl Fn()) {
        let mut idle_ticks = 0;
        while !self.stop.load(Ordering::SeqCst) {
            if self.in_flight.load(Ordering::SeqCst) > 0 {
                idle_ticks = 0;
            } else {
                idle_ticks += 1;
            }
            if idle_ticks > LINGER_TICKS {
                self.park();
                idle_ticks = 0;
                continue;
            }
            thread::sleep(TICK);
            tick();
        }
    }

    /// `parked` is set before `in_flight` is read, and `enter` writes and reads in the other order, so
    /// one of the two sides sees the other: no call goes without a clock.
    fn park(&self) {
        self.parked.store(true, Ordering::SeqCst);
        while self.in_flight.load(Ordering::SeqCst) == 0 && !self.stop.load(Ordering::SeqCst) {
            thread::park();
        }
        self.parked.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;
    use std::time::Instant;

    #[test]
    fn ticks_while_a_call_is_in_flight_and_rests_otherwise() {
        let shared = Arc::new(Shared::default());
        let ticks = Arc::new(AtomicU64::new(0));
        let thread = thread::spawn({
            let (shared, ticks) = (Arc::clone(&shared), Arc::clone(&ticks));
            move || {
                shared.run(|| {
                    ticks.fetch_add(1, Ordering::SeqCst);
                })
            }
        });
        let ticker = Ticker { shared, thread: Some(thread) };
        wait_until(|| ticker.shared.parked.load(Ordering::SeqCst));
        let at_rest = ticks.load(Ordering::SeqCst);
        let call = ticker.enter();
        wait_until(|| ticks.load(Ordering::SeqCst) > at_rest + 2);
        drop(call);
        wait_until(|| ticker.shared.parked.load(Ordering::SeqCst));
    }

    fn wait_until(condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < Duration::from_secs(10), "waited too long");
            thread::yield_now();
        }
    }
}
