//! What a destination has to do beside its queue: records of the journal.
//!
//! A destination that keeps up gets its rows from memory. When its queue is full, rows go (or, as audit
//! rows, lie already) in the journal, and are owed to it: from then on everything for it takes that way, in
//! order, until nothing is owed any more. So a destination that was away for an hour costs memory only for
//! what is noted here, about 3 bytes a row and 150 a record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ledger::Settlement;

/// Rows of a record that the destination is to read from the journal.
pub struct Owed {
    /// Where they are settled, and under which numbers there.
    pub settlement: Arc<Settlement>,
    pub rows: Vec<u16>,
    /// Of the record, on disk.
    pub bytes: u64,
}

#[derive(Default)]
pub struct Backlog {
    owed: BTreeMap<u64, Owed>,
    bytes: u64,
    /// Handed to the journal, and not numbered yet.
    unnumbered: usize,
    /// Records whose rows are in the queue or being delivered.
    in_flight: BTreeSet<u64>,
}

impl Backlog {
    pub fn new(owed: BTreeMap<u64, Owed>) -> Self {
        Backlog { bytes: owed.values().map(|owed| owed.bytes).sum(), owed, ..Self::default() }
    }

    /// Something comes by way of the journal, so all that follows does.
    pub fn is_behind(&self) -> bool {
        self.unnumbered > 0 || !self.owed.is_empty()
    }

    pub fn spilled(&mut self) {
        self.unnumbered += 1;
    }

    /// What was spilled has a number now, or could not be taken.
    pub fn numbered(&mut self) {
        self.unnumbered -= 1;
    }

    pub fn owe(&mut self, record: u64, owed: Owed) {
        self.bytes += owed.bytes;
        self.owed.insert(record, owed);
    }

    pub fn queued(&mut self, record: u64) {
        self.in_flight.insert(record);
    }

    pub fn first_owed(&self) -> Option<u64> {
        self.owed.keys().next().copied()
    }

    /// From now on it is being delivered.
    pub fn take(&mut self, record: u64) -> Option<Owed> {
        let owed = self.owed.remove(&record)?;
        self.bytes -= owed.bytes;
        self.in_flight.insert(record);
        Some(owed)
    }

    /// Owed records from one, and up to but without another, that will never be read.
    pub fn give_up(&mut self, from: u64, to: u64) -> Vec<Owed> {
        let lost: Vec<u64> = self.owed.range(from..to).map(|(record, _)| *record).collect();
        lost.into_iter()
            .filter_map(|record| self.owed.remove(&record))
            .inspect(|owed| self.bytes -= owed.bytes)
            .collect()
    }

    pub fn done(&mut self, record: u64) {
        self.in_flight.remove(&record);
    }

    /// Nothing below this record is left to do, where all records below `numbered` have been handed out.
    pub fn cursor(&self, numbered: u64) -> u64 {
        let first = |record: Option<u64>| record.unwrap_or(u64::MAX);
        first(self.first_owed()).min(first(self.in_flight.first().copied())).min(numbered)
    }

    pub fn records(&self) -> usize {
        self.owed.len()
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    fn owed() -> Owed {
        let settlement = Arc::new(Settlement::new(&Ledger::default(), std::iter::empty()));
        Owed { settlement, rows: vec![0], bytes: 10 }
    }

    #[test]
    fn the_cursor_stays_before_what_is_to_do() {
        let mut backlog = Backlog::default();
        assert_eq!(backlog.cursor(9), 9);
        backlog.queued(4);
        backlog.owe(6, owed());
        assert_eq!((backlog.cursor(9), backlog.bytes()), (4, 10));
        backlog.done(4);
        assert_eq!(backlog.cursor(9), 6);
        assert!(backlog.take(6).is_some() && !backlog.is_behind());
        assert_eq!(backlog.cursor(9), 6, "it is being delivered");
        backlog.done(6);
        assert_eq!((backlog.cursor(9), backlog.bytes()), (9, 0));
    }

    #[test]
    fn what_has_no_number_yet_keeps_the_destination_behind() {
        let mut backlog = Backlog::default();
        backlog.spilled();
        assert!(backlog.is_behind());
        backlog.owe(3, owed());
        backlog.numbered();
        assert!(backlog.is_behind());
        assert_eq!(backlog.give_up(0, 3).len(), 0);
        assert_eq!(backlog.give_up(3, 4).len(), 1);
        assert!(!backlog.is_behind());
    }
}
