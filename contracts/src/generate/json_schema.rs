//! JSON Schema (2020-12) of the events, for producers in any language.
//!
//! It describes a line as a producer should send it. The router is more lenient: it takes a number
//! for a text, counts what is missing, and never refuses a line for a value of the wrong kind.

use serde_json::{Map, Value, json};

use crate::builtin::BUILT_INS;
use crate::model::{Contract, Event, Field, Kind, Level, Sensitivity, UnknownEvent, UnknownField};
use crate::words::Word;

use super::origin;

/// One document: the line as a whole, and a definition for the envelope, each event and each field.
pub fn events(contract: &Contract) -> String {
    let mut defs = Map::new();
    defs.insert("envelope".to_owned(), envelope(contract));
    for event in &contract.events {
        defs.insert(format!("event.{}", event.name), event_schema(contract, event));
    }
    for field in contract.fields.iter().filter(|f| f.sensitivity != Sensitivity::Secret) {
        defs.insert(format!("field.{}", field.name), field_schema(field));
    }
    let mut kinds: Vec<Value> =
        contract.events.iter().map(|event| json!({ "$ref": format!("#/$defs/event.{}", event.name) })).collect();
    if contract.policy.unknown_event == UnknownEvent::Accept {
        let names: Vec<&str> = contract.events.iter().map(|event| event.name.as_str()).collect();
        defs.insert(
            "unknown_event".to_owned(),
            json!({
                "description": "An event that the contract does not declare: taken as a log line, and counted.",
                "properties": { "event": { "not": { "enum": names } } },
            }),
        );
        kinds.push(json!({ "$ref": "#/$defs/unknown_event" }));
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:tapline:contract:{}:{}:events", contract.name, contract.version),
        "title": format!("Events of the contract {}", contract.name),
        "$comment": origin(contract),
        "type": "object",
        "allOf": [{ "$ref": "#/$defs/envelope" }],
        "oneOf": kinds,
        "$defs": defs,
    });
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn envelope(contract: &Contract) -> Value {
    let mut properties = Map::new();
    for built_in in BUILT_INS.iter().filter(|b| b.from_producer) {
        let mut schema = of_kind(built_in.kind);
        schema.insert("description".to_owned(), json!(built_in.doc));
        properties.insert(built_in.name.to_owned(), Value::Object(schema));
    }
    let levels: Vec<&str> = Level::ALL.iter().map(|(word, _)| *word).collect();
    properties["level"]["enum"] = json!(levels);
    for id in &contract.envelope {
        let name = &contract.field_at(*id).name;
        properties.insert(name.clone(), json!({ "$ref": format!("#/$defs/field.{name}") }));
    }
    json!({
        "description": "What every line may carry.",
        "type": "object",
        "properties": properties,
        "required": ["ts", "level", "component", "event"],
    })
}

fn event_schema(contract: &Contract, event: &Event) -> Value {
    let component = &contract.component_at(event.component).name;
    let mut properties = Map::new();
    properties.insert("event".to_owned(), json!({ "const": event.name }));
    properties.insert("component".to_owned(), json!({ "const": component }));
    let mut required = vec!["event".to_owned()];
    for field in &event.fields {
        let name = &contract.field_at(field.field).name;
        properties.insert(name.clone(), json!({ "$ref": format!("#/$defs/field.{name}") }));
        if field.required {
            required.push(name.clone());
        }
    }
    let mut schema = json!({
        "description": event.doc,
        "type": "object",
        "properties": properties,
        "required": required,
    });
    if contract.policy.unknown_field == UnknownField::Reject {
        // What the envelope allows is looked at beside this definition.
        for id in &contract.envelope {
            schema["properties"][&contract.field_at(*id).name] = json!(true);
        }
        for built_in in BUILT_INS.iter().filter(|b| b.from_producer) {
            if schema["properties"].get(built_in.name).is_none() {
                schema["properties"][built_in.name] = json!(true);
            }
        }
        schema["additionalProperties"] = json!(false);
    }
    schema
}

fn field_schema(field: &Field) -> Value {
    let mut schema = of_kind(field.kind);
    let mut doc = field.doc.clone();
    if let Some(unit) = &field.unit {
        doc.push_str(&format!(" Unit: {unit}."));
    }
    schema.insert("description".to_owned(), json!(doc));
    if !field.values.is_empty() {
        schema.insert("enum".to_owned(), json!(field.values));
    }
    Value::Object(schema)
}

fn of_kind(kind: Kind) -> Map<String, Value> {
    let mut schema = Map::new();
    let name = match kind {
        Kind::Text => "string",
        Kind::Int => "integer",
        Kind::Float => "number",
        Kind::Bool => "boolean",
        Kind::Json => return schema,
    };
    schema.insert("type".to_owned(), json!(name));
    if kind == Kind::Int {
        schema.insert("minimum".to_owned(), json!(i64::MIN));
        schema.insert("maximum".to_owned(), json!(i64::MAX));
    }
    schema
}
