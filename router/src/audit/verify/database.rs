//! One database's rows against the chain, the journal and the dead letters.

use std::ops::Range;

use serde::Serialize;
use tapline_journal::{Hash, ORIGIN, link, to_hex};

use super::Verification;
use super::journal::Anchors;
use super::letters::{Letters, RefusedRow};
use crate::audit::chain::{ChainRow, Trail, TrailError};

/// What was found in a database.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DatabaseFound {
    /// The destination's name.
    pub name: String,
    /// Rows, and their first and last position.
    pub rows: u64,
    pub first_position: Option<u64>,
    pub last_position: Option<u64>,
    /// Rows from before there was a chain: only that there is no gap is known of them.
    pub rows_without_chain: u64,
    /// Rows that it refused and that are dead letters.
    pub dead_letters: u64,
    /// Rows that are older than they have to be kept, and gone.
    pub expired: u64,
    /// Rows that are safe in the journal and not here yet.
    pub pending: u64,
    /// Where the chain stands behind the last row; keep it elsewhere to prove later that nothing up to here
    /// has changed.
    pub link: String,
}

/// Follows the chain from row to row.
struct Walk<'a> {
    anchors: &'a Anchors,
    letters: &'a Letters,
    expired_before: i64,
    found: DatabaseFound,
    /// The chain behind the last position that was looked at.
    before: Option<(u64, Hash)>,
    breaks: Vec<String>,
}

pub(super) fn look_at_database(
    name: &str,
    trail: &mut dyn Trail,
    anchors: &Anchors,
    letters: &Letters,
    verification: &mut Verification,
) -> Result<DatabaseFound, TrailError> {
    let mut walk = Walk {
        anchors,
        letters,
        expired_before: trail.expired_before(),
        found: DatabaseFound { name: name.to_owned(), ..DatabaseFound::default() },
        before: None,
        breaks: Vec::new(),
    };
    trail.walk(0, u64::MAX, &mut |row| walk.row(&row))?;
    walk.end();
    walk.found.link = to_hex(&walk.before.map_or(ORIGIN, |(_, link)| link));
    walk.breaks.into_iter().for_each(|what| verification.found(format!("{name}: {what}")));
    Ok(walk.found)
}

impl Walk<'_> {
    fn row(&mut self, row: &ChainRow) {
        self.found.rows += 1;
        self.found.first_position.get_or_insert(row.position);
        match self.found.last_position.map(|last| last + 1) {
            Some(expected) if row.position < expected => self.breaks.push(format!("{} is there twice", row.name())),
            Some(expected) if row.position > expected => self.gap(expected, row.position, Some(row)),
            // Nothing was here before the first row, or it has expired, or the first were refused.
            None => self.refused_in(0..row.position),
            _ => {}
        }
        self.found.last_position = Some(row.position);
        let Some(said) = row.link else {
            self.found.rows_without_chain += 1;
            if self.before.is_some() {
                self.breaks.push(format!("{} has lost its chain_hash", row.name()));
            }
            return;
        };
        if let Some(from) = self.link_before(row.position)
            && link(&from, &row.leaf()) != said
        {
            self.breaks.push(format!("{} was changed, or a row before it was: the chain does not fit", row.name()));
        }
        self.hold_against_anchor(row.position, said, &row.name());
        self.before = Some((row.position, said));
    }

    /// The chain before a position, where anything is known of it. The first row of a database may follow
    /// others that have expired: then an anchor says what was before it, or nobody does.
    fn link_before(&self, position: u64) -> Option<Hash> {
        match self.before {
            Some((last, link)) if last + 1 == position => Some(link),
            _ if position == 1 => Some(ORIGIN),
            _ => self.anchors.links.get(&(position - 1)).map(|(link, _)| *link),
        }
    }

    fn hold_against_anchor(&mut self, position: u64, said: Hash, name: &str) {
        if let Some((anchor, who)) = self.anchors.links.get(&position)
            && *anchor != said
        {
            self.breaks.push(format!("{name} ends another chain than {who} says: rows up to it were written anew"));
        }
    }

    /// Positions that the database does not have, `behind` them a row that it has.
    fn gap(&mut self, from: u64, to: u64, behind: Option<&ChainRow>) {
        let letters = self.letters;
        let mut missing_from = from;
        for (position, refused) in letters.refused(&self.found.name, from..to) {
            self.missing(missing_from, position, behind);
            self.refused(position, refused);
            missing_from = position + 1;
        }
        self.missing(missing_from, to, behind);
    }

    fn missing(&mut self, from: u64, to: u64, behind: Option<&ChainRow>) {
        if from >= to {
            return;
        }
        if behind.is_some_and(|row| row.ingest_ns < self.expired_before) {
            self.found.expired += to - from;
            return;
        }
        let before = behind.map_or(String::new(), |row| format!("; they were before {}", row.name()));
        self.breaks.push(match to - from {
            1 => format!("position {from} is missing{}", before.replace("they were", "it was")),
            n => format!("{n} rows are missing, positions {from} to {}{before}", to - 1),
        });
    }

    fn refused_in(&mut self, range: Range<u64>) {
        let letters = self.letters;
        for (position, refused) in letters.refused(&self.found.name, range) {
            self.refused(position, refused);
        }
    }

    /// The row is not here, but it is whole, and the chain goes on through it.
    fn refused(&mut self, position: u64, refused: &RefusedRow) {
        self.found.dead_letters += 1;
        self.found.first_position.get_or_insert(position);
        let name = format!("position {position} ({}, event_id {})", refused.table, refused.event_id);
        self.breaks.push(format!(
            "{name} is a dead letter, refused as {}: {}; mend the table, then `tapline dead-letters redrive --by {}`",
            refused.reason, refused.message, self.found.name
        ));
        if let Some(from) = self.link_before(position)
            && link(&from, &refused.leaf) != refused.link
        {
            self.breaks.push(format!("the dead letter of {name} was changed: the chain does not fit"));
        }
        self.hold_against_anchor(position, refused.link, &name);
        self.before = Some((position, refused.link));
        self.found.last_position = Some(position);
    }

    /// What the journal has and the database lacks behind its last row.
    fn end(&mut self) {
        self.refused_in(self.found.last_position.map_or(0, |last| last + 1)..u64::MAX);
        let next = self.found.last_position.map_or(1, |last| last + 1);
        if let Some((first, last)) = self.anchors.rows {
            self.found.pending = (last + 1).saturating_sub(next.max(first));
            if first > next {
                self.breaks
                    .push(format!("positions {next} to {} are neither in the database nor in the journal", first - 1));
            }
        } else if let Some((position, (_, who))) = self.anchors.links.last_key_value()
            && *position >= next
        {
            self.breaks.push(format!("positions {next} to {position} are missing from the database; {who} has them"));
        }
    }
}
