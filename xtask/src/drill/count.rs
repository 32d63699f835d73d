//! What a store has against what producers were told.

use serde::Serialize;

use super::producer::Book;
use super::trail::Tallies;
use crate::workspace::say;

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Count {
    pub(super) rows: u64,
    pub(super) lost: u64,
    pub(super) duplicates: u64,
}

impl Count {
    /// Each run's numbers without a hole up to the highest, that at least what was acknowledged, and each once.
    pub(super) fn of(store: &str, kind: &str, book: &Book, mut tallies: Tallies) -> Self {
        let mut count = Count::default();
        for (run, said) in book.of(kind) {
            let tally = tallies.remove(&run).unwrap_or_default();
            let missing = (tally.top - tally.distinct).max(said.acknowledged.saturating_sub(tally.distinct));
            if missing > 0 || tally.rows > tally.distinct || said.dropped > 0 {
                say(&format!("{store}, run {run}: {tally:?}, its producer said {said:?}"));
            }
            count.add(tally.rows, missing, tally.distinct);
        }
        // Killed before it could say anything; still each once.
        for tally in tallies.into_values() {
            count.add(tally.rows, tally.top - tally.distinct, tally.distinct);
        }
        count
    }

    fn add(&mut self, rows: u64, missing: u64, distinct: u64) {
        self.rows += rows;
        self.lost += missing;
        self.duplicates += rows - distinct;
    }

    pub(super) fn is_right(&self) -> bool {
        self.lost == 0 && self.duplicates == 0
    }
}
