//! How events get in: sockets and HTTP, decoded against the contract into batches by lane.

mod codes;
mod component;
mod decode;
mod habit;
mod key;
mod object;
mod protocol;
pub mod record;
mod rejection;
mod repair;
mod schema_counts;
pub mod socket;
pub mod timestamp;

pub use component::Components;
pub use decode::{Decoded, Decoder};
pub use rejection::Rejection;
pub use schema_counts::{SchemaCount, SchemaCounts};
