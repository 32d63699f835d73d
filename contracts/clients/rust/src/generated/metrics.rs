//! One member for each metric of the contract. Generated; do not edit.

use std::sync::Arc;

use crate::metric::{Closed, Counter, Histogram, MetricFamily, Open};
use crate::schema::METRICS;

#[derive(Debug)]
pub struct FeedEventsTotal {
    family: Closed<Counter>,
}

impl FeedEventsTotal {
    #[inline]
    pub fn tick(&self) -> &Counter {
        self.family.at(0)
    }

    #[inline]
    pub fn bidask(&self) -> &Counter {
        self.family.at(1)
    }

    pub fn with(&self, type_: &str) -> &Counter {
        self.family.find(&[type_])
    }
}

#[derive(Debug)]
pub struct StrategyLatencyNs {
    family: Open<Histogram>,
}

impl StrategyLatencyNs {
    pub fn with(&self, strategy: &str) -> Arc<Histogram> {
        self.family.find(&[strategy])
    }
}

#[derive(Debug)]
pub struct Metrics {
    /// Feed events.
    pub feed_events_total: FeedEventsTotal,
    /// Strategy latency.
    pub strategy_latency_ns: StrategyLatencyNs,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        Metrics {
            feed_events_total: FeedEventsTotal { family: Closed::new(&METRICS[0]) },
            strategy_latency_ns: StrategyLatencyNs { family: Open::new(&METRICS[1]) },
        }
    }

    pub(crate) fn gather(&self, families: &mut Vec<MetricFamily>) {
        self.feed_events_total.family.gather(families);
        self.strategy_latency_ns.family.gather(families);
    }
}
