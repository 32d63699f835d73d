//! What must survive the death of the router is written here before anybody is told that it is safe.
//!
//! A journal is a folder of segments. A segment is a header and records one behind the other; a record is
//! numbered and has a checksum; where it holds audited rows, these are links of one SHA-256 chain. When a
//! segment is closed, its [`Seal`] (how many rows, their Merkle root, where the chain stands) goes into a
//! file of its own, which stays when the segment goes.
//!
//! [`Journal::append`] gathers, [`Journal::commit`] writes and syncs: one sync for all that was gathered.
//! [`Reader`]s follow behind, each with an entry in [`Cursors`]; a segment goes when all of them are past it.
//! When power is lost between two commits, what is behind the last one is cut off at the first record that
//! is not whole, and said. The budget of bytes is never exceeded; what matters less ends earlier.

mod chain;
mod cursor;
mod disk;
mod journal;
mod reader;
mod record;
mod seal;
mod segment;
#[cfg(test)]
mod simulated;
mod survey;

pub use chain::{Hash, ORIGIN, from_hex, leaf, link, merkle_root, to_hex};
pub use cursor::Cursors;
pub use disk::{Disk, DiskFile, Folder};
pub use journal::{Appended, Budget, End, Full, Journal, JournalError, Recovery};
pub use reader::{Reader, Step};
pub use record::{Audited, Class, PAYLOAD_MAX, Record};
pub use seal::Seal;
pub use survey::{Found, survey};
