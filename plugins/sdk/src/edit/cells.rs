//! Columns being written: cell after cell, straight into the form that crosses the border.

use crate::bindings::tapline::plugin::types as raw;

/// A column being written, one value after another.
pub trait Cells: Default {
    /// What one row takes.
    type Value<'v>;

    fn push(&mut self, value: Self::Value<'_>);
    fn push_absent(&mut self);
    /// Rows pushed so far.
    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[doc(hidden)]
    fn into_raw(self) -> raw::Column;
}

/// Text cells.
#[derive(Debug, Default)]
pub struct TextCells {
    ends: Vec<u32>,
    bytes: Vec<u8>,
    absent: Absent,
}

/// A text known beforehand, laid out so that copying it needs no loop: see
/// [`TextCells::push_known`].
#[derive(Clone, Debug)]
pub struct KnownText {
    padded: [u8; KNOWN_WIDTH],
    text: Box<str>,
}

/// Copied as a whole whatever the text's length: two vector stores, where a copy of exact length is a
/// call out of the guest.
const KNOWN_WIDTH: usize = 32;

/// Integer cells.
pub type IntCells = ValueCells<i64>;
/// Float cells.
pub type FloatCells = ValueCells<f64>;

/// Cells of plain values.
#[derive(Debug, Default)]
pub struct ValueCells<T> {
    values: Vec<T>,
    absent: Absent,
}

/// Truth cells.
#[derive(Debug, Default)]
pub struct BoolCells(ValueCells<u8>);

/// The rows without a value; makes no bitmap until there is one.
#[derive(Debug, Default)]
struct Absent {
    rows: Vec<u32>,
}

// === impl cells ===

impl TextCells {
    /// Cells made elsewhere, for a plugin that fills a column faster than value by value:
    /// `ends[i]` is where row i's text ends in `bytes`.
    pub fn from_packed(ends: Vec<u32>, bytes: Vec<u8>) -> Self {
        TextCells { ends, bytes, absent: Absent::default() }
    }

    /// Room for so many rows of so many bytes each.
    pub fn with_capacity(rows: usize, bytes_each: usize) -> Self {
        TextCells {
            ends: Vec::with_capacity(rows),
            bytes: Vec::with_capacity(rows * bytes_each + KNOWN_WIDTH),
            absent: Absent::default(),
        }
    }

    /// Push a text that was prepared: the fast way for names that repeat themselves.
    #[inline]
    pub fn push_known(&mut self, known: &KnownText) {
        if known.text.len() <= KNOWN_WIDTH {
            let end = self.bytes.len() + known.text.len();
            self.bytes.extend_from_slice(&known.padded);
            self.bytes.truncate(end);
        } else {
            self.bytes.extend_from_slice(known.text.as_bytes());
        }
        self.ends.push(self.bytes.len() as u32);
    }
}

impl KnownText {
    pub fn new(text: &str) -> Self {
        let mut padded = [0; KNOWN_WIDTH];
        let length = text.len().min(KNOWN_WIDTH);
        padded[..length].copy_from_slice(&text.as_bytes()[..length]);
        KnownText { padded, text: text.into() }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Cells for TextCells {
    type Value<'v> = &'v str;

    #[inline]
    fn push(&mut self, value: &str) {
        self.bytes.extend_from_slice(value.as_bytes());
        self.ends.push(self.bytes.len() as u32);
    }

    fn push_absent(&mut self) {
        self.absent.rows.push(self.ends.len() as u32);
        self.ends.push(self.bytes.len() as u32);
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn into_raw(self) -> raw::Column {
        let present = self.absent.bitmap(self.ends.len());
        let text = raw::PackedText { ends: self.ends, bytes: self.bytes };
        raw::Column { present, data: raw::Data::Packed(text) }
    }
}

impl<T: Copy + Default> ValueCells<T> {
    fn split(self) -> (Vec<u8>, Vec<T>) {
        (self.absent.bitmap(self.values.len()), self.values)
    }

    #[inline]
    fn add(&mut self, value: T) {
        self.values.push(value);
    }

    fn add_absent(&mut self) {
        self.absent.rows.push(self.values.len() as u32);
        self.values.push(T::default());
    }
}

/// What a column of numbers holds.
pub trait Number: Copy + Default {
    fn data(values: Vec<Self>) -> raw::Data;
}

impl Number for i64 {
    fn data(values: Vec<i64>) -> raw::Data {
        raw::Data::Ints(values)
    }
}

impl Number for f64 {
    fn data(values: Vec<f64>) -> raw::Data {
        raw::Data::Floats(values)
    }
}

impl<T: Number> Cells for ValueCells<T> {
    type Value<'v> = T;

    fn push(&mut self, value: T) {
        self.add(value);
    }

    fn push_absent(&mut self) {
        self.add_absent();
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    fn into_raw(self) -> raw::Column {
        let (present, values) = self.split();
        raw::Column { present, data: T::data(values) }
    }
}

impl Cells for BoolCells {
    type Value<'v> = bool;

    fn push(&mut self, value: bool) {
        self.0.add(u8::from(value));
    }

    fn push_absent(&mut self) {
        self.0.add_absent();
    }

    fn len(&self) -> usize {
        self.0.values.len()
    }

    fn into_raw(self) -> raw::Column {
        let (present, values) = self.0.split();
        raw::Column { present, data: raw::Data::Booleans(values) }
    }
}

// === impl Absent ===

impl Absent {
    fn bitmap(&self, rows: usize) -> Vec<u8> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let mut bits = vec![0xff; rows.div_ceil(8)];
        if !rows.is_multiple_of(8)
            && let Some(last) = bits.last_mut()
        {
            *last = (1 << (rows % 8)) - 1;
        }
        for &row in &self.rows {
            bits[row as usize / 8] &= !(1 << (row % 8));
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts_of_any_length_are_pushed_exactly() {
        let mut cells = TextCells::with_capacity(3, 4);
        for text in ["", "desk-é", "a desk whose name is longer than most names are"] {
            cells.push_known(&KnownText::new(text));
        }
        assert_eq!(cells.ends, [0, 7, 54]);
        assert_eq!(&cells.bytes[..7], "desk-é".as_bytes());
        assert_eq!(cells.bytes.len(), 54);
    }
}
