//! An event as the row of an audit table, or of that of plain logs, and the form of it that the hash chain is
//! over.

use std::sync::Arc;

use tapline_contract::{ColumnSource, Contract, Kind, Sensitivity, Table, Word};

use crate::batch::{Batch, Cell};
use crate::encode::Encoder;
use crate::ingest::Components;

/// What stands in a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Int(i64),
    Float(f64),
    Text(String),
}

/// In the order of the table's columns; position and hash are not known here, and null.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRow {
    /// The table's number in the contract.
    pub table: usize,
    pub values: Vec<Value>,
}

/// Makes rows of events.
pub struct RowMaker {
    contract: Arc<Contract>,
    components: Arc<Components>,
    pub encoder: Encoder,
    /// By table, that of plain logs last: fields with a column of their own, by field number. The others go
    /// to `details`.
    placed: Vec<Vec<bool>>,
}

impl RowMaker {
    pub fn new(contract: Arc<Contract>, components: Arc<Components>, clearance: Sensitivity) -> Self {
        let placed = contract
            .tables
            .iter()
            .chain([&contract.log_table])
            .map(|table| {
                let mut placed = vec![false; contract.fields.len()];
                for column in &table.columns {
                    if let ColumnSource::Field(field) = column.source {
                        placed[usize::from(field.0)] = true;
                    }
                }
                placed
            })
            .collect();
        let encoder = Encoder::new(contract.clone(), components.clone(), clearance);
        RowMaker { contract, components, encoder, placed }
    }

    pub fn components(&self) -> &Arc<Components> {
        &self.components
    }

    /// `None` where the contract names no table for the event.
    pub fn row(&mut self, batch: &Batch, row: usize) -> Option<AuditRow> {
        let definition = self.contract.event_at(batch.rows()[row].event?);
        let table = usize::from(definition.table?.0);
        Some(AuditRow { table, values: self.values(batch, row, table) })
    }

    /// As a row of the table of plain logs.
    pub fn log_row(&mut self, batch: &Batch, row: usize) -> Vec<Value> {
        self.values(batch, row, self.contract.tables.len())
    }

    fn values(&mut self, batch: &Batch, row: usize, table: usize) -> Vec<Value> {
        let head = batch.rows()[row];
        let columns = &self.contract.tables.get(table).unwrap_or(&self.contract.log_table).columns;
        let values = columns.iter().map(|column| match column.source {
            ColumnSource::Ts => Value::Int(head.ts_ns),
            ColumnSource::IngestTs => Value::Int(batch.ingest_ns),
            ColumnSource::Level => Value::Text(head.level.word().to_owned()),
            ColumnSource::Component => Value::Text(self.components.name(head.component).to_string()),
            ColumnSource::Event => Value::Text(batch.event_name(&self.contract, row).to_owned()),
            ColumnSource::Lane => Value::Text(head.lane.word().to_owned()),
            ColumnSource::Run if head.run.len == 0 => Value::Null,
            ColumnSource::Run => Value::Text(batch.text(head.run).to_owned()),
            ColumnSource::Seq => head.seq.map_or(Value::Null, |seq| Value::Int(seq as i64)),
            ColumnSource::EventId => Value::Text(event_id(&self.components, batch, row)),
            ColumnSource::ChainPosition | ColumnSource::ChainHash => Value::Null,
            ColumnSource::Field(field) if self.encoder.is_cleared(field) => value(batch, batch.get(row, field)),
            ColumnSource::Field(_) => Value::Null,
            ColumnSource::Details => {
                self.encoder.rest(batch, row, &self.placed[table]).map_or(Value::Null, Value::Text)
            }
        });
        values.collect()
    }

    pub fn canonical(&self, row: &AuditRow) -> Vec<u8> {
        let table = &self.contract.tables[row.table];
        let names = table.columns.iter().map(|column| column.name.as_str());
        canonical(table, names.zip(&row.values))
    }
}

/// Names the event for ever: by its producer's numbers, or by the number that a run of the router gave it.
pub fn event_id(components: &Components, batch: &Batch, row: usize) -> String {
    let head = &batch.rows()[row];
    match head.seq {
        Some(seq) if head.run.len > 0 && head.numbered => {
            format!("{}/{}/{}/{seq}", batch.text(head.run), components.name(head.component), head.lane)
        }
        _ => format!("{}/{}", batch.origin, head.position),
    }
}

fn value(batch: &Batch, cell: Cell) -> Value {
    match cell {
        Cell::Absent => Value::Null,
        Cell::Bool(value) => Value::Int(i64::from(value)),
        Cell::Int(value) => Value::Int(value),
        // SQL has no other way to say it.
        Cell::Float(value) if !value.is_finite() => Value::Null,
        Cell::Float(value) => Value::Float(value),
        Cell::Text(span) | Cell::Json(span) => Value::Text(batch.text(span).to_owned()),
    }
}

/// A row's form in the hash chain: the table, then `name=value` by name, a line each, with the text's length
/// before it so that no two rows have one form. It is the same whatever database the row was read from, and
/// whatever columns its table was given later: what is absent is left out, and so is what stands for it in a
/// sorting key (the empty text, 0).
pub fn canonical<'a>(table: &Table, values: impl Iterator<Item = (&'a str, &'a Value)>) -> Vec<u8> {
    use std::io::Write;
    let is_absent = |name: &str, value: &Value| match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty() || name == "details" && text == "{}",
        Value::Int(0) => name == "seq" || table.order_by.iter().any(|other| other == name),
        Value::Int(_) | Value::Float(_) => false,
    };
    let is_float = |name: &str| table.columns.iter().any(|column| column.name == name && column.kind == Kind::Float);
    let mut values: Vec<(&str, &Value)> = values
        .filter(|(name, value)| !is_absent(name, value) && !matches!(*name, "chain_position" | "chain_hash"))
        .collect();
    values.sort_by_key(|(name, _)| *name);
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(table.name.as_bytes());
    out.push(b'\n');
    for (name, value) in values {
        // Writing into memory does not fail.
        let _ = match value {
            Value::Null => Ok(()),
            Value::Int(value) if is_float(name) => writeln!(out, "{name}={:?}", *value as f64),
            Value::Int(value) => writeln!(out, "{name}={value}"),
            Value::Float(value) => writeln!(out, "{name}={value:?}"),
            Value::Text(text) => writeln!(out, "{name}:{}={text}", text.len()),
        };
    }
    out
}
