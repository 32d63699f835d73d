//! The resolved contract as canonical TOML.
//!
//! It parses back to the same contract. Its SHA-256 is the contract's hash, which therefore depends
//! on what the contract means and not on how the file is laid out.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::model::{Column, ColumnSource, Constant, Contract, Event, Field, FieldId, Form, Metric, Sensitivity, Table};

/// First 16 hex digits of the SHA-256 of the canonical text.
pub(crate) fn hash(contract: &Contract) -> String {
    let digest = Sha256::digest(contract.to_toml().as_bytes());
    digest.iter().take(8).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

impl Contract {
    /// Everything that the contract says, in one fixed layout.
    pub fn to_toml(&self) -> String {
        let mut out = Printer { contract: self, text: String::new() };
        out.head();
        for component in &self.components {
            out.section(&["components", &component.name]);
            out.key("doc", &text(&component.doc));
            out.list("aliases", component.aliases.iter().map(|a| text(a)));
        }
        self.fields.iter().for_each(|field| out.field(field));
        self.events.iter().for_each(|event| out.event(event));
        self.tables.iter().for_each(|table| out.table(table));
        self.metrics.iter().for_each(|metric| out.metric(metric));
        for budget in &self.budgets {
            out.section(&["budgets", &budget.name]);
            out.key("doc", &text(&budget.doc));
            out.maybe("metric", budget.metric.as_deref());
            out.key("limit", &number(budget.limit));
            out.key("unit", &text(&budget.unit));
        }
        for note in &self.notes {
            out.section(&["notes", &note.name]);
            out.key("title", &text(&note.title));
            out.key("text", &text(&note.text));
        }
        out.text
    }
}

struct Printer<'a> {
    contract: &'a Contract,
    text: String,
}

// === impl Printer ===

impl Printer<'_> {
    fn section(&mut self, path: &[&str]) {
        let path: Vec<String> = path.iter().map(|part| text(part)).collect();
        let _ = writeln!(self.text, "\n[{}]", path.join("."));
    }

    fn key(&mut self, key: &str, value: &str) {
        let _ = writeln!(self.text, "{key} = {value}");
    }

    fn maybe(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.key(key, &text(value));
        }
    }

    fn flag(&mut self, key: &str, value: bool) {
        if value {
            self.key(key, "true");
        }
    }

    fn list(&mut self, key: &str, values: impl Iterator<Item = String>) {
        let values: Vec<String> = values.collect();
        if !values.is_empty() {
            self.key(key, &format!("[{}]", values.join(", ")));
        }
    }

    fn name(&self, id: FieldId) -> String {
        text(&self.contract.field_at(id).name)
    }

    fn head(&mut self) {
        let contract = self.contract;
        let _ = writeln!(self.text, "[contract]");
        self.key("name", &text(&contract.name));
        self.key("version", &text(&contract.version));
        self.key("doc", &text(&contract.doc));
        let envelope: Vec<String> = contract.envelope.iter().map(|id| self.name(*id)).collect();
        self.list("envelope", envelope.into_iter());
        self.section(&["policy"]);
        self.key("unknown_event", &text(&contract.policy.unknown_event.to_string()));
        self.key("unknown_field", &text(&contract.policy.unknown_field.to_string()));
        self.key("missing_field", &text(&contract.policy.missing_field.to_string()));
        self.section(&["retention"]);
        self.key("log_days", &contract.retention.log_days.to_string());
        self.key("audit_days", &contract.retention.audit_days.to_string());
    }

    fn field(&mut self, field: &Field) {
        self.section(&["fields", &field.name]);
        self.key("kind", &text(&field.kind.to_string()));
        self.maybe("unit", field.unit.as_deref());
        if field.sensitivity != Sensitivity::Public {
            self.key("sensitivity", &text(&field.sensitivity.to_string()));
        }
        self.flag("join", field.join);
        self.flag("free_text", field.free_text);
        self.list("values", field.values.iter().map(|v| text(v)));
        if !field.codes.is_empty() {
            self.key("codes", &inline(field.codes.iter().map(|(theirs, ours)| (text(theirs), text(ours)))));
        }
        self.key("doc", &text(&field.doc));
        self.list("aliases", field.aliases.iter().map(|a| text(a)));
    }

    fn event(&mut self, event: &Event) {
        let contract = self.contract;
        self.section(&["events", &event.name]);
        self.key("component", &text(&contract.component_at(event.component).name));
        self.key("lane", &text(&event.lane.to_string()));
        self.key("level", &text(&event.level.to_string()));
        self.key("doc", &text(&event.doc));
        for (key, required) in [("required", true), ("optional", false)] {
            let fields = event.fields.iter().filter(|f| f.required == required);
            let names: Vec<String> = fields.map(|f| self.name(f.field)).collect();
            self.list(key, names.into_iter());
        }
        self.maybe("table", event.table.map(|id| contract.table_at(id).name.as_str()));
        if !event.renames.is_empty() {
            let renames = self.renames(&event.renames);
            self.key("renames", &renames);
        }
        let forms: Vec<String> = event.forms.iter().map(|form| self.form(form)).collect();
        self.list("forms", forms.into_iter());
    }

    fn renames(&self, renames: &[(String, FieldId)]) -> String {
        inline(renames.iter().map(|(theirs, ours)| (text(theirs), self.name(*ours))))
    }

    fn form(&self, form: &Form) -> String {
        let mut parts = vec![("name".to_owned(), text(&form.name))];
        if !form.renames.is_empty() {
            parts.push(("renames".to_owned(), self.renames(&form.renames)));
        }
        if !form.constants.is_empty() {
            let constants = form.constants.iter().map(|(id, value)| (self.name(*id), constant(value)));
            parts.push(("constants".to_owned(), inline(constants)));
        }
        if !form.values.is_empty() {
            let values = form
                .values
                .iter()
                .map(|(id, map)| (self.name(*id), inline(map.iter().map(|(theirs, ours)| (text(theirs), text(ours))))));
            parts.push(("values".to_owned(), inline(values)));
        }
        inline(parts.into_iter())
    }

    fn table(&mut self, table: &Table) {
        let own = |column: &Column| matches!(column.source, ColumnSource::Field(_));
        self.section(&["tables", &table.name]);
        self.key("doc", &text(&table.doc));
        self.list("columns", table.columns.iter().filter(|c| own(c)).map(|c| text(&c.name)));
        self.list("order_by", table.order_by.iter().map(|c| text(c)));
        self.key("partition_by", &text(&table.partition_by.to_string()));
        self.key("ttl_days", &table.ttl_days.to_string());
        self.maybe("ttl_override_reason", table.ttl_override_reason.as_deref());
    }

    fn metric(&mut self, metric: &Metric) {
        self.section(&["metrics", &metric.name]);
        self.key("type", &text(&metric.kind.to_string()));
        self.key("owner", &text(&self.contract.component_at(metric.owner).name));
        self.maybe("unit", metric.unit.as_deref());
        self.key("help", &text(&metric.help));
        self.list("buckets", metric.buckets.iter().map(|b| number(*b)));
        self.flag("fixed", metric.fixed);
        self.flag("alert", metric.alert);
        for label in &metric.labels {
            self.section(&["metrics", &metric.name, "labels", &label.name]);
            if label.values.is_empty() {
                self.key("cap", &label.cap.to_string());
            }
            self.list("values", label.values.iter().map(|v| text(v)));
        }
    }
}

fn inline(entries: impl Iterator<Item = (String, String)>) -> String {
    let entries: Vec<String> = entries.map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", entries.join(", "))
}

fn constant(value: &Constant) -> String {
    match value {
        Constant::Text(value) => text(value),
        Constant::Int(value) => value.to_string(),
        Constant::Float(value) => number(*value),
        Constant::Bool(value) => value.to_string(),
    }
}

fn number(value: f64) -> String {
    // Always with a point, so that a whole number stays a float of TOML.
    format!("{value:?}")
}

/// A basic string of TOML; control characters as escapes, on one line.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
