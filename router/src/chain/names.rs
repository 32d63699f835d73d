//! The names of what rows hold as numbers, ready to be copied into a column.

use std::sync::Arc;

use tapline_contract::Contract;

use crate::batch::{Batch, Span};
use crate::ingest::Components;
use crate::short::{self, SHORT};

pub(super) struct Names {
    components: Arc<Components>,
    /// Copied from `components`, which other threads share, and renewed when a number is missing.
    component_names: Table,
    event_names: Table,
}

/// Names by number, in one text.
#[derive(Default)]
struct Table {
    text: String,
    places: Vec<Span>,
}

// === impl Names ===

impl Names {
    pub(super) fn new(contract: &Contract, components: Arc<Components>) -> Self {
        let component_names = Table::new(components.names().iter().map(|name| &**name));
        let event_names = Table::new(contract.events.iter().map(|event| event.name.as_str()));
        Names { components, component_names, event_names }
    }

    pub(super) fn renew_for(&mut self, batch: &Batch) {
        let highest = batch.rows().iter().map(|row| row.component.0).max().unwrap_or(0);
        if usize::from(highest) >= self.component_names.places.len() {
            self.component_names = Table::new(self.components.names().iter().map(|name| &**name));
        }
    }

    #[inline]
    pub(super) fn append_component(&self, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        self.component_names.append(batch.rows()[row].component.0, out);
    }

    /// The contract's name where it knows the event, else the one that came with it.
    #[inline]
    pub(super) fn append_event(&self, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        let head = &batch.rows()[row];
        match head.event {
            Some(event) => self.event_names.append(event.0, out),
            None => batch.append_text(head.name, out),
        }
    }
}

// === impl Table ===

impl Table {
    fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut table = Table::default();
        for name in names {
            table.places.push(Span { start: table.text.len() as u32, len: name.len() as u32 });
            table.text.push_str(name);
        }
        // So that the last name can be copied like the others.
        table.text.push_str(&" ".repeat(SHORT));
        table
    }

    #[inline]
    fn append(&self, number: u16, out: &mut Vec<u8>) {
        if let Some(place) = self.places.get(usize::from(number)) {
            short::append(self.text.as_bytes(), *place, out);
        }
    }
}
