//! Destinations. Each has a thread and a bounded queue of its own, so that a slow one delays nobody
//! else; each row that is handed to one comes back as exactly one answer.

mod authorities;
mod backlog;
mod clickhouse;
mod console;
mod dead_letter;
mod delivery;
mod elasticsearch;
mod error;
mod feed;
mod file;
mod notify;
mod open;
mod rotation;
mod runner;
mod sqlite;
mod stats;

pub use authorities::Authorities;
pub use backlog::{Backlog, Owed};
pub use clickhouse::{ClickHouseSink, Login as ClickHouseLogin, Server as ClickHouseServer};
pub use console::ConsoleSink;
pub use dead_letter::{DEAD_LETTERS, DeadLetter, DeadLetters, KeptLetter};
pub use delivery::{Chained, Delivery, Parcel};
pub use elasticsearch::{ElasticsearchSink, Flavour as ElasticsearchFlavour, Server as ElasticsearchServer};
pub use error::{SinkError, with_causes};
pub use feed::Feed;
pub use file::FileSink;
pub use notify::NotifySink;
pub use open::{Opened, open};
pub use rotation::{Compression, Rotation};
pub use runner::{SinkHandle, SinkRunner, Start};
pub use sqlite::{SqliteSink, TableCounts};
pub use stats::SinkStats;

use tapline_journal::Hash;

use crate::audit::PlacedRow;
use crate::ledger::Reason;

/// Enough that a transaction's or a write's fixed cost vanishes.
const GROUP_ROWS: usize = 2048;

/// A destination's own work: take rows, and say when they are safe.
pub trait Sink: Send {
    /// Takes a delivery in. Rows that it can never take are refused here, by row, with a reason.
    fn take(&mut self, delivery: &Delivery) -> Result<Vec<Refusal>, SinkError>;

    /// Makes everything taken since the last commit, or try of one, as safe as the sink promises. Only then
    /// are rows delivered, but for those that turn out only here to be refused.
    fn commit(&mut self) -> Result<Vec<LateRefusal>, SinkError>;

    /// It is not on this machine: how fast it is says nothing about what this machine can take.
    fn is_remote(&self) -> bool {
        false
    }

    /// Rows that are taken together before a commit, at most; there are never more than are there by then.
    fn group_rows(&self) -> usize {
        GROUP_ROWS
    }

    /// Where the next group has to end, with this record, neither before nor behind it: one that may have
    /// arrived is to be sent again just as it was.
    fn group_end(&self) -> Option<u64> {
        None
    }

    /// Of a destination that makes rows safe some time after it took them: what is to be kept for all that was
    /// committed so far to be safe. Until then a restart hands it on again.
    fn mark(&self) -> Option<u64> {
        None
    }

    /// How far such a destination has made safe what it took, as [`Sink::mark`] counts; asked from other threads.
    fn kept(&self) -> Option<Kept> {
        None
    }

    /// Of a destination that takes each record exactly once: how far it is, as of its last commit.
    fn standing(&self) -> Option<Standing> {
        None
    }
}

pub type Kept = Box<dyn Fn() -> u64 + Send + Sync>;

/// How far a destination is that keeps that itself, together with its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The journal's record that it gets next.
    pub record: u64,
    /// The chain position that comes next, and the chain before it, where it knows them.
    pub chain: Option<(u64, Hash)>,
}

/// A row that a destination will never take.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub row: usize,
    pub reason: Reason,
    pub message: String,
    /// What the table should have taken, by those with audit tables.
    pub placed: Option<Box<PlacedRow>>,
}

/// A refusal that came with the commit.
#[derive(Clone, Debug)]
pub struct LateRefusal {
    /// Which of the deliveries since the last commit, in the order in which they were taken.
    pub delivery: usize,
    pub refusal: Refusal,
}
