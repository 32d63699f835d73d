//! Records of clients in this process become rows.
//!
//! A client was built against a contract of its own; the router may run another. Events and fields
//! are matched by name, once: what the router's contract lacks is treated as in any line.

use std::sync::Arc;

use tapline_client::{Record, Value, schema};
use tapline_contract::{Contract, EventId, FieldId, Lane, Level};

use super::codes;
use super::component::Components;
use super::schema_counts::{SchemaCount, SchemaCounts, Tally};
use crate::batch::{Batch, Cell, ComponentRef, Row, Span};
use crate::encode;
use crate::ledger::StreamId;

pub struct RecordDecoder {
    counts: Arc<SchemaCounts>,
    tally: Tally,
    contract: Arc<Contract>,
    /// By field.
    closed: Box<[bool]>,
    /// By the client's event number.
    events: Vec<Mapping>,
}

struct Mapping {
    event: Option<EventId>,
    level: Level,
    /// By the field's place in the event; `None` where it goes to `details`.
    fields: Vec<Option<FieldId>>,
}

/// What all records of a stream have in common.
pub struct Origin {
    pub component: ComponentRef,
    pub lane: Lane,
    pub stream: StreamId,
    pub run: Arc<str>,
    /// Cells that every row gets: service, env, host, pid.
    pub constants: Vec<(FieldId, String)>,
    pub pid: Option<(FieldId, i64)>,
}

/// An origin's constants, placed in a batch's arena once for all of its rows there.
pub struct PlacedOrigin {
    run: Span,
    cells: Vec<(FieldId, Cell)>,
}

impl Origin {
    pub fn place(&self, batch: &mut Batch) -> PlacedOrigin {
        let run = batch.push_text(&self.run);
        let mut cells: Vec<(FieldId, Cell)> =
            self.constants.iter().map(|(field, text)| (*field, Cell::Text(batch.push_text(text)))).collect();
        cells.extend(self.pid.map(|(field, pid)| (field, Cell::Int(pid))));
        PlacedOrigin { run, cells }
    }
}

impl RecordDecoder {
    pub fn new(contract: Arc<Contract>, counts: Arc<SchemaCounts>) -> Self {
        let events = schema::EVENTS
            .iter()
            .map(|event| {
                let id = contract.event(event.name);
                Mapping {
                    event: id,
                    level: level(event.level),
                    fields: (0..event.fields.len())
                        .map(|at| event.field(at).and_then(|field| contract.field(field.name)))
                        .collect(),
                }
            })
            .collect();
        let closed = codes::closed_sets(&contract);
        RecordDecoder { counts, tally: Tally::default(), contract, closed, events }
    }

    pub fn decode(
        &mut self,
        record: &Record,
        origin: &Origin,
        placed: &PlacedOrigin,
        position: u64,
        batch: &mut Batch,
    ) {
        let mapping = self.events.get(usize::from(record.event()));
        let name = match mapping.and_then(|mapping| mapping.event) {
            Some(_) => Span::default(),
            None => {
                self.tally.add(SchemaCount::UnknownEvent, origin.component.0, 1);
                batch.push_text(record.schema().map_or("unknown", |schema| schema.name))
            }
        };
        let row = batch.push_row(Row {
            ts_ns: record.ts_ns() as i64,
            event: mapping.and_then(|mapping| mapping.event),
            name,
            component: origin.component,
            level: mapping.map_or(Level::Info, |mapping| mapping.level),
            lane: origin.lane,
            run: placed.run,
            seq: Some(record.seq()),
            numbered: true,
            position,
            stream: origin.stream,
            send: 0,
            also: 0,
            gone: false,
        });
        for (field, cell) in &placed.cells {
            batch.put(row, *field, *cell);
        }
        if record.truncated() {
            self.tally.add(SchemaCount::Truncated, origin.component.0, 1);
        }
        let mut unknown: Vec<u8> = Vec::new();
        for (at, value) in record.fields() {
            let Some(field) = mapping.and_then(|mapping| mapping.fields.get(at).copied().flatten()) else {
                let name = record.schema().and_then(|schema| schema.field(at)).map_or("?", |field| field.name);
                unknown.push(if unknown.is_empty() { b'{' } else { b',' });
                encode::string(name, &mut unknown);
                unknown.push(b':');
                write_value(value, &mut unknown);
                continue;
            };
            let cell = match value {
                Value::Int(value) => Cell::Int(value),
                Value::Float(value) if value.is_finite() => Cell::Float(value),
                Value::Float(_) => Cell::Absent,
                Value::Bool(value) => Cell::Bool(value),
                Value::Text(text) => Cell::Text(batch.push_text(text)),
                // Perhaps cut to fit, so perhaps not JSON any more: then it is kept as a string.
                Value::Json(text) if serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok() => {
                    Cell::Json(batch.push_text(text))
                }
                Value::Json(text) => {
                    let mut quoted = Vec::new();
                    encode::string(text, &mut quoted);
                    Cell::Json(batch.push_text(&String::from_utf8_lossy(&quoted)))
                }
            };
            batch.put(row, field, cell);
            if self.closed[usize::from(field.0)] {
                codes::settle(&self.contract, batch, row, field, &mut self.tally);
            }
        }
        if !unknown.is_empty() {
            unknown.push(b'}');
            let span = batch.push_text(&String::from_utf8_lossy(&unknown));
            batch.set_details(row, Cell::Json(span));
        }
    }

    pub fn flush(&mut self) {
        self.counts.take(&mut self.tally);
    }
}

/// Finds the numbers of a stream's component and constants, once.
pub fn origin(
    contract: &Contract,
    components: &Components,
    telemetry: &tapline_client::Telemetry,
    component: &str,
    lane: Lane,
    run: &str,
    stream: StreamId,
) -> Origin {
    let constants = [("service", telemetry.service()), ("env", telemetry.env()), ("host", telemetry.host())];
    origin_of(contract, components, constants, telemetry.pid(), component, lane, run, stream)
}

/// The same for a producer of which only this is known.
#[allow(clippy::too_many_arguments, reason = "each is a part of the envelope")]
pub fn origin_of(
    contract: &Contract,
    components: &Components,
    constants: [(&str, &str); 3],
    pid: u32,
    component: &str,
    lane: Lane,
    run: &str,
    stream: StreamId,
) -> Origin {
    let constants = constants
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .filter_map(|(name, text)| Some((contract.field(name)?, text.to_owned())))
        .collect();
    Origin {
        component: components.intern(component),
        lane,
        stream,
        run: run.into(),
        constants,
        pid: contract.field("pid").map(|field| (field, i64::from(pid))),
    }
}

fn write_value(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Int(value) => out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
        Value::Float(value) if value.is_finite() => {
            out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes())
        }
        Value::Float(_) => out.extend_from_slice(b"null"),
        Value::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        Value::Text(text) | Value::Json(text) => encode::string(text, out),
    }
}

pub fn lane(lane: schema::Lane) -> Lane {
    match lane {
        schema::Lane::Guard => Lane::Guard,
        schema::Lane::Audit => Lane::Audit,
        schema::Lane::Log => Lane::Log,
        schema::Lane::Metric => Lane::Metric,
    }
}

fn level(level: schema::Level) -> Level {
    match level {
        schema::Level::Trace => Level::Trace,
        schema::Level::Debug => Level::Debug,
        schema::Level::Info => Level::Info,
        schema::Level::Warning => Level::Warning,
        schema::Level::Error => Level::Error,
        schema::Level::Critical => Level::Critical,
    }
}
