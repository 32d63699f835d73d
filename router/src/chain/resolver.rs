//! The contract and the destinations, as a plugin's plan is checked against them.

use std::sync::Arc;

use tapline_contract::{Contract, Field, Kind as FieldKind, did_you_mean};
use tapline_host::{Kind, Resolver};

pub(super) struct Known {
    pub(super) contract: Arc<Contract>,
    pub(super) destinations: Vec<String>,
}

impl Known {
    fn field(&self, name: &str) -> Result<&Field, String> {
        match self.contract.field(name) {
            Some(id) => Ok(self.contract.field_at(id)),
            None => Err(unknown("field", name, self.contract.fields.iter().map(|field| field.name.as_str()))),
        }
    }
}

impl Resolver for Known {
    fn knows(&self, field: &str) -> bool {
        self.contract.field(field).is_some()
    }

    fn component(&self, name: &str) -> Result<(), String> {
        let names = || self.contract.components.iter().map(|component| component.name.as_str());
        self.contract.component(name).map(|_| ()).ok_or_else(|| unknown("component", name, names()))
    }

    fn event(&self, name: &str) -> Result<(), String> {
        let names = || self.contract.events.iter().map(|event| event.name.as_str());
        self.contract.event(name).map(|_| ()).ok_or_else(|| unknown("event", name, names()))
    }

    fn read(&self, field: &str, kind: Kind) -> Result<(), String> {
        let field = self.field(field)?;
        match plugin_kind(field.kind) {
            // Everything can be read as text.
            _ if kind == Kind::Text => Ok(()),
            Some(own) if own == kind => Ok(()),
            _ => Err(format!("the contract says {}, so as {kind:?} it would never be there", name(field.kind))),
        }
    }

    fn write(&self, field: &str, kind: Kind) -> Result<(), String> {
        let field = self.field(field)?;
        if field.join {
            return Err("the lines of a transaction are joined by it, so plugins can't change it".into());
        }
        match field.kind {
            FieldKind::Json if kind == Kind::Text => Ok(()),
            own if plugin_kind(own) == Some(kind) => Ok(()),
            own => Err(format!("the contract says {}, not {kind:?}", name(own))),
        }
    }

    fn destination(&self, name: &str) -> Result<(), String> {
        match self.destinations.iter().any(|known| known == name) {
            true => Ok(()),
            false => Err(unknown("destination", name, self.destinations.iter().map(String::as_str))),
        }
    }
}

fn plugin_kind(kind: FieldKind) -> Option<Kind> {
    match kind {
        FieldKind::Text => Some(Kind::Text),
        FieldKind::Int => Some(Kind::Int),
        FieldKind::Float => Some(Kind::Float),
        FieldKind::Bool => Some(Kind::Bool),
        FieldKind::Json => None,
    }
}

fn name(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Int => "int",
        FieldKind::Float => "float",
        FieldKind::Bool => "boolean",
        FieldKind::Json => "JSON",
    }
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let hint = did_you_mean(name, known).map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("there is no {what} `{name}`{hint}")
}
