//! Between the chain and the destinations: what must not be lost is on disk before anybody is told that it
//! is safe.
//!
//! A record is a batch behind the chain and the gate, with the destinations of each row. It is written
//! there, and not in front of the chain, so that a replay hands on what was decided the first time (a
//! plugin with a state must not see an event twice), and so that nothing lies on the disk that the gate has
//! not cleared.
//!
//! Audit and guard rows are always journaled, and their producers are answered after the sync. Log and
//! metric rows get here only when a destination has no room for them. One thread writes; it takes all that
//! waits, and syncs once: a row waits for at most the sync that runs and its own.

mod inbox;
mod marks;
mod open;
mod recovery;
mod stats;
mod stored;
mod writer;

pub use inbox::{Ahead, Entry, Inbox};
pub use marks::{Marks, queue, request};
pub use open::open;
pub use stats::JournalStats;
pub use stored::Stored;
pub use writer::{JournalWriter, Parts};
