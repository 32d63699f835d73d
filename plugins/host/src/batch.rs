//! What a plugin is given: columns of the fields that it declared, for the rows that it subscribed to.
//!
//! All of it borrows from the caller, who keeps the buffers from batch to batch.

pub use crate::bindings::tapline::plugin::types::Batch;
