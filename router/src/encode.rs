//! A row as one line of JSON, the form in which files, the tail and the dead letters keep it.
//!
//! Keys: the envelope first, then the contract's fields, then `details`. What a destination is not
//! cleared for is left out here, by the host, whatever the plugins did.

use std::sync::Arc;

use tapline_contract::{Contract, FieldId, Level, Sensitivity};

use crate::batch::{Batch, Cell};
use crate::ingest::Components;
use crate::special;

pub struct Encoder {
    contract: Arc<Contract>,
    components: Arc<Components>,
    /// `,"name":` by field; empty for a field that the destination is not cleared for.
    keys: Vec<Box<[u8]>>,
    names: Vec<Arc<str>>,
    pub withheld: Withheld,
}

/// Values left out because of the clearance.
#[derive(Debug, Default)]
pub struct Withheld {
    pub pii: u64,
    pub secret: u64,
}

impl Encoder {
    pub fn new(contract: Arc<Contract>, components: Arc<Components>, clearance: Sensitivity) -> Self {
        let keys = contract
            .fields
            .iter()
            .map(|field| match field.sensitivity <= clearance {
                true => format!(",{}:", json_text(&field.name)).into_bytes().into(),
                false => Box::default(),
            })
            .collect();
        Encoder { contract, components, keys, names: Vec::new(), withheld: Withheld::default() }
    }

    pub fn line(&mut self, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        self.object(batch, row, out);
        out.push(b'\n');
    }

    pub fn object(&mut self, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        let head = &batch.rows()[row];
        out.extend_from_slice(b"{\"ts\":");
        integer(head.ts_ns, out);
        out.extend_from_slice(level_key(head.level));
        let component = head.component.0 as usize;
        if component >= self.names.len() {
            self.names = self.components.names();
        }
        out.extend_from_slice(b",\"component\":");
        string(&self.names[component], out);
        out.extend_from_slice(b",\"event\":");
        string(batch.event_name(&self.contract, row), out);
        if head.run.len > 0 {
            out.extend_from_slice(b",\"run\":");
            string(batch.text(head.run), out);
        }
        if let Some(seq) = head.seq {
            out.extend_from_slice(b",\"seq\":");
            out.extend_from_slice(itoa::Buffer::new().format(seq).as_bytes());
        }
        for (field, cells) in batch.fields() {
            let Some(&cell) = cells.get(row) else { continue };
            if cell.is_absent() {
                continue;
            }
            let key = &self.keys[field.0 as usize];
            if key.is_empty() {
                self.withhold(field);
                continue;
            }
            out.extend_from_slice(key);
            value(batch, cell, out);
        }
        if let Cell::Json(span) = batch.details(row) {
            out.extend_from_slice(b",\"details\":");
            out.extend_from_slice(batch.text(span).as_bytes());
        }
        out.push(b'}');
    }

    /// The fields that have no place of their own in a table, as a JSON object; `None` where there
    /// are none. In the order of their names: a row in the hash chain has one form, whatever batch it is in, and the
    /// columns of a batch are in the order in which it came to have them.
    pub fn rest(&mut self, batch: &Batch, row: usize, placed: &[bool]) -> Option<String> {
        let mut out = Vec::new();
        let cells = batch.fields().filter_map(|(field, cells)| Some((field, *cells.get(row)?)));
        let unplaced = cells.filter(|(field, cell)| !cell.is_absent() && !placed[field.0 as usize]);
        let mut unplaced: Vec<(FieldId, Cell)> = unplaced.collect();
        unplaced.sort_unstable_by_key(|(field, _)| &self.contract.field_at(*field).name);
        for (field, cell) in unplaced {
            let key = &self.keys[field.0 as usize];
            if key.is_empty() {
                self.withhold(field);
                continue;
            }
            out.extend_from_slice(key);
            value(batch, cell, &mut out);
        }
        if let Cell::Json(span) = batch.details(row) {
            let inner = &batch.text(span).as_bytes()[1..span.len as usize - 1];
            if !inner.trim_ascii().is_empty() {
                out.push(b',');
                out.extend_from_slice(inner);
            }
        }
        if out.is_empty() {
            return None;
        }
        out[0] = b'{';
        out.push(b'}');
        Some(String::from_utf8(out).expect("made of text"))
    }

    #[cold]
    fn withhold(&mut self, field: FieldId) {
        match self.contract.field_at(field).sensitivity {
            Sensitivity::Secret => self.withheld.secret += 1,
            _ => self.withheld.pii += 1,
        }
    }

    pub fn is_cleared(&self, field: FieldId) -> bool {
        !self.keys[field.0 as usize].is_empty()
    }
}

fn level_key(level: Level) -> &'static [u8] {
    match level {
        Level::Trace => b",\"level\":\"trace\"",
        Level::Debug => b",\"level\":\"debug\"",
        Level::Info => b",\"level\":\"info\"",
        Level::Warning => b",\"level\":\"warning\"",
        Level::Error => b",\"level\":\"error\"",
        Level::Critical => b",\"level\":\"critical\"",
    }
}

fn value(batch: &Batch, cell: Cell, out: &mut Vec<u8>) {
    match cell {
        Cell::Absent => out.extend_from_slice(b"null"),
        Cell::Bool(true) => out.extend_from_slice(b"true"),
        Cell::Bool(false) => out.extend_from_slice(b"false"),
        Cell::Int(value) => integer(value, out),
        // A whole number is written as one, as it most likely came.
        Cell::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => integer(value as i64, out),
        Cell::Float(value) if value.is_finite() => {
            out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
        }
        Cell::Float(_) => out.extend_from_slice(b"null"),
        Cell::Text(span) => {
            let bytes = batch.text(span).as_bytes();
            out.push(b'"');
            match special::has_none(bytes) {
                true => batch.append_text(span, out),
                false => escaped(bytes, out),
            }
            out.push(b'"');
        }
        Cell::Json(span) => out.extend_from_slice(batch.text(span).as_bytes()),
    }
}

fn integer(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// A JSON string (RFC 8259, section 7).
pub fn string(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    if special::has_none(bytes) {
        out.extend_from_slice(bytes);
    } else {
        escaped(bytes, out);
    }
    out.push(b'"');
}

#[cold]
fn escaped(bytes: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for &byte in bytes {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
            _ => out.push(byte),
        }
    }
}

fn json_text(text: &str) -> String {
    let mut out = Vec::new();
    string(text, &mut out);
    String::from_utf8(out).expect("made of text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{Decoder, SchemaCounts};
    use crate::ledger::StreamId;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_are_json(text in any::<String>()) {
            prop_assert_eq!(serde_json::from_str::<String>(&json_text(&text)).unwrap(), text);
        }
    }

    #[test]
    fn what_has_no_column_is_in_one_order_whatever_the_batch_held_before() {
        let contract = Arc::new(Contract::embedded().clone());
        let components = Arc::new(Components::new(&contract));
        let mut encoder = Encoder::new(contract.clone(), components.clone(), Sensitivity::Secret);
        let placed = vec![false; contract.fields.len()];
        let mut rest = |lines: [&str; 2]| {
            let mut decoder = Decoder::new(contract.clone(), components.clone(), Arc::new(SchemaCounts::default()));
            let mut batch = Batch::new(&contract);
            let mut row = 0;
            for line in lines {
                // As batches are used again.
                batch.clear();
                let taken = decoder.decode(line.as_bytes(), 1, &mut |_, _| StreamId::NONE, |_| &mut batch);
                assert!(taken.is_ok());
                row = batch.len() - 1;
            }
            encoder.rest(&batch, row, &placed)
        };
        let line = r#"{"event":"order_new","component":"order","qty":1,"symbol":"T","strategy_id":"mm-1"}"#;
        let other = r#"{"event":"order_new","component":"order","strategy_id":"mm-2","symbol":"T","qty":1}"#;
        let [fresh, used] = [rest([line, line]), rest([other, line])];
        assert_eq!(fresh.as_deref(), Some(r#"{"qty":1,"strategy_id":"mm-1","symbol":"T"}"#));
        assert_eq!(fresh, used);
    }
}
