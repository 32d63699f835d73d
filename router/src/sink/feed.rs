//! A destination's way to what the journal owes it.

use std::sync::{Arc, Mutex, PoisonError};

use crossbeam::channel::Sender;
use tapline_contract::Contract;
use tapline_journal::{Folder, JournalError, Reader, Step};

use super::backlog::{Backlog, Owed};
use super::delivery::{Chained, Delivery, Parcel};
use crate::batch::Batch;
use crate::ingest::Components;
use crate::journal::Stored;
use crate::ledger::StreamId;

pub struct Feed {
    /// The destination's name, as records have it.
    name: String,
    reader: Reader<Folder>,
    contract: Arc<Contract>,
    components: Arc<Components>,
    home: Sender<Batch>,
}

pub enum Fed {
    Delivery(Delivery),
    /// Rows that the journal can't give back, and why.
    Lost(Vec<Owed>, String),
    /// Nothing is owed, or it is not safe yet.
    Nothing,
}

impl Feed {
    pub fn new(
        name: &str,
        reader: Reader<Folder>,
        contract: Arc<Contract>,
        components: Arc<Components>,
        home: Sender<Batch>,
    ) -> Self {
        Feed { name: name.to_owned(), reader, contract, components, home }
    }

    /// The next rows that are owed.
    pub fn next(&mut self, backlog: &Mutex<Backlog>) -> Result<Fed, JournalError> {
        let backlog = || backlog.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some(first) = backlog().first_owed() else { return Ok(Fed::Nothing) };
            self.reader.seek(first);
            let record = match self.reader.read_next()? {
                None => return Ok(Fed::Nothing),
                Some(Step::Missing(from, to)) => {
                    let lost = backlog().give_up(from, to);
                    return Ok(Fed::Lost(lost, format!("records {from} to {} of the journal are damaged", to - 1)));
                }
                Some(Step::Record(record)) => record,
            };
            let Some(owed) = backlog().take(record.number) else { continue };
            let stored = match Stored::read(&record.body) {
                Ok(stored) => stored,
                Err(error) => {
                    backlog().done(record.number);
                    return Ok(Fed::Lost(vec![owed], format!("record {}: {error}", record.number)));
                }
            };
            let mut batch = Batch::new(&self.contract);
            let bit = stored.bit(&self.name);
            stored.restore(&self.contract, &self.components, bit, |_| StreamId::NONE, &mut batch);
            let chained =
                record.audited.map(|audited| Chained { position: audited.position, links: audited.links().collect() });
            let rows = (0..batch.len() as u16).collect();
            return Ok(Fed::Delivery(Delivery {
                parcel: Arc::new(Parcel::new(batch, self.home.clone())),
                rows,
                settlement: owed.settlement,
                settled_as: Some(owed.rows),
                record: Some(record.number),
                ticket: None,
                hold: None,
                chained: chained.map(Arc::new),
            }));
        }
    }
}
