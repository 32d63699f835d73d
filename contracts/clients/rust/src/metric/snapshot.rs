//! What the metrics were at one moment, in a shape that any exposition can be made from.

use crate::Component;
use crate::schema::{MetricKind, MetricSchema};

/// A metric with its series.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricFamily {
    pub name: &'static str,
    pub kind: MetricKind,
    pub help: &'static str,
    pub owner: Component,
    pub samples: Vec<MetricSample>,
    /// Label values that were beyond a cap or outside a closed set: how often one was asked for...
    pub swallowed: u64,
    /// ...and the first of them, as `label=value`.
    pub swallowed_names: Vec<String>,
    pub(super) touched: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MetricSample {
    pub labels: Vec<(&'static str, String)>,
    pub value: MetricValue,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MetricValue {
    Counter(u64),
    Gauge(f64),
    Histogram {
        /// (upper bound, observations up to it), without +Inf, which is `count`.
        buckets: Vec<(f64, u64)>,
        sum: f64,
        count: u64,
    },
}

impl MetricFamily {
    pub(super) fn new(schema: &'static MetricSchema) -> MetricFamily {
        MetricFamily {
            name: schema.name,
            kind: schema.kind,
            help: schema.help,
            owner: schema.owner,
            samples: Vec::new(),
            swallowed: 0,
            swallowed_names: Vec::new(),
            touched: false,
        }
    }

    /// Somebody in this process counted, set or observed it.
    pub fn is_touched(&self) -> bool {
        self.touched
    }
}
