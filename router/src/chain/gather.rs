//! From a batch's cells to the columns that a plugin reads, in buffers that are used again and again.

use tapline_contract::{FieldId, Word};
use tapline_host as host;
use tapline_host::{Kind, Layout, Want};

use super::Names;
use crate::batch::{Batch, Cell};

/// What one plugin reads.
pub(super) struct Gather {
    ts_ns: Vec<u64>,
    columns: Vec<Column>,
}

struct Column {
    source: Source,
    layout: Layout,
    /// Bit i%8 of byte i/8.
    present: Vec<u8>,
    all_present: bool,
    values: Values,
}

enum Values {
    Text { ends: Vec<u32>, bytes: String },
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Bools(Vec<u8>),
}

/// Where a column comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Field(FieldId),
    Component,
    Event,
    Level,
    Details,
}

// === impl Gather ===

impl Gather {
    pub(super) fn new(reads: &[Want], source: impl Fn(&str) -> Source) -> Self {
        let columns = reads.iter().map(|want| Column {
            source: source(&want.field),
            layout: want.layout,
            present: Vec::new(),
            all_present: true,
            values: Values::new(want.kind),
        });
        Gather { ts_ns: Vec::new(), columns: columns.collect() }
    }

    pub(super) fn fill(&mut self, names: &Names, batch: &Batch, picked: &[u32]) {
        let rows = batch.rows();
        self.ts_ns.clear();
        self.ts_ns.extend(picked.iter().map(|&row| rows[row as usize].ts_ns.max(0) as u64));
        for column in &mut self.columns {
            column.fill(names, batch, picked);
        }
    }

    /// Hands the gathered columns to `call`.
    pub(super) fn with<R>(&self, call: impl FnOnce(host::Batch<'_>) -> R) -> R {
        let strings: Vec<Vec<&str>> = self.columns.iter().map(Column::strings).collect();
        let columns: Vec<host::Column<'_>> =
            self.columns.iter().zip(&strings).map(|(column, strings)| column.view(strings)).collect();
        call(host::Batch { rows: self.ts_ns.len() as u32, ts_ns: &self.ts_ns, columns: &columns })
    }
}

// === impl Column ===

impl Column {
    fn fill(&mut self, names: &Names, batch: &Batch, picked: &[u32]) {
        self.values.clear();
        self.present.clear();
        self.present.resize(picked.len().div_ceil(8), 0);
        self.all_present = match self.source {
            Source::Field(field) => {
                let cells = batch.column(field);
                if cells.is_empty() {
                    self.values.fill_absent(picked.len());
                    picked.is_empty()
                } else {
                    let cell = |row: usize| cells.get(row).copied().unwrap_or_default();
                    self.fill_cells(batch, picked, cell)
                }
            }
            Source::Details => self.fill_cells(batch, picked, |row| batch.details(row)),
            Source::Component => self.fill_names(picked, |row| names.component(batch, row)),
            Source::Event => self.fill_names(picked, |row| batch.event_name(&names.contract, row)),
            Source::Level => match self.values {
                Values::Text { .. } => self.fill_names(picked, |row| batch.rows()[row].level.word()),
                _ => {
                    let level = |row: usize| Cell::Int(batch.rows()[row].level as i64);
                    self.fill_cells(batch, picked, level)
                }
            },
        };
    }

    /// Whether every row has a value.
    fn fill_cells(&mut self, batch: &Batch, picked: &[u32], cell: impl Fn(usize) -> Cell) -> bool {
        let mut present = 0;
        for (i, &row) in picked.iter().enumerate() {
            let there = self.values.push(batch, cell(row as usize));
            self.present[i / 8] |= u8::from(there) << (i % 8);
            present += usize::from(there);
        }
        present == picked.len()
    }

    fn fill_names<'a>(&mut self, picked: &[u32], name: impl Fn(usize) -> &'a str) -> bool {
        if let Values::Text { ends, bytes } = &mut self.values {
            for &row in picked {
                bytes.push_str(name(row as usize));
                ends.push(bytes.len() as u32);
            }
        }
        true
    }

    /// The text as separate strings, for plugins that ask for it so.
    fn strings(&self) -> Vec<&str> {
        match (&self.values, self.layout) {
            (Values::Text { ends, bytes }, Layout::Strings) => {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                starts.zip(ends).map(|(start, end)| &bytes[start as usize..*end as usize]).collect()
            }
            _ => Vec::new(),
        }
    }

    fn view<'a>(&'a self, strings: &'a [&'a str]) -> host::Column<'a> {
        let data = match &self.values {
            Values::Text { .. } if self.layout == Layout::Strings => host::Data::Strings(strings),
            Values::Text { ends, bytes } => {
                host::Data::Packed(host::Packed { ends, bytes: bytes.as_bytes() })
            }
            Values::Ints(values) => host::Data::Ints(values),
            Values::Floats(values) => host::Data::Floats(values),
            Values::Bools(values) => host::Data::Booleans(values),
        };
        host::Column { present: if self.all_present { &[] } else { &self.present }, data }
    }
}

// === impl Values ===

impl Values {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Values::Text { ends: Vec::new(), bytes: String::new() },
            Kind::Int => Values::Ints(Vec::new()),
            Kind::Float => Values::Floats(Vec::new()),
            Kind::Bool => Values::Bools(Vec::new()),
        }
    }

    fn clear(&mut self) {
        match self {
            Values::Text { ends, bytes } => {
                ends.clear();
                bytes.clear();
            }
            Values::Ints(values) => values.clear(),
            Values::Floats(values) => values.clear(),
            Values::Bools(values) => values.clear(),
        }
    }

    fn fill_absent(&mut self, rows: usize) {
        match self {
            Values::Text { ends, .. } => ends.resize(rows, 0),
            Values::Ints(values) => values.resize(rows, 0),
            Values::Floats(values) => values.resize(rows, 0.0),
            Values::Bools(values) => values.resize(rows, 0),
        }
    }

    /// False where the cell has no value of this kind; a place is filled all the same.
    fn push(&mut self, batch: &Batch, cell: Cell) -> bool {
        match self {
            Values::Text { ends, bytes } => {
                let there = push_text(bytes, batch, cell);
                ends.push(bytes.len() as u32);
                there
            }
            Values::Ints(values) => {
                let value = if let Cell::Int(value) = cell { Some(value) } else { None };
                values.push(value.unwrap_or_default());
                value.is_some()
            }
            Values::Floats(values) => {
                let value = if let Cell::Float(value) = cell { Some(value) } else { None };
                values.push(value.unwrap_or_default());
                value.is_some()
            }
            Values::Bools(values) => {
                let value = if let Cell::Bool(value) = cell { Some(value) } else { None };
                values.push(value.unwrap_or_default().into());
                value.is_some()
            }
        }
    }
}

/// Every kind of value can be read as text.
fn push_text(bytes: &mut String, batch: &Batch, cell: Cell) -> bool {
    match cell {
        Cell::Text(span) | Cell::Json(span) => bytes.push_str(batch.text(span)),
        Cell::Absent => return false,
        Cell::Int(value) => bytes.push_str(itoa::Buffer::new().format(value)),
        Cell::Float(value) => bytes.push_str(ryu::Buffer::new().format(value)),
        Cell::Bool(value) => bytes.push_str(if value { "true" } else { "false" }),
    }
    true
}
