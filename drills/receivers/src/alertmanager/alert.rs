//! An alert: its labels are what it is, its times say whether it is still so.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// `resolve_timeout`: how long an alert without an end is held to be firing after it was last sent.
const RESOLVE_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);
const MEMBERS: [&str; 5] = ["annotations", "endsAt", "generatorURL", "labels", "startsAt"];

type Labels = BTreeMap<String, String>;

#[derive(Debug, Clone)]
pub struct Alert {
    labels: Labels,
    annotations: Labels,
    starts: Timestamp,
    ends: Timestamp,
    updated: Timestamp,
    generator: String,
}

impl Alert {
    pub fn read(value: &Value, now: Timestamp) -> Result<Alert, String> {
        let map = value.as_object().ok_or("an alert is not an object")?;
        if let Some(name) = map.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(format!("unknown member {name:?}"));
        }
        let labels = labels(map.get("labels").ok_or("labels is required")?, "label")?;
        if labels.is_empty() {
            return Err("at least one label pair required".into());
        }
        let annotations =
            map.get("annotations").map_or(Ok(Labels::new()), |value| self::labels(value, "annotation"))?;
        let starts = time(map, "startsAt")?;
        let ends = time(map, "endsAt")?;
        // As the real one does: an alert with an end and no start started at its end.
        let starts = starts.or(ends).unwrap_or(now);
        let ends = ends.unwrap_or(now.saturating_add(RESOLVE_TIMEOUT).unwrap_or(now));
        if ends < starts {
            return Err("start time must be before end time".into());
        }
        let generator = match map.get("generatorURL") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(url)) if url.is_empty() || is_uri(url) => url.clone(),
            Some(other) => return Err(format!("generatorURL must be of type uri: {other}")),
        };
        Ok(Alert { labels, annotations, starts, ends, updated: now, generator })
    }

    /// Sent again: it keeps its first start while it has not ended.
    pub fn after(self, before: Alert, now: Timestamp) -> Alert {
        let starts = if before.is_active(now) { before.starts.min(self.starts) } else { self.starts };
        Alert { starts, ..self }
    }

    pub fn is_active(&self, now: Timestamp) -> bool {
        self.ends > now
    }

    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for (name, value) in &self.labels {
            hash.update(name);
            hash.update([0xff]);
            hash.update(value);
            hash.update([0xff]);
        }
        hash.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").ok();
            text
        })
    }

    pub fn to_json(&self) -> Value {
        json!({
            "labels": self.labels, "annotations": self.annotations, "generatorURL": self.generator,
            "startsAt": self.starts.to_string(), "endsAt": self.ends.to_string(),
            "updatedAt": self.updated.to_string(), "fingerprint": self.fingerprint(),
            "receivers": [{"name": "receiver"}],
            "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
        })
    }
}

fn labels(value: &Value, what: &str) -> Result<Labels, String> {
    let map = value.as_object().ok_or(format!("{what}s is not an object"))?;
    let mut labels = Labels::new();
    for (name, value) in map {
        if !is_label_name(name) {
            return Err(format!("invalid {what} set: invalid name {name:?}"));
        }
        let value = value.as_str().ok_or(format!("invalid {what} set: {name} is not a string"))?;
        if !value.is_empty() {
            labels.insert(name.clone(), value.to_owned());
        }
    }
    Ok(labels)
}

/// `[a-zA-Z_][a-zA-Z0-9_]*`
fn is_label_name(name: &str) -> bool {
    let word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    word && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

fn time(map: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, String> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if is_rfc_3339(text) => match text.parse() {
            Ok(time) => Ok(Some(time)),
            Err(_) => Err(format!("{name} must be of type date-time: {text:?}")),
        },
        Some(other) => Err(format!("{name} must be of type date-time: {other}")),
    }
}

/// jiff reads more than RFC 3339 allows: a space or nothing in the place of `T`, an offset without a colon.
fn is_rfc_3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let offset = text.ends_with(['Z', 'z']) || bytes.len() > 6 && bytes[bytes.len() - 3] == b':';
    bytes.get(10).is_some_and(|byte| byte.eq_ignore_ascii_case(&b't')) && offset
}

fn is_uri(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    plain && text.split_once(':').is_some_and(|(scheme, rest)| is_label_name(scheme) && !rest.is_empty())
}
