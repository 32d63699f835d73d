//! Events inside the router: rows of a batch, columns of fields, one arena of text.
//!
//! A batch is stored by column because that is how a plugin sees it: handing a declared field over
//! is one pass over one vector. Names are small integers ([`FieldId`], [`EventId`]) from the moment
//! of decoding on. Text is never copied once it is in the arena; a cell holds its place.

use std::sync::Arc;

use tapline_contract::{Contract, EventId, FieldId, Lane, Level};

use crate::ledger::StreamId;
use crate::receipt::Receipt;
use crate::short;

/// As many rows as a batch may have. 256 amortises a plugin call to a few nanoseconds an event;
/// more only adds delay.
pub const ROWS_MAX: usize = 256;

/// A batch is handed on at this size too, so that a few huge events don't make a plugin's memory
/// grow (wasm memory never shrinks).
pub const ARENA_BYTES_MAX: usize = 1 << 20;

/// One value. Text and JSON are places in the batch's arena.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Cell {
    #[default]
    Absent,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Span),
    /// The text of a JSON value (an object, an array, a number too large for `Int`).
    Json(Span),
}

impl Cell {
    pub fn is_absent(self) -> bool {
        matches!(self, Cell::Absent)
    }
}

/// A place in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    pub start: u32,
    pub len: u32,
}

/// A component's name: of the contract, or one that only came with the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ComponentRef(pub u16);

/// What every event has. `Copy`, so that rows move freely between stages.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Event time, ns since 1970, UTC.
    pub ts_ns: i64,
    /// `None`: the contract does not know the event; its name is in `name`.
    pub event: Option<EventId>,
    /// The event's name as it came, where `event` is `None` or an alias was used.
    pub name: Span,
    pub component: ComponentRef,
    pub level: Level,
    pub lane: Lane,
    /// The producer's run, as it came; empty where it named none.
    pub run: Span,
    /// The producer's running number in its queue, where it gave one.
    pub seq: Option<u64>,
    /// The producer numbers its events by component and lane, as our clients do: run, component, lane
    /// and `seq` name the event for ever.
    pub numbered: bool,
    /// The router's own running number: unique in a run of the router.
    pub position: u64,
    /// Whose account this row is on.
    pub stream: StreamId,
    /// Destinations (by index, as bits) that a plugin set in place of the default ones; 0: none did.
    pub send: u64,
    /// Destinations that plugins added.
    pub also: u64,
    /// Set as soon as the row has left the way: filtered, dead-lettered.
    pub gone: bool,
}

#[derive(Clone, Debug)]
struct Column {
    field: FieldId,
    /// One entry a row; shorter than the batch where the last rows lack the field.
    cells: Vec<Cell>,
}

/// Up to [`ROWS_MAX`] events of one lane.
#[derive(Clone, Debug)]
pub struct Batch {
    pub lane: Lane,
    /// When the router took the first of these events in, ns since 1970, UTC.
    pub ingest_ns: i64,
    rows: Vec<Row>,
    columns: Vec<Column>,
    /// Field id → place in `columns`, plus one; 0 where the batch has no such column.
    places: Vec<u16>,
    details: Vec<Cell>,
    arena: String,
    /// The run of the router that gave the rows their positions.
    pub origin: Arc<str>,
    /// Destinations that the rows go to, and to no others; 0 where the chain decides.
    pub only_to: u64,
    /// Held while any of these rows is on its way; see [`Receipt`].
    pub receipts: Vec<Arc<Receipt>>,
    /// Requests of which rows are in here, with the last line of each.
    pub marks: Vec<(Arc<str>, u64)>,
}

/// Up to and with `row`.
#[inline(never)]
fn fill_up(cells: &mut Vec<Cell>, row: usize) {
    cells.resize(row + 1, Cell::Absent);
}

impl Batch {
    pub fn new(contract: &Contract) -> Self {
        Batch {
            lane: Lane::Log,
            ingest_ns: 0,
            rows: Vec::with_capacity(ROWS_MAX),
            columns: Vec::new(),
            places: vec![0; contract.fields.len()],
            details: Vec::with_capacity(ROWS_MAX),
            arena: String::with_capacity(64 << 10),
            origin: "".into(),
            only_to: 0,
            receipts: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// Empties the batch, keeping its memory for the next events.
    pub fn clear(&mut self) {
        self.only_to = 0;
        self.receipts.clear();
        self.marks.clear();
        self.rows.clear();
        self.details.clear();
        self.arena.clear();
        for column in &mut self.columns {
            column.cells.clear();
        }
        if self.arena.capacity() > 4 * ARENA_BYTES_MAX {
            self.arena = String::with_capacity(64 << 10);
        }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.rows.len() >= ROWS_MAX || self.arena.len() >= ARENA_BYTES_MAX
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub fn rows_mut(&mut self) -> &mut [Row] {
        &mut self.rows
    }

    /// Bytes of text that the batch holds.
    pub fn arena_bytes(&self) -> usize {
        self.arena.len()
    }

    /// Takes over the rows of a batch of the same lane, which is then empty, where there is room for all
    /// of them.
    pub fn append(&mut self, other: &mut Batch) -> bool {
        let fits = self.len() + other.len() <= ROWS_MAX && self.arena.len() + other.arena.len() <= ARENA_BYTES_MAX;
        if !fits || self.lane != other.lane || self.only_to != other.only_to {
            return false;
        }
        let (rows, base) = (self.len(), self.arena.len() as u32);
        // An empty text is at home anywhere; at 0 it can't come to lie within a character.
        let moved = |span: Span| match span.len {
            0 => Span::default(),
            len => Span { start: span.start + base, len },
        };
        let moved_cell = |cell: Cell| match cell {
            Cell::Text(span) => Cell::Text(moved(span)),
            Cell::Json(span) => Cell::Json(moved(span)),
            cell => cell,
        };
        self.arena.push_str(&other.arena);
        self.rows.extend(other.rows.iter().map(|row| Row { name: moved(row.name), run: moved(row.run), ..*row }));
        self.details.extend(other.details.iter().map(|cell| moved_cell(*cell)));
        for column in &other.columns {
            for (row, cell) in column.cells.iter().enumerate().filter(|(_, cell)| !cell.is_absent()) {
                *self.cell_mut(rows + row, column.field) = moved_cell(*cell);
            }
        }
        self.receipts.append(&mut other.receipts);
        self.marks.append(&mut other.marks);
        other.clear();
        true
    }

    /// Starts a row; the cells set next with [`Batch::put`] belong to it.
    pub fn push_row(&mut self, row: Row) -> usize {
        self.rows.push(row);
        self.details.push(Cell::Absent);
        self.rows.len() - 1
    }

    /// Takes the last row back, with its text from `arena_mark` on.
    pub fn pop_row(&mut self, arena_mark: usize) {
        self.rows.pop();
        let rows = self.rows.len();
        self.details.truncate(rows);
        for column in &mut self.columns {
            column.cells.truncate(rows);
        }
        self.arena.truncate(arena_mark);
    }

    pub fn put(&mut self, row: usize, field: FieldId, cell: Cell) {
        *self.cell_mut(row, field) = cell;
    }

    #[inline(always)]
    pub fn cell_mut(&mut self, row: usize, field: FieldId) -> &mut Cell {
        let place = match self.places[usize::from(field.0)] {
            0 => self.add_column(field),
            place => place,
        };
        let cells = &mut self.columns[usize::from(place) - 1].cells;
        if cells.len() == row {
            cells.push(Cell::Absent);
        } else if cells.len() < row {
            fill_up(cells, row);
        }
        &mut cells[row]
    }

    #[cold]
    #[inline(never)]
    fn add_column(&mut self, field: FieldId) -> u16 {
        self.columns.push(Column { field, cells: Vec::with_capacity(ROWS_MAX) });
        let place = self.columns.len() as u16;
        self.places[usize::from(field.0)] = place;
        place
    }

    #[inline]
    pub fn get(&self, row: usize, field: FieldId) -> Cell {
        self.column(field).get(row).copied().unwrap_or_default()
    }

    /// A field's cells from row 0 on; it may be shorter than the batch, the rest is absent.
    #[inline]
    pub fn column(&self, field: FieldId) -> &[Cell] {
        match self.places.get(field.0 as usize) {
            Some(&place) if place > 0 => &self.columns[place as usize - 1].cells,
            _ => &[],
        }
    }

    /// The fields that any row may have, in the order of first appearance.
    pub fn fields(&self) -> impl Iterator<Item = (FieldId, &[Cell])> {
        self.columns.iter().map(|column| (column.field, column.cells.as_slice()))
    }

    /// The JSON object of the fields that the contract does not know.
    #[inline]
    pub fn details(&self, row: usize) -> Cell {
        self.details[row]
    }

    /// `cell` is `Absent` or a `Json` object.
    pub fn set_details(&mut self, row: usize, cell: Cell) {
        self.details[row] = cell;
    }

    #[inline]
    pub fn text(&self, span: Span) -> &str {
        &self.arena[span.start as usize..(span.start + span.len) as usize]
    }

    /// Appends a text to `out`.
    #[inline]
    pub fn append_text(&self, span: Span, out: &mut Vec<u8>) {
        short::append(self.arena.as_bytes(), span, out);
    }

    #[inline]
    pub fn push_text(&mut self, text: &str) -> Span {
        let start = self.arena.len() as u32;
        self.arena.push_str(text);
        Span { start, len: text.len() as u32 }
    }

    /// For decoders that place text themselves.
    pub fn arena_mut(&mut self) -> &mut String {
        &mut self.arena
    }

    /// The event's name: the contract's where it is known.
    #[inline]
    pub fn event_name<'a>(&'a self, contract: &'a Contract, row: usize) -> &'a str {
        match self.rows[row].event {
            Some(EventId(id)) => &contract.events[id as usize].name,
            None => self.text(self.rows[row].name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tapline_contract::Sensitivity;

    use crate::encode::Encoder;
    use crate::ingest::{Components, Decoder, SchemaCounts};

    fn decoded(contract: &Arc<Contract>, components: &Arc<Components>, lines: &[String]) -> Batch {
        let mut decoder = Decoder::new(contract.clone(), components.clone(), Arc::new(SchemaCounts::default()));
        let mut batch = Batch::new(contract);
        for line in lines {
            decoder.decode(line.as_bytes(), 7, &mut |_, _| StreamId(0), |_| &mut batch).expect("an event");
        }
        batch
    }

    fn line() -> impl Strategy<Value = String> {
        let text = || "[a-c\u{e9}\u{6307}\"\\\\]{0,5}";
        let fields = (text(), text(), prop::option::of(any::<i32>()), prop::option::of(text()), any::<bool>());
        fields.prop_map(|(message, run, qty, odd, has_symbol)| {
            let mut event = serde_json::json!({ "message": message, "run": run, "event": "log" });
            if let Some(qty) = qty {
                event["qty"] = qty.into();
            }
            if let Some(odd) = odd {
                event["no_such_field"] = odd.into();
            }
            if has_symbol {
                event["symbol"] = "".into();
            }
            event.to_string()
        })
    }

    proptest! {
        /// Rows say the same wherever they are.
        #[test]
        fn joined_batches_say_what_they_said(
            first in prop::collection::vec(line(), 0..6),
            second in prop::collection::vec(line(), 0..6),
        ) {
            let contract = Arc::new(Contract::embedded().clone());
            let components = Arc::new(Components::new(&contract));
            let mut encoder = Encoder::new(contract.clone(), components.clone(), Sensitivity::Secret);
            let mut apart = Vec::new();
            let mut batch = decoded(&contract, &components, &first);
            let mut other = decoded(&contract, &components, &second);
            for batch in [&batch, &other] {
                for row in 0..batch.len() {
                    encoder.line(batch, row, &mut apart);
                }
            }
            prop_assert!(batch.append(&mut other));
            prop_assert!(other.is_empty());
            let mut joined = Vec::new();
            for row in 0..batch.len() {
                encoder.line(&batch, row, &mut joined);
            }
            // Columns stand in another order; as JSON it is the same.
            let parse = |lines: Vec<u8>| -> Vec<serde_json::Value> {
                let lines = String::from_utf8(lines).expect("text");
                lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
            };
            prop_assert_eq!(parse(apart), parse(joined));
        }
    }

    #[test]
    fn a_batch_takes_no_more_than_fits() {
        let contract = Arc::new(Contract::embedded().clone());
        let components = Arc::new(Components::new(&contract));
        let lines = vec![r#"{"message":"a"}"#.to_owned(); ROWS_MAX - 1];
        let mut batch = decoded(&contract, &components, &lines);
        let mut two = decoded(&contract, &components, &lines[..2]);
        assert!(!batch.append(&mut two) && two.len() == 2);
        two.pop_row(two.arena_bytes());
        assert!(batch.append(&mut two) && batch.is_full());
    }
}
