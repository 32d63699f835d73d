//! What travels to a destination: some rows of a shared batch.

use std::sync::Arc;

use crossbeam::channel::Sender;
use tapline_journal::Hash;

use crate::batch::Batch;
use crate::ledger::{Outcome, Reason, Settlement};
use crate::receipt::Hold;

/// A batch on its way to its destinations. Nothing in it changes any more; when the last destination
/// lets go of it, its memory goes back to the decoders.
pub struct Parcel {
    batch: Option<Batch>,
    home: Sender<Batch>,
}

impl Parcel {
    pub fn new(batch: Batch, home: Sender<Batch>) -> Self {
        Parcel { batch: Some(batch), home }
    }

    pub fn batch(&self) -> &Batch {
        self.batch.as_ref().expect("taken only on drop")
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        if let Some(mut batch) = self.batch.take() {
            batch.clear();
            // A full home means that enough empty batches lie ready: this one is freed.
            let _ = self.home.try_send(batch);
        }
    }
}

/// A record's audit rows in the hash chain.
#[derive(Debug)]
pub struct Chained {
    /// Of the first row; the others follow without gaps.
    pub position: u64,
    /// The chain behind each row.
    pub links: Vec<Hash>,
}

/// The rows of a parcel that go to one destination.
#[derive(Clone)]
pub struct Delivery {
    pub parcel: Arc<Parcel>,
    pub rows: Vec<u16>,
    pub settlement: Arc<Settlement>,
    /// Under which numbers the batch's rows are settled, where it was read from the journal; elsewhere
    /// it is their own.
    pub settled_as: Option<Vec<u16>>,
    /// The journal's record that holds the rows, where one does.
    pub record: Option<u64>,
    /// Handed over before it had a record, under this number.
    pub ticket: Option<u64>,
    /// Of a record with audit rows; all of them go to each destination that holds the tables.
    pub chained: Option<Arc<Chained>>,
    /// What a producer waits for, of logs.
    pub hold: Option<Arc<Hold>>,
}

impl Delivery {
    pub fn batch(&self) -> &Batch {
        self.parcel.batch()
    }

    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.rows.iter().map(|row| usize::from(*row))
    }

    pub fn settle(&self, rows: impl Iterator<Item = usize>, outcome: Outcome, reason: &Reason) {
        let settled_as = |row: usize| self.settled_as.as_ref().map_or(row, |rows| usize::from(rows[row]));
        self.settlement.settle(rows.map(settled_as), outcome, reason);
    }

    /// Some of the rows.
    pub fn only(&self, rows: Vec<u16>) -> Self {
        Delivery { rows, ..self.clone() }
    }
}
