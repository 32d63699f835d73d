//! Following the rows of a batch to their last destination.
//!
//! A row may go to several sinks. It has its outcome when the last of them has answered; the worst
//! answer wins (a dead letter over a drop over a delivery), so that a partial loss is never shown as
//! a delivery.

use std::sync::atomic::{AtomicU16, Ordering::AcqRel};
use std::sync::{Arc, OnceLock};

use super::{Ledger, Outcome, Reason, Stream, StreamId};

/// Bits 0..=6: destinations that have not answered. Bits 7..=8: 0 delivered, 1 dropped, 2 dead.
const OPEN: u16 = 0x7f;
const DROPPED: u16 = 0x80;
const DEAD: u16 = 0x100;

pub struct Settlement {
    rows: Box<[AtomicU16]>,
    row_streams: Box<[u8]>,
    /// The streams of this batch; few.
    streams: Vec<Arc<Stream>>,
    /// Why the first destination failed that did: rows that others complete later bear that reason.
    failed: OnceLock<Reason>,
}

impl Settlement {
    /// `rows` gives each row's stream and number of destinations. Rows that have left the way
    /// already have none and are not waited for.
    pub fn new(ledger: &Ledger, rows: impl Iterator<Item = (StreamId, u32)>) -> Self {
        let mut ids: Vec<StreamId> = Vec::new();
        let mut streams = Vec::new();
        let mut row_streams = Vec::new();
        let mut open = Vec::new();
        for (id, destinations) in rows {
            let place = match ids.iter().rposition(|known| *known == id) {
                Some(place) => place,
                None => {
                    ids.push(id);
                    streams.push(ledger.get(id));
                    ids.len() - 1
                }
            };
            row_streams.push(place as u8);
            open.push(AtomicU16::new(destinations.min(u32::from(OPEN)) as u16));
        }
        Settlement { rows: open.into(), row_streams: row_streams.into(), streams, failed: OnceLock::new() }
    }

    /// One destination has answered for these rows.
    pub fn settle(&self, rows: impl Iterator<Item = usize>, outcome: Outcome, reason: &Reason) {
        let flag = match outcome {
            Outcome::Delivered => 0,
            Outcome::DeadLettered => DEAD,
            Outcome::Dropped | Outcome::Filtered | Outcome::Rejected => DROPPED,
        };
        if flag != 0 {
            self.failed.get_or_init(|| reason.clone());
        }
        let mut tally: Vec<[u64; 3]> = vec![[0; 3]; self.streams.len()];
        for row in rows {
            let cell = &self.rows[row];
            if flag != 0 {
                cell.fetch_or(flag, AcqRel);
            }
            let before = cell.fetch_sub(1, AcqRel);
            debug_assert!(before & OPEN > 0, "a destination answered twice for one row");
            if before & OPEN == 1 {
                let stream = &mut tally[self.row_streams[row] as usize];
                match before {
                    _ if before & DEAD != 0 => stream[2] += 1,
                    _ if before & DROPPED != 0 => stream[1] += 1,
                    _ => stream[0] += 1,
                }
            }
        }
        for (stream, [delivered, dropped, dead]) in self.streams.iter().zip(tally) {
            stream.settle(Outcome::Delivered, reason, delivered);
            // Where the last destination took a row that an earlier one had not, that one's reason counts.
            let reason = if flag == 0 { self.failed.get().unwrap_or(reason) } else { reason };
            stream.settle(Outcome::Dropped, reason, dropped);
            stream.settle(Outcome::DeadLettered, reason, dead);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tapline_contract::Lane;

    proptest! {
        /// However destinations answer, in whatever order, the stream adds up, and a row with a
        /// failed destination is never counted as delivered.
        #[test]
        fn adds_up(answers in proptest::collection::vec(proptest::collection::vec(0u8..3, 1..4), 1..40)) {
            let ledger = Ledger::default();
            let id = ledger.stream("risk", Lane::Audit, "r");
            let stream = ledger.get(id);
            stream.take_in(answers.len() as u64);
            let settlement = Settlement::new(&ledger, answers.iter().map(|row| (id, row.len() as u32)));
            for (row, destinations) in answers.iter().enumerate() {
                for answer in destinations {
                    let outcome = [Outcome::Delivered, Outcome::Dropped, Outcome::DeadLettered][*answer as usize];
                    settlement.settle(std::iter::once(row), outcome, &Reason::Borrowed("x"));
                }
            }
            let totals = stream.snapshot().totals;
            prop_assert!(totals.balanced());
            prop_assert_eq!(totals.pending, 0);
            prop_assert_eq!(totals.delivered, answers.iter().filter(|row| row.iter().all(|a| *a == 0)).count() as u64);
            prop_assert_eq!(totals.dead_lettered, answers.iter().filter(|row| row.contains(&2)).count() as u64);
        }
    }
}
