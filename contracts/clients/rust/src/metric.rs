//! Metric handles: plain atomics, read when somebody asks.
//!
//! [`Metrics`](crate::Metrics) has one member for each metric of the contract. A closed set of label
//! values has an accessor for each value, which costs nothing; an open label has `with`, which takes
//! a lock: do that once and keep the handle.
//!
//! Three rules keep what is exported honest. A gauge that nobody set is absent, it is not 0. A
//! counter whose label values are known is there from the start, at 0, so that the first increment
//! is a rise. And only a process that has a metric's owning component exports it.

mod family;
mod handle;
mod snapshot;
pub mod text;

pub use family::{Closed, Open};
pub use handle::{Counter, Gauge, Histogram, Instrument};
pub use snapshot::{MetricFamily, MetricSample, MetricValue};
