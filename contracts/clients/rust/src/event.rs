//! What the generated event structs have in common.

use crate::record::RecordWriter;
use crate::schema::{Lane, Level};

/// A typed event of the contract. Implemented by the generated structs in [`events`](crate::events)
/// and by nothing else: emitting must not run code that could panic.
pub trait Event: Generated {
    /// Index into [`schema::EVENTS`](crate::schema::EVENTS).
    const ID: u16;
    const NAME: &'static str;
    const LANE: Lane;
    const LEVEL: Level;

    /// Writes the fields that are set, in the order of the event's schema.
    fn encode(&self, writer: &mut RecordWriter<'_>);
}

/// Not to be named outside of this crate.
pub trait Generated {}
