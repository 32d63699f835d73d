//! Names that mean the same in every event and belong to Tapline itself.
//!
//! They are not fields of the dictionary: each has a place of its own in a batch and in a table. A
//! contract can't declare a field with one of these names, and an incoming line that uses one for
//! something else keeps its value under `field.<name>` (counted), so that a row is never lost to a
//! clash of names.

use crate::model::{ColumnSource, Kind};

/// One reserved name.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    pub name: &'static str,
    pub kind: Kind,
    /// The table column of that name, where there is one.
    pub column: Option<ColumnSource>,
    /// A producer may send it; the others only the router gives.
    pub from_producer: bool,
    pub doc: &'static str,
}

/// What goes before a producer's own use of a reserved name.
pub const RENAMED_PREFIX: &str = "field.";

/// In the order in which the first columns of every table stand; `details` comes last there.
pub const BUILT_INS: &[BuiltIn] = &[
    BuiltIn {
        name: "ts",
        kind: Kind::Int,
        column: Some(ColumnSource::Ts),
        from_producer: true,
        doc: "Event time, ns since 1970, UTC.",
    },
    BuiltIn {
        name: "ingest_ts",
        kind: Kind::Int,
        column: Some(ColumnSource::IngestTs),
        from_producer: false,
        doc: "When the router took the event in, ns since 1970, UTC.",
    },
    BuiltIn {
        name: "run",
        kind: Kind::Text,
        column: Some(ColumnSource::Run),
        from_producer: true,
        doc: "Start of the producer; `seq` counts from 1 in each run.",
    },
    BuiltIn {
        name: "seq",
        kind: Kind::Int,
        column: Some(ColumnSource::Seq),
        from_producer: true,
        doc: "Running number in its queue (component and lane), without gaps: a hole is a counted loss.",
    },
    BuiltIn {
        name: "event_id",
        kind: Kind::Text,
        column: Some(ColumnSource::EventId),
        from_producer: false,
        doc: "`run/component/lane/seq` for producers that number their events, else given by the router.",
    },
    BuiltIn {
        name: "chain_position",
        kind: Kind::Int,
        column: Some(ColumnSource::ChainPosition),
        from_producer: false,
        doc: "The router's running number of audit rows, so that completeness can be proved.",
    },
    BuiltIn {
        name: "chain_hash",
        kind: Kind::Text,
        column: Some(ColumnSource::ChainHash),
        from_producer: false,
        doc: "The SHA-256 chain behind this row, in hex: over the row before and this row's own values, so that a \
              removed, changed or moved row shows (`tapline audit verify`).",
    },
    BuiltIn {
        name: "event",
        kind: Kind::Text,
        column: Some(ColumnSource::Event),
        from_producer: true,
        doc: "Name of the event.",
    },
    BuiltIn {
        name: "component",
        kind: Kind::Text,
        column: Some(ColumnSource::Component),
        from_producer: true,
        doc: "The component that emitted it; `unknown` where a line does not say.",
    },
    BuiltIn {
        name: "level",
        kind: Kind::Text,
        column: Some(ColumnSource::Level),
        from_producer: true,
        doc: "trace, debug, info, warning, error or critical.",
    },
    BuiltIn {
        name: "lane",
        kind: Kind::Text,
        column: Some(ColumnSource::Lane),
        from_producer: false,
        doc: "guard, audit, log or metric; follows from the event.",
    },
    BuiltIn {
        name: "details",
        kind: Kind::Json,
        column: Some(ColumnSource::Details),
        from_producer: false,
        doc: "JSON object of all fields that have no column of their own.",
    },
];

/// The reserved name, if it is one.
pub fn built_in(name: &str) -> Option<&'static BuiltIn> {
    BUILT_INS.iter().find(|b| b.name == name)
}
