//! What a drain sees: one trait, whatever the records come out of.
//!
//! That is a queue of this process, or the spill file that a run before this one left. The router and
//! the shipper know only this. What is in memory shared with another process is read by
//! [`shared::Attached`](crate::shared::Attached), in two steps.

use std::fmt;

use crate::schema::Lane;
use crate::{Component, Record};

/// The records of one component and lane of one run.
pub trait Stream: Send + Sync + fmt::Debug {
    fn component(&self) -> Component;
    fn lane(&self) -> Lane;
    /// The start of the producer: `seq` counts within it.
    fn run(&self) -> &str;
    /// Moves up to `max` records to the end of `into`, oldest first; returns how many.
    ///
    /// Any thread may pop; with several at once, each gets its share.
    fn pop(&self, into: &mut Vec<Record>, max: usize) -> usize;
    fn counts(&self) -> StreamCounts;
}

/// Every event that took a `seq` is in exactly one place:
/// `emitted = popped + dropped + queued + spilled`.
///
/// Read while producers are at work the sum may be short by the events that are between taking a
/// `seq` and entering the queue, one a thread at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamCounts {
    /// Events that took a `seq`. The highest `seq` given.
    pub emitted: u64,
    /// Handed to drains.
    pub popped: u64,
    /// In the queue.
    pub queued: u64,
    /// In the spill file.
    pub spilled: u64,
    /// Lost, by [`DropReason`].
    pub dropped_by: [u64; DropReason::COUNT],
    /// Kept, with a text cut short.
    pub truncated: u64,
}

impl StreamCounts {
    pub fn dropped(&self) -> u64 {
        self.dropped_by.iter().sum()
    }

    /// Reasons with a count, by name.
    pub fn dropped_reasons(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        DropReason::ALL
            .iter()
            .map(|reason| (reason.name(), self.dropped_by[*reason as usize]))
            .filter(|(_, count)| *count > 0)
    }
}

/// Why the client lost an event. There is no other way to lose one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DropReason {
    /// The queue was full and its lane drops the newest; an audit queue only where it filled up
    /// faster than it could be spilled, or has no spill file.
    QueueFull = 0,
    /// The queue was full and its lane drops the oldest.
    Displaced = 1,
    /// The queue was full, and its spill file had reached its budget.
    SpillFull = 2,
    /// The queue was full, and its spill file could not be written.
    SpillFailed = 3,
    /// A spilled record could not be read back.
    SpillDamaged = 4,
    /// In shared memory: its process died while it was being emitted.
    Torn = 5,
    /// In shared memory: what stood in its slot was no record.
    Damaged = 6,
}

impl DropReason {
    pub const COUNT: usize = 7;
    pub const ALL: [DropReason; DropReason::COUNT] = [
        DropReason::QueueFull,
        DropReason::Displaced,
        DropReason::SpillFull,
        DropReason::SpillFailed,
        DropReason::SpillDamaged,
        DropReason::Torn,
        DropReason::Damaged,
    ];

    pub fn name(self) -> &'static str {
        match self {
            DropReason::QueueFull => "queue_full",
            DropReason::Displaced => "displaced",
            DropReason::SpillFull => "spill_full",
            DropReason::SpillFailed => "spill_failed",
            DropReason::SpillDamaged => "spill_damaged",
            DropReason::Torn => "torn",
            DropReason::Damaged => "damaged",
        }
    }
}
