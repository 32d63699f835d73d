//! The events, component by component.

use std::fmt::Write;

use crate::model::{Constant, Contract, Event, Form};

use super::{cell, described, marks};

pub(super) fn write(contract: &Contract, out: &mut String) {
    out.push_str("## Events\n\n| event | component | lane | level | kept in | what |\n|---|---|---|---|---|---|\n");
    for event in &contract.events {
        let _ = writeln!(
            out,
            "| [`{0}`](#{0}) | {1} | {2} | {3} | {4} | {5} |",
            event.name,
            contract.component_at(event.component).name,
            event.lane,
            event.level,
            table(contract, event),
            cell(&event.doc)
        );
    }
    out.push_str("\nA required field is **bold**. Any envelope field may come with any event.\n\n");
    for event in &contract.events {
        one(contract, event, out);
    }
}

fn table(contract: &Contract, event: &Event) -> String {
    event.table.map(|id| format!("`{}`", contract.table_at(id).name)).unwrap_or_default()
}

fn one(contract: &Contract, event: &Event, out: &mut String) {
    let _ = write!(
        out,
        "### {}\n\n{} Component {}, lane {}, level {}",
        event.name,
        event.doc,
        contract.component_at(event.component).name,
        event.lane,
        event.level
    );
    if event.table.is_some() {
        let _ = write!(out, ", kept in {}", table(contract, event));
    }
    out.push_str(".\n\n");
    if !event.fields.is_empty() {
        out.push_str("| field | kind | unit | | what |\n|---|---|---|---|---|\n");
    }
    for field in &event.fields {
        let declared = contract.field_at(field.field);
        let name = if field.required { format!("**`{}`**", declared.name) } else { format!("`{}`", declared.name) };
        let _ = writeln!(
            out,
            "| {name} | {} | {} | {} | {} |",
            declared.kind,
            declared.unit.as_deref().unwrap_or_default(),
            marks(declared),
            described(declared)
        );
    }
    out.push('\n');
    if !event.renames.is_empty() {
        let renames = event
            .renames
            .iter()
            .map(|(theirs, ours)| format!("`{theirs}` is read as `{}`", contract.field_at(*ours).name));
        let _ = write!(out, "In lines of this name {}.\n\n", renames.collect::<Vec<_>>().join(", "));
    }
    if !event.forms.is_empty() {
        out.push_str("Also recognised:\n\n");
        for form in &event.forms {
            let _ = writeln!(out, "- `{}`{}", form.name, form_text(contract, form));
        }
        out.push('\n');
    }
}

fn form_text(contract: &Contract, form: &Form) -> String {
    let mut parts = Vec::new();
    for (theirs, ours) in &form.renames {
        parts.push(format!("`{theirs}` is `{}`", contract.field_at(*ours).name));
    }
    for (field, constant) in &form.constants {
        let value = match constant {
            Constant::Text(text) => text.clone(),
            Constant::Int(int) => int.to_string(),
            Constant::Float(float) => float.to_string(),
            Constant::Bool(flag) => flag.to_string(),
        };
        parts.push(format!("means `{}` = `{value}`", contract.field_at(*field).name));
    }
    for (field, values) in &form.values {
        let pairs: Vec<String> = values.iter().map(|(theirs, ours)| format!("`{theirs}` = `{ours}`")).collect();
        parts.push(format!("`{}`: {}", contract.field_at(*field).name, pairs.join(", ")));
    }
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) }
}
