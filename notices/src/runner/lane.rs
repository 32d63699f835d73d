//! A channel's thread and its queue, once for pages and once for the rest. In order: what a message
//! continues was sent before it.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::breaker::Health;
use super::inbox::Control;
use super::receipts::Delivery;
use super::{ChannelName, Shared};
use crate::{Channel, ChannelError, Outcome, Receipt, Retry, Sending};

pub struct LaneSettings {
    pub name: ChannelName,
    pub page: bool,
    pub give_up_after: Duration,
    pub queue: usize,
}

pub struct Lane {
    settings: LaneSettings,
    health: Arc<Health>,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Jobs taken out to be tried.
    trying: bool,
    /// No waiting beyond this: what is left then stays with the board.
    closes: Option<Instant>,
}

struct Job {
    sending: Sending,
    expires: Instant,
    attempts: u32,
    not_before: Instant,
    /// It may have arrived: some try had no clear end.
    doubtful: bool,
    troubled: bool,
    error: String,
}

const RETRY_FIRST: Duration = Duration::from_millis(400);
const RETRY_MAX: Duration = Duration::from_secs(60);
/// A page that has to wait for longer goes to the next channel as well.
const TROUBLE: Duration = Duration::from_secs(5);

impl Lane {
    pub fn new(settings: LaneSettings, health: Arc<Health>) -> Self {
        Lane { settings, health, state: Mutex::default(), wake: Condvar::new() }
    }

    pub fn waiting(&self) -> usize {
        let state = self.state.lock().unwrap();
        state.jobs.len() + usize::from(state.trying)
    }

    /// Gives the message back where too many wait.
    pub fn push(&self, sending: Sending) -> Result<(), Sending> {
        let mut state = self.state.lock().unwrap();
        if state.jobs.len() >= self.settings.queue {
            return Err(sending);
        }
        let now = Instant::now();
        state.jobs.push_back(Job {
            sending,
            expires: now + self.settings.give_up_after,
            attempts: 0,
            not_before: now,
            doubtful: false,
            troubled: false,
            error: String::new(),
        });
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    pub fn close(&self, at: Instant) {
        self.state.lock().unwrap().closes = Some(at);
        self.wake.notify_one();
    }

    /// The next job whose time has come; none when the lane is closed.
    fn next(&self, shared: &Shared) -> Option<Job> {
        let mut state = self.state.lock().unwrap();
        state.trying = false;
        loop {
            let now = Instant::now();
            let left = state.closes.map(|at| at.saturating_duration_since(now));
            if left == Some(Duration::ZERO) || (left.is_some() && state.jobs.is_empty()) {
                return None;
            }
            let Some(head) = state.jobs.front() else {
                state = self.wake.wait(state).unwrap();
                continue;
            };
            let expired = head.expires <= now;
            let wait = self.health.wait(self.settings.page, now).max(head.not_before.saturating_duration_since(now));
            if expired || wait.is_zero() {
                state.trying = true;
                return state.jobs.pop_front();
            }
            if self.settings.page {
                // Whatever stands behind it has to wait as well.
                let bad = wait > TROUBLE || self.health.is_broken(now);
                for job in state.jobs.iter_mut().filter(|job| bad && !job.troubled) {
                    job.troubled = true;
                    shared.inbox.control(Control::Troubled(job.sending.id.clone()));
                }
            }
            let wait = wait.min(head_expiry(&state, now)).min(left.unwrap_or(Duration::MAX));
            state = self.wake.wait_timeout(state, wait.max(Duration::from_millis(1))).unwrap().0;
        }
    }

    fn put_back(&self, job: Job) {
        self.state.lock().unwrap().jobs.push_front(job);
    }
}

fn head_expiry(state: &State, now: Instant) -> Duration {
    state.jobs.front().map_or(Duration::MAX, |head| head.expires.saturating_duration_since(now))
}

pub fn run(lane: Arc<Lane>, mut channel: Box<dyn Channel>, shared: Arc<Shared>) {
    let kind = if lane.settings.page { "page" } else { "rest" };
    let name = format!("notify-{}-{kind}", lane.settings.name);
    let body = move || {
        while let Some(job) = lane.next(&shared) {
            attempt(&lane, &mut *channel, job, &shared);
        }
        shared.inbox.control(Control::LaneDone);
    };
    std::thread::Builder::new().name(name).spawn(body).expect("a thread can be started");
}

fn attempt(lane: &Lane, channel: &mut dyn Channel, mut job: Job, shared: &Shared) {
    let began = Instant::now();
    if job.expires <= began {
        let outcome = if job.doubtful { Outcome::TimedOut } else { Outcome::Failed };
        let error = format!("given up after {} tries; the last: {}", job.attempts, job.error);
        report(lane, &job, outcome, None, Some(&error), (true, Duration::ZERO), shared);
        shared.inbox.control(Control::Answered(job.sending.id, outcome, None));
        return;
    }
    job.attempts += 1;
    lane.health.sending(began);
    let sent = std::panic::catch_unwind(AssertUnwindSafe(|| channel.send(&job.sending.message)));
    let sent = sent.unwrap_or_else(|_| Err(ChannelError::failed("the channel panicked")));
    let took = began.elapsed();
    match sent {
        Ok(receipt) => delivered(lane, job, receipt, took, shared),
        Err(error) => failed(lane, job, error, took, shared),
    }
}

fn delivered(lane: &Lane, job: Job, receipt: Receipt, took: Duration, shared: &Shared) {
    if lane.health.answered(true, None, Instant::now()) {
        tracing::info!(channel = &*lane.settings.name, "a channel of notices works again");
    }
    let outcome = receipt.outcome();
    report(lane, &job, outcome, receipt.id.as_deref(), None, (true, took), shared);
    shared.inbox.control(Control::Answered(job.sending.id, outcome, receipt.id));
}

fn failed(lane: &Lane, mut job: Job, error: ChannelError, took: Duration, shared: &Shared) {
    let now = Instant::now();
    // A refusal is an answer: the receiver is there.
    let well = error.outcome == Outcome::Refused;
    let silence = match error.retry {
        Retry::After(after) => Some(after),
        _ => None,
    };
    if lane.health.answered(well, silence, now) && !well {
        tracing::warn!(channel = &*lane.settings.name, %error, "a channel of notices does not work");
    }
    job.doubtful |= matches!(error.outcome, Outcome::TimedOut | Outcome::Failed);
    let last = error.retry == Retry::Never;
    report(lane, &job, error.outcome, None, Some(&error.what), (last, took), shared);
    if last {
        shared.inbox.control(Control::Answered(job.sending.id, error.outcome, None));
        return;
    }
    job.error = error.what;
    job.not_before = now + pause(job.attempts).max(silence.unwrap_or_default());
    lane.put_back(job);
}

/// Longer each time, and not the same for all: what failed together must not come back together.
fn pause(attempts: u32) -> Duration {
    let pause = RETRY_FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(10)).min(RETRY_MAX);
    pause.mul_f64(0.5 + fastrand::f64())
}

fn report(
    lane: &Lane,
    job: &Job,
    outcome: Outcome,
    receipt: Option<&str>,
    error: Option<&str>,
    (last, took): (bool, Duration),
    shared: &Shared,
) {
    let at = shared.clock.now();
    let message = &job.sending.message;
    shared.report(&Delivery {
        at,
        channel: &lane.settings.name,
        message,
        outcome,
        receipt,
        error,
        attempt: job.attempts,
        last,
        took,
        since_event: at.since(message.first().notice.at),
    });
}
