//! The events of one call, as columns.

mod builder;

pub use builder::BatchBuilder;

use crate::bindings::tapline::plugin::types as raw;
use crate::column::{BoolColumn, FloatColumn, IntColumn, Presence, TextBuffer, TextColumn, Values};
use crate::plan::{BoolIn, FloatIn, IntIn, TextIn};

/// What the host handed over for one call of `process`: only subscribed rows, only declared fields.
///
/// The columns live where the host wrote them, and a view copies nothing.
#[derive(Debug)]
pub struct Batch {
    raw: raw::Batch,
    /// One for each declared read.
    places: Vec<Place>,
}

/// Where a column stands in the batch's lists. A column without a single value stands nowhere.
#[derive(Clone, Copy, Debug)]
struct Place {
    presence: u8,
    kind: raw::Kind,
    bitmap: usize,
    /// The first of its entries in the list of its kind.
    entries: usize,
    /// The first and the last of its bytes, where it is text.
    text: (usize, usize),
}

const NONE: u8 = 0;
const SOME: u8 = 1;
const ALL: u8 = 2;

// === impl Batch ===

impl Batch {
    /// Finds every column's place, and checks it once, so that the views need not: an untrue batch is
    /// an error, never a panic and never a silently empty column.
    pub(crate) fn from_raw(batch: raw::Batch, reads: &[raw::Want]) -> Result<Batch, String> {
        let rows = batch.rows as usize;
        if batch.ts_ns.len() != rows || batch.presence.len() != reads.len() {
            return Err(format!(
                "the host's batch of {rows} rows has {} times and {} columns, {} were declared",
                batch.ts_ns.len(),
                batch.presence.len(),
                reads.len()
            ));
        }
        let (mut bitmaps, mut ends, mut bytes) = (0, 0, 0);
        let (mut strings, mut ints, mut floats, mut booleans) = (0, 0, 0, 0);
        let mut places = Vec::with_capacity(reads.len());
        for (want, &presence) in reads.iter().zip(&batch.presence) {
            let mut place = Place { presence, kind: want.kind, bitmap: bitmaps, entries: 0, text: (bytes, bytes) };
            if presence != NONE {
                let list = match (want.kind, want.layout) {
                    (raw::Kind::Text, raw::Layout::Packed) => &mut ends,
                    (raw::Kind::Text, raw::Layout::Strings) => &mut strings,
                    (raw::Kind::Int, _) => &mut ints,
                    (raw::Kind::Float, _) => &mut floats,
                    (raw::Kind::Boolean, _) => &mut booleans,
                };
                place.entries = *list;
                *list += rows;
                if presence != ALL {
                    bitmaps += rows.div_ceil(8);
                }
                if (want.kind, want.layout) == (raw::Kind::Text, raw::Layout::Packed) {
                    bytes += (ends.checked_sub(1)).and_then(|last| batch.ends.get(last)).map_or(0, |end| *end as usize);
                    place.text.1 = bytes;
                }
            }
            if presence > ALL || bytes > batch.bytes.len() {
                return Err(format!("the host's column `{}` is not in order", want.field));
            }
            places.push(place);
        }
        for (list, is, due) in [
            ("bitmaps", batch.bitmaps.len(), bitmaps),
            ("ends", batch.ends.len(), ends),
            ("bytes", batch.bytes.len(), bytes),
            ("strings", batch.strings.len(), strings),
            ("ints", batch.ints.len(), ints),
            ("floats", batch.floats.len(), floats),
            ("booleans", batch.booleans.len(), booleans),
        ] {
            if is != due {
                return Err(format!(
                    "the host's batch of {rows} rows has {is} entries in `{list}`, its columns have {due}"
                ));
            }
        }
        Ok(Batch { raw: batch, places })
    }

    pub fn rows(&self) -> usize {
        self.raw.rows as usize
    }

    /// Event times, nanoseconds since 1970, one for each row.
    pub fn ts_ns(&self) -> &[u64] {
        &self.raw.ts_ns
    }

    pub fn text(&self, field: TextIn) -> TextColumn<'_> {
        let rows = self.rows();
        let Some(place) = self.place(field.0, raw::Kind::Text) else {
            return TextColumn::new(rows, &[], &[], Presence::None);
        };
        let ends = &self.raw.ends[place.entries..place.entries + rows];
        let bytes = &self.raw.bytes[place.text.0..place.text.1];
        TextColumn::new(rows, ends, bytes, self.presence(place))
    }

    pub fn ints(&self, field: IntIn) -> IntColumn<'_> {
        self.values(field.0, raw::Kind::Int, &self.raw.ints)
    }

    pub fn floats(&self, field: FloatIn) -> FloatColumn<'_> {
        self.values(field.0, raw::Kind::Float, &self.raw.floats)
    }

    pub fn booleans(&self, field: BoolIn) -> BoolColumn<'_> {
        BoolColumn::new(self.values(field.0, raw::Kind::Boolean, &self.raw.booleans))
    }

    /// A column of one's own, to be changed in place and handed back as an edit.
    pub fn text_buffer(&self, field: TextIn) -> TextBuffer {
        let column = self.text(field);
        TextBuffer {
            ends: match column.ends() {
                [] => vec![0; self.rows()],
                ends => ends.to_vec(),
            },
            bytes: column.bytes().to_vec(),
            present: match column.presence() {
                Presence::All => Vec::new(),
                Presence::Some(bits) => bits.to_vec(),
                Presence::None => vec![0; self.rows().div_ceil(8)],
            },
        }
    }

    fn values<'a, T: Copy>(&'a self, column: usize, kind: raw::Kind, list: &'a [T]) -> Values<'a, T> {
        let rows = self.rows();
        match self.place(column, kind) {
            Some(place) => Values::new(rows, &list[place.entries..place.entries + rows], self.presence(place)),
            None => Values::new(rows, &[], Presence::None),
        }
    }

    /// The column's place, where any row has a value. A plan gives out places by kind, so the kind is
    /// another one only where a plugin uses what another instance of it declared.
    fn place(&self, column: usize, kind: raw::Kind) -> Option<Place> {
        let place = self.places.get(column)?;
        (place.presence != NONE && place.kind == kind).then_some(*place)
    }

    fn presence(&self, place: Place) -> Presence<'_> {
        match place.presence {
            SOME => {
                let bytes = self.rows().div_ceil(8);
                Presence::Some(&self.raw.bitmaps[place.bitmap..place.bitmap + bytes])
            }
            _ => Presence::All,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn want(kind: raw::Kind) -> raw::Want {
        raw::Want { field: "a".into(), kind, layout: raw::Layout::Packed, optional: false }
    }

    fn texts() -> [raw::Want; 2] {
        [want(raw::Kind::Text), want(raw::Kind::Text)]
    }

    fn two_columns() -> raw::Batch {
        let mut batch = BatchBuilder::new(vec![0; 2]);
        batch.text([Some("ab"), Some("cde")]);
        batch.text([None, Some("f")]);
        batch.build()
    }

    #[test]
    fn text_is_read_where_it_lies() {
        let batch = Batch::from_raw(two_columns(), &texts()).unwrap();
        let rows: Vec<_> = batch.text(TextIn(0)).iter().collect();
        assert_eq!(rows, [(0, Some("ab")), (1, Some("cde"))]);
        let rows: Vec<_> = batch.text(TextIn(1)).iter().collect();
        assert_eq!(rows, [(0, None), (1, Some("f"))]);
        assert_eq!(batch.text(TextIn(1)).bytes(), b"f");
    }

    #[test]
    fn an_untrue_batch_is_an_error() {
        let lies: [fn(&mut raw::Batch); 9] = [
            |batch| batch.ends.truncate(3),
            |batch| batch.ends[1] = 9,
            |batch| batch.ends[3] = u32::MAX,
            |batch| batch.bytes.truncate(5),
            |batch| batch.bytes.push(b'x'),
            |batch| batch.bitmaps.clear(),
            |batch| batch.presence[0] = 3,
            |batch| batch.rows = 3,
            |batch| batch.ints.push(1),
        ];
        for (n, lie) in lies.into_iter().enumerate() {
            let mut batch = two_columns();
            lie(&mut batch);
            assert!(Batch::from_raw(batch, &texts()).is_err(), "lie {n}");
        }
    }

    #[test]
    fn descending_ends_read_as_empty_not_as_a_panic() {
        let mut raw = two_columns();
        raw.ends[0] = 40;
        let batch = Batch::from_raw(raw, &texts()).unwrap();
        assert_eq!(batch.text(TextIn(0)).get(0), Some(""));
        assert_eq!(batch.text(TextIn(0)).iter().last(), Some((1, Some(""))));
    }

    #[test]
    fn a_buffer_is_a_copy() {
        let batch = Batch::from_raw(two_columns(), &texts()).unwrap();
        let mut buffer = batch.text_buffer(TextIn(1));
        buffer.bytes_mut().fill(b'*');
        assert_eq!((buffer.rows(), buffer.present().get(0)), (2, false));
        assert_eq!(buffer.as_column().get(1), Some("*"));
        assert_eq!(batch.text(TextIn(1)).get(1), Some("f"));
    }

    proptest! {
        /// Whatever is put into a batch comes out of it, by column and row.
        #[test]
        fn columns_keep_apart(
            texts in prop::collection::vec(prop::collection::vec(prop::option::of("[a-c\u{e9}]{0,4}"), 10), 3),
            ints in prop::collection::vec(prop::option::of(any::<i64>()), 10),
            floats in prop::collection::vec(prop::option::of(-9.0..9.0), 10),
            flags in prop::collection::vec(prop::option::of(any::<bool>()), 10),
        ) {
            let mut raw = BatchBuilder::new(vec![7; 10]);
            raw.text(texts[0].iter().map(Option::as_deref));
            raw.ints(ints.iter().copied());
            raw.text(texts[1].iter().map(Option::as_deref));
            raw.floats(floats.iter().copied());
            raw.booleans(flags.iter().copied());
            raw.text(texts[2].iter().map(Option::as_deref));
            use raw::Kind::{Boolean, Float, Int, Text};
            let wants = [Text, Int, Text, Float, Boolean, Text].map(want);
            let batch = Batch::from_raw(raw.build(), &wants).unwrap();
            for row in 0..10 {
                for (column, texts) in [0, 2, 5].into_iter().zip(&texts) {
                    prop_assert_eq!(batch.text(TextIn(column)).get(row), texts[row].as_deref());
                }
                prop_assert_eq!(batch.ints(IntIn(1)).get(row), ints[row]);
                prop_assert_eq!(batch.floats(FloatIn(3)).get(row), floats[row]);
                prop_assert_eq!(batch.booleans(BoolIn(4)).get(row), flags[row]);
            }
        }
    }
}
