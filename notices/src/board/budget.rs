//! How much a route may say: a bucket of tokens.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Time;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// So many messages at once.
    pub burst: u32,
    /// And one more after each of these.
    pub every: Duration,
}

/// What is left of a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bucket {
    used: u32,
    /// From when the next token back is counted; means nothing while none is used.
    from: Time,
}

impl Bucket {
    pub fn take(&mut self, budget: &Budget, now: Time) -> bool {
        self.refill(budget, now);
        if self.used >= budget.burst.max(1) {
            return false;
        }
        if self.used == 0 {
            self.from = now;
        }
        self.used += 1;
        true
    }

    /// When there is a token again.
    pub fn next(&mut self, budget: &Budget, now: Time) -> Time {
        self.refill(budget, now);
        let missing = self.used.saturating_sub(budget.burst.max(1) - 1);
        if missing == 0 { now } else { self.from + budget.every * missing }
    }

    pub fn shift_back(&mut self, by: u64) {
        self.from.0 = self.from.0.saturating_sub(by);
    }

    fn refill(&mut self, budget: &Budget, now: Time) {
        let every = budget.every.as_nanos().max(1);
        let back = u32::try_from(now.since(self.from).as_nanos() / every).unwrap_or(u32::MAX);
        if back >= self.used {
            self.used = 0;
        } else {
            self.used -= back;
            self.from = self.from + budget.every * back;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_then_one_at_a_time() {
        let budget = Budget { burst: 2, every: Duration::from_secs(10) };
        let mut bucket = Bucket::default();
        let at = Time::from_secs;
        assert!(bucket.take(&budget, at(100)) && bucket.take(&budget, at(101)));
        assert!(!bucket.take(&budget, at(109)));
        assert_eq!(bucket.next(&budget, at(109)), at(110));
        assert!(bucket.take(&budget, at(110)));
        assert!(!bucket.take(&budget, at(119)));
    }

    proptest! {
        #[test]
        fn a_window_never_holds_more(steps in proptest::collection::vec(0u64..20, 1..200), burst in 1u32..5) {
            let budget = Budget { burst, every: Duration::from_secs(7) };
            let (mut bucket, mut now, mut taken) = (Bucket::default(), 1000, Vec::new());
            for step in steps {
                now += step;
                if bucket.take(&budget, Time::from_secs(now)) {
                    taken.push(now);
                } else {
                    let next = bucket.next(&budget, Time::from_secs(now));
                    prop_assert!(next > Time::from_secs(now));
                    prop_assert!(bucket.clone().take(&budget, next));
                }
            }
            for (index, first) in taken.iter().enumerate() {
                for (more, last) in taken[index..].iter().enumerate() {
                    prop_assert!(more as u64 <= u64::from(burst) + (last - first) / 7);
                }
            }
        }
    }
}
