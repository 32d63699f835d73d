//! An event, read and checked. All that is wrong is told together.

use jiff::Timestamp;
use serde_json::{Map, Value};

pub const SUMMARY_CHARS_MAX: usize = 1024;
pub const DEDUP_KEY_CHARS_MAX: usize = 255;
pub const ROUTING_KEY_CHARS: usize = 32;

const MEMBERS: [&str; 8] =
    ["client", "client_url", "dedup_key", "event_action", "images", "links", "payload", "routing_key"];
const PAYLOAD_MEMBERS: [&str; 8] =
    ["class", "component", "custom_details", "group", "severity", "source", "summary", "timestamp"];
const SEVERITIES: [&str; 4] = ["critical", "warning", "error", "info"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Trigger,
    Acknowledge,
    Resolve,
}

#[derive(Debug, Clone)]
pub struct Event {
    pub routing_key: String,
    pub action: Action,
    /// A trigger may come without one.
    pub dedup_key: Option<String>,
    pub payload: Value,
}

impl Event {
    pub fn read(body: &Value) -> Result<Event, Vec<String>> {
        let Some(map) = body.as_object() else { return Err(vec!["Event is not an object".into()]) };
        let mut errors = Vec::new();
        only(map, &MEMBERS, "", &mut errors);
        let routing_key = required(map, "routing_key", "", &mut errors);
        if !routing_key.is_empty() && routing_key.chars().count() != ROUTING_KEY_CHARS {
            errors.push("Length of 'routing_key' is incorrect (should be 32 characters)".into());
        }
        let action = match required(map, "event_action", "", &mut errors).as_str() {
            "trigger" => Some(Action::Trigger),
            "acknowledge" => Some(Action::Acknowledge),
            "resolve" => Some(Action::Resolve),
            "" => None,
            _ => {
                let known = "'trigger', 'acknowledge' or 'resolve'";
                errors.push(format!("'event_action' is invalid (must be one of the following: {known})"));
                None
            }
        };
        let dedup_key = optional(map, "dedup_key", "", &mut errors);
        if dedup_key.as_ref().is_some_and(|key| key.chars().count() > DEDUP_KEY_CHARS_MAX) {
            errors.push("'dedup_key' is too long (maximum is 255 characters)".into());
        }
        if dedup_key.is_none() && matches!(action, Some(Action::Acknowledge | Action::Resolve)) {
            errors.push("'dedup_key' is missing or blank".into());
        }
        for name in ["client", "client_url"] {
            optional(map, name, "", &mut errors);
        }
        read_context(map, &mut errors);
        let payload = map.get("payload").cloned().unwrap_or(Value::Null);
        match (&payload, action) {
            (Value::Object(payload), _) => read_payload(payload, &mut errors),
            (Value::Null, Some(Action::Acknowledge | Action::Resolve)) => {}
            (Value::Null, _) => errors.push("'payload' is missing or blank".into()),
            _ => errors.push("'payload' is invalid (must be an object)".into()),
        }
        match action {
            Some(action) if errors.is_empty() => Ok(Event { routing_key, action, dedup_key, payload }),
            _ => Err(errors),
        }
    }
}

fn read_payload(payload: &Map<String, Value>, errors: &mut Vec<String>) {
    only(payload, &PAYLOAD_MEMBERS, "payload.", errors);
    let summary = required(payload, "summary", "payload.", errors);
    if summary.chars().count() > SUMMARY_CHARS_MAX {
        errors.push("'payload.summary' is too long (maximum is 1024 characters)".into());
    }
    required(payload, "source", "payload.", errors);
    let severity = required(payload, "severity", "payload.", errors);
    if !severity.is_empty() && !SEVERITIES.contains(&severity.as_str()) {
        let known = "'critical', 'warning', 'error' or 'info'";
        errors.push(format!("'payload.severity' is invalid (must be one of the following: {known})"));
    }
    for name in ["component", "group", "class"] {
        optional(payload, name, "payload.", errors);
    }
    if optional(payload, "timestamp", "payload.", errors).is_some_and(|time| !is_iso_8601(&time)) {
        errors.push("'payload.timestamp' is invalid (must be an ISO 8601 date and time)".into());
    }
    if payload.get("custom_details").is_some_and(|details| !details.is_object()) {
        errors.push("'payload.custom_details' is invalid (must be an object)".into());
    }
}

/// Links and images: what stands beside the payload for a person to click on.
fn read_context(map: &Map<String, Value>, errors: &mut Vec<String>) {
    for (list, needed, members) in
        [("links", "href", ["href", "text", "text"]), ("images", "src", ["src", "href", "alt"])]
    {
        let Some(value) = map.get(list).filter(|value| !value.is_null()) else { continue };
        let Some(items) = value.as_array() else {
            errors.push(format!("'{list}' is invalid (must be an array)"));
            continue;
        };
        for (at, item) in items.iter().enumerate() {
            let prefix = format!("{list}[{at}].");
            let Some(item) = item.as_object() else {
                errors.push(format!("'{list}[{at}]' is invalid (must be an object)"));
                continue;
            };
            only(item, &members, &prefix, errors);
            let address = required(item, needed, &prefix, errors);
            let https = address.starts_with("https://");
            if list == "images" && !address.is_empty() && !https {
                errors.push(format!("'{prefix}src' is invalid (must be served via HTTPS)"));
            }
            if list == "links" && !address.is_empty() && !https && !address.starts_with("http://") {
                errors.push(format!("'{prefix}href' is invalid (must be a URL)"));
            }
            for name in &members[1..] {
                optional(item, name, &prefix, errors);
            }
        }
    }
}

/// The reference's own example is `2015-07-17T08:42:58.315+0000`.
fn is_iso_8601(text: &str) -> bool {
    text.parse::<Timestamp>().is_ok()
}

fn only(map: &Map<String, Value>, known: &[&str], prefix: &str, errors: &mut Vec<String>) {
    let unknown = map.keys().filter(|name| !known.contains(&name.as_str()));
    errors.extend(unknown.map(|name| format!("'{prefix}{name}' is not a member of an event")));
}

/// Empty if it is missing or wrong, which has then been said.
fn required(map: &Map<String, Value>, name: &str, prefix: &str, errors: &mut Vec<String>) -> String {
    match map.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => return text.clone(),
        None | Some(Value::Null | Value::String(_)) => errors.push(format!("'{prefix}{name}' is missing or blank")),
        Some(_) => errors.push(format!("'{prefix}{name}' is invalid (must be a string)")),
    }
    String::new()
}

fn optional(map: &Map<String, Value>, name: &str, prefix: &str, errors: &mut Vec<String>) -> Option<String> {
    match map.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()).filter(|text| !text.is_empty()),
        Some(_) => {
            errors.push(format!("'{prefix}{name}' is invalid (must be a string)"));
            None
        }
    }
}
