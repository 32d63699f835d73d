//! A batch's rows as they lie in the journal: by name, so that they can be read under another contract.
//!
//! Only what a row shows to one of its destinations is kept: what a plugin has covered is still in the
//! batch's arena, and fields that none of them is cleared for are in its columns; neither must get onto a
//! disk.

use std::collections::HashMap;
use std::sync::Arc;

use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};
use tapline_contract::{Contract, Kind, Lane, Level, Sensitivity};

use crate::batch::{Batch, Cell, Row, Span};
use crate::encode;
use crate::ingest::Components;
use crate::ledger::StreamId;
use crate::route::Destinations;

const VERSION: u8 = 1;

/// Its rows: as they are read, or as they are written.
#[derive(Serialize, Deserialize)]
pub struct Stored<'a, R = StoredRow<'a>> {
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
    pub rows: Vec<R>,
}

#[derive(Serialize, Deserialize)]
pub struct StoredRow<'a, C = Vec<(u16, StoredCell<'a>)>> {
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
    /// Values by the field's number.
    cells: C,
    details: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
pub enum StoredCell<'a> {
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
    /// Most rows have the name of the row before.
    last: Option<(&'a str, u16)>,
}

impl<'a> Names<'a> {
    fn number(&mut self, name: &'a str) -> u16 {
        if let Some((last, number)) = self.last
            && last == name
        {
            return number;
        }
        let number = *self.numbers.entry(name).or_insert_with(|| {
            self.list.push(name);
            self.list.len() as u16 - 1
        });
        self.last = Some((name, number));
        number
    }
}

/// The cells of a row that any of its destinations may see, written straight from the batch.
struct WritingCells<'a> {
    batch: &'a Batch,
    columns: &'a [(Sensitivity, &'a [Cell])],
    row: usize,
    clearance: Sensitivity,
}

impl WritingCells<'_> {
    fn cells(&self) -> impl Iterator<Item = (u16, Cell)> + '_ {
        self.columns.iter().enumerate().filter_map(|(number, (sensitivity, cells))| {
            let cell = cells.get(self.row).copied().filter(|cell| !cell.is_absent())?;
            (*sensitivity <= self.clearance).then_some((number as u16, cell))
        })
    }
}

impl Serialize for WritingCells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_seq(Some(self.cells().count()))?;
        for (number, cell) in self.cells() {
            let cell = match cell {
                Cell::Absent => continue,
                Cell::Bool(value) => StoredCell::Bool(value),
                Cell::Int(value) => StoredCell::Int(value),
                Cell::Float(value) => StoredCell::Float(value),
                Cell::Text(span) => StoredCell::Text(self.batch.text(span)),
                Cell::Json(span) => StoredCell::Json(self.batch.text(span)),
            };
            out.serialize_element(&(number, cell))?;
        }
        out.end()
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
    let fields = batch.fields().map(|(field, _)| contract.field_at(field).name.as_str()).collect();
    let columns: Vec<_> = batch.fields().map(|(field, cells)| (contract.field_at(field).sensitivity, cells)).collect();
    let mut cleared = (0, destinations.clearance(0));
    let rows = rows
        .map(|(row, to)| {
            let head = &batch.rows()[row];
            if cleared.0 != to {
                cleared = (to, destinations.clearance(to));
            }
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
                cells: WritingCells { batch, columns: &columns, row, clearance: cleared.1 },
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::config::Config;
    use crate::encode::Encoder;
    use crate::ingest::{Decoder, SchemaCounts};

    fn line() -> impl Strategy<Value = String> {
        let text = || "[a-c\u{e9}\u{6307}\"\\\\]{0,5}";
        let fields =
            (text(), text(), prop::option::of(any::<i32>()), prop::option::of(text()), any::<bool>(), any::<f64>());
        fields.prop_map(|(message, run, qty, odd, approved, latency)| {
            let mut event = serde_json::json!({ "message": message, "run": run, "event": if approved { "risk_decision" } else { "odd" },
                "approved": approved, "latency_us": latency, "account": "F002007-1234567" });
            if let Some(qty) = qty {
                event["qty"] = qty.into();
            }
            if let Some(odd) = odd {
                event["no_such_field"] = odd.into();
            }
            event.to_string()
        })
    }

    fn decoded(contract: &Arc<Contract>, components: &Arc<Components>, lines: &[String]) -> Batch {
        let mut decoder = Decoder::new(contract.clone(), components.clone(), Arc::new(SchemaCounts::default()));
        let mut batch = Batch::new(contract);
        for line in lines {
            decoder.decode(line.as_bytes(), 7, &mut |_, _| StreamId(0), |_| &mut batch).expect("an event");
        }
        batch
    }

    proptest! {
        /// What comes back says the same to whoever may see it, and what nobody may see is not even there.
        #[test]
        fn rows_come_back_as_their_destinations_may_see_them(
            lines in prop::collection::vec(line(), 1..6), to in prop::collection::vec(1_u64..32, 6),
        ) {
            let contract = Arc::new(Contract::embedded().clone());
            let components = Arc::new(Components::new(&contract));
            let destinations = Destinations::new(&Config::default());
            let batch = decoded(&contract, &components, &lines);
            let names = components.names();
            let mut body = Vec::new();
            let rows = (0..batch.len()).map(|row| (row, to[row]));
            encode(&contract, &names, &batch, rows, &destinations, &mut body).unwrap();
            if to[..lines.len()].iter().all(|to| destinations.clearance(*to) < Sensitivity::Pii) {
                prop_assert!(!String::from_utf8_lossy(&body).contains("F002007"));
            }
            let stored = Stored::read(&body).unwrap();
            for (number, name) in destinations.names().iter().enumerate() {
                let bit = stored.bit(name);
                let mut back = Batch::new(&contract);
                stored.restore(&contract, &components, bit, |_| StreamId(0), &mut back);
                let mut encoder = Encoder::new(contract.clone(), components.clone(), destinations.clearance(1 << number));
                let (mut there, mut here) = (Vec::new(), Vec::new());
                for row in (0..batch.len()).filter(|row| to[*row] & bit != 0) {
                    encoder.line(&batch, row, &mut there);
                }
                for row in 0..back.len() {
                    encoder.line(&back, row, &mut here);
                }
                let parse = |lines: Vec<u8>| -> Vec<serde_json::Value> {
                    let lines = String::from_utf8(lines).expect("text");
                    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
                };
                prop_assert_eq!(parse(there), parse(here), "{}", name);
            }
        }

        /// Whatever lies there, it is read or refused.
        #[test]
        fn damage_is_refused(mut body in prop::collection::vec(any::<u8>(), 0..300), from_real: bool, at: prop::sample::Index, bit in 0..8) {
            if from_real {
                let contract = Arc::new(Contract::embedded().clone());
                let components = Arc::new(Components::new(&contract));
                let destinations = Destinations::new(&Config::default());
                let batch = decoded(&contract, &components, &[r#"{"event":"log","message":"m","run":"r"}"#.to_owned()]);
                let names = components.names();
                encode(&contract, &names, &batch, [(0, 1)].into_iter(), &destinations, &mut body).unwrap();
                let at = at.index(body.len());
                body[at] ^= 1_u8 << bit;
            }
            if let Ok(stored) = Stored::read(&body) {
                let contract = Arc::new(Contract::embedded().clone());
                let components = Arc::new(Components::new(&contract));
                let mut back = Batch::new(&contract);
                stored.restore(&contract, &components, u64::MAX, |_| StreamId(0), &mut back);
            }
        }
    }
}
