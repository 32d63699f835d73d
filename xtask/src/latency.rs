//! How long things took, summed up.

use serde::Serialize;

/// Of how many, and where the middle, the hundredth and the slowest are, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) n: usize,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

impl Summary {
    /// Of nanoseconds, in any order. None of none: a percentile of nothing is no 0.
    pub(crate) fn of(mut ns: Vec<u64>) -> Option<Self> {
        ns.sort_unstable();
        let (last, n) = (*ns.last()?, ns.len());
        // The nearest rank: a value that was measured, never one in between.
        let at = |percent: usize| ms(ns[(n * percent).div_ceil(100).max(1) - 1]);
        Some(Summary { n, p50_ms: at(50), p99_ms: at(99), max_ms: ms(last) })
    }
}

/// To a hundredth of a millisecond: more digits would be noise.
fn ms(ns: u64) -> f64 {
    (ns as f64 / 1e4).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let summary = Summary::of((1..=200).rev().map(|ms| ms * 1_000_000).collect());
        assert_eq!(summary, Some(Summary { n: 200, p50_ms: 100.0, p99_ms: 198.0, max_ms: 200.0 }));
        assert_eq!(Summary::of(vec![5_000_000]).map(|one| (one.p50_ms, one.p99_ms)), Some((5.0, 5.0)));
        assert_eq!(Summary::of(Vec::new()), None);
    }
}
