//! The accounting: every event reaches exactly one recorded outcome.
//!
//! For each stream (component, lane and run of a producer):
//! `emitted = delivered + filtered + rejected + dropped + dead-lettered + pending`.
//! `emitted` and `pending` are counted where events enter and wait, the outcomes where they leave;
//! nothing here is computed from the others, so an imbalance is a defect that shows.

mod outcome;
mod sequence;
mod settlement;
mod snapshot;
mod stream;

pub use outcome::{Outcome, Reason};
pub use sequence::{Arrival, Sequences};
pub use settlement::Settlement;
pub use snapshot::{LedgerSnapshot, StreamSnapshot, Totals};
pub use stream::{Ledger, Producer, ProducerCounts, Stream, StreamId, StreamKey};
