//! `observability.md`: the contract for people.
//!
//! In the order in which someone asks: what is this, what does a line look like, what happens to one
//! that is not as it should be, then events, tables, metrics, and the dictionary to look things up.

mod events;
mod metrics;
mod tables;

use std::fmt::Write;

use crate::builtin::{BUILT_INS, RENAMED_PREFIX};
use crate::model::{Contract, Field, MissingField, Note, Sensitivity, UnknownEvent, UnknownField};

use super::origin;

pub fn document(contract: &Contract) -> String {
    let mut out = format!("<!-- {} -->\n\n# Observability contract: {}\n\n", origin(contract), contract.name);
    let _ = write!(
        out,
        "{}\n\nContract `{}` {}, hash `{}`: {} events, {} fields, {} audit tables, {} metrics.\n\n",
        contract.doc,
        contract.name,
        contract.version,
        contract.hash,
        contract.events.len(),
        contract.fields.len(),
        contract.tables.len(),
        contract.metrics.len()
    );
    out.push_str(
        "Everything here is generated from `contracts/trading.toml`, as are the Rust and Python types, the \
         JSON Schema (`schema/events.schema.json`) and the SQL (`migrations/`). Change that file, then run \
         `cargo xtask bless`.\n\n",
    );
    out.push_str(&contents(contract));
    envelope(contract, &mut out);
    borders(contract, &mut out);
    sensitive(contract, &mut out);
    for note in &contract.notes {
        let _ = write!(out, "## {}\n\n{}\n\n", note.title, note.text);
    }
    components(contract, &mut out);
    events::write(contract, &mut out);
    tables::write(contract, &mut out);
    metrics::write(contract, &mut out);
    dictionary(contract, &mut out);
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}

fn contents(contract: &Contract) -> String {
    let mut titles = vec!["A line", "What is done with a line that differs", "Sensitive fields"];
    titles.extend(contract.notes.iter().map(|Note { title, .. }| title.as_str()));
    titles.extend([
        "Components",
        "Events",
        "Audit tables",
        "Plain logs",
        "Retention",
        "Roles",
        "Metrics",
        "Budgets",
        "Dictionary of fields",
    ]);
    let links: Vec<String> =
        titles.into_iter().map(|title| format!("[{title}](#{})", title.to_lowercase().replace(' ', "-"))).collect();
    format!("{}\n\n", links.join(" · "))
}

fn envelope(contract: &Contract, out: &mut String) {
    out.push_str(
        "## A line\n\nOne JSON object, one line. Beside the fields of its event it carries the envelope: what \
         applies of it, and nothing that is empty.\n\n| name | kind | | what |\n|---|---|---|---|\n",
    );
    for b in BUILT_INS.iter().filter(|b| b.from_producer) {
        let _ = writeln!(out, "| **`{}`** | {} | | {} |", b.name, b.kind, cell(b.doc));
    }
    for id in &contract.envelope {
        let field = contract.field_at(*id);
        let _ = writeln!(out, "| `{}` | {} | {} | {} |", field.name, field.kind, marks(field), described(field));
    }
    let given: Vec<String> = BUILT_INS.iter().filter(|b| !b.from_producer).map(|b| format!("`{}`", b.name)).collect();
    let _ = write!(
        out,
        "\nThe router adds {}. These names and the first ones of the table are reserved: no event declares a \
         field that is called so.\n\n",
        given.join(", ")
    );
}

fn borders(contract: &Contract, out: &mut String) {
    let policy = contract.policy;
    out.push_str("## What is done with a line that differs\n\nNone of this costs a line unless it says so; all of it is counted.\n\n| a line has | then |\n|---|---|\n");
    let rows: [(&str, String); 6] = [
        (
            "an event that is not declared",
            match policy.unknown_event {
                UnknownEvent::Accept => "it is taken as a log event of its component (`tapline_unknown_events_total`)".to_owned(),
                UnknownEvent::Reject => "it is refused with the reason `unknown_event`".to_owned(),
            },
        ),
        (
            "a field that is not declared",
            match policy.unknown_field {
                UnknownField::Details => "the field is kept in `details` (`tapline_unknown_fields_total`)".to_owned(),
                UnknownField::Reject => "the line is refused with the reason `unknown_field`".to_owned(),
            },
        ),
        (
            "no value for a required field",
            match policy.missing_field {
                MissingField::Count => "it is taken without (`tapline_missing_fields_total`; for a join key also `tapline_null_join_keys_total`)".to_owned(),
                MissingField::Reject => "it is refused with the reason `missing_field`".to_owned(),
            },
        ),
        (
            "a value of another kind",
            "a text takes a number or a truth value as its text, an int a whole number written as `3.0`, a float an int, json anything; every other value is kept in `details` under its name (`tapline_kind_mismatches_total`)".to_owned(),
        ),
        (
            "a reserved name for something else",
            format!("the value is kept as `{RENAMED_PREFIX}<name>` (`tapline_reserved_keys_total`)"),
        ),
        ("no component, or one that is not declared", "it is the event's own component where the event is declared, else `unknown`".to_owned()),
    ];
    for (what, then) in rows {
        let _ = writeln!(out, "| {what} | {then} |");
    }
    out.push('\n');
}

fn sensitive(contract: &Contract, out: &mut String) {
    out.push_str(
        "## Sensitive fields\n\nA destination has a clearance; the host withholds what is above it, whatever the \
         plugins did. In fields that hold free text, and in `details`, values are looked for that give \
         themselves away: tokens, keys, card numbers, national ids. Join keys are never masked.\n\n",
    );
    for (sensitivity, what) in [
        (Sensitivity::Secret, "Secret: no event declares one, no table keeps one"),
        (Sensitivity::Pii, "Personal: only for destinations that are cleared for it"),
    ] {
        let names = contract.fields.iter().filter(|f| f.sensitivity == sensitivity).map(|field| {
            let aliases: Vec<String> = field.aliases.iter().map(|a| format!("`{a}`")).collect();
            let more = if aliases.is_empty() { String::new() } else { format!(" ({})", aliases.join(", ")) };
            format!("`{}`{more}", field.name)
        });
        let _ = writeln!(out, "- **{what}**: {}.", names.collect::<Vec<_>>().join(", "));
    }
    let list = |wanted: &dyn Fn(&Field) -> bool| {
        let names: Vec<String> =
            contract.fields.iter().filter(|f| wanted(f)).map(|f| format!("`{}`", f.name)).collect();
        names.join(", ")
    };
    let _ = write!(out, "- **Free text**: {}.\n- **Join keys**: {}.\n\n", list(&|f| f.free_text), list(&|f| f.join));
}

fn components(contract: &Contract, out: &mut String) {
    out.push_str("## Components\n\n| component | what | also called |\n|---|---|---|\n");
    for component in &contract.components {
        let aliases: Vec<String> = component.aliases.iter().map(|a| format!("`{a}`")).collect();
        let _ = writeln!(out, "| `{}` | {} | {} |", component.name, cell(&component.doc), aliases.join(", "));
    }
    out.push('\n');
}

fn dictionary(contract: &Contract, out: &mut String) {
    out.push_str(
        "## Dictionary of fields\n\nA field has one kind, wherever it turns up.\n\n| field | kind | unit | | what | also called |\n|---|---|---|---|---|---|\n",
    );
    let mut fields: Vec<&Field> = contract.fields.iter().collect();
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    for field in fields {
        let aliases: Vec<String> = field.aliases.iter().map(|a| format!("`{a}`")).collect();
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | {} |",
            field.name,
            field.kind,
            field.unit.as_deref().unwrap_or_default(),
            marks(field),
            described(field),
            aliases.join(", ")
        );
    }
}

/// What is special about a field, in a word or two.
fn marks(field: &Field) -> String {
    let mut marks = Vec::new();
    if field.join {
        marks.push("join key".to_owned());
    }
    if field.sensitivity != Sensitivity::Public {
        marks.push(format!("**{}**", field.sensitivity));
    }
    if field.free_text {
        marks.push("free text".to_owned());
    }
    marks.join(", ")
}

fn described(field: &Field) -> String {
    let mut text = cell(&field.doc);
    if !field.values.is_empty() {
        let values: Vec<String> = field.values.iter().map(|v| format!("`{v}`")).collect();
        let _ = write!(text, " One of {}.", values.join(", "));
        let codes: Vec<String> = field.codes.iter().map(|(theirs, ours)| format!("`{theirs}` as `{ours}`")).collect();
        if !codes.is_empty() {
            let _ = write!(text, " Taken in: {}.", codes.join(", "));
        }
    }
    text
}

/// Text that stays within a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
