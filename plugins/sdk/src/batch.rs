//! The events of one call, as columns.

use crate::bindings::tapline::plugin::types as raw;
use crate::column::{BoolColumn, FloatColumn, IntColumn, Presence, TextBuffer, TextColumn};
use crate::plan::{BoolIn, FloatIn, IntIn, TextIn};

/// What the host handed over for one call of `process`: only subscribed rows, only declared fields.
///
/// The columns live where the host wrote them. A view copies nothing; [`Batch::take_text`] gives a
/// column away, to be changed in place and handed back as an edit without a copy either.
#[derive(Debug)]
pub struct Batch {
    rows: usize,
    ts_ns: Vec<u64>,
    columns: Vec<raw::Column>,
}

// === impl Batch ===

impl Batch {
    /// Checks the shapes once, so that the views need not: an untrue batch is an error, never a
    /// panic and never a silently empty column.
    pub(crate) fn from_raw(batch: raw::Batch, reads: &[raw::Want]) -> Result<Batch, String> {
        let rows = batch.rows as usize;
        if batch.ts_ns.len() != rows || batch.columns.len() != reads.len() {
            return Err(format!(
                "the host's batch of {rows} rows has {} times and {} columns, {} were declared",
                batch.ts_ns.len(),
                batch.columns.len(),
                reads.len()
            ));
        }
        for (column, want) in batch.columns.iter().zip(reads) {
            let fits = match (&column.data, want.kind) {
                (raw::Data::Packed(text), raw::Kind::Text) => {
                    text.ends.len() == rows
                        && text
                            .ends
                            .last()
                            .is_none_or(|end| *end as usize <= text.bytes.len())
                }
                (raw::Data::Ints(values), raw::Kind::Int) => values.len() == rows,
                (raw::Data::Floats(values), raw::Kind::Float) => values.len() == rows,
                (raw::Data::Booleans(values), raw::Kind::Boolean) => values.len() == rows,
                _ => false,
            };
            // A column without a single value may come without the empty entries for them.
            let empty = match &column.data {
                raw::Data::Packed(text) => text.ends.is_empty(),
                raw::Data::Ints(values) => values.is_empty(),
                raw::Data::Floats(values) => values.is_empty(),
                raw::Data::Booleans(values) => values.is_empty(),
                raw::Data::Strings(_) => false,
            };
            let fits = fits || empty && Presence::new(&column.present).none();
            if !fits || !(column.present.is_empty() || column.present.len() == rows.div_ceil(8)) {
                return Err(format!(
                    "the host's column `{}` does not have {rows} values of its kind",
                    want.field
                ));
            }
        }
        Ok(Batch {
            rows,
            ts_ns: batch.ts_ns,
            columns: batch.columns,
        })
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Event times, nanoseconds since 1970, one for each row.
    pub fn ts_ns(&self) -> &[u64] {
        &self.ts_ns
    }

    pub fn text(&self, field: TextIn) -> TextColumn<'_> {
        match self.columns.get(field.0) {
            Some(raw::Column {
                present,
                data: raw::Data::Packed(text),
            }) => TextColumn::new(self.rows, &text.ends, &text.bytes, Presence::new(present)),
            _ => TextColumn::new(0, &[], &[], Presence::ALL),
        }
    }

    pub fn ints(&self, field: IntIn) -> IntColumn<'_> {
        match self.columns.get(field.0) {
            Some(raw::Column {
                present,
                data: raw::Data::Ints(values),
            }) => IntColumn::new(self.rows, values, Presence::new(present)),
            _ => IntColumn::new(0, &[], Presence::ALL),
        }
    }

    pub fn floats(&self, field: FloatIn) -> FloatColumn<'_> {
        match self.columns.get(field.0) {
            Some(raw::Column {
                present,
                data: raw::Data::Floats(values),
            }) => FloatColumn::new(self.rows, values, Presence::new(present)),
            _ => FloatColumn::new(0, &[], Presence::ALL),
        }
    }

    pub fn booleans(&self, field: BoolIn) -> BoolColumn<'_> {
        match self.columns.get(field.0) {
            Some(raw::Column {
                present,
                data: raw::Data::Booleans(values),
            }) => BoolColumn::new(self.rows, values, Presence::new(present)),
            _ => BoolColumn::new(0, &[], Presence::ALL),
        }
    }

    /// Take a column out, to change its text in place. It reads as empty afterwards.
    pub fn take_text(&mut self, field: TextIn) -> TextBuffer {
        let empty = raw::Column {
            present: Vec::new(),
            data: raw::Data::Ints(Vec::new()),
        };
        match self
            .columns
            .get_mut(field.0)
            .map(|column| std::mem::replace(column, empty))
        {
            Some(raw::Column {
                present,
                data: raw::Data::Packed(text),
            }) => TextBuffer {
                ends: text.ends,
                bytes: text.bytes,
                present,
            },
            _ => TextBuffer::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants() -> Vec<raw::Want> {
        vec![raw::Want {
            field: "a".into(),
            kind: raw::Kind::Text,
            layout: raw::Layout::Packed,
        }]
    }

    fn batch(ends: Vec<u32>, bytes: &[u8], present: Vec<u8>) -> raw::Batch {
        let data = raw::Data::Packed(raw::PackedText {
            ends,
            bytes: bytes.to_vec(),
        });
        raw::Batch {
            rows: 2,
            ts_ns: vec![0; 2],
            columns: vec![raw::Column { present, data }],
        }
    }

    #[test]
    fn text_is_read_where_it_lies() {
        let batch = Batch::from_raw(batch(vec![2, 5], b"abcde", vec![]), &wants()).unwrap();
        let rows: Vec<_> = batch.text(TextIn(0)).iter().collect();
        assert_eq!(rows, [(0, Some("ab")), (1, Some("cde"))]);
    }

    #[test]
    fn an_untrue_batch_is_an_error() {
        for lie in [
            batch(vec![2], b"abcde", vec![]),
            batch(vec![2, 9], b"abcde", vec![]),
            batch(vec![2, 5], b"abcde", vec![1, 1]),
        ] {
            let error = Batch::from_raw(lie, &wants()).unwrap_err();
            assert!(error.contains("`a`"), "{error}");
        }
    }

    #[test]
    fn descending_ends_read_as_empty_not_as_a_panic() {
        let batch = Batch::from_raw(batch(vec![4, 2], b"abcde", vec![]), &wants()).unwrap();
        assert_eq!(batch.text(TextIn(0)).get(1), Some(""));
        assert_eq!(batch.text(TextIn(0)).iter().last(), Some((1, Some(""))));
    }

    #[test]
    fn a_taken_column_reads_as_empty() {
        let mut batch = Batch::from_raw(batch(vec![2, 5], b"abcde", vec![2]), &wants()).unwrap();
        let taken = batch.take_text(TextIn(0));
        assert_eq!((taken.rows(), taken.present().get(0)), (2, false));
        assert_eq!(batch.text(TextIn(0)).len(), 0);
    }
}
