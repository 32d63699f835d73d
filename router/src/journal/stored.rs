//! A batch's rows as they lie in the journal: by name, so that they can be read under another contract.
//!
//! Only what a row shows to one of its destinations is kept: what a plugin has covered is still in the
//! batch's arena, and fields that none of them is cleared for are in its columns; neither must get onto a
//! disk.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tapline_contract::{Contract, Kind, Lane, Level};

use crate::batch::{Batch, Cell, Row, Span};
use crate::encode;
use crate::ingest::Components;
use crate::ledger::StreamId;
use crate::route::Destinations;

const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
pub struct Stored<'a> {
    version: u8,
    lane: u8,
    ingest_ns: i64,
    /// Hash of the contract that the rows are by.
    pub contract: &'a str,
    /// The run of the router that numbered the rows.
    origin: &'a str,
    /// What the rows' numbers stand for.
    #[serde(borrow)]
    pub destinations: Vec<&'a str>,
    components: Vec<&'a str>,
    events: Vec<&'a str>,
    fields: Vec<&'a str>,
    runs: Vec<&'a str>,
    /// How far a numbered source is with this record; see `marks.rs`.
    #[serde(borrow)]
    pub marks: Vec<(&'a str, u64)>,
    #[serde(borrow)]
    pub rows: Vec<StoredRow<'a>>,
}

#[derive(Serialize, Deserialize)]
pub struct StoredRow<'a> {
    ts_ns: i64,
    event: u16,
    component: u16,
    run: u16,
    level: u8,
    numbered: bool,
    seq: Option<u64>,
    position: u64,
    /// Destinations, as bits.
    pub to: u64,
    #[serde(borrow)]
    cells: Vec<(u16, StoredCell<'a>)>,
    details: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
enum StoredCell<'a> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Json(&'a str),
}

/// Names that get a number when they are first used.
#[derive(Default)]
struct Names<'a> {
    list: Vec<&'a str>,
    numbers: HashMap<&'a str, u16>,
}

impl<'a> Names<'a> {
    fn number(&mut self, name: &'a str) -> u16 {
        *self.numbers.entry(name).or_insert_with(|| {
            self.list.push(name);
            self.list.len() as u16 - 1
        })
    }
}

/// Puts rows of a batch, each with its destinations as bits, into `out`.
pub fn encode(
    contract: &Contract,
    component_names: &[Arc<str>],
    batch: &Batch,
    rows: impl Iterator<Item = (usize, u64)>,
    destinations: &Destinations,
    out: &mut Vec<u8>,
) -> Result<(), postcard::Error> {
    let (mut components, mut events, mut runs) = (Names::default(), Names::default(), Names::default());
    let columns: Vec<_> = batch.fields().collect();
    let fields = columns.iter().map(|(field, _)| contract.field_at(*field).name.as_str()).collect();
    let sensitivities: Vec<_> = columns.iter().map(|(field, _)| contract.field_at(*field).sensitivity).collect();
    let rows: Vec<StoredRow> = rows
        .map(|(row, to)| {
            let clearance = destinations.clearance(to);
            let head = &batch.rows()[row];
            let cell = |cell: Cell| match cell {
                Cell::Absent => None,
                Cell::Bool(value) => Some(StoredCell::Bool(value)),
                Cell::Int(value) => Some(StoredCell::Int(value)),
                Cell::Float(value) => Some(StoredCell::Float(value)),
                Cell::Text(span) => Some(StoredCell::Text(batch.text(span))),
                Cell::Json(span) => Some(StoredCell::Json(batch.text(span))),
            };
            let cleared = columns.iter().enumerate().filter(|(number, _)| sensitivities[*number] <= clearance);
            let cells = cleared.filter_map(|(number, (_, cells))| {
                Some((number as u16, cell(cells.get(row).copied().unwrap_or_default())?))
            });
            StoredRow {
                ts_ns: head.ts_ns,
                event: events.number(batch.event_name(contract, row)),
                component: components.number(&component_names[usize::from(head.component.0)]),
                run: runs.number(batch.text(head.run)),
                level: head.level as u8,
                numbered: head.numbered,
                seq: head.seq,
                position: head.position,
                to,
                cells: cells.collect(),
                details: match batch.details(row) {
                    Cell::Json(span) => Some(batch.text(span)),
                    _ => None,
                },
            }
        })
        .collect();
    let stored = Stored {
        version: VERSION,
        lane: batch.lane as u8,
        ingest_ns: batch.ingest_ns,
        contract: &contract.hash,
        origin: &batch.origin,
        destinations: destinations.names().iter().map(String::as_str).collect(),
        components: components.list,
        events: events.list,
        fields,
        runs: runs.list,
        marks: batch.marks.iter().map(|(source, mark)| (&**source, *mark)).collect(),
        rows,
    };
    out.clear();
    *out = postcard::to_extend(&stored, std::mem::take(out))?;
    Ok(())
}

/// A record's body that this version can't read: damage, or a later version's.
#[derive(Debug, thiserror::Error)]
#[error("the record can't be read: {0}")]
pub struct Unreadable(String);

impl<'a> Stored<'a> {
    pub fn read(body: &'a [u8]) -> Result<Self, Unreadable> {
        let stored: Stored = postcard::from_bytes(body).map_err(|error| Unreadable(error.to_string()))?;
        if stored.version != VERSION {
            return Err(Unreadable(format!("it is of version {}, not {VERSION}", stored.version)));
        }
        // A number that stands for nothing is damage that the checksum did not see.
        let is_sound = stored.rows.iter().all(|row| {
            usize::from(row.event) < stored.events.len()
                && usize::from(row.component) < stored.components.len()
                && usize::from(row.run) < stored.runs.len()
                && row.cells.iter().all(|(field, _)| usize::from(*field) < stored.fields.len())
        });
        if !is_sound {
            return Err(Unreadable("a row has a number that stands for no name".into()));
        }
        Ok(stored)
    }

    pub fn lane(&self) -> Lane {
        [Lane::Guard, Lane::Audit, Lane::Log, Lane::Metric]
            .into_iter()
            .find(|lane| *lane as u8 == self.lane)
            .unwrap_or(Lane::Log)
    }

    /// The bit that stands for a destination.
    pub fn bit(&self, destination: &str) -> u64 {
        self.destinations.iter().position(|name| *name == destination).map_or(0, |bit| 1 << bit)
    }

    pub fn component(&self, row: &StoredRow<'a>) -> &'a str {
        self.components[usize::from(row.component)]
    }

    pub fn run(&self, row: &StoredRow<'a>) -> &'a str {
        self.runs[usize::from(row.run)]
    }

    /// By whose numbers a row is known, and its number there.
    pub fn numbered(&self) -> impl Iterator<Item = (&'a str, &'a str, u64)> + '_ {
        self.rows
            .iter()
            .filter(|row| row.numbered)
            .filter_map(|row| Some((self.run(row), self.component(row), row.seq?)))
    }

    /// Puts the rows that go to `to` behind those of a batch.
    pub fn restore(
        &self,
        contract: &Contract,
        components: &Components,
        to: u64,
        mut stream: impl FnMut(&StoredRow<'a>) -> StreamId,
        batch: &mut Batch,
    ) {
        batch.lane = self.lane();
        batch.ingest_ns = self.ingest_ns;
        batch.origin = self.origin.into();
        let component_refs: Vec<_> = self.components.iter().map(|name| components.intern(name)).collect();
        let events: Vec<_> = self.events.iter().map(|name| contract.event(name)).collect();
        let fields: Vec<_> = self.fields.iter().map(|name| contract.field(name)).collect();
        for stored in self.rows.iter().filter(|row| row.to & to != 0) {
            let event = events[usize::from(stored.event)];
            let name = match event {
                Some(_) => Span::default(),
                None => batch.push_text(self.events[usize::from(stored.event)]),
            };
            let run = batch.push_text(self.run(stored));
            let row = batch.push_row(Row {
                ts_ns: stored.ts_ns,
                event,
                name,
                component: component_refs[usize::from(stored.component)],
                level: level(stored.level),
                lane: self.lane(),
                run,
                seq: stored.seq,
                numbered: stored.numbered,
                position: stored.position,
                stream: stream(stored),
                send: 0,
                also: 0,
                gone: false,
            });
            let mut details = stored.details.unwrap_or("").to_owned();
            for (number, cell) in &stored.cells {
                let field = fields[usize::from(*number)];
                let kind = field.map(|field| contract.field_at(field).kind);
                let place = match (kind, cell) {
                    (Some(Kind::Bool), StoredCell::Bool(value)) => Cell::Bool(*value),
                    (Some(Kind::Int), StoredCell::Int(value)) => Cell::Int(*value),
                    (Some(Kind::Float), StoredCell::Float(value)) => Cell::Float(*value),
                    (Some(Kind::Text), StoredCell::Text(text)) => Cell::Text(batch.push_text(text)),
                    (Some(Kind::Json), StoredCell::Json(text)) => Cell::Json(batch.push_text(text)),
                    // The contract has changed since.
                    _ => {
                        add_detail(self.fields[usize::from(*number)], cell, &mut details);
                        continue;
                    }
                };
                if let Some(field) = field {
                    batch.put(row, field, place);
                }
            }
            if !details.is_empty() {
                let span = batch.push_text(&details);
                batch.set_details(row, Cell::Json(span));
            }
        }
    }
}

fn add_detail(name: &str, cell: &StoredCell, details: &mut String) {
    let mut member = Vec::new();
    encode::string(name, &mut member);
    member.push(b':');
    match cell {
        StoredCell::Bool(value) => member.extend_from_slice(value.to_string().as_bytes()),
        StoredCell::Int(value) => member.extend_from_slice(value.to_string().as_bytes()),
        StoredCell::Float(value) if value.is_finite() => member.extend_from_slice(value.to_string().as_bytes()),
        StoredCell::Float(_) => member.extend_from_slice(b"null"),
        StoredCell::Text(text) => encode::string(text, &mut member),
        StoredCell::Json(text) => member.extend_from_slice(text.as_bytes()),
    }
    let member = String::from_utf8_lossy(&member);
    match details.trim_end().strip_suffix('}').map(str::trim_end) {
        None => *details = format!("{{{member}}}"),
        Some(before) if before.ends_with('{') => *details = format!("{before}{member}}}"),
        Some(before) => *details = format!("{before},{member}}}"),
    }
}

fn level(number: u8) -> Level {
    [Level::Trace, Level::Debug, Level::Info, Level::Warning, Level::Error, Level::Critical]
        .into_iter()
        .find(|level| *level as u8 == number)
        .unwrap_or(Level::Info)
}
