//! Views of columns: typed, borrowed, nothing copied.

/// Which rows have a value.
#[derive(Clone, Copy, Debug)]
pub enum Presence<'a> {
    /// Not one.
    None,
    /// Row i where bit i%8 of byte i/8 is set.
    Some(&'a [u8]),
    /// Every row.
    All,
}

/// A text column: row i is `bytes[ends[i-1]..ends[i]]`.
#[derive(Clone, Copy, Debug)]
pub struct TextColumn<'a> {
    rows: usize,
    ends: &'a [u32],
    bytes: &'a [u8],
    present: Presence<'a>,
}

/// A text column that the plugin owns: copied from a batch, changed, handed back as an edit.
#[derive(Debug, Default)]
pub struct TextBuffer {
    pub(crate) ends: Vec<u32>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) present: Vec<u8>,
}

/// A column of numbers or truth values.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a, T> {
    rows: usize,
    values: &'a [T],
    present: Presence<'a>,
}

pub type IntColumn<'a> = Values<'a, i64>;
pub type FloatColumn<'a> = Values<'a, f64>;

/// A column of truth values.
#[derive(Clone, Copy, Debug)]
pub struct BoolColumn<'a>(Values<'a, u8>);

// === impl Presence ===

impl Presence<'_> {
    #[inline]
    pub fn all(self) -> bool {
        matches!(self, Presence::All)
    }

    /// True when not one row has a value, so that a column need not be looked at.
    #[inline]
    pub fn none(self) -> bool {
        matches!(self, Presence::None)
    }

    #[inline]
    pub fn get(self, row: usize) -> bool {
        match self {
            Presence::None => false,
            Presence::Some(bits) => bits.get(row / 8).is_some_and(|bits| bits & (1 << (row % 8)) != 0),
            Presence::All => true,
        }
    }
}

// === impl TextColumn ===

impl<'a> TextColumn<'a> {
    pub(crate) fn new(rows: usize, ends: &'a [u32], bytes: &'a [u8], present: Presence<'a>) -> Self {
        TextColumn { rows, ends, bytes, present }
    }

    /// Rows, present or not.
    pub fn len(self) -> usize {
        self.rows
    }

    pub fn is_empty(self) -> bool {
        self.rows == 0
    }

    pub fn presence(self) -> Presence<'a> {
        self.present
    }

    /// The text of all rows without a gap between them, to be scanned in one go.
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Where each row's text ends in [`TextColumn::bytes`]. May be empty where no row has a value.
    pub fn ends(self) -> &'a [u32] {
        self.ends
    }

    #[inline]
    pub fn get(self, row: usize) -> Option<&'a str> {
        if !self.present.get(row) {
            return None;
        }
        let end = *self.ends.get(row)?;
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        Some(text(self.bytes, start, end))
    }

    /// Every row with its number; absent ones as `None`.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = (usize, Option<&'a str>)> {
        let mut start = 0;
        (0..self.rows).map(move |row| {
            let end = self.ends.get(row).copied().unwrap_or(start);
            let text = self.present.get(row).then(|| text(self.bytes, start, end));
            start = end;
            (row, text)
        })
    }

    /// The rows that have a value.
    #[inline]
    pub fn iter_present(self) -> impl Iterator<Item = (usize, &'a str)> {
        self.iter().filter_map(|(row, text)| Some((row, text?)))
    }
}

#[inline]
fn text(bytes: &[u8], start: u32, end: u32) -> &str {
    let bytes = bytes.get(start as usize..end as usize).unwrap_or_default();
    debug_assert!(std::str::from_utf8(bytes).is_ok(), "the host promises UTF-8");
    // SAFETY: the interface promises UTF-8 with `ends` on character borders; the host packs the
    // column from its own strings. The generated bindings trust it in the same way for `string`.
    unsafe { std::str::from_utf8_unchecked(bytes) }
}

// === impl TextBuffer ===

impl TextBuffer {
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    pub fn present(&self) -> Presence<'_> {
        match self.present.as_slice() {
            [] => Presence::All,
            bits => Presence::Some(bits),
        }
    }

    pub fn as_column(&self) -> TextColumn<'_> {
        TextColumn::new(self.ends.len(), &self.ends, &self.bytes, self.present())
    }

    /// The bytes of all rows, to be overwritten in place. The result has to be UTF-8 within every
    /// row, or the host takes the edit for a fault.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

// === impl Values ===

impl<'a, T: Copy> Values<'a, T> {
    pub(crate) fn new(rows: usize, values: &'a [T], present: Presence<'a>) -> Self {
        Values { rows, values, present }
    }

    /// Rows, present or not.
    pub fn len(self) -> usize {
        self.rows
    }

    pub fn is_empty(self) -> bool {
        self.rows == 0
    }

    pub fn presence(self) -> Presence<'a> {
        self.present
    }

    /// One value for each row; what stands at an absent row means nothing. May be empty where no row
    /// has a value.
    pub fn values(self) -> &'a [T] {
        self.values
    }

    #[inline]
    pub fn get(self, row: usize) -> Option<T> {
        if self.present.get(row) { self.values.get(row).copied() } else { None }
    }

    #[inline]
    pub fn iter(self) -> impl Iterator<Item = (usize, Option<T>)> {
        (0..self.rows).map(move |row| (row, self.get(row)))
    }
}

// === impl BoolColumn ===

impl<'a> BoolColumn<'a> {
    pub(crate) fn new(values: Values<'a, u8>) -> Self {
        BoolColumn(values)
    }

    pub fn len(self) -> usize {
        self.0.len()
    }

    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    pub fn get(self, row: usize) -> Option<bool> {
        self.0.get(row).map(|value| value != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presence_reads_bit_by_bit() {
        let presence = Presence::Some(&[0b0000_0101, 0b1]);
        let rows: Vec<bool> = (0..10).map(|row| presence.get(row)).collect();
        assert_eq!(rows, [true, false, true, false, false, false, false, false, true, false]);
        assert!(Presence::All.get(1_000_000));
        assert!(!Presence::None.get(0));
    }

    #[test]
    fn absent_rows_are_none_and_keep_their_place() {
        let column = TextColumn::new(3, &[1, 1, 3], b"abc", Presence::Some(&[0b101]));
        let rows: Vec<_> = column.iter().collect();
        assert_eq!(rows, [(0, Some("a")), (1, None), (2, Some("bc"))]);
        assert_eq!(column.iter_present().count(), 2);
        assert_eq!(column.get(7), None);
    }

    #[test]
    fn a_column_without_values_still_has_its_rows() {
        let column = TextColumn::new(2, &[], b"", Presence::None);
        assert_eq!(column.iter().collect::<Vec<_>>(), [(0, None), (1, None)]);
    }
}
