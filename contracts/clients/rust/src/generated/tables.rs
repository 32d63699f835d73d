//! Events, fields and metrics as tables. Generated; do not edit.

use crate::Component;
use crate::schema::{EventSchema, FieldSchema, Kind, LabelSchema, Lane, Level, MetricKind, MetricSchema};

/// Which contract this is: stable over formatting, changes with any meaning.
pub const CONTRACT_HASH: &str = "0000000000000000";
pub const CONTRACT_VERSION: &str = "0";

/// In the contract's order.
pub static FIELDS: [FieldSchema; 8] = [
    FieldSchema { name: "approved", kind: Kind::Bool },
    FieldSchema { name: "latency_us", kind: Kind::Int },
    FieldSchema { name: "strategy_id", kind: Kind::Text },
    FieldSchema { name: "symbol", kind: Kind::Text },
    FieldSchema { name: "trace_id", kind: Kind::Text },
    FieldSchema { name: "intent_id", kind: Kind::Text },
    FieldSchema { name: "reason_code", kind: Kind::Text },
    FieldSchema { name: "message", kind: Kind::Text },
];

/// In the contract's order; a record's event number is an index into it.
pub static EVENTS: [EventSchema; 1] = [
    EventSchema { name: "risk_decision", component: Component::Risk, lane: Lane::Audit, level: Level::Info, fields: &[0, 1, 2, 3, 4, 5, 6, 7] },
];

pub static METRICS: [MetricSchema; 2] = [
    MetricSchema { name: "feed_events_total", kind: MetricKind::Counter, help: "Feed events.", owner: Component::MarketData, labels: &[LabelSchema { name: "type", values: &["tick", "bidask"], cap: 2 }], buckets: &[] },
    MetricSchema { name: "strategy_latency_ns", kind: MetricKind::Histogram, help: "Strategy latency.", owner: Component::Strategy, labels: &[LabelSchema { name: "strategy", values: &[], cap: 32 }], buckets: &[1000.0, 10000.0, 100000.0] },
];
