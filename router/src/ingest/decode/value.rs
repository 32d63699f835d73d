//! A value in its field's column.

use tapline_contract::{FieldId, Kind};

use super::Decoder;
use super::line::Entry;
use super::text::{inside, is_sound, moved, text_value};
use crate::batch::{Batch, Cell};
use crate::ingest::schema_counts::SchemaCount;

impl Decoder {
    /// Puts a value into its field's column; false where it has to go to `details` instead.
    #[inline]
    pub(super) fn put(
        &mut self,
        batch: &mut Batch,
        row: usize,
        field: FieldId,
        base: u32,
        entry: Entry,
        alias: bool,
    ) -> bool {
        if alias && !batch.get(row, field).is_absent() {
            return false;
        }
        let place = moved(entry.raw, base);
        let kind = self.kinds[usize::from(field.0)];
        if kind == Kind::Text && entry.plain {
            self.set(batch, row, field, Cell::Text(inside(place)));
            return true;
        }
        let raw = batch.text(place);
        let cell = match (kind, raw.as_bytes()[0]) {
            (_, b'n') => Cell::Absent,
            (Kind::Text, b'"') => Cell::Text(text_value(batch, base, entry)),
            (Kind::Int, b'0'..=b'9' | b'-') => match raw.parse() {
                Ok(value) => Cell::Int(value),
                Err(_) => match raw.parse::<f64>() {
                    Ok(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
                        self.converted(field, Cell::Int(value as i64))
                    }
                    _ => return self.conflict(field),
                },
            },
            (Kind::Float, b'0'..=b'9' | b'-') => match raw.parse::<f64>() {
                Ok(value) if value.is_finite() && !loses_digits(raw, value) => Cell::Float(value),
                _ => return self.conflict(field),
            },
            (Kind::Bool, b't') => Cell::Bool(true),
            (Kind::Bool, b'f') => Cell::Bool(false),
            (Kind::Bool, b'0' | b'1') if raw.len() == 1 => self.converted(field, Cell::Bool(raw == "1")),
            (Kind::Json, _) if is_sound(raw) => Cell::Json(place),
            // Numbers and booleans can be read as text without loss.
            (Kind::Text, b'0'..=b'9' | b'-' | b't' | b'f') => self.converted(field, Cell::Text(place)),
            (Kind::Int | Kind::Float | Kind::Bool, b'"') => {
                let inner = &raw[1..raw.len() - 1];
                match (kind, inner) {
                    (Kind::Int, _) if inner.parse::<i64>().is_ok_and(|value| value.to_string() == inner) => {
                        self.converted(field, Cell::Int(inner.parse().unwrap_or_default()))
                    }
                    (Kind::Float, _) => match inner.parse::<f64>() {
                        Ok(value) if value.is_finite() => self.converted(field, Cell::Float(value)),
                        _ => return self.conflict(field),
                    },
                    (Kind::Bool, "true" | "True") => self.converted(field, Cell::Bool(true)),
                    (Kind::Bool, "false" | "False") => self.converted(field, Cell::Bool(false)),
                    _ => return self.conflict(field),
                }
            }
            _ => return self.conflict(field),
        };
        self.set(batch, row, field, cell);
        true
    }

    /// The last of a key's values counts.
    #[inline]
    fn set(&mut self, batch: &mut Batch, row: usize, field: FieldId, cell: Cell) {
        if self.closed[usize::from(field.0)] {
            self.settled.push(field);
        }
        let before = std::mem::replace(batch.cell_mut(row, field), cell);
        if !before.is_absent() {
            self.tally.add(SchemaCount::DuplicateKey, 0, 1);
        }
    }

    fn converted(&mut self, field: FieldId, cell: Cell) -> Cell {
        self.tally.add(SchemaCount::Converted, field.0, 1);
        cell
    }

    fn conflict(&mut self, field: FieldId) -> bool {
        self.tally.add(SchemaCount::TypeConflict, field.0, 1);
        false
    }
}

/// A whole number that a double can't hold exactly.
fn loses_digits(raw: &str, value: f64) -> bool {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.abs() > EXACT && raw.parse::<i128>().is_ok_and(|whole| value as i128 != whole)
}
