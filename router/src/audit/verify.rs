//! Whether the audit trail is complete, in order and unchanged: over the journal, its seals, and the
//! database.
//!
//! Three things are held against each other. Each row of the database carries the chain behind it, so a
//! changed, removed or moved row breaks the chain there. The seals say where the chain stood when a segment
//! was closed, so that a chain which was written anew from some row on is found out. And what is still in
//! the journal must be in the database already, or follow right behind it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use tapline_contract::{Contract, Sensitivity};
use tapline_journal::{Folder, Found, Hash, ORIGIN, Record, Seal, leaf, link, merkle_root, to_hex};

use super::chain::walk;
use super::database::{AuditError, open_reader};
use super::row::RowMaker;
use crate::batch::Batch;
use crate::ingest::Components;
use crate::journal::Stored;
use crate::ledger::StreamId;

/// Breaks that are named one by one; the first is what matters.
const BREAKS_SHOWN: usize = 20;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Verification {
    pub ok: bool,
    /// Rows of the database, and their first and last position.
    pub rows: u64,
    pub first_position: Option<u64>,
    pub last_position: Option<u64>,
    /// Rows from before there was a chain: only that there is no gap is known of them.
    pub rows_without_chain: u64,
    /// Rows that are safe in the journal and not in the database yet.
    pub pending: u64,
    /// Of the journal.
    pub records: u64,
    pub journal_rows: u64,
    /// Rows of the journal that were written under another contract, whose leaves can't be made again.
    pub journal_rows_unchecked: u64,
    pub seals: u64,
    /// Where the chain stands behind the last row of the database; keep it elsewhere to prove later that
    /// nothing up to here has changed.
    pub link: String,
    /// What is not as it should be; the first first.
    pub breaks: Vec<String>,
    pub more_breaks: u64,
}

impl Verification {
    fn found(&mut self, what: String) {
        match self.breaks.len() < BREAKS_SHOWN {
            true => self.breaks.push(what),
            false => self.more_breaks += 1,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error("audit database: {0}")]
    Sql(#[from] rusqlite::Error),
    #[error("journal {path}: {source}", path = path.display())]
    Journal { path: std::path::PathBuf, source: std::io::Error },
}

/// What the journal says of the chain.
#[derive(Default)]
struct Anchors {
    /// The chain behind a position, and who says so.
    links: BTreeMap<u64, (Hash, String)>,
    /// The positions that are in the journal itself.
    rows: Option<(u64, u64)>,
}

pub fn verify(
    database: &Path,
    journal: &Path,
    contract: &Arc<Contract>,
    clearance: Sensitivity,
) -> Result<Verification, VerifyError> {
    let mut verification = Verification::default();
    let mut anchors = Anchors::default();
    // The journal first: a running router takes rows out of it only when the database has them.
    if journal.exists() {
        let failed = |source| VerifyError::Journal { path: journal.to_owned(), source };
        look_at_journal(journal, contract, clearance, &mut verification, &mut anchors).map_err(failed)?;
    }
    let connection = open_reader(database)?;
    connection.execute_batch("BEGIN")?;
    look_at_database(&connection, contract, &mut verification, &anchors)?;
    compare(&mut verification, &anchors);
    verification.ok = verification.breaks.is_empty();
    Ok(verification)
}

fn look_at_journal(
    path: &Path,
    contract: &Arc<Contract>,
    clearance: Sensitivity,
    verification: &mut Verification,
    anchors: &mut Anchors,
) -> std::io::Result<()> {
    let folder = Folder::open(path)?;
    let mut maker = RowMaker::new(contract.clone(), Arc::new(Components::new(contract)), clearance);
    let mut seals: BTreeMap<u64, Seal> = BTreeMap::new();
    let mut before: Option<Seal> = None;
    // The segment that is being looked at: its first record, its leaves, and what comes next in it.
    let mut segment = 0;
    let mut leaves: Vec<Hash> = Vec::new();
    let mut next: Option<(u64, u64, Hash)> = None;
    let mut wrong = Vec::new();
    tapline_journal::survey(&folder, |found| match found {
        Found::Seal(seal) => {
            if let Some(before) = &before
                && (before.segment + before.records != seal.segment || before.position + before.rows != seal.position)
            {
                wrong.push(format!(
                    "seals.ndjson: the seal of segment {} (positions from {}) does not follow the one before it, which ends before position {}",
                    seal.segment, seal.position, before.position + before.rows
                ));
            }
            verification.seals += 1;
            if seal.rows > 0 {
                let who = format!("the seal of segment {}", seal.segment);
                anchors.links.insert(seal.position + seal.rows - 1, (seal.link, who));
            }
            seals.insert(seal.segment, seal.clone());
            before = Some(seal);
        }
        Found::TornSeal => wrong.push("seals.ndjson: it has a line that is no seal; nothing behind it was read".into()),
        Found::Gone => next = None,
        Found::NoSegment { first } => wrong.push(format!("segment {first}: the file does not begin as one")),
        Found::Missing { from, to } => {
            wrong.push(format!("records {from} to {} of the journal are damaged or missing", to - 1));
        }
        Found::Segment { first, position, link } => {
            if let Some((number, expected, before)) = next
                && (number != first || expected != position || before != link)
            {
                wrong.push(format!("segment {first} does not follow the one before it"));
            }
            (segment, next) = (first, Some((first, position, link)));
            leaves.clear();
        }
        Found::Record(record) => {
            verification.records += 1;
            look_at_record(&record, contract, &mut maker, verification, anchors, &mut next, &mut wrong);
            leaves.extend(record.audited.iter().flat_map(|audited| audited.leaves.iter().copied()));
            if let Some(seal) = seals.get(&segment)
                && seal.segment + seal.records == record.number + 1
                && (seal.rows != leaves.len() as u64 || seal.root != merkle_root(&leaves))
            {
                wrong.push(format!("segment {segment} holds other rows than its seal says"));
            }
        }
    })?;
    wrong.into_iter().for_each(|what| verification.found(what));
    Ok(())
}

fn look_at_record(
    record: &Record,
    contract: &Arc<Contract>,
    maker: &mut RowMaker,
    verification: &mut Verification,
    anchors: &mut Anchors,
    next: &mut Option<(u64, u64, Hash)>,
    wrong: &mut Vec<String>,
) {
    let Some((number, position, before)) = next else { return };
    *number = record.number + 1;
    let Some(audited) = &record.audited else { return };
    if audited.position != *position || audited.link_before != *before {
        wrong.push(format!(
            "record {} of the journal does not continue the chain at position {position}",
            record.number
        ));
    }
    let rows = audited.leaves.len() as u64;
    let last = audited.position + rows - 1;
    let link = audited.links().last().unwrap_or(audited.link_before);
    (*position, *before) = (last + 1, link);
    anchors.links.insert(last, (link, format!("record {} of the journal", record.number)));
    let first = anchors.rows.map_or(audited.position, |(first, _)| first);
    anchors.rows = Some((first, last));
    verification.journal_rows += rows;
    let Ok(stored) = Stored::read(&record.body) else {
        wrong.push(format!("record {} of the journal can't be read", record.number));
        return;
    };
    if stored.contract != contract.hash {
        verification.journal_rows_unchecked += rows;
        return;
    }
    let mut batch = Batch::new(contract);
    let components = maker.components().clone();
    stored.restore(contract, &components, u64::MAX, |_| StreamId::NONE, &mut batch);
    let made: Vec<Hash> = (0..batch.len())
        .filter_map(|row| {
            let made = maker.row(&batch, row)?;
            Some(leaf(&maker.canonical(&made)))
        })
        .collect();
    if made != audited.leaves {
        wrong.push(format!(
            "record {} of the journal holds other rows than its leaves say (positions {} to {last})",
            record.number, audited.position
        ));
    }
}

fn look_at_database(
    connection: &rusqlite::Connection,
    contract: &Contract,
    verification: &mut Verification,
    anchors: &Anchors,
) -> rusqlite::Result<()> {
    let mut before: Option<(u64, Hash)> = None;
    let mut breaks = Vec::new();
    walk(connection, contract, 0, u64::MAX, |row| {
        verification.rows += 1;
        let expected = verification.last_position.map(|last| last + 1);
        verification.first_position.get_or_insert(row.position);
        match expected {
            Some(expected) if row.position < expected => breaks.push(format!("{} is there twice", row.name())),
            Some(expected) if row.position > expected => {
                breaks.push(match row.position - expected {
                    1 => format!("position {expected} is missing; it was before {}", row.name()),
                    n => format!(
                        "{n} rows are missing, positions {expected} to {}; they were before {}",
                        row.position - 1,
                        row.name()
                    ),
                });
            }
            _ => {}
        }
        verification.last_position = Some(row.position);
        let Some(said) = row.link else {
            verification.rows_without_chain += 1;
            if before.is_some() {
                breaks.push(format!("{} has lost its chain_hash", row.name()));
            }
            return;
        };
        // The first row of the database may follow others that have expired: then an anchor says what was
        // before it, or nobody does.
        let from = match before {
            Some((position, link)) if position + 1 == row.position => Some(link),
            _ if row.position == 1 => Some(ORIGIN),
            _ => anchors.links.get(&(row.position - 1)).map(|(link, _)| *link),
        };
        if let Some(from) = from
            && link(&from, &row.leaf()) != said
        {
            breaks.push(format!("{} was changed, or a row before it was: the chain does not fit", row.name()));
        }
        if let Some((anchor, who)) = anchors.links.get(&row.position)
            && *anchor != said
        {
            breaks.push(format!("{} ends another chain than {who} says: rows up to it were written anew", row.name()));
        }
        before = Some((row.position, said));
    })?;
    verification.link = to_hex(&before.map_or(ORIGIN, |(_, link)| link));
    breaks.into_iter().for_each(|what| verification.found(what));
    Ok(())
}

/// What one has and the other lacks.
fn compare(verification: &mut Verification, anchors: &Anchors) {
    let last = verification.last_position.unwrap_or(0);
    if let Some((first, end)) = anchors.rows {
        verification.pending = end.saturating_sub(last.max(first - 1));
        if first > last + 1 {
            verification.found(format!(
                "positions {} to {} are neither in the database nor in the journal",
                last + 1,
                first - 1
            ));
        }
    } else if let Some((position, (_, who))) = anchors.links.last_key_value()
        && *position > last
    {
        verification
            .found(format!("positions {} to {position} are missing from the database; {who} has them", last + 1));
    }
}
