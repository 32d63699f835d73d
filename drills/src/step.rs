//! Keeps the components in step when session time runs faster than the wall clock.
//!
//! In real time a thread that is a millisecond late is a millisecond late. Played as fast as possible,
//! a minute of market can pass in that millisecond, and an order would time out although nothing is
//! wrong. So market data then waits before each pulse until every component has handled the one
//! before: a message is at most one pulse late at each hop, whatever the scheduler does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, bounded};

/// If a component does not answer for so long it has died, and the run goes on to its end.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Step {
    /// `None`: real time, everyone is free.
    gate: Option<Gate>,
}

struct Gate {
    handled: Sender<()>,
    all_handled: Receiver<()>,
    components: usize,
    /// A pulse was sent before, so there is one to wait for.
    waits: AtomicBool,
    /// A component did not answer once: it is not waited for again.
    broken: AtomicBool,
}

// === impl Step ===

impl Step {
    /// In real time: nobody waits.
    pub fn free() -> Self {
        Step { gate: None }
    }

    /// Keeps so many components in step.
    pub fn locked(components: usize) -> Self {
        let (handled, all_handled) = bounded(components);
        let (waits, broken) = (AtomicBool::new(false), AtomicBool::new(false));
        Step { gate: Some(Gate { handled, all_handled, components, waits, broken }) }
    }

    pub fn is_free(&self) -> bool {
        self.gate.is_none()
    }

    /// A component has handled the last pulse.
    pub fn handled(&self) {
        if let Some(gate) = &self.gate {
            // Full only if market data has given up waiting.
            let _ = gate.handled.try_send(());
        }
    }

    /// Waits until every component has handled the last pulse.
    pub fn wait(&self) {
        let Some(gate) = &self.gate else { return };
        if !gate.waits.swap(true, Ordering::Relaxed) || gate.broken.load(Ordering::Relaxed) {
            return;
        }
        for _ in 0..gate.components {
            if gate.all_handled.recv_timeout(PATIENCE).is_err() {
                gate.broken.store(true, Ordering::Relaxed);
                return;
            }
        }
    }
}
