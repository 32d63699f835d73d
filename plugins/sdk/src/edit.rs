//! New values for a field: for some rows ([`Patch`]) or for all of them ([`Replace`]).
//!
//! Both write straight into the form that crosses the border. A patch costs only the rows it names;
//! a replacement is the cheaper one from about half of the rows on.

mod cells;

use crate::bindings::tapline::plugin::types as raw;
use crate::column::TextBuffer;
use crate::plan::{BoolOut, FloatOut, IntOut, TextOut};

pub use cells::{BoolCells, Cells, FloatCells, IntCells, KnownText, TextCells, ValueCells};

/// New values for some rows, in ascending order.
#[derive(Debug)]
pub struct Patch<C> {
    target: u32,
    rows: Vec<u32>,
    cells: C,
    /// The first row that came out of order, and the one before it.
    disorder: Option<(u32, u32)>,
}

/// A new value (or none) for every row, in order.
#[derive(Debug)]
pub struct Replace<C> {
    target: u32,
    cells: C,
}

pub type TextPatch = Patch<TextCells>;
pub type IntPatch = Patch<IntCells>;
pub type FloatPatch = Patch<FloatCells>;
pub type BoolPatch = Patch<BoolCells>;
pub type TextReplace = Replace<TextCells>;
pub type IntReplace = Replace<IntCells>;
pub type FloatReplace = Replace<FloatCells>;
pub type BoolReplace = Replace<BoolCells>;

/// An edit that is ready to go out. Made from a patch, a replacement, a buffer or
/// [`TextOut::clear`].
#[derive(Debug)]
pub struct Edit {
    pub(crate) raw: Option<raw::Edit>,
    /// How many rows a replacement has: it has to be all of them.
    pub(crate) rows: Option<usize>,
    pub(crate) error: Option<String>,
}

// === impl Patch ===

impl<C: Cells> Patch<C> {
    fn new(target: u32) -> Self {
        Patch { target, rows: Vec::new(), cells: C::default(), disorder: None }
    }

    /// Give a row a new value. Rows come in ascending order, each at most once.
    #[inline]
    pub fn set(&mut self, row: usize, value: C::Value<'_>) {
        self.note(row);
        self.cells.push(value);
    }

    /// Take the field from a row.
    #[inline]
    pub fn remove(&mut self, row: usize) {
        self.note(row);
        self.cells.push_absent();
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    #[inline]
    fn note(&mut self, row: usize) {
        let row = row as u32;
        if let Some(&last) = self.rows.last()
            && row <= last
            && self.disorder.is_none()
        {
            self.disorder = Some((last, row));
        }
        self.rows.push(row);
    }
}

impl<C: Cells> From<Patch<C>> for Edit {
    fn from(patch: Patch<C>) -> Edit {
        if let Some((last, row)) = patch.disorder {
            return Edit {
                raw: None,
                rows: None,
                error: Some(format!("a patch set row {row} after row {last}: set rows in ascending order, each once")),
            };
        }
        let raw = (!patch.rows.is_empty()).then(|| {
            let sparse = raw::Sparse { rows: patch.rows, column: patch.cells.into_raw() };
            raw::Edit { target: patch.target, change: raw::Change::Some(sparse) }
        });
        Edit { raw, rows: None, error: None }
    }
}

// === impl Replace ===

impl<C: Cells> Replace<C> {
    fn new(target: u32) -> Self {
        Replace { target, cells: C::default() }
    }

    #[inline]
    pub fn push(&mut self, value: C::Value<'_>) {
        self.cells.push(value);
    }

    /// The field goes away in this row.
    #[inline]
    pub fn push_absent(&mut self) {
        self.cells.push_absent();
    }
}

impl<C: Cells> From<Replace<C>> for Edit {
    fn from(replace: Replace<C>) -> Edit {
        let rows = Some(replace.cells.len());
        let change = raw::Change::Replace(replace.cells.into_raw());
        Edit { raw: Some(raw::Edit { target: replace.target, change }), rows, error: None }
    }
}

// === impl handles ===

macro_rules! edits {
    ($handle:ty, $cells:ty) => {
        impl $handle {
            /// Start new values for some rows.
            pub fn patch(self) -> Patch<$cells> {
                Patch::new(self.0)
            }

            /// Start new values for every row.
            pub fn replace(self) -> Replace<$cells> {
                Replace::new(self.0)
            }

            /// New values for every row, from cells that are filled already.
            pub fn replace_with(self, cells: $cells) -> Replace<$cells> {
                Replace { target: self.0, cells }
            }

            /// Take the field from every row.
            pub fn clear(self) -> Edit {
                let raw = raw::Edit { target: self.0, change: raw::Change::Clear };
                Edit { raw: Some(raw), rows: None, error: None }
            }
        }
    };
}

edits!(TextOut, TextCells);
edits!(IntOut, IntCells);
edits!(FloatOut, FloatCells);
edits!(BoolOut, BoolCells);

impl TextOut {
    /// New values for the named rows, from cells that are filled already.
    pub fn patch_with(self, rows: Vec<u32>, cells: TextCells) -> TextPatch {
        let disorder = rows.windows(2).find(|pair| pair[1] <= pair[0]).map(|pair| (pair[0], pair[1]));
        Patch { target: self.0, rows, cells, disorder }
    }

    /// Hand a taken column back as the new text of every row.
    pub fn put(self, buffer: TextBuffer) -> Edit {
        let rows = Some(buffer.ends.len());
        let text = raw::PackedText { ends: buffer.ends, bytes: buffer.bytes };
        let column = raw::Column { present: buffer.present, data: raw::Data::Packed(text) };
        let raw = raw::Edit { target: self.0, change: raw::Change::Replace(column) };
        Edit { raw: Some(raw), rows, error: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_patch_is_no_edit() {
        let edit = Edit::from(TextOut(0).patch());
        assert!(edit.raw.is_none() && edit.error.is_none());
    }

    #[test]
    fn rows_out_of_order_are_an_error_that_names_them() {
        let mut patch = IntOut(0).patch();
        patch.set(5, 1);
        patch.set(5, 2);
        let error = Edit::from(patch).error.unwrap();
        assert!(error.contains("row 5 after row 5"), "{error}");
    }

    #[test]
    fn absent_cells_become_a_bitmap_and_only_then() {
        let mut full = TextOut(3).replace();
        full.push("a");
        full.push("b");
        let Some(raw::Edit { target: 3, change: raw::Change::Replace(column) }) = Edit::from(full).raw else {
            panic!("a replacement of target 3");
        };
        assert!(column.present.is_empty());

        let mut gaps = BoolOut(0).replace();
        (0..9).for_each(|row| if row == 8 { gaps.push_absent() } else { gaps.push(true) });
        let Some(raw::Edit { change: raw::Change::Replace(column), .. }) = Edit::from(gaps).raw else {
            panic!("a replacement");
        };
        assert_eq!(column.present, [0xff, 0]);
    }
}
