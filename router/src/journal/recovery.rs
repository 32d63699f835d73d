//! After a start: what the journal still owes to whom.

use std::collections::BTreeMap;
use std::sync::Arc;

use tapline_contract::Contract;
use tapline_journal::{Class, Cursors, Folder, Journal, JournalError, Step};

use super::marks::{self, Marks};
use super::stored::Stored;
use crate::batch::Batch;
use crate::ingest::Components;
use crate::ledger::{Ledger, Outcome, Reason, Settlement, StreamId};
use crate::route::Destinations;
use crate::sink::{DeadLetters, Owed};

pub struct Recovered {
    /// By destination.
    pub owed: Vec<BTreeMap<u64, Owed>>,
    pub marks: Marks,
    pub rows: u64,
}

/// Reads the journal from where the last destination is. Rows that are owed to anybody enter the ledger
/// again: in its last run the router had counted them as pending.
#[allow(clippy::too_many_arguments, reason = "composed once, in router.rs")]
pub fn recover(
    journal: &Journal<Folder>,
    cursors: &Cursors,
    mut marks: Marks,
    contract: &Arc<Contract>,
    components: &Arc<Components>,
    destinations: &Destinations,
    ledger: &Ledger,
    dead_letters: &DeadLetters,
) -> Result<Recovered, JournalError> {
    let mut owed: Vec<BTreeMap<u64, Owed>> = destinations.names().iter().map(|_| BTreeMap::new()).collect();
    let mut rows_owed = 0;
    let mut reader = journal.reader(journal.oldest());
    while let Some(step) = reader.read_next()? {
        let record = match step {
            Step::Record(record) => record,
            Step::Missing(from, to) => {
                tracing::error!(
                    from,
                    to,
                    "records of the journal are damaged; what they held and was not delivered is lost"
                );
                continue;
            }
        };
        let stored = match Stored::read(&record.body) {
            Ok(stored) => stored,
            Err(error) => {
                tracing::error!(record = record.number, %error, "what the record held and was not delivered is lost");
                continue;
            }
        };
        if matches!(record.class, Class::Audit | Class::Guard) {
            for (source, mark) in &stored.marks {
                marks.note(&marks::request(source, stored.lane()), *mark, record.number);
            }
            for (run, component, seq) in stored.numbered() {
                marks.note(&marks::queue(run, component, stored.lane()), seq, record.number);
            }
        }
        // Whom it is owed to, as bits of the record's own list.
        let mut open = 0;
        for (bit, name) in stored.destinations.iter().enumerate() {
            if record.number >= cursors.get(name) {
                open |= 1_u64 << bit;
            }
        }
        if stored.rows.iter().all(|row| row.to & open == 0) {
            continue;
        }
        let mut streams: Vec<StreamId> = Vec::new();
        for row in &stored.rows {
            let stream = ledger.stream(stored.component(row), stored.lane(), stored.run(row));
            if row.to & open != 0 {
                ledger.get(stream).take_in(1);
                rows_owed += 1;
            }
            streams.push(stream);
        }
        let counts = stored.rows.iter().zip(&streams).map(|(row, stream)| (*stream, (row.to & open).count_ones()));
        let settlement = Arc::new(Settlement::new(ledger, counts));
        for (bit, name) in stored.destinations.iter().enumerate().filter(|(bit, _)| open >> bit & 1 == 1) {
            let rows: Vec<u16> = stored
                .rows
                .iter()
                .enumerate()
                .filter(|(_, row)| row.to >> bit & 1 == 1)
                .map(|(row, _)| row as u16)
                .collect();
            if rows.is_empty() {
                continue;
            }
            if let Some(number) = destinations.number(name) {
                let bytes = record.body.len() as u64;
                owed[usize::from(number)].insert(record.number, Owed { settlement: settlement.clone(), rows, bytes });
                continue;
            }
            // The configuration has no such destination any more.
            let mut batch = Batch::new(contract);
            stored.restore(contract, components, 1 << bit, |_| StreamId::NONE, &mut batch);
            let all = 0..batch.len();
            let kept =
                dead_letters.keep(&batch, all, name, "destination_removed", "the configuration has it no more", None);
            let outcome = if kept.is_ok() { Outcome::DeadLettered } else { Outcome::Dropped };
            let rows = rows.into_iter().map(usize::from);
            settlement.settle(rows, outcome, &Reason::Borrowed("destination_removed"));
        }
    }
    Ok(Recovered { owed, marks, rows: rows_owed })
}
