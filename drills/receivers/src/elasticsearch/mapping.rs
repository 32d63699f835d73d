//! What fields an index has, and whether a document fits them.
//!
//! From "Dynamic", "Dynamic field mapping" (whole numbers become `long`, fractions `float`, text that looks
//! like a date `date`, other text `text` with a keyword), "Dynamic templates", "Mapping limit settings"
//! (`index.mapping.total_fields.limit` 1,000, `index.mapping.depth.limit` 20), "`enabled`", "Metadata fields".
//!
//! Every lookup goes by the whole path from the root, so that `{"a.b": 1}` and `{"a": {"b": 1}}` are the same,
//! as they are there.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::field::{Field, Kind};
use super::pattern;

pub const FIELDS_MAX: usize = 1000;
const DEPTH_MAX: usize = 20;

const ROOT_PARAMETERS: [&str; 14] = [
    "_data_stream_timestamp",
    "_field_names",
    "_meta",
    "_routing",
    "_size",
    "_source",
    "date_detection",
    "dynamic",
    "dynamic_date_formats",
    "dynamic_templates",
    "numeric_detection",
    "properties",
    "runtime",
    "subobjects",
];
const OBJECT_PARAMETERS: [&str; 7] =
    ["dynamic", "enabled", "include_in_parent", "include_in_root", "properties", "subobjects", "type"];
const METADATA: [&str; 7] = ["_id", "_index", "_source", "_routing", "_seq_no", "_version", "_field_names"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dynamic {
    True,
    /// Unknown fields are kept in the source and not looked at.
    False,
    Strict,
}

#[derive(Debug, Clone)]
pub struct Mapping {
    entries: BTreeMap<String, Entry>,
    date_detection: bool,
    templates: Vec<DynamicTemplate>,
    fields_max: usize,
}

/// What stands at a path; the root's is the empty one.
#[derive(Debug, Clone)]
enum Entry {
    Object { dynamic: Option<Dynamic>, enabled: bool },
    Field(Field),
}

#[derive(Debug, Clone)]
struct DynamicTemplate {
    mapping_type: String,
    name: String,
    path: String,
    mapping: Map<String, Value>,
}

enum Found<'a> {
    Field(&'a Field),
    Object,
    /// Below something that is not looked at.
    Ignored,
    /// Below a field that is no object.
    Below(&'a str),
    Missing(Dynamic),
}

// === impl Mapping ===

impl Mapping {
    pub fn read(mappings: &Value, fields_max: usize) -> Result<Mapping, Failure> {
        let empty = Map::new();
        let map = match mappings {
            Value::Null => &empty,
            Value::Object(map) => map,
            _ => return Err(Failure::mapping("mappings is not an object")),
        };
        if let Some(name) = map.keys().find(|name| !ROOT_PARAMETERS.contains(&name.as_str())) {
            let reason = format!("Root mapping definition has unsupported parameters:  [{name} : {}]", map[name]);
            return Err(Failure::mapping(reason));
        }
        let mut mapping = Mapping {
            entries: BTreeMap::new(),
            date_detection: map.get("date_detection").and_then(Value::as_bool).unwrap_or(true),
            templates: dynamic_templates(map.get("dynamic_templates"))?,
            fields_max,
        };
        let root = Entry::Object { dynamic: Dynamic::read(map.get("dynamic"))?, enabled: true };
        mapping.entries.insert(String::new(), root);
        mapping.read_properties("", map.get("properties"))?;
        mapping.check_limit(0)?;
        Ok(mapping)
    }

    /// A mapping to which every document fits.
    pub fn unrestricted() -> Mapping {
        let root = Entry::Object { dynamic: Some(Dynamic::False), enabled: true };
        let entries = BTreeMap::from([(String::new(), root)]);
        Mapping { entries, date_detection: false, templates: Vec::new(), fields_max: FIELDS_MAX }
    }

    /// A data stream's time is a date; it gets a field where the template has none.
    pub fn ensure_timestamp(&mut self) -> Result<(), Failure> {
        match self.entries.get("@timestamp") {
            None => self.read_properties("", Some(&json!({"@timestamp": {"type": "date"}}))),
            Some(Entry::Field(Field { kind: Kind::Date(_), .. })) => Ok(()),
            Some(_) => {
                let reason = "data stream timestamp field [@timestamp] is not of type [date,date_nanos]";
                Err(Failure::illegal(reason))
            }
        }
    }

    /// Looks at a document, and takes in the fields that dynamic mapping adds, if all of it fits.
    pub fn take(&mut self, id: &str, document: &Map<String, Value>) -> Result<(), Failure> {
        let mut added = BTreeMap::new();
        self.walk(id, "", document, &mut added)?;
        let count = added.values().map(size).sum();
        if count > 0 {
            self.check_limit(count)?;
        }
        self.entries.append(&mut added);
        Ok(())
    }

    fn read_properties(&mut self, parent: &str, properties: Option<&Value>) -> Result<(), Failure> {
        let Some(properties) = properties else { return Ok(()) };
        let Some(properties) = properties.as_object() else {
            return Err(Failure::mapping(format!("Expected map for property [properties] on field [{parent}]")));
        };
        for (name, value) in properties {
            let path = join(parent, name);
            let Some(map) = value.as_object() else {
                return Err(Failure::mapping(format!("Expected map for property [fields] on field [{path}]")));
            };
            let object = match map.get("type").and_then(Value::as_str) {
                None | Some("object" | "nested") => true,
                Some(_) => false,
            };
            self.add_parents(&path);
            if !object {
                let field = Field::read(&path, map)?;
                self.entries.insert(path, Entry::Field(field));
                continue;
            }
            if let Some(name) = map.keys().find(|name| !OBJECT_PARAMETERS.contains(&name.as_str())) {
                return Err(Failure::mapping(format!(
                    "unknown parameter [{name}] on mapper [{path}] of type [object]"
                )));
            }
            let enabled = map.get("enabled").and_then(Value::as_bool).unwrap_or(true);
            self.entries.insert(path.clone(), Entry::Object { dynamic: Dynamic::read(map.get("dynamic"))?, enabled });
            self.read_properties(&path, map.get("properties"))?;
        }
        Ok(())
    }

    /// Objects that a dotted name implies.
    fn add_parents(&mut self, path: &str) {
        for (at, _) in path.match_indices('.') {
            let object = Entry::Object { dynamic: None, enabled: true };
            self.entries.entry(path[..at].to_owned()).or_insert(object);
        }
    }

    fn walk(
        &self,
        id: &str,
        parent: &str,
        map: &Map<String, Value>,
        added: &mut BTreeMap<String, Entry>,
    ) -> Result<(), Failure> {
        for (name, value) in map {
            if name.is_empty() || name.split('.').any(|part| part.trim().is_empty()) {
                let reason = format!("field name cannot contain only whitespace or be empty: [{}]", join(parent, name));
                return Err(Failure::document("failed to parse").because(reason));
            }
            if parent.is_empty() && METADATA.contains(&name.as_str()) {
                let reason = format!(
                    "Field [{name}] is a metadata field and cannot be added inside a document. Use the index API \
                     request parameters."
                );
                return Err(Failure::document("failed to parse").because(reason));
            }
            self.look(id, &join(parent, name), value, added)?;
        }
        Ok(())
    }

    fn look(&self, id: &str, path: &str, value: &Value, added: &mut BTreeMap<String, Entry>) -> Result<(), Failure> {
        match value {
            Value::Null => return Ok(()),
            Value::Array(items) => return items.iter().try_for_each(|item| self.look(id, path, item, added)),
            _ => {}
        }
        match (self.find(path, added), value) {
            (Found::Ignored | Found::Missing(Dynamic::False), _) => Ok(()),
            (Found::Field(field), _) => field.check(path, id, value),
            (Found::Object, Value::Object(map)) => self.walk(id, path, map, added),
            (Found::Object, _) => {
                let reason = format!(
                    "object mapping for [{path}] tried to parse field [{path}] as object, but found a concrete value"
                );
                Err(Failure::document(reason))
            }
            (Found::Below(field), _) => {
                let reason = format!(
                    "Could not dynamically add mapping for field [{path}]. Existing mapping for [{field}] must be of \
                     type object."
                );
                Err(Failure::document("failed to parse").because(reason))
            }
            (Found::Missing(Dynamic::Strict), _) => {
                let (parent, name) = path.rsplit_once('.').unwrap_or(("_doc", path));
                let reason =
                    format!("mapping set to strict, dynamic introduction of [{name}] within [{parent}] is not allowed");
                Err(Failure::new(400, "strict_dynamic_mapping_exception", reason))
            }
            (Found::Missing(Dynamic::True), _) => self.add(id, path, value, added),
        }
    }

    fn add(&self, id: &str, path: &str, value: &Value, added: &mut BTreeMap<String, Entry>) -> Result<(), Failure> {
        if path.split('.').count() > DEPTH_MAX {
            let reason = format!("Limit of mapping depth [{DEPTH_MAX}] has been exceeded due to object field [{path}]");
            return Err(Failure::illegal(reason));
        }
        for (at, _) in path.match_indices('.') {
            if !self.entries.contains_key(&path[..at]) {
                let object = Entry::Object { dynamic: None, enabled: true };
                added.entry(path[..at].to_owned()).or_insert(object);
            }
        }
        let template = self.templates.iter().find(|template| template.fits(path, value, self.date_detection));
        if let Value::Object(map) = value
            && template.is_none()
        {
            added.insert(path.to_owned(), Entry::Object { dynamic: None, enabled: true });
            return self.walk(id, path, map, added);
        }
        let field = match template {
            Some(template) => Field::read(path, &template.mapping)?,
            None => Field::dynamic(value, self.date_detection),
        };
        field.check(path, id, value)?;
        added.insert(path.to_owned(), Entry::Field(field));
        Ok(())
    }

    /// Looks from the root down, so that what stands above decides over what is missing.
    fn find<'a>(&'a self, path: &'a str, added: &'a BTreeMap<String, Entry>) -> Found<'a> {
        let mut dynamic = Dynamic::True;
        let ends = std::iter::once(0).chain(path.match_indices('.').map(|(at, _)| at)).chain([path.len()]);
        for end in ends {
            let last = end == path.len();
            match self.entries.get(&path[..end]).or_else(|| added.get(&path[..end])) {
                Some(Entry::Object { enabled: false, .. }) => return Found::Ignored,
                Some(Entry::Object { .. }) if last => return Found::Object,
                Some(Entry::Object { dynamic: own, .. }) => dynamic = own.unwrap_or(dynamic),
                Some(Entry::Field(field)) if last => return Found::Field(field),
                Some(Entry::Field(field)) if field.kind == Kind::Flattened => return Found::Ignored,
                Some(Entry::Field(_)) => return Found::Below(&path[..end]),
                None => return Found::Missing(dynamic),
            }
        }
        Found::Missing(dynamic)
    }

    fn check_limit(&self, more: usize) -> Result<(), Failure> {
        // The root is no field.
        let count = self.entries.values().map(size).sum::<usize>() - 1;
        if count + more <= self.fields_max {
            return Ok(());
        }
        let reason = format!(
            "Limit of total fields [{}] has been exceeded while adding new fields [{}]",
            self.fields_max,
            if more == 0 { count } else { more }
        );
        Err(Failure::illegal(reason))
    }
}

impl Dynamic {
    fn read(value: Option<&Value>) -> Result<Option<Dynamic>, Failure> {
        match value {
            None => Ok(None),
            Some(Value::Bool(true)) => Ok(Some(Dynamic::True)),
            Some(Value::Bool(false)) => Ok(Some(Dynamic::False)),
            Some(Value::String(word)) => match word.as_str() {
                "true" => Ok(Some(Dynamic::True)),
                // Runtime fields are not made here; what matters is that they never refuse a document.
                "false" | "runtime" => Ok(Some(Dynamic::False)),
                "strict" => Ok(Some(Dynamic::Strict)),
                other => Err(Failure::mapping(format!("unknown dynamic [{other}]"))),
            },
            Some(other) => Err(Failure::mapping(format!("unknown dynamic [{other}]"))),
        }
    }
}

impl DynamicTemplate {
    fn fits(&self, path: &str, value: &Value, date_detection: bool) -> bool {
        let kind = match value {
            Value::Object(_) => "object",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "double",
            Value::Number(_) => "long",
            Value::String(text) if date_detection && super::date::is_date(text) => "date",
            _ => "string",
        };
        let name = path.rsplit_once('.').map_or(path, |(_, name)| name);
        // A template without a type is for fields, not for the objects around them.
        let any = self.mapping_type == "*" && kind != "object";
        (any || self.mapping_type == kind) && pattern::matches(&self.name, name) && pattern::matches(&self.path, path)
    }
}

fn dynamic_templates(value: Option<&Value>) -> Result<Vec<DynamicTemplate>, Failure> {
    let bad = || Failure::mapping("A dynamic template must be defined with a name");
    let list = value.map_or(Some(&[][..]), |list| list.as_array().map(Vec::as_slice)).ok_or_else(bad)?;
    let read = |entry: &Value| {
        let (_, template) = entry.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next())?;
        let text = |name: &str| template.get(name).and_then(Value::as_str).unwrap_or("*").to_owned();
        let mapping = template.get("mapping")?.as_object()?.clone();
        let (mapping_type, name, path) = (text("match_mapping_type"), text("match"), text("path_match"));
        Some(DynamicTemplate { mapping_type, name, path, mapping })
    };
    list.iter().map(|entry| read(entry).ok_or_else(bad)).collect()
}

fn size(entry: &Entry) -> usize {
    match entry {
        Entry::Object { .. } => 1,
        Entry::Field(field) => 1 + field.sub_fields,
    }
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}
