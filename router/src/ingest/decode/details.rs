//! What has no column of its own.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use tapline_contract::{RENAMED_PREFIX, UnknownField};

use super::line::Entry;
use super::text::{is_sound, moved};
use super::{Decoder, Rejection};
use crate::batch::{Batch, Cell};
use crate::ingest::key::Key;
use crate::ingest::schema_counts::SchemaCount;

impl Decoder {
    pub(super) fn put_details(
        &mut self,
        batch: &mut Batch,
        row: usize,
        base: u32,
        unknown: &[Entry],
    ) -> Result<(), Rejection> {
        if unknown.is_empty() {
            return Ok(());
        }
        let mut details: Vec<(String, String)> = Vec::with_capacity(unknown.len());
        let mut seen: HashMap<String, usize> = HashMap::new();
        let tally = &mut self.tally;
        let mut add = |details: &mut Vec<(String, String)>, key: String, value: String| match seen.get(&key) {
            Some(&at) => {
                tally.add(SchemaCount::DuplicateKey, 0, 1);
                details[at].1 = value;
            }
            None => {
                seen.insert(key.clone(), details.len());
                details.push((key, value));
            }
        };
        let (mut fields, mut reserved) = (0, Vec::new());
        for entry in unknown {
            let key = batch.text(moved(entry.key_span, base));
            let value = batch.text(moved(entry.raw, base));
            if entry.key == Key::Details && value.starts_with('{') && is_sound(value) {
                let inner: BTreeMap<String, &serde_json::value::RawValue> =
                    serde_json::from_str(value).unwrap_or_default();
                for (key, value) in inner {
                    add(&mut details, key, value.get().to_owned());
                }
                continue;
            }
            fields += 1;
            if self.contract.policy.unknown_field == UnknownField::Reject && entry.key == Key::Unknown {
                return Err(Rejection::new(
                    "unknown_field",
                    format!("the contract has no field `{key}` and refuses unknown ones"),
                ));
            }
            // A reserved name that a producer uses for something of its own keeps its value.
            let prefix = match entry.key {
                Key::Reserved(name) => {
                    reserved.push(name);
                    RENAMED_PREFIX
                }
                _ => "",
            };
            add(&mut details, format!("{prefix}{key}"), sound_value(value));
        }
        self.tally.add(SchemaCount::UnknownField, batch.rows()[row].component.0, fields);
        for name in reserved {
            self.tally.add(SchemaCount::ReservedKey, name, 1);
        }
        let mut object = String::with_capacity(64);
        object.push('{');
        for (at, (key, value)) in details.iter().enumerate() {
            if at > 0 {
                object.push(',');
            }
            object.push_str(&json_string(key));
            object.push(':');
            object.push_str(value);
        }
        object.push('}');
        let span = batch.push_text(&object);
        batch.set_details(row, Cell::Json(span));
        Ok(())
    }
}

fn sound_value(raw: &str) -> String {
    if is_sound(raw) {
        return raw.to_owned();
    }
    let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
    json_string(inner)
}

fn json_string(text: &str) -> String {
    serde_json::to_string(text).expect("text always has a JSON form")
}
