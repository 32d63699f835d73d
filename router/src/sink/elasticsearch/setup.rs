//! Template and lifecycle of the data stream, from the contract.

use serde_json::{Map, Value, json};
use tapline_contract::{Contract, Kind};
use ureq::Agent;

use super::{Flavour, Server, ServerError};

/// Wins over the templates that a server brings for `logs-*-*`, whose priority is 100.
const PRIORITY: u32 = 500;

pub(super) fn set_up(server: &Server, agent: &Agent, contract: &Contract) -> Result<(), ServerError> {
    // Quickwit's indexes are made with its own tools, and Logstash has none.
    if !server.migrate || matches!(server.flavour, Flavour::Quickwit | Flavour::Logstash) {
        return Ok(());
    }
    let name = &server.data_stream;
    let days = contract.retention.log_days.max(contract.tables.iter().map(|table| table.ttl_days).max().unwrap_or(0));
    let put = |path: &str, body: &Value| -> Result<(), ServerError> {
        let (status, text) = server.call(agent, "PUT", path, "application/json", body.to_string().as_bytes())?;
        match status {
            200..=299 => Ok(()),
            _ => Err(ServerError::Status { status, text: text.chars().take(500).collect() }),
        }
    };
    let mut settings = json!({});
    match server.flavour {
        Flavour::Elasticsearch => {
            put(&format!("/_ilm/policy/{name}"), &lifecycle(days))?;
            settings["index.lifecycle.name"] = json!(name);
        }
        Flavour::Opensearch => {
            let path = format!("/_plugins/_ism/policies/{name}");
            // It can only be made once; a change goes through its sequence numbers, by an operator.
            let (status, _) = server.call(agent, "GET", &path, "application/json", b"")?;
            if status == 404 {
                put(&path, &state_management(name, days))?;
            }
        }
        Flavour::Quickwit | Flavour::Logstash => {}
    }
    put(&format!("/_index_template/{name}"), &template(contract, name, settings))
}

fn lifecycle(days: u32) -> Value {
    json!({ "policy": { "phases": {
        "hot": { "actions": { "rollover": { "max_age": "30d", "max_primary_shard_size": "50gb" } } },
        "delete": { "min_age": format!("{days}d"), "actions": { "delete": {} } },
    } } })
}

fn state_management(name: &str, days: u32) -> Value {
    json!({ "policy": {
        "description": format!("Tapline: {name}"),
        "default_state": "hot",
        "ism_template": [{ "index_patterns": [format!("{name}*")], "priority": PRIORITY }],
        "states": [
            { "name": "hot", "actions": [{ "rollover": { "min_index_age": "30d" } }],
              "transitions": [{ "state_name": "delete", "conditions": { "min_index_age": format!("{days}d") } }] },
            { "name": "delete", "actions": [{ "delete": {} }], "transitions": [] },
        ],
    } })
}

fn template(contract: &Contract, name: &str, settings: Value) -> Value {
    let keyword = || json!({ "type": "keyword", "ignore_above": 8191 });
    let mut properties = Map::new();
    properties.insert("@timestamp".into(), json!({ "type": "date_nanos" }));
    properties.insert("ts".into(), json!({ "type": "long" }));
    properties.insert("seq".into(), json!({ "type": "long" }));
    for text in ["level", "component", "event", "run"] {
        properties.insert(text.into(), keyword());
    }
    // What is nested has no place in a fixed mapping; it is kept, and not searched.
    properties.insert("details".into(), json!({ "type": "object", "enabled": false }));
    for field in &contract.fields {
        let kind = match field.kind {
            Kind::Text if field.free_text => json!({ "type": "text" }),
            Kind::Text => keyword(),
            Kind::Int => json!({ "type": "long" }),
            Kind::Float => json!({ "type": "double" }),
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::Json => json!({ "type": "object", "enabled": false }),
        };
        properties.insert(field.name.clone(), kind);
    }
    json!({
        "index_patterns": [name],
        "data_stream": {},
        "priority": PRIORITY,
        "template": { "settings": settings, "mappings": { "dynamic": false, "properties": properties } },
        "_meta": { "contract": contract.hash },
    })
}
