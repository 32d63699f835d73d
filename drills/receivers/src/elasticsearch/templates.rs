//! Index templates and component templates.
//!
//! From "Create or update index template API" and "Create or update component template API": members,
//! `create=true`, components that must exist and are merged in their order, the highest priority wins, the
//! same priority with overlapping patterns is refused. Elasticsearch has templates of its own for `logs-*-*`
//! and `metrics-*-*` with priority 100 ("Index templates": "Avoid index pattern collisions").

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::mapping::{self, Mapping};
use super::{Flavour, pattern};
use crate::answer::{Answer, Outcome};
use crate::json;
use crate::request::Request;

const INDEX_MEMBERS: [&str; 10] = [
    "_meta",
    "allow_auto_create",
    "composed_of",
    "data_stream",
    "deprecated",
    "ignore_missing_component_templates",
    "index_patterns",
    "priority",
    "template",
    "version",
];
const COMPONENT_MEMBERS: [&str; 4] = ["_meta", "deprecated", "template", "version"];
const TEMPLATE_MEMBERS: [&str; 4] = ["aliases", "lifecycle", "mappings", "settings"];
const DATA_STREAM_MEMBERS: [&str; 4] = ["allow_custom_routing", "failure_store", "hidden", "timestamp_field"];

#[derive(Debug, Clone)]
pub struct Templates {
    index: BTreeMap<String, Value>,
    component: BTreeMap<String, Value>,
}

/// What a new index or data stream gets.
#[derive(Debug, Clone)]
pub struct Applied {
    pub template: String,
    pub mapping: Mapping,
    pub data_stream: bool,
    pub allow_auto_create: Option<bool>,
    /// `index.lifecycle.name`
    pub policy: Option<String>,
}

impl Templates {
    pub fn new(flavour: Flavour) -> Templates {
        let mut templates = Templates { index: BTreeMap::new(), component: BTreeMap::new() };
        if flavour == Flavour::Elasticsearch {
            for name in ["logs", "metrics"] {
                let built_in = json!({
                    "index_patterns": [format!("{name}-*-*")], "priority": 100, "data_stream": {}, "composed_of": [],
                    "template": {"mappings": {"properties": {"@timestamp": {"type": "date"}}}},
                    "_meta": {"managed": true}, "version": 1,
                });
                templates.index.insert(name.to_owned(), built_in);
            }
        }
        templates
    }

    pub fn index_template(&mut self, path: &[&str], request: &Request) -> Result<Outcome, Failure> {
        match (&request.method, path) {
            (&Method::PUT | &Method::POST, [name]) => {
                let body = read_body(request)?;
                refuse_existing(&self.index, name, request, "index template")?;
                self.check_index_template(name, &body)?;
                self.index.insert((*name).to_owned(), body.clone());
                Ok(acknowledged(json!({"index_template": name, "body": body})))
            }
            _ => lookup(&mut self.index, path, request, "index_template", "index_templates"),
        }
    }

    pub fn component_template(&mut self, path: &[&str], request: &Request) -> Result<Outcome, Failure> {
        match (&request.method, path) {
            (&Method::PUT | &Method::POST, [name]) => {
                let body = read_body(request)?;
                refuse_existing(&self.component, name, request, "component template")?;
                only(&body, &COMPONENT_MEMBERS, "component_template")?;
                let template = body.get("template").ok_or_else(|| missing("component_template", "template"))?;
                only(template, &TEMPLATE_MEMBERS, "template")?;
                Mapping::read(&template["mappings"], mapping::FIELDS_MAX)?;
                self.component.insert((*name).to_owned(), body.clone());
                Ok(acknowledged(json!({"component_template": name, "body": body})))
            }
            _ => lookup(&mut self.component, path, request, "component_template", "component_templates"),
        }
    }

    /// The template that fits this name best, with its components merged into it.
    pub fn apply(&self, name: &str) -> Result<Option<Applied>, Failure> {
        let fits = |template: &Value| patterns(template).iter().any(|pattern| pattern::matches(pattern, name));
        let best = self.index.iter().filter(|(_, template)| fits(template)).max_by_key(|(_, one)| priority(one));
        best.map(|(name, template)| self.compose(name, template)).transpose()
    }

    fn compose(&self, name: &str, template: &Value) -> Result<Applied, Failure> {
        let mut mappings = Value::Null;
        let mut settings = BTreeMap::new();
        let components = strings(template.get("composed_of"));
        let components = components.iter().filter_map(|name| self.component.get(*name));
        for part in components.chain([template]) {
            merge(&mut mappings, &part["template"]["mappings"]);
            flatten("", &part["template"]["settings"], &mut settings);
        }
        let limit = settings.get("mapping.total_fields.limit").and_then(number);
        let mut mapping = Mapping::read(&mappings, limit.unwrap_or(mapping::FIELDS_MAX))?;
        let data_stream = template.get("data_stream").is_some_and(Value::is_object);
        if data_stream {
            mapping.ensure_timestamp()?;
        }
        Ok(Applied {
            template: name.to_owned(),
            mapping,
            data_stream,
            allow_auto_create: template.get("allow_auto_create").and_then(Value::as_bool),
            policy: settings.get("lifecycle.name").and_then(Value::as_str).map(str::to_owned),
        })
    }

    fn check_index_template(&self, name: &str, body: &Value) -> Result<(), Failure> {
        only(body, &INDEX_MEMBERS, "index_template")?;
        let patterns = patterns(body);
        if patterns.is_empty() {
            return Err(missing("index_template", "index_patterns"));
        }
        if let Some(template) = body.get("template") {
            only(template, &TEMPLATE_MEMBERS, "template")?;
        }
        if let Some(data_stream) = body.get("data_stream") {
            only(data_stream, &DATA_STREAM_MEMBERS, "data_stream_template")?;
        }
        if body.get("priority").is_some_and(|priority| priority.as_u64().is_none()) {
            return Err(Failure::illegal("index template priority must be >= 0"));
        }
        let forgiven = strings(body.get("ignore_missing_component_templates"));
        let components = strings(body.get("composed_of"));
        let unknown: Vec<&str> = components
            .into_iter()
            .filter(|name| !self.component.contains_key(*name) && !forgiven.contains(name))
            .collect();
        if !unknown.is_empty() {
            let reason = format!(
                "index_template [{name}] invalid, cause [index template [{name}] specifies component templates \
                 {unknown:?} that do not exist]"
            );
            return Err(Failure::new(400, "invalid_index_template_exception", reason));
        }
        let collides = |(other, template): &(&String, &Value)| {
            let overlap = |one: &&str| self::patterns(template).iter().any(|other| pattern::overlap(one, other));
            *other != name && priority(template) == priority(body) && patterns.iter().any(overlap)
        };
        if let Some((other, template)) = self.index.iter().find(collides) {
            let reason = format!(
                "index template [{name}] has index patterns {patterns:?} matching patterns from existing templates \
                 [{other}] with patterns ({other} => {:?}) that have the same priority [{}], multiple index \
                 templates may not match during index creation, please use a different priority",
                self::patterns(template),
                priority(body)
            );
            return Err(Failure::illegal(reason));
        }
        self.compose(name, body).map(|_| ())
    }
}

pub fn acknowledged(kept: Value) -> Outcome {
    Outcome::kept(Answer::json(200, &json!({"acknowledged": true})), kept)
}

pub fn read_body(request: &Request) -> Result<Value, Failure> {
    if request.body.is_empty() {
        return Err(Failure::new(400, "parse_exception", "request body is required"));
    }
    json::parse(&request.body)
        .map_err(|error| Failure::new(400, "x_content_parse_exception", "failed to parse").because(error.to_string()))
}

/// Refuses what is no object, and members of an object that are not known.
pub fn only(value: &Value, known: &[&str], what: &str) -> Result<(), Failure> {
    let refuse = |reason| Err(Failure::new(400, "x_content_parse_exception", reason));
    let Some(map) = value.as_object() else { return refuse(format!("[{what}] is not an object")) };
    match map.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => refuse(format!("[{what}] unknown field [{name}]")),
        None => Ok(()),
    }
}

fn missing(what: &str, name: &str) -> Failure {
    Failure::new(400, "x_content_parse_exception", format!("[{what}] Required [{name}]"))
}

fn refuse_existing(all: &BTreeMap<String, Value>, name: &str, request: &Request, what: &str) -> Result<(), Failure> {
    match request.parameter("create") {
        Some("" | "true") if all.contains_key(name) => Err(Failure::illegal(format!("{what} [{name}] already exists"))),
        _ => Ok(()),
    }
}

/// Asks for templates, or removes one.
fn lookup(
    all: &mut BTreeMap<String, Value>,
    path: &[&str],
    request: &Request,
    one: &str,
    many: &str,
) -> Result<Outcome, Failure> {
    let wanted = match path {
        [] => "*",
        [name] => name,
        _ => return Err(super::no_handler(request)),
    };
    let list: Vec<Value> = all
        .iter()
        .filter(|(name, _)| pattern::matches(wanted, name))
        .map(|(name, template)| json!({"name": name, one: template}))
        .collect();
    if list.is_empty() && !wanted.contains('*') {
        let reason = format!("{} matching [{wanted}] not found", one.replace('_', " "));
        return Err(Failure::new(404, "resource_not_found_exception", reason));
    }
    match request.method {
        Method::GET | Method::HEAD => Ok(Outcome::told(Answer::json(200, &json!({many: list})))),
        Method::DELETE if path.len() == 1 => {
            all.retain(|name, _| !pattern::matches(wanted, name));
            Ok(acknowledged(json!({"deleted": wanted})))
        }
        _ => Err(super::no_handler(request)),
    }
}

fn patterns(template: &Value) -> Vec<&str> {
    strings(template.get("index_patterns"))
}

/// A string, or the strings of a list.
fn strings(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn priority(template: &Value) -> u64 {
    template.get("priority").and_then(Value::as_u64).unwrap_or(0)
}

/// Settings may be numbers or text.
fn number(value: &Value) -> Option<usize> {
    value.as_u64().map(|number| number as usize).or_else(|| value.as_str()?.parse().ok())
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (into, from) => *into = from.clone(),
    }
}

/// `{"index": {"lifecycle": {"name": …}}}`, `{"index.lifecycle.name": …}` and the same without `index` are one.
fn flatten(prefix: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    let nested: Option<&Map<String, Value>> = value.as_object();
    match nested {
        Some(map) => map.iter().for_each(|(name, value)| {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            flatten(&path, value, into);
        }),
        None if prefix.is_empty() => {}
        None => {
            into.insert(prefix.strip_prefix("index.").unwrap_or(prefix).to_owned(), value.clone());
        }
    }
}
