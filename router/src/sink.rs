//! Destinations. Each has a thread and a bounded queue of its own, so that a slow one delays nobody
//! else; each row that is handed to one comes back as exactly one answer.

mod console;
mod dead_letter;
mod delivery;
mod file;
mod rotation;
mod runner;
mod sqlite;
mod stats;

pub use console::ConsoleSink;
pub use dead_letter::{DEAD_LETTERS, DeadLetter, DeadLetters};
pub use delivery::{Delivery, Parcel};
pub use file::FileSink;
pub use rotation::{Compression, Rotation};
pub use runner::{SinkHandle, SinkRunner};
pub use sqlite::{SqliteSink, TableCounts};
pub use stats::SinkStats;

use crate::ledger::Reason;

/// A destination's own work: take rows, and say when they are safe.
pub trait Sink: Send {
    /// Takes a delivery in. Rows that it can never take are refused here, by row, with a reason.
    fn take(&mut self, delivery: &Delivery) -> Result<Vec<Refusal>, SinkError>;

    /// Makes everything taken so far as safe as the sink promises. Only then are rows delivered.
    fn commit(&mut self) -> Result<(), SinkError>;
}

/// A row that a destination will never take.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub row: usize,
    pub reason: Reason,
    pub message: String,
}

/// The destination can't take anything now. Nothing since the last commit counts as taken.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {what}: {source}")]
pub struct SinkError {
    /// What was tried, e.g. `write`.
    pub operation: &'static str,
    /// On what, e.g. a path.
    pub what: String,
    pub source: Box<dyn std::error::Error + Send + Sync>,
}
