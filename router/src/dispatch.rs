//! A finished batch goes out: each row to its destinations, each destination its rows.

use std::sync::Arc;

use crossbeam::channel::Sender;
use tapline_contract::{Contract, Lane};

use crate::batch::Batch;
use crate::journal::{Ahead, Entry, Inbox};
use crate::ledger::{Ledger, Outcome, Reason, Settlement};
use crate::receipt::Hold;
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
        // Guard waits for the disk alone. Others are not taken while they would have to wait for a destination:
        // the worker would wait with them, and a page behind it.
        let waited_for = match lane {
            Lane::Guard => 0,
            Lane::Audit => u64::MAX,
            Lane::Log | Lane::Metric => !self.destinations.tables(),
        };
        let mut sinks = self.sinks.iter().filter(|sink| waited_for >> sink.number & 1 == 1);
        self.journal.has_room(lane) && sinks.all(|sink| sink.keeps_up())
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
        let receipts = std::mem::take(&mut batch.receipts);
        let parcel = Arc::new(Parcel::new(batch, self.home.clone()));
        self.tail.show(&parcel);
        if is_journaled {
            let mut ahead = Ahead::default();
            if lane == Lane::Guard {
                ahead.ticket = parcel.batch().rows().first().map_or(0, |row| row.position);
                let tables = self.destinations.tables();
                for sink in self.sinks.iter().filter(|sink| tables >> sink.number & 1 == 0) {
                    let Some(delivery) = delivery(sink, &parcel, &settlement, &targets, None) else { continue };
                    match sink.offer_ahead(delivery, ahead.ticket) {
                        true => ahead.taken |= 1 << sink.number,
                        false => ahead.late |= 1 << sink.number,
                    }
                }
            }
            self.journal.put(Entry { parcel, settlement, targets, receipts, ahead });
            return;
        }
        let hold = (!receipts.is_empty()).then(|| Hold::new(receipts));
        let mut spill = Vec::new();
        for sink in &self.sinks {
            if let Some(delivery) = delivery(sink, &parcel, &settlement, &targets, hold.as_ref())
                && let Err(delivery) = sink.offer(delivery, lane)
            {
                spill.push((sink.number, delivery));
            }
        }
        if !spill.is_empty() {
            self.journal.spill(spill);
        }
    }
}

/// A destination's rows of a batch, where it has any.
fn delivery(
    sink: &SinkHandle,
    parcel: &Arc<Parcel>,
    settlement: &Arc<Settlement>,
    targets: &[u64],
    hold: Option<&Arc<Hold>>,
) -> Option<Delivery> {
    let is_its = |(_, set): &(usize, &u64)| **set >> sink.number & 1 == 1;
    let rows: Vec<u16> = targets.iter().enumerate().filter(is_its).map(|(row, _)| row as u16).collect();
    (!rows.is_empty()).then(|| Delivery {
        parcel: parcel.clone(),
        rows,
        settlement: settlement.clone(),
        settled_as: None,
        record: None,
        ticket: None,
        chained: None,
        hold: hold.cloned(),
    })
}
