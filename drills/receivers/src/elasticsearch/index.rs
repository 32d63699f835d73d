//! One index: its mapping and its documents, each known by its id.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::failure::Failure;
use super::mapping::Mapping;

#[derive(Debug, Clone)]
pub struct Index {
    mapping: Mapping,
    pub documents: HashMap<String, Document>,
    next_seq_no: u64,
    /// The data stream that it is a part of.
    pub stream: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Document {
    pub source: Value,
    pub version: u64,
    pub seq_no: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Create,
    Index,
    Update,
    Delete,
}

/// A write that went through.
#[derive(Debug)]
pub struct Written {
    pub index: String,
    pub id: String,
    pub version: u64,
    pub seq_no: u64,
    pub result: &'static str,
    pub status: u16,
}

// === impl Index ===

impl Index {
    pub fn new(mapping: Mapping, stream: Option<String>) -> Index {
        Index { mapping, documents: HashMap::new(), next_seq_no: 0, stream }
    }

    pub fn write(&mut self, verb: Verb, id: &str, source: &[u8], takes_ids: bool) -> Result<Written, Failure> {
        match verb {
            Verb::Delete => Ok(self.delete(id)),
            Verb::Update => self.update(id, source),
            Verb::Create if !takes_ids => {
                // Without a notion of ids a document sent twice is there twice.
                let key = format!("{id} {}", self.next_seq_no);
                self.put(&key, parse(id, source)?).map(|written| Written { id: id.to_owned(), ..written })
            }
            Verb::Create if self.documents.contains_key(id) => {
                let version = self.documents[id].version;
                let reason = format!("[{id}]: version conflict, document already exists (current version [{version}])");
                Err(Failure::new(409, "version_conflict_engine_exception", reason))
            }
            Verb::Create | Verb::Index => {
                let document = parse(id, source)?;
                if self.stream.is_some() {
                    check_timestamp(&document)?;
                }
                self.put(id, document)
            }
        }
    }

    fn put(&mut self, id: &str, document: Map<String, Value>) -> Result<Written, Failure> {
        self.mapping.take(id, &document)?;
        let version = self.documents.get(id).map_or(1, |before| before.version + 1);
        let seq_no = self.count();
        let document = Document { source: Value::Object(document), version, seq_no };
        self.documents.insert(id.to_owned(), document);
        let (result, status) = if version == 1 { ("created", 201) } else { ("updated", 200) };
        Ok(Written { index: String::new(), id: id.to_owned(), version, seq_no, result, status })
    }

    fn update(&mut self, id: &str, source: &[u8]) -> Result<Written, Failure> {
        let body = parse(id, source)?;
        if let Some(name) =
            body.keys().find(|name| !["doc", "doc_as_upsert", "upsert", "_source"].contains(&name.as_str()))
        {
            return Err(Failure::new(
                400,
                "x_content_parse_exception",
                format!("[UpdateRequest] unknown field [{name}]"),
            ));
        }
        let part = body.get("doc").and_then(Value::as_object).cloned().unwrap_or_default();
        let as_upsert = body.get("doc_as_upsert").and_then(Value::as_bool).unwrap_or(false);
        match (self.documents.get(id), body.get("upsert").and_then(Value::as_object)) {
            (Some(before), _) => {
                let mut merged = before.source.as_object().cloned().unwrap_or_default();
                merged.extend(part);
                self.put(id, merged)
            }
            (None, Some(upsert)) => self.put(id, upsert.clone()),
            (None, None) if as_upsert => self.put(id, part),
            (None, None) => Err(Failure::new(404, "document_missing_exception", format!("[{id}]: document missing"))),
        }
    }

    fn delete(&mut self, id: &str) -> Written {
        let seq_no = self.count();
        let before = self.documents.remove(id);
        let version = before.as_ref().map_or(1, |before| before.version + 1);
        let (result, status) = if before.is_some() { ("deleted", 200) } else { ("not_found", 404) };
        Written { index: String::new(), id: id.to_owned(), version, seq_no, result, status }
    }

    fn count(&mut self) -> u64 {
        self.next_seq_no += 1;
        self.next_seq_no - 1
    }
}

fn parse(id: &str, source: &[u8]) -> Result<Map<String, Value>, Failure> {
    match crate::json::parse(source) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Failure::document(format!("failed to parse, document [{id}] is not an object"))),
        Err(error) => Err(Failure::document("failed to parse").because(error.to_string())),
    }
}

fn check_timestamp(document: &Map<String, Value>) -> Result<(), Failure> {
    let cause = match document.get("@timestamp") {
        None | Some(Value::Null) => "data stream timestamp field [@timestamp] is missing",
        Some(Value::Array(_)) => "data stream timestamp field [@timestamp] encountered multiple values",
        Some(_) => return Ok(()),
    };
    Err(Failure::document("failed to parse").because(cause))
}
