//! Events that a plugin makes.

use crate::bindings::tapline::plugin::types as raw;
use crate::plan::Level;

/// A new event. It enters the router behind the chain, as one of component `plugin`.
#[derive(Clone, Debug)]
pub struct Event {
    raw: raw::NewEvent,
}

// === impl Event ===

impl Event {
    pub fn new(event: impl Into<String>, level: Level) -> Self {
        Event { raw: raw::NewEvent { event: event.into(), level: level as u8, fields: Vec::new() } }
    }

    pub fn text(self, field: impl Into<String>, value: impl Into<String>) -> Self {
        self.field(field.into(), raw::Value::Text(value.into()))
    }

    pub fn int(self, field: impl Into<String>, value: i64) -> Self {
        self.field(field.into(), raw::Value::Int(value))
    }

    pub fn float(self, field: impl Into<String>, value: f64) -> Self {
        self.field(field.into(), raw::Value::Float(value))
    }

    pub fn boolean(self, field: impl Into<String>, value: bool) -> Self {
        self.field(field.into(), raw::Value::Boolean(value))
    }

    fn field(mut self, field: String, value: raw::Value) -> Self {
        self.raw.fields.push((field, value));
        self
    }

    pub(crate) fn into_raw(self) -> raw::NewEvent {
        self.raw
    }
}
