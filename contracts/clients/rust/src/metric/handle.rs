//! Counter, gauge, histogram: what the hot path touches.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::snapshot::MetricValue;
use crate::schema::MetricSchema;

/// What a family is made of.
pub trait Instrument: Send + Sync + fmt::Debug + 'static {
    fn new(schema: &'static MetricSchema) -> Self;
    /// None: nothing to show.
    fn value(&self) -> Option<MetricValue>;
    /// Somebody used it.
    fn is_touched(&self) -> bool;
}

/// Only rises.
#[derive(Debug, Default)]
pub struct Counter {
    value: AtomicU64,
}

/// Absent until it is set.
#[derive(Debug)]
pub struct Gauge {
    /// f64 bits, or [`UNSET`].
    bits: AtomicU64,
}

/// Counts of observations up to each bound of the contract's buckets, and their sum.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [f64],
    /// One for each bound, then one for what is above all of them. Not cumulative.
    buckets: Box<[AtomicU64]>,
    /// f64 bits.
    sum: AtomicU64,
}

/// A NaN that no arithmetic makes.
const UNSET: u64 = 0x7ff8_7461_706c_696e;

impl Counter {
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    #[inline]
    pub fn add(&self, n: u64) {
        self.value.fetch_add(n, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.value.load(Ordering::Relaxed)
    }
}

impl Instrument for Counter {
    fn new(_: &'static MetricSchema) -> Counter {
        Counter::default()
    }

    fn value(&self) -> Option<MetricValue> {
        Some(MetricValue::Counter(self.get()))
    }

    fn is_touched(&self) -> bool {
        self.get() > 0
    }
}

impl Gauge {
    #[inline]
    pub fn set(&self, value: f64) {
        self.bits.store(value.to_bits(), Ordering::Relaxed);
    }

    /// From 0 if it was not set.
    #[inline]
    pub fn add(&self, delta: f64) {
        add_float(&self.bits, delta);
    }

    /// Absent again: there is nothing to measure any more.
    pub fn unset(&self) {
        self.bits.store(UNSET, Ordering::Relaxed);
    }

    pub fn get(&self) -> Option<f64> {
        let bits = self.bits.load(Ordering::Relaxed);
        (bits != UNSET).then(|| f64::from_bits(bits))
    }
}

impl Instrument for Gauge {
    fn new(_: &'static MetricSchema) -> Gauge {
        Gauge { bits: AtomicU64::new(UNSET) }
    }

    fn value(&self) -> Option<MetricValue> {
        self.get().map(MetricValue::Gauge)
    }

    fn is_touched(&self) -> bool {
        self.get().is_some()
    }
}

impl Histogram {
    /// A NaN is above all bounds, and is left out of the sum, which it would spoil for good.
    #[inline]
    pub fn observe(&self, value: f64) {
        // Few bounds, and the low ones are the common ones.
        let bucket = self.bounds.iter().position(|bound| value <= *bound).unwrap_or(self.bounds.len());
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        if !value.is_nan() {
            add_float(&self.sum, value);
        }
    }

    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }
}

impl Instrument for Histogram {
    fn new(schema: &'static MetricSchema) -> Histogram {
        Histogram {
            bounds: schema.buckets,
            buckets: (0..=schema.buckets.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    fn value(&self) -> Option<MetricValue> {
        let mut count = 0;
        let mut buckets = Vec::with_capacity(self.bounds.len());
        for (bound, bucket) in self.bounds.iter().zip(&self.buckets) {
            count += bucket.load(Ordering::Relaxed);
            buckets.push((*bound, count));
        }
        // The count is that of the buckets, so that the two never disagree.
        count += self.buckets[self.bounds.len()].load(Ordering::Relaxed);
        Some(MetricValue::Histogram { buckets, sum: f64::from_bits(self.sum.load(Ordering::Relaxed)), count })
    }

    fn is_touched(&self) -> bool {
        self.count() > 0
    }
}

#[inline]
fn add_float(bits: &AtomicU64, delta: f64) {
    let mut old = bits.load(Ordering::Relaxed);
    loop {
        let value = if old == UNSET { 0.0 } else { f64::from_bits(old) };
        let new = (value + delta).to_bits();
        match bits.compare_exchange_weak(old, new, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return,
            Err(seen) => old = seen,
        }
    }
}
