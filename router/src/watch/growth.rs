//! A count that should stand still. What grew is in the past at once, so it is taken to hold for a while: long
//! enough that losses one after the other are one alert.

use std::time::{Duration, Instant};

const LASTS: Duration = Duration::from_secs(900);

#[derive(Debug, Default)]
pub struct Growth {
    count: u64,
    /// What it was before it began to grow, and when it last grew.
    growing: Option<(u64, Instant)>,
}

impl Growth {
    /// By how much it has grown, while it holds.
    pub fn seen(&mut self, count: u64, now: Instant) -> Option<u64> {
        if count > self.count {
            let before = self.growing.map_or(self.count, |(before, _)| before);
            self.growing = Some((before, now));
        }
        // What was awaited and comes after all makes it smaller.
        self.count = count;
        let (before, last) = self.growing?;
        if now.duration_since(last) >= LASTS || count <= before {
            self.growing = None;
            return None;
        }
        Some(count - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_holds_for_a_while_and_counts_from_where_it_began() {
        let (mut growth, begin) = (Growth::default(), Instant::now());
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        let seen = [(0, 0), (3, 1), (3, 600), (5, 700), (5, 1599), (5, 1600), (6, 5000), (4, 5001)];
        let held = seen.map(|(count, seconds)| growth.seen(count, at(seconds)));
        assert_eq!(held, [None, Some(3), Some(3), Some(5), Some(5), None, Some(1), None]);
    }
}
