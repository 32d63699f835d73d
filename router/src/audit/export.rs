//! A range of the audit trail in a file of its own, with what it takes to check it elsewhere.
//!
//! JSON lines: a head, the rows in their form in the hash chain (see `row.rs`), and for each sealed segment
//! that the range touches its seal and the leaves of its rows outside the range. From these anybody can make
//! the chain and the Merkle roots again, and compare them with seals that were kept elsewhere.

use std::io::{self, BufRead, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tapline_contract::Contract;
use tapline_journal::{Folder, Found, Hash, ORIGIN, Seal, from_hex, leaf, link, merkle_root, to_hex};

use super::chain::{ChainRow, Trail, TrailError};
use super::verify::VerifyError;

const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    tapline_audit_export: u32,
    contract: String,
    from: u64,
    to: u64,
    /// The chain before the first row and behind the last.
    link_before: String,
    link: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct ExportedRow {
    position: u64,
    row: String,
    link: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Proof {
    seal: Seal,
    leaves_before: Vec<String>,
    leaves_after: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Head(Head),
    Row(ExportedRow),
    Proof(Proof),
}

/// What was exported, or found in an export.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Exported {
    pub ok: bool,
    pub rows: u64,
    pub from: u64,
    pub to: u64,
    pub link_before: String,
    pub link: String,
    /// Seals whose Merkle roots the rows lead to.
    pub seals: Vec<Seal>,
    /// Rows behind the last seal: the chain alone proves them.
    pub unsealed_rows: u64,
    pub breaks: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Trail(#[from] TrailError),
    #[error("can't write the export: {0}")]
    Write(io::Error),
    #[error("can't read the export: {0}")]
    Read(io::Error),
    #[error("the audit tables have no rows from position {0} on, or none up to the last one asked for")]
    Empty(u64),
    #[error("position {0} carries no chain_hash: it is from before there was a chain, and can't be proved")]
    NoChain(u64),
}

pub fn export(
    trail: &mut dyn Trail,
    journal: &Path,
    contract: &Contract,
    from: u64,
    to: u64,
    out: &mut dyn Write,
) -> Result<Exported, ExportError> {
    let seals = seals(journal)?;
    // Before the rows stands the chain of the row before them; the segments at both ends are needed whole.
    let first = seals.iter().find(|seal| covers(seal, from)).map_or(from, |seal| seal.position);
    let last = seals.iter().rev().find(|seal| covers(seal, to)).map_or(to, |seal| seal.position + seal.rows - 1);
    let mut rows: Vec<ChainRow> = Vec::new();
    let mut outside: Vec<(u64, Hash)> = Vec::new();
    let mut link_before = (from == 1).then_some(ORIGIN);
    trail.walk(first.saturating_sub(1).min(from.saturating_sub(1)), last, &mut |row| {
        if row.position + 1 == from {
            link_before = row.link;
        }
        match (from..=to).contains(&row.position) {
            true => rows.push(row),
            false => outside.push((row.position, row.leaf())),
        }
    })?;
    let (Some(head), Some(end)) = (rows.first(), rows.last()) else { return Err(ExportError::Empty(from)) };
    if let Some(row) = rows.iter().find(|row| row.link.is_none()) {
        return Err(ExportError::NoChain(row.position));
    }
    let (from, to) = (head.position, end.position);
    // Where the row before is gone, a seal may say what stood there.
    let sealed = seals.iter().find(|seal| seal.position + seal.rows == from).map(|seal| seal.link);
    let link_before = link_before.or(sealed).unwrap_or(ORIGIN);
    let link_text = |row: &ChainRow| row.link.map(|link| to_hex(&link)).unwrap_or_default();
    let mut write = |line: &Line| -> Result<(), ExportError> {
        serde_json::to_writer(&mut *out, line).map_err(|error| ExportError::Write(error.into()))?;
        out.write_all(b"\n").map_err(ExportError::Write)
    };
    write(&Line::Head(Head {
        tapline_audit_export: VERSION,
        contract: contract.hash.clone(),
        from,
        to,
        link_before: to_hex(&link_before),
        link: link_text(end),
    }))?;
    for row in &rows {
        let text = String::from_utf8_lossy(&row.canonical).into_owned();
        write(&Line::Row(ExportedRow { position: row.position, row: text, link: link_text(row) }))?;
    }
    let mut proved = Vec::new();
    for seal in seals.iter().filter(|seal| seal.rows > 0 && seal.position <= to && seal.position + seal.rows > from) {
        let leaves = |wanted: std::ops::Range<u64>| -> Vec<String> {
            outside.iter().filter(|(at, _)| wanted.contains(at)).map(|(_, leaf)| to_hex(leaf)).collect()
        };
        let proof = Proof {
            seal: seal.clone(),
            leaves_before: leaves(seal.position..from.max(seal.position)),
            leaves_after: leaves((to + 1).min(seal.position + seal.rows)..seal.position + seal.rows),
        };
        proved.push(seal.clone());
        write(&Line::Proof(proof))?;
    }
    let sealed_to = proved.last().map_or(from, |seal| seal.position + seal.rows);
    Ok(Exported {
        ok: true,
        rows: rows.len() as u64,
        from,
        to,
        link_before: to_hex(&link_before),
        link: link_text(end),
        seals: proved,
        unsealed_rows: (to + 1).saturating_sub(sealed_to),
        breaks: Vec::new(),
    })
}

fn covers(seal: &Seal, position: u64) -> bool {
    (seal.position..seal.position + seal.rows).contains(&position)
}

fn seals(journal: &Path) -> Result<Vec<Seal>, VerifyError> {
    let failed = |source| VerifyError::Journal { path: journal.to_owned(), source };
    let mut seals = Vec::new();
    if journal.exists() {
        let folder = Folder::open(journal).map_err(failed)?;
        tapline_journal::survey(&folder, |found| {
            if let Found::Seal(seal) = found {
                seals.push(seal);
            }
        })
        .map_err(failed)?;
    }
    Ok(seals)
}

/// Makes the chain and the roots of an export again. `kept` are seals from elsewhere, e.g. an archived
/// `seals.ndjson`: then the export's own must be among them.
pub fn verify_export(text: impl BufRead, kept: Option<&[Seal]>) -> Result<Exported, ExportError> {
    let mut found = Exported::default();
    let mut head: Option<Head> = None;
    let mut leaves: Vec<(u64, Hash)> = Vec::new();
    let mut chain = ORIGIN;
    for (number, line) in text.lines().enumerate() {
        let line = line.map_err(ExportError::Read)?;
        let parsed = serde_json::from_str(&line).map_err(|error| ExportError::Read(error.into()))?;
        match (parsed, &head) {
            (Line::Head(first), None) if first.tapline_audit_export == VERSION && number == 0 => {
                chain = from_hex(&first.link_before).unwrap_or(ORIGIN);
                (found.from, found.to) = (first.from, first.to);
                (found.link_before, found.link) = (first.link_before.clone(), first.link.clone());
                head = Some(first);
            }
            (Line::Row(row), Some(head)) => {
                let expected = head.from + found.rows;
                if row.position != expected {
                    found.breaks.push(format!("position {expected} is missing; {} stands in its place", row.position));
                }
                let leaf = leaf(row.row.as_bytes());
                chain = link(&chain, &leaf);
                if to_hex(&chain) != row.link {
                    found.breaks.push(format!("position {} was changed: the chain does not fit", row.position));
                    chain = from_hex(&row.link).unwrap_or(chain);
                }
                leaves.push((row.position, leaf));
                found.rows += 1;
            }
            (Line::Proof(proof), Some(_)) => check_proof(proof, &leaves, kept, &mut found),
            _ => {
                found.breaks.push(format!("line {}: not what an export has there", number + 1));
                break;
            }
        }
    }
    let Some(head) = head else {
        found.breaks.push("the file does not begin as an export of the audit trail".into());
        return Ok(found);
    };
    if found.rows != head.to + 1 - head.from || to_hex(&chain) != head.link {
        found.breaks.push(format!(
            "the rows do not end as the head says: {} of {}",
            found.rows,
            head.to + 1 - head.from
        ));
    }
    let sealed_to = found.seals.last().map_or(head.from, |seal| seal.position + seal.rows);
    found.unsealed_rows = (head.to + 1).saturating_sub(sealed_to);
    found.ok = found.breaks.is_empty();
    Ok(found)
}

fn check_proof(proof: Proof, leaves: &[(u64, Hash)], kept: Option<&[Seal]>, found: &mut Exported) {
    let Proof { seal, leaves_before, leaves_after } = proof;
    let own = leaves.iter().filter(|(position, _)| covers(&seal, *position)).map(|(_, leaf)| *leaf);
    let given = |texts: &[String]| texts.iter().filter_map(|text| from_hex(text)).collect::<Vec<_>>();
    let all: Vec<Hash> = given(&leaves_before).into_iter().chain(own).chain(given(&leaves_after)).collect();
    if all.len() as u64 != seal.rows || merkle_root(&all) != seal.root {
        found.breaks.push(format!("the rows do not lead to the Merkle root of segment {}'s seal", seal.segment));
    }
    if kept.is_some_and(|kept| !kept.contains(&seal)) {
        found.breaks.push(format!("the seal of segment {} is not among those that were kept", seal.segment));
    }
    found.seals.push(seal);
}
