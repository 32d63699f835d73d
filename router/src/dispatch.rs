//! A finished batch goes out: each row to its destinations, each destination its rows.

use std::sync::Arc;

use crossbeam::channel::Sender;
use tapline_contract::Contract;

use crate::batch::Batch;
use crate::ledger::{Ledger, Outcome, Reason, Settlement};
use crate::route::Destinations;
use crate::sink::{Delivery, Parcel, SinkHandle};
use crate::tail::Tail;

pub struct Dispatcher {
    pub contract: Arc<Contract>,
    pub ledger: Arc<Ledger>,
    pub destinations: Arc<Destinations>,
    /// By the destination's number.
    pub sinks: Vec<Arc<SinkHandle>>,
    pub home: Sender<Batch>,
    pub tail: Arc<Tail>,
}

impl Dispatcher {
    /// Whether events of this lane may be taken on: the destinations that they need have room.
    pub fn has_room(&self, lane: tapline_contract::Lane) -> bool {
        let needed = self.destinations.backpressure(lane);
        self.sinks.iter().enumerate().all(|(number, sink)| needed >> number & 1 == 0 || sink.has_room())
    }

    /// An empty batch, to be filled again.
    pub fn bring_home(&self, batch: Batch) {
        // A full home means that enough lie ready: this one is freed.
        let _ = self.home.try_send(batch);
    }

    pub fn send(&self, batch: Batch) {
        let targets: Vec<u64> = batch
            .rows()
            .iter()
            .map(|row| if row.gone { 0 } else { self.destinations.of(&self.contract, row) })
            .collect();
        // A row that nobody wants has an outcome too.
        for (row, _) in batch.rows().iter().zip(&targets).filter(|(row, targets)| !row.gone && **targets == 0) {
            self.ledger.get(row.stream).settle(Outcome::Filtered, &Reason::Borrowed("no_destination"), 1);
        }
        let settlement = Settlement::new(
            &self.ledger,
            batch.rows().iter().zip(&targets).map(|(row, set)| (row.stream, set.count_ones())),
        );
        let lane = batch.lane;
        let parcel = Arc::new(Parcel::new(batch, settlement, self.home.clone()));
        self.tail.show(&parcel);
        for (number, sink) in self.sinks.iter().enumerate() {
            let rows: Vec<u16> = targets
                .iter()
                .enumerate()
                .filter(|(_, set)| **set >> number & 1 == 1)
                .map(|(row, _)| row as u16)
                .collect();
            if !rows.is_empty() {
                sink.offer(Delivery { parcel: parcel.clone(), rows }, lane);
            }
        }
    }
}
