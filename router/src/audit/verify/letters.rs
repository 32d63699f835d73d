//! Rows that a database refused, as the dead letters keep them.

use std::collections::BTreeMap;
use std::io;
use std::ops::{ControlFlow, Range};
use std::path::Path;

use tapline_contract::Contract;
use tapline_journal::{Hash, from_hex, leaf};

use crate::sink::DeadLetter;

pub struct RefusedRow {
    pub table: String,
    pub event_id: String,
    pub reason: String,
    pub message: String,
    pub leaf: Hash,
    pub link: Hash,
}

/// By the destination's name and the row's position.
#[derive(Default)]
pub struct Letters(BTreeMap<(String, u64), RefusedRow>);

impl Letters {
    pub fn read(path: &Path, contract: &Contract) -> io::Result<Self> {
        let mut letters = Letters::default();
        // Most letters are of plugins, and of destinations without tables. One that is torn proves nothing.
        DeadLetter::each(path, |letter, _| {
            if let Some(placed) = &letter.placed
                && let (Some(canonical), Some(link)) = (placed.canonical(contract), from_hex(&placed.link))
            {
                let row = RefusedRow {
                    table: placed.table.clone(),
                    event_id: placed.row.get("event_id").and_then(|id| id.as_str()).unwrap_or_default().to_owned(),
                    reason: letter.reason.to_string(),
                    message: letter.message.to_string(),
                    leaf: leaf(&canonical),
                    link,
                };
                letters.0.insert((letter.by.to_string(), placed.position), row);
            }
            ControlFlow::Continue(())
        })?;
        Ok(letters)
    }

    /// Those of a destination in a range of positions, in order.
    pub(super) fn refused<'a>(
        &'a self,
        by: &str,
        range: Range<u64>,
    ) -> impl Iterator<Item = (u64, &'a RefusedRow)> + use<'a> {
        self.0.range((by.to_owned(), range.start)..(by.to_owned(), range.end)).map(|((_, at), row)| (*at, row))
    }
}
