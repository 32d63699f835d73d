//! The contract as static tables: what a record's numbers mean.
//!
//! A [`Record`](crate::Record) carries an event number and a presence bitmap. [`EVENTS`] names the
//! event, its `fields` say what each bit stands for, as indexes into [`FIELDS`], which is in the
//! contract's own order, so that a router with the same [`CONTRACT_HASH`] needs no name lookup.

use crate::Component;
pub use crate::generated::tables::{CONTRACT_HASH, CONTRACT_VERSION, EVENTS, FIELDS, METRICS};

/// Which buffer an event waits in, and so what happens when there is too much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Lane {
    /// StormGuard, kill switch: a full queue keeps the first events, the root cause.
    Guard = 0,
    /// Orders, risk, connectivity: a filling queue goes to disk before anything is lost.
    Audit = 1,
    /// Plain logs: a full queue drops the newest.
    Log = 2,
    /// Snapshots: a full queue drops the oldest, the newest counts.
    Metric = 3,
}

impl Lane {
    pub const COUNT: usize = 4;
    /// In the order in which drains should empty them.
    pub const ALL: [Lane; Lane::COUNT] = [Lane::Guard, Lane::Audit, Lane::Log, Lane::Metric];

    pub fn name(self) -> &'static str {
        match self {
            Lane::Guard => "guard",
            Lane::Audit => "audit",
            Lane::Log => "log",
            Lane::Metric => "metric",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    Trace = 0,
    Debug = 1,
    Info = 2,
    Warning = 3,
    Error = 4,
    Critical = 5,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
            Level::Critical => "critical",
        }
    }
}

/// A field has one kind in every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Int,
    Float,
    Bool,
    /// Any JSON value, kept as its text.
    Json,
}

#[derive(Debug)]
pub struct FieldSchema {
    pub name: &'static str,
    pub kind: Kind,
}

#[derive(Debug)]
pub struct EventSchema {
    pub name: &'static str,
    pub component: Component,
    pub lane: Lane,
    pub level: Level,
    /// Bit `i` of a record's presence bitmap is the field `FIELDS[fields[i]]`. Numbers come first,
    /// then the short texts, free text last, so that a text that is too long costs no other field.
    pub fields: &'static [u16],
}

impl EventSchema {
    pub fn field(&self, index: usize) -> Option<&'static FieldSchema> {
        FIELDS.get(usize::from(*self.fields.get(index)?))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

impl MetricKind {
    pub fn name(self) -> &'static str {
        match self {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        }
    }
}

#[derive(Debug)]
pub struct MetricSchema {
    pub name: &'static str,
    pub kind: MetricKind,
    pub help: &'static str,
    /// The one component that reports it. A process without that component does not export it.
    pub owner: Component,
    pub labels: &'static [LabelSchema],
    /// Upper bounds of a histogram's buckets, rising, without +Inf.
    pub buckets: &'static [f64],
}

#[derive(Debug)]
pub struct LabelSchema {
    pub name: &'static str,
    /// The closed set of values; empty where any value is taken, up to `cap` of them.
    pub values: &'static [&'static str],
    pub cap: u32,
}
