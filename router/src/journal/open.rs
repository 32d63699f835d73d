//! The journal at the start: opened, compared with how far the destinations are, and read for what they are
//! still owed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tapline_contract::Contract;
use tapline_journal::{Budget, Cursors, Folder, Journal};

use super::marks::Marks;
use super::recovery::recover;
use super::stats::JournalStats;
use crate::config::Config;
use crate::ingest::Components;
use crate::ledger::Ledger;
use crate::route::Destinations;
use crate::router::StartError;
use crate::sink::{DeadLetters, Opened, Owed};

/// The journal, and what came out of it.
pub struct OpenJournal {
    pub journal: Journal<Folder>,
    pub folder: Folder,
    pub budget: Budget,
    pub cursors: Cursors,
    pub marks: Marks,
    pub marks_path: PathBuf,
    /// By destination.
    pub owed: Vec<BTreeMap<u64, Owed>>,
    pub stats: Arc<JournalStats>,
}

pub fn open(
    config: &Config,
    contract: &Arc<Contract>,
    components: &Arc<Components>,
    destinations: &Destinations,
    ledger: &Ledger,
    dead_letters: &DeadLetters,
    sinks: &[Opened],
) -> Result<OpenJournal, StartError> {
    let path = config.in_data_dir(&config.journal.path);
    let failed = |source| StartError::Journal { path: path.clone(), source };
    let file = |operation| {
        let path = path.clone();
        move |source| StartError::File { operation, path, source }
    };
    let budget =
        Budget { segment_bytes: config.journal.segment_mib << 20, total_bytes: config.journal.budget_mib << 20 };
    let folder = Folder::open(&path).map_err(file("make the journal's folder"))?;
    let (mut journal, recovery) = Journal::open(folder.clone(), budget).map_err(failed)?;
    if recovery.cut_bytes > 0 {
        let bytes = recovery.cut_bytes;
        tracing::warn!(
            bytes,
            "the journal ended in the middle of a record, which nobody was told is safe; it is cut off"
        );
    }
    for (from, to) in &recovery.missing {
        tracing::error!(from, to, "records of the journal are missing; a segment is damaged or was removed");
    }
    let (mut cursors, is_damaged) = Cursors::load(&folder).map_err(file("read the cursors in"))?;
    if is_damaged {
        tracing::error!("the cursors are damaged; destinations get again all that the journal has");
    }
    for (name, sink, _) in sinks {
        match sink.standing() {
            Some(standing) => {
                let (position, link) = standing.chain.unwrap_or((0, tapline_journal::ORIGIN));
                if journal.go_behind(standing.record, position, link) {
                    tracing::warn!(
                        sink = name,
                        "the journal is older than the audit tables, or is gone; it goes on behind them"
                    );
                }
                cursors.set(name, standing.record);
            }
            None if is_damaged => cursors.advance(name, journal.oldest()),
            // It is new: what was there before is not for it.
            None if !cursors.has(name) => cursors.advance(name, journal.durable()),
            None => {}
        }
    }
    let marks_path = path.join("marks.json");
    let marks = Marks::load(&marks_path).map_err(file("read the marks in"))?;
    let recovered =
        recover(&journal, &cursors, marks, contract, components, destinations, ledger, dead_letters).map_err(failed)?;
    let names: Vec<&str> = sinks.iter().map(|(name, ..)| name.as_str()).collect();
    cursors.keep_only(&names);
    cursors.store(&folder).map_err(file("write the cursors in"))?;
    let stats = Arc::new(JournalStats::new(contract, budget.total_bytes));
    stats.recovered_rows.store(recovered.rows, Relaxed);
    if recovered.rows > 0 {
        tracing::info!(rows = recovered.rows, "rows of the last run are delivered from the journal");
    }
    let (owed, marks) = (recovered.owed, recovered.marks);
    Ok(OpenJournal { journal, folder, budget, cursors, marks, marks_path, owed, stats })
}
