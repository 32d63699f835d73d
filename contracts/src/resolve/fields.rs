//! Components and the dictionary of fields: one name, one kind, everywhere.

use std::collections::HashMap;

use crate::builtin::built_in;
use crate::model::{Component, ComponentId, Field, FieldId, Kind, Sensitivity};
use crate::nearest::did_you_mean;
use crate::raw::{Findings, RawComponent, RawField};

use super::names::{check_name, claim};

/// Where lines go that name no component, or one that the contract does not know.
pub(crate) const UNKNOWN: &str = "unknown";

pub(super) fn components(
    raw: Vec<RawComponent>,
    findings: &Findings,
) -> (Vec<Component>, HashMap<String, ComponentId>) {
    let mut components = Vec::with_capacity(raw.len());
    let mut by_name = HashMap::new();
    for (index, component) in raw.iter().enumerate() {
        let path = format!("components.{}", component.name);
        check_name(findings, &path, &component.name, component.line);
        claim(&mut by_name, findings, &path, &component.name, component.line, ComponentId(index as u16));
    }
    for (index, component) in raw.into_iter().enumerate() {
        let path = format!("components.{}.aliases", component.name);
        for alias in &component.aliases {
            claim(&mut by_name, findings, &path, &alias.value, alias.line, ComponentId(index as u16));
        }
        components.push(Component {
            name: component.name,
            doc: component.doc,
            aliases: component.aliases.into_iter().map(|a| a.value).collect(),
        });
    }
    if !by_name.contains_key(UNKNOWN) {
        findings.add(
            None,
            "components",
            "there is no component \"unknown\": lines that name no component have nowhere to be counted",
            Some("add [components.unknown]".to_owned()),
        );
    }
    (components, by_name)
}

pub(super) fn dictionary(raw: Vec<RawField>, findings: &Findings) -> (Vec<Field>, HashMap<String, FieldId>) {
    let mut by_name = HashMap::new();
    for (index, field) in raw.iter().enumerate() {
        let path = format!("fields.{}", field.name);
        check_name(findings, &path, &field.name, field.line);
        claim(&mut by_name, findings, &path, &field.name, field.line, FieldId(index as u16));
        check_field(field, &path, findings);
    }
    for (index, field) in raw.iter().enumerate() {
        let path = format!("fields.{}.aliases", field.name);
        for alias in &field.aliases {
            claim(&mut by_name, findings, &path, &alias.value, alias.line, FieldId(index as u16));
            if built_in(&alias.value).is_some() {
                findings.add(alias.line, &path, format!("{:?} is reserved", alias.value), None);
            }
        }
    }
    let fields = raw
        .into_iter()
        .map(|field| Field {
            name: field.name,
            kind: field.kind,
            unit: field.unit,
            sensitivity: field.sensitivity,
            join: field.join,
            free_text: field.free_text,
            values: field.values,
            codes: field.codes.into_iter().map(|(theirs, ours)| (theirs.value, ours)).collect(),
            doc: field.doc,
            aliases: field.aliases.into_iter().map(|a| a.value).collect(),
        })
        .collect();
    (fields, by_name)
}

fn check_field(field: &RawField, path: &str, findings: &Findings) {
    let refuse = |problem: String, help: &str| {
        findings.add(field.line, path, problem, Some(help.to_owned()));
    };
    if built_in(&field.name).is_some() {
        refuse(
            format!("{:?} is reserved: Tapline gives it a meaning of its own", field.name),
            "choose another name; what arrives under the reserved one for something else is kept as field.<name>",
        );
    }
    if !field.values.is_empty() && field.kind != Kind::Text {
        refuse(format!("values are listed, but the kind is {}", field.kind), "only a text has a closed set");
    }
    check_codes(field, path, findings);
    if field.free_text && !matches!(field.kind, Kind::Text | Kind::Json) {
        refuse(format!("a field of kind {} holds no free text", field.kind), "leave free_text out");
    }
    if field.free_text && !field.values.is_empty() {
        refuse("a closed set of values is no free text".to_owned(), "leave one of the two out");
    }
    if field.join && field.sensitivity != Sensitivity::Public {
        refuse(
            "a join key is never masked, so it can't be sensitive".to_owned(),
            "use an id that says nothing about a person or an account",
        );
    }
    if field.join && !matches!(field.kind, Kind::Text | Kind::Int) {
        refuse(format!("a join key of kind {} can't be compared", field.kind), "use text or int");
    }
}

/// A code leads to a value of the closed set, and to one of them only, however it is written.
fn check_codes(field: &RawField, path: &str, findings: &Findings) {
    let path = format!("{path}.codes");
    for (at, (theirs, ours)) in field.codes.iter().enumerate() {
        let is = |text: &str| text.eq_ignore_ascii_case(&theirs.value);
        if !field.values.contains(ours) {
            findings.add(
                theirs.line,
                &path,
                format!("{ours:?} is not one of the field's values"),
                did_you_mean(ours, field.values.iter().map(String::as_str)),
            );
        }
        if field.values.iter().any(|value| is(value)) {
            findings.add(
                theirs.line,
                &path,
                format!("{:?} is one of the values already", theirs.value),
                Some("case does not count; leave the code out".to_owned()),
            );
        }
        if field.codes[..at].iter().any(|(before, _)| is(&before.value)) {
            findings.add(theirs.line, &path, format!("{:?} stands here twice", theirs.value), None);
        }
    }
}
