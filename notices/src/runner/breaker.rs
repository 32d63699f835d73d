//! What is known of a receiver: whether it is up, and how much it takes.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// At most `burst` messages at once, and one more after each `every`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    pub every: Duration,
    pub burst: u32,
}

/// Shared by the two lanes of a channel.
pub struct Health {
    pace: Pace,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    /// While it is taken to be down.
    open_until: Option<Instant>,
    /// How long the last such time was.
    open_for: Duration,
    /// The receiver asked for silence until then.
    silent_until: Option<Instant>,
    /// When the bucket will be full again.
    full_at: Option<Instant>,
}

const FAILURES_MAX: u32 = 5;
const OPEN_FIRST: Duration = Duration::from_secs(15);
const OPEN_MAX: Duration = Duration::from_secs(300);

impl Health {
    pub fn new(pace: Pace) -> Self {
        Health { pace, state: Mutex::default() }
    }

    /// How long to wait before the next message. A page waits only where the receiver asked for it: it is
    /// worth more than a pace of our own, and there is no better probe of whether a receiver is up again.
    pub fn wait(&self, page: bool, now: Instant) -> Duration {
        let state = self.state.lock().unwrap();
        let until = |at: Option<Instant>| at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let silent = until(state.silent_until);
        if page {
            return silent;
        }
        let filled = until(state.full_at);
        let room = self.pace.every * (self.pace.burst - 1);
        silent.max(until(state.open_until)).max(filled.saturating_sub(room))
    }

    pub fn sending(&self, now: Instant) {
        let mut state = self.state.lock().unwrap();
        let from = state.full_at.filter(|at| *at > now).unwrap_or(now);
        state.full_at = Some(from + self.pace.every);
    }

    /// Answers whether this is what opens or closes the breaker.
    pub fn answered(&self, well: bool, silence: Option<Duration>, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap();
        if let Some(silence) = silence {
            state.silent_until = Some(now + silence);
        }
        if well {
            state.failures = 0;
            state.open_for = Duration::ZERO;
            return state.open_until.take().is_some();
        }
        state.failures += 1;
        if state.failures < FAILURES_MAX || state.open_until.is_some_and(|until| until > now) {
            return false;
        }
        let first = state.open_until.is_none();
        state.open_for = (state.open_for * 2).clamp(OPEN_FIRST, OPEN_MAX);
        state.open_until = Some(now + state.open_for);
        first
    }

    pub fn is_broken(&self, now: Instant) -> bool {
        let state = self.state.lock().unwrap();
        state.open_until.is_some_and(|_| state.failures >= FAILURES_MAX)
            || state.silent_until.is_some_and(|until| until > now + OPEN_FIRST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health() -> Health {
        Health::new(Pace { every: Duration::from_secs(1), burst: 2 })
    }

    #[test]
    fn a_burst_then_a_pace_that_pages_do_not_keep() {
        let (health, now) = (health(), Instant::now());
        health.sending(now);
        assert_eq!(health.wait(false, now), Duration::ZERO);
        health.sending(now);
        assert_eq!(health.wait(false, now), Duration::from_secs(1));
        assert_eq!(health.wait(true, now), Duration::ZERO);
        health.sending(now);
        assert_eq!(health.wait(false, now), Duration::from_secs(2), "but the rest makes up for pages");
    }

    #[test]
    fn opens_after_failures_for_longer_and_longer() {
        let (health, mut now) = (health(), Instant::now());
        for _ in 0..4 {
            assert!(!health.answered(false, None, now));
        }
        assert!(health.answered(false, None, now));
        assert!(health.is_broken(now));
        assert_eq!(health.wait(false, now), Duration::from_secs(15));
        assert_eq!(health.wait(true, now), Duration::ZERO);
        now += Duration::from_secs(15);
        assert_eq!(health.wait(false, now), Duration::ZERO, "one try");
        assert!(!health.answered(false, None, now));
        assert_eq!(health.wait(false, now), Duration::from_secs(30));
        assert!(health.answered(true, None, now));
        assert!(!health.is_broken(now));
    }

    #[test]
    fn everybody_keeps_the_silence_that_was_asked_for() {
        let (health, now) = (health(), Instant::now());
        health.answered(false, Some(Duration::from_secs(7)), now);
        assert_eq!(health.wait(true, now), Duration::from_secs(7));
    }
}
