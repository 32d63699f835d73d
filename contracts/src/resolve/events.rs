//! Events: what each carries, which lane it takes, which table keeps it, how others print it.

use std::collections::HashMap;

use crate::builtin::built_in;
use crate::model::{
    ComponentId, Constant, Event, EventField, EventId, FieldId, Form, FormId, Kind, Lane, Sensitivity, TableId,
};
use crate::nearest::did_you_mean;
use crate::raw::{RawEvent, RawForm, Spot};

use super::names::{Names, check_name, claim};

/// The field that says what prices are multiplied with, and the unit of those prices.
const PRICE_SCALE: &str = "price_scale";

type EventIndex = HashMap<String, (EventId, Option<FormId>)>;

/// A typed event is one record of fixed size in its queue; this many fields leave room for texts.
const FIELDS_MAX: usize = 32;

pub(super) fn resolve(
    raw: Vec<RawEvent>,
    envelope: &[FieldId],
    tables: &HashMap<String, TableId>,
    names: &Names<'_>,
) -> (Vec<Event>, EventIndex) {
    let mut by_name = EventIndex::new();
    for (index, event) in raw.iter().enumerate() {
        let path = format!("events.{}", event.name);
        check_name(names.findings, &path, &event.name, event.line);
        claim(&mut by_name, names.findings, &path, &event.name, event.line, (EventId(index as u16), None));
    }
    for (index, event) in raw.iter().enumerate() {
        let path = format!("events.{}.forms", event.name);
        for (form_index, form) in event.forms.iter().enumerate() {
            let place = (EventId(index as u16), Some(FormId(form_index as u16)));
            claim(&mut by_name, names.findings, &path, &form.name, form.line, place);
        }
    }
    let events = raw.into_iter().map(|event| resolve_event(event, envelope, tables, names)).collect();
    (events, by_name)
}

fn resolve_event(raw: RawEvent, envelope: &[FieldId], tables: &HashMap<String, TableId>, names: &Names<'_>) -> Event {
    let path = format!("events.{}", raw.name);
    let component = raw
        .component
        .as_ref()
        .and_then(|component| names.component(&format!("{path}.component"), component))
        .unwrap_or(ComponentId(0));

    let fields = event_fields(&raw, &path, names);
    let table = raw.table.as_ref().and_then(|table| find_table(table, &path, tables, names));
    if matches!(raw.lane, Lane::Guard | Lane::Audit) && raw.table.is_none() {
        names.findings.add(
            raw.line,
            &path,
            format!("an event of lane {} needs a table that keeps it", raw.lane),
            Some("add table = \"audit.…\", or use lane log or metric".to_owned()),
        );
    }
    if let (Lane::Log | Lane::Metric, Some(table)) = (raw.lane, &raw.table) {
        names.findings.add(
            table.line,
            format!("{path}.table"),
            format!("lane {} may drop events, so a table of it would have holes", raw.lane),
            Some("use lane audit or guard".to_owned()),
        );
    }

    let carried = |id: FieldId| envelope.contains(&id) || fields.iter().any(|f| f.field == id);
    let renames = renames(&raw.renames, &format!("{path}.renames"), &carried, names);
    let forms: Vec<Form> = raw.forms.into_iter().map(|form| resolve_form(form, &path, &carried, names)).collect();
    Event {
        name: raw.name,
        component,
        lane: raw.lane,
        level: raw.level,
        doc: raw.doc,
        fields,
        table,
        aliases: forms.iter().map(|form| form.name.clone()).collect(),
        renames,
        forms,
    }
}

fn event_fields(raw: &RawEvent, path: &str, names: &Names<'_>) -> Vec<EventField> {
    let mut fields: Vec<EventField> = Vec::new();
    for (list, required, key) in [(&raw.required, true, "required"), (&raw.optional, false, "optional")] {
        let path = format!("{path}.{key}");
        for name in list {
            let Some(id) = names.field(&path, &name.value, name.line) else { continue };
            if fields.iter().any(|f| f.field == id) {
                names.findings.add(name.line, &path, format!("{:?} stands here twice", name.value), None);
                continue;
            }
            if names.dictionary[usize::from(id.0)].sensitivity == Sensitivity::Secret {
                names.findings.add(
                    name.line,
                    &path,
                    format!("{:?} is a secret; no event carries one", name.value),
                    Some("it is in the dictionary so that it is masked where it turns up".to_owned()),
                );
            }
            fields.push(EventField { field: id, required });
        }
    }
    check_price_scale(&fields, raw, path, names);
    if fields.len() > FIELDS_MAX {
        names.findings.add(
            raw.line,
            path,
            format!("{} fields, {FIELDS_MAX} fit into a typed event", fields.len()),
            Some("make two events of it".to_owned()),
        );
    }
    fields
}

/// A price is an integer, and worth nothing without what it was multiplied with.
fn check_price_scale(fields: &[EventField], raw: &RawEvent, path: &str, names: &Names<'_>) {
    let Some(scale) = names.fields.get(PRICE_SCALE).copied() else { return };
    if fields.iter().any(|f| f.field == scale) {
        return;
    }
    let scaled = fields
        .iter()
        .map(|f| &names.dictionary[usize::from(f.field.0)])
        .find(|field| field.unit.as_deref() == Some(PRICE_SCALE));
    if let Some(field) = scaled {
        names.findings.add(
            raw.line,
            path,
            format!("{:?} is scaled, but the event does not carry its scale", field.name),
            Some(format!("add {PRICE_SCALE:?}")),
        );
    }
}

fn find_table(
    table: &Spot<String>,
    path: &str,
    tables: &HashMap<String, TableId>,
    names: &Names<'_>,
) -> Option<TableId> {
    let found = tables.get(&table.value).copied();
    if found.is_none() {
        names.findings.add(
            table.line,
            format!("{path}.table"),
            format!("no table {:?} is declared", table.value),
            did_you_mean(&table.value, tables.keys().map(String::as_str)),
        );
    }
    found
}

fn renames(
    raw: &[(Spot<String>, String)],
    path: &str,
    carried: &dyn Fn(FieldId) -> bool,
    names: &Names<'_>,
) -> Vec<(String, FieldId)> {
    let mut renames = Vec::with_capacity(raw.len());
    for (theirs, ours) in raw {
        if built_in(&theirs.value).is_some() {
            names.findings.add(theirs.line, path, format!("{:?} is reserved and keeps its name", theirs.value), None);
        }
        if let Some(id) = own_field(ours, theirs.line, path, carried, names) {
            renames.push((theirs.value.clone(), id));
        }
    }
    renames
}

/// A field that the event carries: renaming into any other would hide a value from its readers.
fn own_field(
    name: &str,
    line: usize,
    path: &str,
    carried: &dyn Fn(FieldId) -> bool,
    names: &Names<'_>,
) -> Option<FieldId> {
    let id = names.field(path, name, line)?;
    if !carried(id) {
        names.findings.add(
            line,
            path,
            format!("the event has no field {name:?}"),
            Some("add it to required or optional".to_owned()),
        );
    }
    Some(id)
}

fn resolve_form(raw: RawForm, event_path: &str, carried: &dyn Fn(FieldId) -> bool, names: &Names<'_>) -> Form {
    let path = format!("{event_path}.forms.{:?}", raw.name);
    let constants = raw
        .constants
        .into_iter()
        .filter_map(|(field, constant)| {
            let id = own_field(&field.value, field.line, &path, carried, names)?;
            let declared = &names.dictionary[usize::from(id.0)];
            if let Some(problem) = unfit(&constant, declared.kind, &declared.values) {
                names.findings.add(field.line, &path, format!("{}: {problem}", field.value), None);
            }
            Some((id, constant))
        })
        .collect();
    let values = raw
        .values
        .into_iter()
        .filter_map(|(field, map)| {
            let id = own_field(&field.value, field.line, &path, carried, names)?;
            let declared = &names.dictionary[usize::from(id.0)];
            for (_, ours) in &map {
                let constant = Constant::Text(ours.clone());
                if let Some(problem) = unfit(&constant, declared.kind, &declared.values) {
                    names.findings.add(field.line, &path, format!("{}: {problem}", field.value), None);
                }
            }
            Some((id, map))
        })
        .collect();
    Form { renames: renames(&raw.renames, &path, carried, names), name: raw.name, constants, values }
}

fn unfit(constant: &Constant, kind: Kind, values: &[String]) -> Option<String> {
    match (constant, kind) {
        (Constant::Text(text), Kind::Text) if !values.is_empty() && !values.contains(text) => {
            Some(format!("{text:?} is not one of {}", values.join(", ")))
        }
        (Constant::Text(_), Kind::Text)
        | (Constant::Int(_), Kind::Int | Kind::Float)
        | (Constant::Float(_), Kind::Float)
        | (Constant::Bool(_), Kind::Bool)
        | (_, Kind::Json) => None,
        _ => Some(format!("the field is of kind {kind}")),
    }
}
