//! What travels from the worker to a destination: some rows of a shared batch.

use std::sync::Arc;

use crossbeam::channel::Sender;

use crate::batch::Batch;
use crate::ledger::{Outcome, Reason, Settlement};

/// A batch on its way to its destinations. Nothing in it changes any more; when the last destination
/// lets go of it, its memory goes back to the decoders.
pub struct Parcel {
    batch: Option<Batch>,
    pub settlement: Settlement,
    home: Sender<Batch>,
}

impl Parcel {
    pub fn new(batch: Batch, settlement: Settlement, home: Sender<Batch>) -> Self {
        Parcel { batch: Some(batch), settlement, home }
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

/// The rows of a parcel that go to one destination.
#[derive(Clone)]
pub struct Delivery {
    pub parcel: Arc<Parcel>,
    pub rows: Vec<u16>,
}

impl Delivery {
    pub fn batch(&self) -> &Batch {
        self.parcel.batch()
    }

    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.rows.iter().map(|row| usize::from(*row))
    }

    pub fn settle(&self, rows: impl Iterator<Item = usize>, outcome: Outcome, reason: &Reason) {
        self.parcel.settlement.settle(rows, outcome, reason);
    }
}
