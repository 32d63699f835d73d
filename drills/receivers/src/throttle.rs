//! A token bucket: a steady rate with short bursts.

use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    pub per_second: f64,
    /// How many may come at once after a pause.
    pub burst: u32,
}

#[derive(Debug, Clone)]
pub struct Throttle {
    rate: Rate,
    tokens: f64,
    filled: Instant,
}

impl Throttle {
    pub fn new(rate: Rate, now: Instant) -> Throttle {
        Throttle { rate, tokens: f64::from(rate.burst), filled: now }
    }

    /// Takes a token, or says how long it is until there is one.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let elapsed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + elapsed * self.rate.per_second).min(f64::from(self.rate.burst));
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        // A rate of nothing would make an endless wait; a year is as good.
        let wait = (1.0 - self.tokens) / self.rate.per_second.max(1e-9);
        Err(Duration::from_secs_f64(wait.min(3.2e7)))
    }
}

/// Whole seconds, at least one: `Retry-After` knows no fractions, and a client that comes back too early
/// is refused again.
pub fn retry_after_seconds(wait: Duration) -> u64 {
    (wait.as_secs_f64().ceil() as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let start = Instant::now();
        let mut throttle = Throttle::new(Rate { per_second: 2.0, burst: 3 }, start);
        for _ in 0..3 {
            assert_eq!(throttle.take(start), Ok(()));
        }
        assert_eq!(throttle.take(start), Err(Duration::from_millis(500)));
        assert!(throttle.take(start + Duration::from_millis(499)).is_err());
        assert_eq!(throttle.take(start + Duration::from_millis(501)), Ok(()));
        assert_eq!(retry_after_seconds(Duration::from_millis(1500)), 2);
        assert_eq!(retry_after_seconds(Duration::ZERO), 1);
    }
}
