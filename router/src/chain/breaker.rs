//! Takes a plugin out that keeps failing, and lets it try again later.
//!
//! A single event that breaks a plugin is no reason: it is isolated and the others go on. Out goes a
//! plugin that most events break, or that costs more time in failing than the router can spare.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Batches looked back at.
const WINDOW: usize = 16;
/// Fewer broken events than this prove nothing, however large their share.
const ROWS_BROKEN_MIN: usize = 8;
/// Time lost to faults in the window. A plugin that never answers costs about a quarter of a second a
/// batch until it is isolated; with this it is out after three such batches.
const TIME_LOST_MAX: Duration = Duration::from_millis(500);
/// Batches that could not be isolated to a few events.
const HOPELESS_MAX: usize = 3;

const COOL_DOWN_FIRST: Duration = Duration::from_secs(10);
const COOL_DOWN_MAX: Duration = Duration::from_secs(300);

/// What one batch was like.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trial {
    pub(super) rows: usize,
    pub(super) rows_broken: usize,
    /// Isolation was given up: the rest of the batch was not tried.
    pub(super) hopeless: bool,
    /// Spent in calls that failed and in starting the plugin again.
    pub(super) time_lost: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    /// The plugin is out as from now.
    Opened,
    /// It is back.
    Closed,
}

#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    recent: VecDeque<Trial>,
    cool_down: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Open {
        until: Instant,
    },
    /// The next batch decides.
    HalfOpen,
}

// === impl Breaker ===

impl Breaker {
    pub(super) fn new() -> Self {
        Breaker { state: State::Closed, recent: VecDeque::with_capacity(WINDOW), cool_down: COOL_DOWN_FIRST }
    }

    /// May the plugin be called?
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        if let State::Open { until } = self.state
            && now >= until
        {
            self.state = State::HalfOpen;
        }
        !matches!(self.state, State::Open { .. })
    }

    pub(super) fn is_half_open(&self) -> bool {
        self.state == State::HalfOpen
    }

    pub(super) fn record(&mut self, trial: Trial, now: Instant) -> Change {
        if self.state == State::HalfOpen {
            return self.decide(trial, now);
        }
        if self.recent.len() == WINDOW {
            self.recent.pop_front();
        }
        self.recent.push_back(trial);
        if trial.rows_broken == 0 || !self.is_broken() {
            return Change::None;
        }
        self.cool_down = COOL_DOWN_FIRST;
        self.open(now)
    }

    /// A plugin that still breaks is out for twice as long.
    fn decide(&mut self, trial: Trial, now: Instant) -> Change {
        if trial.rows_broken > 0 {
            self.cool_down = (self.cool_down * 2).min(COOL_DOWN_MAX);
            self.open(now);
            return Change::None;
        }
        self.state = State::Closed;
        Change::Closed
    }

    fn open(&mut self, now: Instant) -> Change {
        self.recent.clear();
        self.state = State::Open { until: now + self.cool_down };
        Change::Opened
    }

    fn is_broken(&self) -> bool {
        let sum = |of: fn(&Trial) -> usize| self.recent.iter().map(of).sum::<usize>();
        let (rows, broken) = (sum(|t| t.rows), sum(|t| t.rows_broken));
        let time_lost: Duration = self.recent.iter().map(|t| t.time_lost).sum();
        (broken >= ROWS_BROKEN_MIN && broken * 2 > rows)
            || time_lost > TIME_LOST_MAX
            || sum(|t| usize::from(t.hopeless)) >= HOPELESS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(rows: usize, rows_broken: usize) -> Trial {
        Trial { rows, rows_broken, ..Trial::default() }
    }

    #[test]
    fn rare_poison_never_opens_it() {
        let mut breaker = Breaker::new();
        let now = Instant::now();
        for _ in 0..1000 {
            assert_eq!(breaker.record(trial(256, 2), now), Change::None);
        }
        assert!(breaker.admits(now));
    }

    #[test]
    fn a_plugin_that_breaks_on_most_events_goes_out_and_comes_back() {
        let mut breaker = Breaker::new();
        let start = Instant::now();
        let changes: Vec<Change> = (0..8).map(|_| breaker.record(trial(1, 1), start)).collect();
        assert_eq!(changes.iter().filter(|c| **c == Change::Opened).count(), 1);
        assert!(!breaker.admits(start + Duration::from_secs(9)));
        let later = start + Duration::from_secs(10);
        assert!(breaker.admits(later) && breaker.is_half_open());
        assert_eq!(breaker.record(trial(10, 0), later), Change::Closed);
        assert!(breaker.admits(later) && !breaker.is_half_open());
    }

    #[test]
    fn one_that_still_breaks_waits_twice_as_long() {
        let mut breaker = Breaker::new();
        let start = Instant::now();
        (0..HOPELESS_MAX).for_each(|_| {
            breaker.record(Trial { hopeless: true, ..trial(256, 8) }, start);
        });
        let later = start + Duration::from_secs(10);
        assert!(breaker.admits(later));
        assert_eq!(breaker.record(trial(5, 5), later), Change::None);
        assert!(!breaker.admits(later + Duration::from_secs(19)));
        assert!(breaker.admits(later + Duration::from_secs(20)));
    }

    #[test]
    fn lost_time_opens_it() {
        let mut breaker = Breaker::new();
        let now = Instant::now();
        let slow = Trial { time_lost: Duration::from_millis(300), ..trial(256, 1) };
        assert_eq!(breaker.record(slow, now), Change::None);
        assert_eq!(breaker.record(slow, now), Change::Opened);
    }
}
