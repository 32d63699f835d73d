//! From a batch's cells to the columns that a plugin reads, in buffers that are used again and again.

use tapline_contract::{FieldId, Word};
use tapline_host as host;
use tapline_host::{Kind, Layout, Want};

use super::Names;
use crate::batch::{Batch, Cell};

/// What one plugin reads.
pub(super) struct Gather {
    columns: Vec<Column>,
    ts_ns: Vec<u64>,
    lists: Lists,
}

struct Column {
    source: Source,
    kind: Kind,
    layout: Layout,
}

/// Where a column comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Field(FieldId),
    Component,
    Event,
    Level,
    Details,
    /// An optional field that the contract lacks.
    Nothing,
}

/// The values of all columns, one column behind the other, as `wit/plugin.wit` describes them.
#[derive(Default)]
struct Lists {
    presence: Vec<u8>,
    bitmaps: Vec<u8>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
    /// Text for plugins that ask for separate strings: all of it, and where each ends.
    strings: Vec<u8>,
    string_ends: Vec<usize>,
    ints: Vec<i64>,
    floats: Vec<f64>,
    booleans: Vec<u8>,
}

const NONE: u8 = 0;
const SOME: u8 = 1;
const ALL: u8 = 2;

// === impl Gather ===

impl Gather {
    pub(super) fn new(reads: &[Want], source: impl Fn(&str) -> Source) -> Self {
        let columns =
            reads.iter().map(|want| Column { source: source(&want.field), kind: want.kind, layout: want.layout });
        Gather { columns: columns.collect(), ts_ns: Vec::new(), lists: Lists::default() }
    }

    pub(super) fn fill(&mut self, names: &Names, batch: &Batch, picked: &[u32]) {
        let rows = batch.rows();
        self.ts_ns.clear();
        self.ts_ns.extend(picked.iter().map(|&row| rows[row as usize].ts_ns.max(0) as u64));
        self.lists.clear();
        for column in &self.columns {
            self.lists.add(column, names, batch, picked);
        }
    }

    /// Hands the gathered columns to `call`.
    pub(super) fn with<R>(&self, call: impl FnOnce(host::Batch<'_>) -> R) -> R {
        let lists = &self.lists;
        let mut begin = 0;
        let strings = lists.string_ends.iter().map(|&end| {
            let text = &lists.strings[std::mem::replace(&mut begin, end)..end];
            std::str::from_utf8(text).expect("put together from strings")
        });
        let strings: Vec<&str> = strings.collect();
        call(host::Batch {
            rows: self.ts_ns.len() as u32,
            ts_ns: &self.ts_ns,
            presence: &lists.presence,
            bitmaps: &lists.bitmaps,
            ends: &lists.ends,
            bytes: &lists.bytes,
            strings: &strings,
            ints: &lists.ints,
            floats: &lists.floats,
            booleans: &lists.booleans,
        })
    }
}

// === impl Lists ===

impl Lists {
    fn clear(&mut self) {
        let Lists { presence, bitmaps, ends, bytes, strings, string_ends, ints, floats, booleans } = self;
        presence.clear();
        bitmaps.clear();
        ends.clear();
        bytes.clear();
        strings.clear();
        string_ends.clear();
        ints.clear();
        floats.clear();
        booleans.clear();
    }

    fn add(&mut self, column: &Column, names: &Names, batch: &Batch, picked: &[u32]) {
        match column.source {
            Source::Field(field) => match batch.column(field) {
                [] => self.presence.push(NONE),
                // Every row, as where a plugin subscribes to everything.
                cells if picked.len() == batch.len() => {
                    let absent = std::iter::repeat_n(Cell::Absent, batch.len() - cells.len());
                    self.add_cells(column, batch, cells.iter().copied().chain(absent));
                }
                cells => {
                    let cell = |row: &u32| cells.get(*row as usize).copied().unwrap_or_default();
                    self.add_cells(column, batch, picked.iter().map(cell));
                }
            },
            Source::Nothing => self.presence.push(NONE),
            Source::Details => self.add_cells(column, batch, picked.iter().map(|row| batch.details(*row as usize))),
            Source::Component => self.add_names(column, picked, |row, out| names.append_component(batch, row, out)),
            Source::Event => self.add_names(column, picked, |row, out| names.append_event(batch, row, out)),
            Source::Level if column.kind == Kind::Text => {
                let level = |row: usize| batch.rows()[row].level.word().as_bytes();
                self.add_names(column, picked, |row, out| out.extend_from_slice(level(row)));
            }
            Source::Level => {
                let level = |row: &u32| Cell::Int(batch.rows()[*row as usize].level as i64);
                self.add_cells(column, batch, picked.iter().map(level));
            }
        }
    }

    /// A value of another kind than the column's is absent; every kind can be read as text.
    fn add_cells(&mut self, column: &Column, batch: &Batch, cells: impl Iterator<Item = Cell> + Clone) {
        match (column.kind, column.layout) {
            (Kind::Text, Layout::Packed) => {
                let (first, begin) = (self.ends.len(), self.bytes.len());
                cells.clone().for_each(|cell| {
                    push_text(&mut self.bytes, batch, cell);
                    self.ends.push((self.bytes.len() - begin) as u32);
                });
                if self.note(cells.map(|cell| !cell.is_absent())) == NONE {
                    self.ends.truncate(first);
                }
            }
            (Kind::Text, Layout::Strings) => {
                let first = self.string_ends.len();
                cells.clone().for_each(|cell| {
                    push_text(&mut self.strings, batch, cell);
                    self.string_ends.push(self.strings.len());
                });
                if self.note(cells.map(|cell| !cell.is_absent())) == NONE {
                    self.string_ends.truncate(first);
                }
            }
            (Kind::Int, _) => {
                let values = cells.map(|cell| if let Cell::Int(value) = cell { Some(value) } else { None });
                if self.note(values.clone().map(|value| value.is_some())) != NONE {
                    self.ints.extend(values.map(Option::unwrap_or_default));
                }
            }
            (Kind::Float, _) => {
                let values = cells.map(|cell| if let Cell::Float(value) = cell { Some(value) } else { None });
                if self.note(values.clone().map(|value| value.is_some())) != NONE {
                    self.floats.extend(values.map(Option::unwrap_or_default));
                }
            }
            (Kind::Bool, _) => {
                let values = cells.map(|cell| if let Cell::Bool(value) = cell { Some(value) } else { None });
                if self.note(values.clone().map(|value| value.is_some())) != NONE {
                    self.booleans.extend(values.map(|value| u8::from(value.unwrap_or_default())));
                }
            }
        }
    }

    /// Says which rows of a column have a value: with a bitmap only where that is not the same for all.
    fn note(&mut self, present: impl Iterator<Item = bool> + Clone) -> u8 {
        let (rows, some) = present.clone().fold((0, 0), |(rows, some), is| (rows + 1, some + usize::from(is)));
        let presence = match some {
            0 => NONE,
            _ if some == rows => ALL,
            _ => SOME,
        };
        if presence == SOME {
            let mut byte = 0;
            for (row, is_present) in present.enumerate() {
                byte |= u8::from(is_present) << (row % 8);
                if row % 8 == 7 || row + 1 == rows {
                    self.bitmaps.push(std::mem::take(&mut byte));
                }
            }
        }
        self.presence.push(presence);
        presence
    }

    /// What every row has.
    fn add_names(&mut self, column: &Column, picked: &[u32], append: impl Fn(usize, &mut Vec<u8>)) {
        self.presence.push(ALL);
        if column.layout == Layout::Strings {
            for &row in picked {
                append(row as usize, &mut self.strings);
                self.string_ends.push(self.strings.len());
            }
        } else {
            let begin = self.bytes.len();
            for &row in picked {
                append(row as usize, &mut self.bytes);
                self.ends.push((self.bytes.len() - begin) as u32);
            }
        }
    }
}

/// Every kind of value can be read as text.
#[inline]
fn push_text(bytes: &mut Vec<u8>, batch: &Batch, cell: Cell) {
    match cell {
        Cell::Text(span) | Cell::Json(span) => batch.append_text(span, bytes),
        Cell::Absent => {}
        Cell::Int(value) => bytes.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
        Cell::Float(value) => bytes.extend_from_slice(ryu::Buffer::new().format(value).as_bytes()),
        Cell::Bool(value) => bytes.extend_from_slice(if value { b"true" } else { b"false" }),
    }
}
