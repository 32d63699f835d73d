//! Observations by the bounds that the contract gives a metric.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tapline_contract::Contract;

use super::Series;

/// Counts in the metric's own unit times `scale`: seconds are counted in nanoseconds.
pub struct Histogram {
    scale: f64,
    bounds: Vec<u64>,
    /// One more than bounds: the last is for what exceeds them.
    counts: Vec<AtomicU64>,
    sum: AtomicU64,
}

impl Histogram {
    /// Of a metric that the contract declares in seconds, observed in nanoseconds.
    pub fn seconds(contract: &Contract, metric: &str) -> Self {
        Self::new(contract, metric, 1e9)
    }

    /// Of a metric that counts things.
    pub fn numbers(contract: &Contract, metric: &str) -> Self {
        Self::new(contract, metric, 1.0)
    }

    fn new(contract: &Contract, metric: &str, scale: f64) -> Self {
        let bounds = contract.metric(metric).map_or(&[][..], |metric| &metric.buckets);
        let bounds: Vec<u64> = bounds.iter().map(|bound| (bound * scale) as u64).collect();
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Histogram { scale, bounds, counts, sum: AtomicU64::new(0) }
    }

    pub fn observe(&self, value: u64) {
        self.counts[self.bounds.partition_point(|bound| *bound < value)].fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    pub fn series(&self) -> Series {
        let mut below = 0;
        let buckets = self.bounds.iter().zip(&self.counts).map(|(bound, count)| {
            below += count.load(Relaxed);
            (*bound as f64 / self.scale, below)
        });
        let buckets = buckets.collect();
        let count = self.counts.iter().map(|count| count.load(Relaxed)).sum();
        Series::Histogram { buckets, sum: self.sum.load(Relaxed) as f64 / self.scale, count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_a_bound_is_within_it() {
        let histogram = Histogram::numbers(Contract::embedded(), "tapline_batch_events");
        for value in [1, 2, 3, 256, 5000] {
            histogram.observe(value);
        }
        let Series::Histogram { buckets, sum, count } = histogram.series() else { panic!("a histogram") };
        assert_eq!((sum, count), (5262.0, 5));
        let up_to = |bound: f64| buckets.iter().find(|(at, _)| *at == bound).map(|(_, n)| *n);
        assert_eq!(
            (up_to(1.0), up_to(2.0), up_to(4.0), up_to(256.0), up_to(1024.0)),
            (Some(1), Some(2), Some(3), Some(4), Some(4))
        );
    }
}
