#![doc = include_str!("../README.md")]
//!
//! # Layout
//! The way of an event, in the order in which it takes it:
//!
//! * [`events`]: one struct per event of the contract (generated)
//! * [`Emitter`]: encodes it into a [`Record`] and pushes that onto the queue of its lane
//! * `queue`: one bounded queue per component and lane, with the lane's overflow policy
//! * `spill`: the file that a filling audit queue is moved to
//! * [`Stream`]: what a drain sees of a queue; the router reads streams where it is in the process
//! * [`Shipper`]: the drain that sends streams to a router elsewhere
//! * [`shared`]: queues in shared memory, and how a router in another process reads them
//!
//! Beside it: [`Metrics`] (generated) and [`metric`], [`clock`], and [`schema`], the contract's
//! tables.

pub mod clock;
mod diversion;
mod emitter;
mod event;
mod generated;
mod keeper;
mod losses;
pub mod metric;
mod queue;
mod record;
mod ring;
#[cfg(test)]
#[path = "ring/tests.rs"]
mod ring_tests;
pub mod schema;
pub mod shared;
mod shipper;
mod spill;
mod stream;
mod sync;
mod telemetry;

pub use emitter::Emitter;
pub use event::Event;
pub use generated::{components::Component, events, metrics, metrics::Metrics};
pub use record::{Fields, Record, RecordWriter, Value, json};
pub use schema::{Kind, Lane, Level};
pub use shipper::{Shipper, ShipperError, ShipperReport};
pub use stream::{DropReason, Stream, StreamCounts};
pub use telemetry::{Builder, Telemetry};
