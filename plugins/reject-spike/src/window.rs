//! Counts over the last so many seconds, in buckets.

use serde::{Deserialize, Serialize};

/// The window moves on by a twentieth of its length at a time.
pub(crate) const BUCKETS: u64 = 20;

/// What happened in one bucket of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bucket {
    /// Time divided by the bucket's width.
    pub(crate) number: u64,
    pub(crate) orders: u32,
    pub(crate) refused: u32,
}

/// A ring of buckets; those that have left the window are overwritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    buckets: [Bucket; BUCKETS as usize],
}

impl Window {
    pub(crate) fn new() -> Self {
        Window { buckets: [Bucket::default(); BUCKETS as usize] }
    }

    /// Count orders in a bucket. False when it has left the ring: too late to count.
    pub(crate) fn add(&mut self, number: u64, orders: u32, refused: u32) -> bool {
        let bucket = &mut self.buckets[(number % BUCKETS) as usize];
        if number < bucket.number {
            return false;
        }
        if number > bucket.number {
            *bucket = Bucket { number, ..Bucket::default() };
        }
        bucket.orders = bucket.orders.saturating_add(orders);
        bucket.refused = bucket.refused.saturating_add(refused);
        true
    }

    /// Orders and refused ones in the window that ends with bucket `now`.
    pub(crate) fn sum(&self, now: u64) -> (u32, u32) {
        self.within(now).fold((0, 0), |(orders, refused), bucket| {
            (u32::saturating_add(orders, bucket.orders), u32::saturating_add(refused, bucket.refused))
        })
    }

    /// The buckets that are neither empty nor out of the window.
    pub(crate) fn within(&self, now: u64) -> impl Iterator<Item = &Bucket> {
        let oldest = (now + 1).saturating_sub(BUCKETS);
        self.buckets.iter().filter(move |bucket| bucket.orders > 0 && (oldest..=now).contains(&bucket.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_leave_with_their_bucket() {
        let mut window = Window::new();
        window.add(100, 4, 1);
        window.add(101, 6, 0);
        assert_eq!(window.sum(101), (10, 1));
        assert_eq!(window.sum(100 + BUCKETS - 1), (10, 1));
        assert_eq!(window.sum(100 + BUCKETS), (6, 0));
        assert_eq!(window.sum(100 + 2 * BUCKETS), (0, 0));
    }

    #[test]
    fn a_late_count_goes_where_it_belongs_or_nowhere() {
        let mut window = Window::new();
        window.add(130, 1, 0);
        assert!(window.add(125, 2, 2));
        assert_eq!(window.sum(130), (3, 2));
        assert!(!window.add(110, 9, 9), "its place holds bucket 130");
        assert_eq!(window.sum(130), (3, 2));
    }

    proptest! {
        /// As a list of all that ever happened would say.
        #[test]
        fn agrees_with_a_plain_list(steps in prop::collection::vec((0_u64..3, 0_u32..3), 1..200)) {
            let mut window = Window::new();
            let mut list = Vec::new();
            let mut now = 1000;
            for (forward, refused) in steps {
                now += forward;
                window.add(now, 3, refused);
                list.push((now, refused));
                let recent = list.iter().filter(|(number, _)| number + BUCKETS > now);
                let plain = recent.fold((0, 0), |(orders, all), (_, refused)| (orders + 3, all + refused));
                prop_assert_eq!(window.sum(now), plain);
            }
        }
    }
}
