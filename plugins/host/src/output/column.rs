//! One column of an answer: as many entries as promised, of the promised kind, text that is UTF-8.

use crate::bindings::tapline::plugin::types as wit;
use crate::plan::{Kind, Layout, Want};

/// Values of one kind. Every entry has a place in the data, present or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// Bit i%8 of byte i/8; empty means that all are present.
    present: Vec<u8>,
    data: Entries,
}

#[derive(Clone, Debug, PartialEq)]
enum Entries {
    Text { ends: Vec<u32>, text: String },
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Bools(Vec<u8>),
}

/// What a column has to look like.
#[derive(Clone, Copy)]
pub(super) struct Shape<'a> {
    pub(super) want: &'a Want,
    pub(super) entries: usize,
}

// === impl Values ===

impl Values {
    pub fn len(&self) -> usize {
        match &self.data {
            Entries::Text { ends, .. } => ends.len(),
            Entries::Ints(v) => v.len(),
            Entries::Floats(v) => v.len(),
            Entries::Bools(v) => v.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn is_present(&self, entry: usize) -> bool {
        self.present.is_empty() || self.present[entry / 8] & (1 << (entry % 8)) != 0
    }

    /// The text of a text column, and where each entry ends in it.
    pub fn text(&self) -> Option<(&[u32], &str)> {
        match &self.data {
            Entries::Text { ends, text } => Some((ends, text)),
            _ => None,
        }
    }

    pub fn ints(&self) -> Option<&[i64]> {
        match &self.data {
            Entries::Ints(v) => Some(v),
            _ => None,
        }
    }

    pub fn floats(&self) -> Option<&[f64]> {
        match &self.data {
            Entries::Floats(v) => Some(v),
            _ => None,
        }
    }

    /// One byte an entry, 0 or 1.
    pub fn bools(&self) -> Option<&[u8]> {
        match &self.data {
            Entries::Bools(v) => Some(v),
            _ => None,
        }
    }
}

// === impl Shape ===

impl Shape<'_> {
    pub(super) fn check(self, column: wit::Column) -> Result<Values, String> {
        let bytes = self.entries.div_ceil(8);
        if !column.present.is_empty() && column.present.len() != bytes {
            let len = column.present.len();
            return Err(format!("a bitmap of {len} bytes for {} entries", self.entries));
        }
        let (kind, layout) = (self.want.kind, self.want.layout);
        let data = match (kind, column.data) {
            (Kind::Text, wit::Data::Packed(packed)) if layout == Layout::Packed => packed_text(packed)?,
            (Kind::Text, wit::Data::Strings(strings)) if layout == Layout::Strings => joined_text(&strings)?,
            (Kind::Int, wit::Data::Ints(v)) => Entries::Ints(v),
            (Kind::Float, wit::Data::Floats(v)) => Entries::Floats(v),
            (Kind::Bool, wit::Data::Booleans(v)) => match v.iter().find(|b| **b > 1) {
                Some(b) => return Err(format!("{b} as a boolean")),
                None => Entries::Bools(v),
            },
            (Kind::Text, data) => {
                return Err(format!("{} instead of text in the layout {layout:?}", name(&data)));
            }
            (kind, data) => return Err(format!("{} instead of {kind:?}", name(&data))),
        };
        let values = Values { present: column.present, data };
        if values.len() != self.entries {
            return Err(format!("{} entries instead of {}", values.len(), self.entries));
        }
        values.check_finite()?;
        Ok(values)
    }
}

impl Values {
    /// JSON has no way to write NaN or an infinity, and a sink that meets one has to lose the row.
    fn check_finite(&self) -> Result<(), String> {
        let floats = self.floats().unwrap_or_default();
        match floats.iter().enumerate().find(|(i, x)| !x.is_finite() && self.is_present(*i)) {
            Some((i, x)) => Err(format!("the float {x} at entry {i}, which JSON and SQL can't hold")),
            None => Ok(()),
        }
    }
}

fn packed_text(packed: wit::PackedText) -> Result<Entries, String> {
    let wit::PackedText { ends, bytes } = packed;
    let text = String::from_utf8(bytes).map_err(|e| format!("text that is not UTF-8: {e}"))?;
    let mut start = 0;
    for (i, end) in ends.iter().enumerate() {
        if *end < start || !text.is_char_boundary(*end as usize) {
            return Err(format!("text entry {i} goes from {start} to {end} of {}", text.len()));
        }
        start = *end;
    }
    if start as usize != text.len() {
        return Err(format!("entries end at {start}, the text at {}", text.len()));
    }
    Ok(Entries::Text { ends, text })
}

fn joined_text(strings: &[String]) -> Result<Entries, String> {
    let mut text = String::with_capacity(strings.iter().map(String::len).sum());
    let mut ends = Vec::with_capacity(strings.len());
    for s in strings {
        text.push_str(s);
        let end = u32::try_from(text.len()).map_err(|_| "more than 4 GiB of text")?;
        ends.push(end);
    }
    Ok(Entries::Text { ends, text })
}

fn name(data: &wit::Data) -> &'static str {
    match data {
        wit::Data::Packed(_) => "packed text",
        wit::Data::Strings(_) => "strings",
        wit::Data::Ints(_) => "integers",
        wit::Data::Floats(_) => "floats",
        wit::Data::Booleans(_) => "booleans",
    }
}
