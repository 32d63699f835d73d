//! What the journal says of the chain: its records, and the seals of its closed segments.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tapline_contract::{Contract, Sensitivity};
use tapline_journal::{Folder, Found, Hash, Record, Seal, leaf, merkle_root};

use super::Verification;
use crate::audit::row::RowMaker;
use crate::batch::Batch;
use crate::ingest::Components;
use crate::journal::Stored;
use crate::ledger::StreamId;

/// What the journal says of the chain.
#[derive(Default)]
pub(super) struct Anchors {
    /// The chain behind a position, and who says so.
    pub links: BTreeMap<u64, (Hash, String)>,
    /// The positions that are in the journal itself.
    pub rows: Option<(u64, u64)>,
}

pub(super) fn look_at_journal(
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
