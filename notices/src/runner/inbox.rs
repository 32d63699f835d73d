//! The way into the board's thread. Whoever gives a notice never waits: what does not fit is refused.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::{Id, Notice, OpenAlert, Outcome, SendId, Severity};

pub struct Inbox {
    /// Of each of the two queues of notices.
    bound: usize,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    critical: VecDeque<(u64, Notice)>,
    rest: VecDeque<(u64, Notice)>,
    /// As many as there are messages on their way, which the lanes bound.
    controls: VecDeque<Control>,
    /// Places in line: a critical may overtake an older notice of the same alert, and the board has to
    /// see that.
    next: u64,
    closed: bool,
    dropped: u64,
}

pub enum Control {
    Answered(SendId, Outcome, Option<String>),
    Troubled(SendId),
    Acknowledge(Acknowledge),
    /// What fires.
    Open(SyncSender<Vec<OpenAlert>>),
    /// Answered when everything before it is done.
    Ping(SyncSender<()>),
    Stop(Instant),
    LaneDone,
}

pub struct Acknowledge {
    pub id: Id,
    pub by: String,
    pub reason: String,
    pub answer: SyncSender<Option<OpenAlert>>,
}

/// The notice was not taken: too many wait, or the runner has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many notices wait")]
pub struct Full;

/// What there is to do now.
#[derive(Default)]
pub struct Batch {
    pub controls: VecDeque<Control>,
    pub critical: VecDeque<(u64, Notice)>,
    pub rest: Vec<(u64, Notice)>,
}

/// So many at a time, so that a critical that comes meanwhile does not wait for long.
const REST_MAX: usize = 64;

impl Inbox {
    pub fn new(bound: usize) -> Self {
        Inbox { bound, state: Mutex::default(), wake: Condvar::new() }
    }

    /// Its place in line.
    pub fn offer(&self, notice: Notice) -> Result<u64, Full> {
        let critical = notice.severity == Severity::Critical;
        let mut state = self.state.lock().unwrap();
        let queue = if critical { &state.critical } else { &state.rest };
        if state.closed || queue.len() >= self.bound {
            state.dropped += 1;
            return Err(Full);
        }
        state.next += 1;
        let place = state.next;
        let queue = if critical { &mut state.critical } else { &mut state.rest };
        queue.push_back((place, notice));
        drop(state);
        self.wake.notify_one();
        Ok(place)
    }

    /// All places up to this one have been given out by `take`.
    pub fn taken(&self) -> u64 {
        let state = self.state.lock().unwrap();
        let waiting = [state.critical.front(), state.rest.front()];
        waiting.into_iter().flatten().map(|(place, _)| place - 1).min().unwrap_or(state.next)
    }

    /// Nobody looks at it any more.
    pub fn close(&self) {
        self.state.lock().unwrap().closed = true;
    }

    pub fn control(&self, control: Control) {
        let mut state = self.state.lock().unwrap();
        if matches!(control, Control::Stop(_)) {
            state.closed = true;
        }
        state.controls.push_back(control);
        drop(state);
        self.wake.notify_one();
    }

    /// Waits for something to do, for as long as `wait`.
    pub fn take(&self, wait: Option<Duration>) -> Batch {
        let mut state = self.state.lock().unwrap();
        let empty = |state: &mut State| state.controls.is_empty() && state.critical.is_empty() && state.rest.is_empty();
        state = match wait {
            Some(wait) => self.wake.wait_timeout_while(state, wait, empty).unwrap().0,
            None => self.wake.wait_while(state, empty).unwrap(),
        };
        let some = state.rest.len().min(REST_MAX);
        Batch {
            controls: std::mem::take(&mut state.controls),
            critical: std::mem::take(&mut state.critical),
            rest: state.rest.drain(..some).collect(),
        }
    }

    pub fn waiting(&self) -> (usize, u64) {
        let state = self.state.lock().unwrap();
        (state.critical.len() + state.rest.len(), state.dropped)
    }
}
