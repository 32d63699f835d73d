//! Indexes and data streams: which of them a write goes to, and how they come into being.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::failure::Failure;
use super::index::{Document, Index, Verb, Written};
use super::mapping::{self, Mapping};
use super::templates::{Applied, Templates};
use super::{Flavour, Options, pattern};
use crate::answer::{Answer, Outcome};

#[derive(Debug, Clone)]
pub struct Store {
    flavour: Flavour,
    auto_create_index: bool,
    documents_max: usize,
    indices: BTreeMap<String, Index>,
    streams: BTreeMap<String, Stream>,
    /// For ids that are made here.
    ids: u64,
}

#[derive(Debug, Clone)]
struct Stream {
    /// The newest is the one that is written to.
    indices: Vec<String>,
    template: String,
    policy: Option<String>,
}

// === impl Store ===

impl Store {
    pub fn new(options: &Options) -> Store {
        let mut store = Store {
            flavour: options.flavour,
            auto_create_index: options.auto_create_index,
            documents_max: options.documents_max,
            indices: BTreeMap::new(),
            streams: BTreeMap::new(),
            ids: 0,
        };
        for name in &options.indexes {
            store.indices.insert(name.clone(), Index::new(Mapping::unrestricted(), None));
        }
        store
    }

    pub fn write(
        &mut self,
        templates: &Templates,
        target: &str,
        verb: Verb,
        id: Option<&str>,
        source: &[u8],
    ) -> Result<Written, Failure> {
        if self.documents() >= self.documents_max && verb != Verb::Delete {
            let reason = format!(
                "index [{target}] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index \
                 has read-only-allow-delete block];"
            );
            return Err(Failure::new(429, "cluster_block_exception", reason));
        }
        let name = self.resolve(templates, target, verb)?;
        let id = match id {
            Some(id) => id.to_owned(),
            None => {
                self.ids += 1;
                format!("receiver{:012}", self.ids)
            }
        };
        let takes_ids = self.flavour != Flavour::Quickwit;
        let index = self.indices.get_mut(&name).ok_or_else(|| Failure::no_index(target))?;
        let written = index.write(verb, &id, source, takes_ids);
        written.map(|written| Written { index: name, ..written })
    }

    /// Whether it has a document of this id under this name.
    pub fn holds(&self, target: &str, id: Option<&str>) -> bool {
        let Some(id) = id else { return false };
        let stream = self.streams.get(target).into_iter().flat_map(|stream| &stream.indices);
        let indices = stream.map(String::as_str).chain([target]).filter_map(|name| self.indices.get(name));
        indices.into_iter().any(|index| index.documents.contains_key(id))
    }

    /// The index that a write to this name goes to; it is made if it has to be.
    fn resolve(&mut self, templates: &Templates, target: &str, verb: Verb) -> Result<String, Failure> {
        if !self.streams.contains_key(target) && !self.indices.contains_key(target) {
            let applied = templates.apply(target)?;
            let allowed =
                applied.as_ref().and_then(|applied| applied.allow_auto_create).unwrap_or(self.auto_create_index);
            if !allowed || matches!(verb, Verb::Update | Verb::Delete) {
                return Err(Failure::no_index(target));
            }
            check_name(target, false)?;
            match applied {
                Some(applied) if applied.data_stream => self.make_stream(target, applied),
                Some(applied) => {
                    self.indices.insert(target.to_owned(), Index::new(applied.mapping, None));
                }
                None => {
                    let mapping = Mapping::read(&Value::Null, mapping::FIELDS_MAX)?;
                    self.indices.insert(target.to_owned(), Index::new(mapping, None));
                }
            }
        }
        if let Some(stream) = self.streams.get(target) {
            if verb != Verb::Create {
                return Err(Failure::illegal("only write ops with an op_type of create are allowed in data streams"));
            }
            return Ok(stream.indices.last().cloned().unwrap_or_default());
        }
        let behind = self.indices.get(target).and_then(|index| index.stream.as_ref());
        if let (Some(stream), Verb::Create) = (behind, verb) {
            let reason = format!(
                "index request with op_type=create targeting backing indices is disallowed, target corresponding data \
                 stream [{stream}] instead"
            );
            return Err(Failure::illegal(reason));
        }
        Ok(target.to_owned())
    }

    fn make_stream(&mut self, name: &str, applied: Applied) {
        let backing = backing_index(name, 1);
        self.indices.insert(backing.clone(), Index::new(applied.mapping, Some(name.to_owned())));
        let stream = Stream { indices: vec![backing], template: applied.template, policy: applied.policy };
        self.streams.insert(name.to_owned(), stream);
    }

    pub fn put_stream(&mut self, name: &str, templates: &Templates) -> Result<Outcome, Failure> {
        check_name(name, true)?;
        if self.streams.contains_key(name) {
            let reason = format!("data_stream [{name}] already exists");
            return Err(Failure::new(400, "resource_already_exists_exception", reason));
        }
        match templates.apply(name)? {
            Some(applied) if applied.data_stream => {
                self.make_stream(name, applied);
                Ok(super::templates::acknowledged(json!({"data_stream": name})))
            }
            Some(applied) => Err(Failure::illegal(format!(
                "matching index template [{}] for data stream [{name}] has no data stream template",
                applied.template
            ))),
            None => Err(Failure::illegal(format!("no matching index template found for data stream [{name}]"))),
        }
    }

    /// A new backing index. A document's id is known only within one: what is sent again after this is
    /// there twice, as in the real one.
    pub fn roll_over(&mut self, name: &str, templates: &Templates) -> Result<Outcome, Failure> {
        let applied = templates.apply(name)?;
        let (Some(stream), Some(applied)) = (self.streams.get_mut(name), applied) else {
            return Err(Failure::illegal(format!("rollover target [{name}] is not a data stream")));
        };
        let old = stream.indices.last().cloned();
        let new = backing_index(name, stream.indices.len() + 1);
        stream.indices.push(new.clone());
        self.indices.insert(new.clone(), Index::new(applied.mapping, Some(name.to_owned())));
        let answer = json!({
            "acknowledged": true, "shards_acknowledged": true, "old_index": old, "new_index": new,
            "rolled_over": true, "dry_run": false, "conditions": {},
        });
        Ok(Outcome::kept(Answer::json(200, &answer), json!({"rolled_over": name})))
    }

    pub fn streams(&self, wanted: Option<&str>) -> Result<Answer, Failure> {
        let fits = |name: &String| wanted.is_none_or(|wanted| pattern::matches(wanted, name));
        let list: Vec<Value> = self
            .streams
            .iter()
            .filter(|(name, _)| fits(name))
            .map(|(name, stream)| {
                let indices = stream.indices.iter().map(|index| json!({"index_name": index, "index_uuid": index}));
                json!({
                    "name": name, "timestamp_field": {"name": "@timestamp"}, "indices": indices.collect::<Vec<_>>(),
                    "generation": stream.indices.len(), "status": "GREEN", "template": stream.template,
                    "ilm_policy": stream.policy, "hidden": false, "system": false, "replicated": false,
                })
            })
            .collect();
        match wanted {
            Some(name) if list.is_empty() && !name.contains('*') => Err(Failure::no_index(name)),
            _ => Ok(Answer::json(200, &json!({"data_streams": list}))),
        }
    }

    pub fn index(&self, name: &str) -> Result<Answer, Failure> {
        let names = self.names(name)?;
        let about: BTreeMap<&str, Value> = names.iter().map(|name| (*name, json!({"aliases": {}}))).collect();
        Ok(Answer::json(200, &json!(about)))
    }

    pub fn document(&self, index: &str, id: &str) -> Result<Answer, Failure> {
        for name in self.names(index)? {
            if let Some(document) = self.indices[name].documents.get(id) {
                let found = json!({
                    "_index": name, "_id": id, "_version": document.version, "_seq_no": document.seq_no,
                    "_primary_term": 1, "found": true, "_source": document.source,
                });
                return Ok(Answer::json(200, &found));
            }
        }
        Ok(Answer::json(404, &json!({"_index": index, "_id": id, "found": false})))
    }

    /// The documents behind a target, in the order in which they were written, index by index.
    pub fn select(&self, target: &str) -> Result<Vec<(&str, &str, &Document)>, Failure> {
        let mut found = Vec::new();
        for name in self.names(target)? {
            let documents = &self.indices[name].documents;
            let mut part: Vec<_> = documents.iter().map(|(id, document)| (name, id.as_str(), document)).collect();
            part.sort_by_key(|(_, _, document)| document.seq_no);
            found.append(&mut part);
        }
        Ok(found)
    }

    /// The names of the indexes behind `a,b*,_all`; a name without a star must exist.
    fn names(&self, target: &str) -> Result<Vec<&str>, Failure> {
        let mut names = Vec::new();
        for part in target.split(',') {
            let part = if part == "_all" { "*" } else { part };
            let before = names.len();
            for (name, index) in &self.indices {
                let shown = index.stream.as_deref().unwrap_or(name);
                if pattern::matches(part, shown) || part == name {
                    names.push(name.as_str());
                }
            }
            if names.len() == before && !part.contains('*') {
                return Err(Failure::no_index(part));
            }
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    pub fn indices(&self) -> usize {
        self.indices.len()
    }

    fn documents(&self) -> usize {
        self.indices.values().map(|index| index.documents.len()).sum()
    }

    pub fn state(&self) -> Value {
        let about = |index: &Index| json!({"documents": index.documents.len(), "stream": index.stream});
        let indices: BTreeMap<&String, Value> = self.indices.iter().map(|(name, index)| (name, about(index))).collect();
        let streams: BTreeMap<&String, &Vec<String>> =
            self.streams.iter().map(|(name, stream)| (name, &stream.indices)).collect();
        json!({"indices": indices, "streams": streams, "documents": self.documents()})
    }
}

/// "Data stream names must meet the following criteria"; those of indexes are nearly the same.
fn check_name(name: &str, stream: bool) -> Result<(), Failure> {
    let refuse = |why: &str| {
        let kind = if stream { "illegal_argument_exception" } else { "invalid_index_name_exception" };
        Err(Failure::new(400, kind, format!("Invalid index name [{name}], {why}")))
    };
    if name.chars().any(char::is_uppercase) {
        return refuse("must be lowercase");
    }
    if name.chars().any(|letter| "\\/*?\"<>|,#: ".contains(letter)) {
        return refuse("must not contain the following characters ['\\','/','*','?','\"','<','>','|',' ',',','#',':']");
    }
    if name.starts_with(['-', '_', '+']) || stream && name.starts_with(".ds-") {
        return refuse("must not start with '_', '-', '+', or '.ds-'");
    }
    if name == "." || name == ".." {
        return refuse("must not be '.' or '..'");
    }
    if name.len() > 255 {
        return refuse("index name is too long");
    }
    Ok(())
}

/// The date is that of its making in the real one; here always the same, so that tests can name it.
fn backing_index(stream: &str, generation: usize) -> String {
    format!(".ds-{stream}-2024.01.01-{generation:06}")
}
