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

/// What is wrong with an alert; the first two are the whole request's fault.
#[derive(Debug)]
pub enum Problem {
    /// It can't be decoded: 400.
    Shape(String),
    /// It does not fit the schema: 422, with the schema library's own code.
    Schema(u16, String),
    /// It makes no sense: 400, and its neighbours are kept.
    Sense(String),
}

impl Alert {
    /// Where it stands in the request is a part of what is said.
    pub fn read(value: &Value, at: usize, now: Timestamp) -> Result<Alert, Problem> {
        let map = value.as_object().ok_or_else(|| Problem::Shape(format!("cannot unmarshal {value} into an alert")))?;
        if let Some(name) = map.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(Problem::Shape(format!("unknown member {name:?}")));
        }
        let starts = time(map, "startsAt")?;
        let ends = time(map, "endsAt")?;
        let (labels, annotations) = (strings(map, "labels")?, strings(map, "annotations")?.unwrap_or_default());
        let labels = labels.ok_or_else(|| Problem::Schema(602, format!("{at}.labels in body is required")))?;
        let generator = match map.get("generatorURL") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(url)) if url.is_empty() || is_uri(url) => url.clone(),
            Some(other) => {
                return Err(Problem::Schema(601, format!("{at}.generatorURL in body must be of type uri: {other}")));
            }
        };
        let sense = |reason: &str| Err(Problem::Sense(reason.to_owned()));
        if labels.is_empty() {
            return sense("at least one label pair required");
        }
        for (set, what) in [(&labels, "label set"), (&annotations, "annotations")] {
            if let Some(name) = set.keys().find(|name| !is_label_name(name)) {
                return sense(&format!("invalid {what}: invalid name {name:?}"));
            }
        }
        // As the real one does: an alert with an end and no start started at its end.
        let starts = starts.or(ends).unwrap_or(now);
        let ends = ends.unwrap_or(now.saturating_add(RESOLVE_TIMEOUT).unwrap_or(now));
        if ends < starts {
            return sense("start time must be before end time");
        }
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

/// A set of strings, without the empty ones, which mean the same as no label.
fn strings(map: &Map<String, Value>, member: &str) -> Result<Option<Labels>, Problem> {
    let bad = |value: &Value| Problem::Shape(format!("cannot unmarshal {value} into {member}"));
    let set = match map.get(member) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value.as_object().ok_or_else(|| bad(value))?,
    };
    let pairs = set.iter().map(|(name, value)| match value {
        Value::String(text) => Ok((name.clone(), text.clone())),
        other => Err(bad(other)),
    });
    let labels = pairs.collect::<Result<Labels, Problem>>()?;
    Ok(Some(labels.into_iter().filter(|(_, value)| !value.is_empty()).collect()))
}

/// `[a-zA-Z_][a-zA-Z0-9_]*`
fn is_label_name(name: &str) -> bool {
    let word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    word && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

fn time(map: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, Problem> {
    let bad = |value: &dyn std::fmt::Display| Problem::Shape(format!("parsing {name} {value} as a date-time"));
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if is_rfc_3339(text) => text.parse().map(Some).map_err(|_| bad(text)),
        Some(other) => Err(bad(other)),
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
