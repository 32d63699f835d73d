//! Finding things in a contract by name, and by number.

use std::sync::OnceLock;

use crate::model::{Component, ComponentId, Contract, Event, EventId, Field, FieldId, Form, Metric, Table, TableId};
use crate::resolve::UNKNOWN;

/// The trading contract that Tapline carries with it.
pub const TRADING_TOML: &str = include_str!("../trading.toml");

impl Contract {
    /// The contract that is built in, parsed once.
    ///
    /// # Panics
    /// Never in a build whose tests pass: the embedded text is part of the crate.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: OnceLock<Contract> = OnceLock::new();
        EMBEDDED.get_or_init(|| match Self::parse(TRADING_TOML) {
            Ok(contract) => contract,
            Err(errors) => panic!("contracts/trading.toml: {errors}"),
        })
    }

    /// A field by its name or one of its aliases.
    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.field_by_name.get(name).copied()
    }

    /// An event by our name or by one under which others print it.
    pub fn event(&self, name: &str) -> Option<EventId> {
        self.event_by_name.get(name).map(|(id, _)| *id)
    }

    /// An event by any name, with the form that belongs to that name; none for our own.
    pub fn recognise(&self, name: &str) -> Option<(EventId, Option<&Form>)> {
        let (id, form) = self.event_by_name.get(name).copied()?;
        Some((id, form.map(|form| &self.event_at(id).forms[usize::from(form.0)])))
    }

    pub fn component(&self, name: &str) -> Option<ComponentId> {
        self.component_by_name.get(name).copied()
    }

    /// Where lines are counted that name no component or one that is not declared.
    pub fn unknown_component(&self) -> ComponentId {
        // Resolving refuses a contract without it.
        self.component_by_name.get(UNKNOWN).copied().unwrap_or(ComponentId(0))
    }

    /// A table by its full name, e.g. `audit.orders_log`.
    pub fn table(&self, name: &str) -> Option<TableId> {
        self.table_by_name.get(name).copied()
    }

    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metric_by_name.get(name).map(|index| &self.metrics[*index])
    }

    pub fn field_at(&self, id: FieldId) -> &Field {
        &self.fields[usize::from(id.0)]
    }

    pub fn event_at(&self, id: EventId) -> &Event {
        &self.events[usize::from(id.0)]
    }

    pub fn component_at(&self, id: ComponentId) -> &Component {
        &self.components[usize::from(id.0)]
    }

    pub fn table_at(&self, id: TableId) -> &Table {
        &self.tables[usize::from(id.0)]
    }

    pub fn field_ids(&self) -> impl Iterator<Item = (FieldId, &Field)> {
        self.fields.iter().enumerate().map(|(index, field)| (FieldId(index as u16), field))
    }

    pub fn event_ids(&self) -> impl Iterator<Item = (EventId, &Event)> {
        self.events.iter().enumerate().map(|(index, event)| (EventId(index as u16), event))
    }
}

impl Event {
    /// What a field of an incoming line is called here, where the event renames it.
    pub fn renamed(&self, form: Option<&Form>, name: &str) -> Option<FieldId> {
        let form = form.map(|f| f.renames.as_slice()).unwrap_or_default();
        form.iter().chain(&self.renames).find(|(theirs, _)| theirs == name).map(|(_, ours)| *ours)
    }
}

impl Field {
    /// The value of the closed set that a producer means: case does not count, and codes are known. `None`:
    /// it is not in the set.
    pub fn canonical(&self, text: &str) -> Option<&str> {
        let is = |other: &str| other.eq_ignore_ascii_case(text);
        let value = self.values.iter().find(|value| is(value));
        value.or_else(|| Some(&self.codes.iter().find(|(theirs, _)| is(theirs))?.1)).map(String::as_str)
    }
}

impl Form {
    /// Our spelling of a value, where the form has one.
    pub fn value(&self, field: FieldId, theirs: &str) -> Option<&str> {
        let (_, map) = self.values.iter().find(|(id, _)| *id == field)?;
        map.iter().find(|(value, _)| value == theirs).map(|(_, ours)| ours.as_str())
    }
}
