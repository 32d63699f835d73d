//! A finished batch goes out: each row to its destinations, each destination its rows.

use std::sync::Arc;

use crossbeam::channel::Sender;
use tapline_contract::{Contract, Lane};

use crate::batch::Batch;
use crate::journal::{Entry, Inbox};
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
    pub journal: Arc<Inbox>,
    pub home: Sender<Batch>,
    pub tail: Arc<Tail>,
}

impl Dispatcher {
    /// Whether events of this lane may be taken on.
    pub fn has_room(&self, lane: Lane) -> bool {
        // Guard waits for the disk alone.
        let is_patient = lane == Lane::Audit;
        self.journal.has_room(lane) && (!is_patient || self.sinks.iter().all(|sink| sink.keeps_up()))
    }

    /// An empty batch, to be filled again.
    pub fn bring_home(&self, mut batch: Batch) {
        batch.clear();
        // A full home means that enough lie ready: this one is freed.
        let _ = self.home.try_send(batch);
    }

    pub fn send(&self, mut batch: Batch) {
        let targets: Vec<u64> = batch
            .rows()
            .iter()
            .map(|row| match (row.gone, batch.only_to) {
                (true, _) => 0,
                (false, 0) => self.destinations.of(&self.contract, row),
                (false, only_to) => self.destinations.among(&self.contract, row, only_to),
            })
            .collect();
        // A row that nobody wants has an outcome too.
        for (row, _) in batch.rows().iter().zip(&targets).filter(|(row, targets)| !row.gone && **targets == 0) {
            self.ledger.get(row.stream).settle(Outcome::Filtered, &Reason::Borrowed("no_destination"), 1);
        }
        let counts = batch.rows().iter().zip(&targets).map(|(row, set)| (row.stream, set.count_ones()));
        let settlement = Arc::new(Settlement::new(&self.ledger, counts));
        let lane = batch.lane;
        let is_journaled = matches!(lane, Lane::Guard | Lane::Audit);
        let receipts = if is_journaled { std::mem::take(&mut batch.receipts) } else { Vec::new() };
        let parcel = Arc::new(Parcel::new(batch, self.home.clone()));
        self.tail.show(&parcel);
        if is_journaled {
            self.journal.put(Entry { parcel, settlement, targets, receipts });
            return;
        }
        let mut spill = Vec::new();
        for sink in &self.sinks {
            let rows: Vec<u16> = targets
                .iter()
                .enumerate()
                .filter(|(_, set)| **set >> sink.number & 1 == 1)
                .map(|(row, _)| row as u16)
                .collect();
            if rows.is_empty() {
                continue;
            }
            let delivery = Delivery {
                parcel: parcel.clone(),
                rows,
                settlement: settlement.clone(),
                settled_as: None,
                record: None,
                chained: None,
            };
            if let Err(delivery) = sink.offer(delivery, lane) {
                spill.push((sink.number, delivery));
            }
        }
        if !spill.is_empty() {
            self.journal.spill(spill);
        }
    }
}
