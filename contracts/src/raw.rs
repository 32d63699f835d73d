//! The contract as it stands in the file: names and lines, nothing looked up yet.
//!
//! `resolve.rs` makes the model of it. Both report into the same findings, so one run shows every
//! mistake of both stages.

mod reader;

use toml::de::{DeTable, DeValue};

use crate::model::{
    Budget, Constant, Kind, Lane, Level, MetricType, MissingField, Note, Partition, Policy, Sensitivity, UnknownEvent,
    UnknownField,
};

use reader::Section;
pub(crate) use reader::{Findings, Spot};

pub(crate) struct RawContract {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) doc: String,
    pub(crate) envelope: Vec<Spot<String>>,
    pub(crate) policy: Policy,
    pub(crate) log_days: u32,
    pub(crate) audit_days: Option<Spot<u32>>,
    pub(crate) components: Vec<RawComponent>,
    pub(crate) fields: Vec<RawField>,
    pub(crate) events: Vec<RawEvent>,
    pub(crate) tables: Vec<RawTable>,
    pub(crate) metrics: Vec<RawMetric>,
    pub(crate) budgets: Vec<(Budget, usize)>,
    pub(crate) notes: Vec<Note>,
}

pub(crate) struct RawComponent {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) doc: String,
    pub(crate) aliases: Vec<Spot<String>>,
}

pub(crate) struct RawField {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) kind: Kind,
    pub(crate) unit: Option<String>,
    pub(crate) sensitivity: Sensitivity,
    pub(crate) join: bool,
    pub(crate) free_text: bool,
    pub(crate) values: Vec<String>,
    pub(crate) codes: Vec<(Spot<String>, String)>,
    pub(crate) doc: String,
    pub(crate) aliases: Vec<Spot<String>>,
}

pub(crate) struct RawEvent {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) component: Option<Spot<String>>,
    pub(crate) lane: Lane,
    pub(crate) level: Level,
    pub(crate) doc: String,
    pub(crate) required: Vec<Spot<String>>,
    pub(crate) optional: Vec<Spot<String>>,
    pub(crate) table: Option<Spot<String>>,
    pub(crate) renames: Vec<(Spot<String>, String)>,
    pub(crate) forms: Vec<RawForm>,
}

pub(crate) struct RawForm {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) renames: Vec<(Spot<String>, String)>,
    pub(crate) constants: Vec<(Spot<String>, Constant)>,
    pub(crate) values: Vec<(Spot<String>, Spellings)>,
}

/// (their value, ours).
pub(crate) type Spellings = Vec<(String, String)>;

pub(crate) struct RawTable {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) doc: String,
    pub(crate) columns: Vec<Spot<String>>,
    pub(crate) order_by: Vec<Spot<String>>,
    pub(crate) partition_by: Partition,
    pub(crate) ttl_days: Option<Spot<u32>>,
    pub(crate) ttl_override_reason: Option<String>,
}

pub(crate) struct RawMetric {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) kind: MetricType,
    pub(crate) owner: Option<Spot<String>>,
    pub(crate) unit: Option<String>,
    pub(crate) help: String,
    pub(crate) labels: Vec<RawLabel>,
    pub(crate) buckets: Vec<f64>,
    pub(crate) fixed: bool,
    pub(crate) alert: bool,
}

pub(crate) struct RawLabel {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) values: Vec<Spot<String>>,
    pub(crate) cap: Option<Spot<u32>>,
}

// === impl RawContract ===

impl RawContract {
    /// Reads the text; mistakes go into `findings`, and what is wrong is left out or defaulted.
    pub(crate) fn read(text: &str, findings: &Findings) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let line = error.span().map(|span| findings.line_of(span.start));
            findings.add(line, "", format!("not valid TOML: {}", error.message().trim()), None);
        }
        let root = Section::root(findings, root.get_ref());
        let contract = Self::read_root(&root);
        root.finish();
        contract
    }

    fn read_root(root: &Section<'_, '_>) -> Self {
        let head = root.section("contract");
        if head.is_none() {
            root.missing("[contract]", "name and version of the contract stand there");
        }
        let text = |key| head.as_ref().and_then(|h| h.text(key)).map(|t| t.value).unwrap_or_default();
        let (name, version, doc) = (text("name"), text("version"), text("doc"));
        let envelope = head.as_ref().map(|h| h.texts("envelope")).unwrap_or_default();
        if let Some(head) = head {
            for (key, value) in [("name", &name), ("version", &version)] {
                if value.is_empty() {
                    head.missing(key, "what is generated from the contract carries it");
                }
            }
            head.finish();
        }

        let policy = root.section("policy");
        let retention = root.section("retention");
        let contract = Self {
            name,
            version,
            doc: doc.trim().to_owned(),
            envelope,
            policy: Policy {
                unknown_event: word_or(&policy, "unknown_event", UnknownEvent::Accept),
                unknown_field: word_or(&policy, "unknown_field", UnknownField::Details),
                missing_field: word_or(&policy, "missing_field", MissingField::Count),
            },
            log_days: retention.as_ref().and_then(|r| r.whole("log_days")).map_or(30, |d| d.value),
            audit_days: retention.as_ref().and_then(|r| r.whole("audit_days")),
            components: each(root, "components", RawComponent::read),
            fields: each(root, "fields", RawField::read),
            events: each(root, "events", RawEvent::read),
            tables: each(root, "tables", RawTable::read),
            metrics: each(root, "metrics", RawMetric::read),
            budgets: each(root, "budgets", read_budget),
            notes: each(root, "notes", read_note),
        };
        policy.into_iter().chain(retention).for_each(Section::finish);
        contract
    }
}

fn word_or<W: crate::words::Word>(section: &Option<Section<'_, '_>>, key: &'static str, default: W) -> W {
    section.as_ref().and_then(|s| s.word(key)).unwrap_or(default)
}

fn each<T>(root: &Section<'_, '_>, key: &'static str, read: impl Fn(String, &Section<'_, '_>) -> T) -> Vec<T> {
    root.sections(key)
        .into_iter()
        .map(|(name, section)| {
            let item = read(name, &section);
            section.finish();
            item
        })
        .collect()
}

// === the parts ===

impl RawComponent {
    fn read(name: String, s: &Section<'_, '_>) -> Self {
        Self { name, line: s.line, doc: s.doc("doc"), aliases: s.texts("aliases") }
    }
}

impl RawField {
    fn read(name: String, s: &Section<'_, '_>) -> Self {
        Self {
            name,
            line: s.line,
            kind: s.needed_word("kind", "text, int, float, bool or json, the same in every event", Kind::Text),
            unit: s.text("unit").map(|u| u.value),
            sensitivity: s.word("sensitivity").unwrap_or(Sensitivity::Public),
            join: s.flag("join"),
            free_text: s.flag("free_text"),
            values: s.texts("values").into_iter().map(|v| v.value).collect(),
            codes: s.text_entries("codes"),
            doc: s.doc("doc"),
            aliases: s.texts("aliases"),
        }
    }
}

impl RawEvent {
    fn read(name: String, s: &Section<'_, '_>) -> Self {
        let component = s.text("component");
        if component.is_none() {
            s.missing("component", "an event belongs to one component");
        }
        Self {
            name,
            line: s.line,
            component,
            lane: s.needed_word("lane", "guard, audit, log or metric: what is done when its queue is full", Lane::Log),
            level: s.needed_word("level", "trace, debug, info, warning, error or critical", Level::Info),
            doc: s.doc("doc"),
            required: s.texts("required"),
            optional: s.texts("optional"),
            table: s.text("table"),
            renames: s.text_entries("renames"),
            forms: s.list("forms").into_iter().filter_map(|(value, line)| RawForm::read(s, value, line)).collect(),
        }
    }
}

impl RawForm {
    /// A form is a name alone, or a table with a name and what differs.
    fn read<'a, 't>(event: &Section<'a, 't>, value: &'a DeValue<'t>, line: usize) -> Option<Self> {
        if let DeValue::String(name) = value {
            let name = name.to_string();
            return Some(Self { name, line, renames: vec![], constants: vec![], values: vec![] });
        }
        let s = event.enter(value, format!("{}.forms", event.path), line)?;
        let name = s.text("name");
        if name.is_none() {
            s.missing("name", "the name under which the other program prints this event");
        }
        let mut constants = Vec::new();
        for (field, value) in s.entries("constants") {
            match constant(value) {
                Some(value) => constants.push((field, value)),
                None => s.missing(&format!("constants.{}", field.value), "a text, number or truth value"),
            }
        }
        let mut values = Vec::new();
        for (field, map) in s.entries("values") {
            let mut pairs = Vec::new();
            match map {
                DeValue::Table(table) => {
                    for (theirs, ours) in table {
                        match ours.get_ref() {
                            DeValue::String(ours) => {
                                pairs.push((theirs.get_ref().to_string(), ours.to_string()));
                            }
                            _ => s.missing(&format!("values.{}.{}", field.value, theirs.get_ref()), "a text"),
                        }
                    }
                }
                _ => s.missing(&format!("values.{}", field.value), "a table of their value = \"ours\""),
            }
            values.push((field, pairs));
        }
        let form = Self { name: name?.value, line, renames: s.text_entries("renames"), constants, values };
        s.finish();
        Some(form)
    }
}

fn constant(value: &DeValue<'_>) -> Option<Constant> {
    Some(match value {
        DeValue::String(text) => Constant::Text(text.to_string()),
        DeValue::Boolean(flag) => Constant::Bool(*flag),
        DeValue::Integer(int) => Constant::Int(i64::from_str_radix(int.as_str(), int.radix()).ok()?),
        DeValue::Float(float) => Constant::Float(float.as_str().parse().ok()?),
        _ => return None,
    })
}

impl RawTable {
    fn read(name: String, s: &Section<'_, '_>) -> Self {
        Self {
            name,
            line: s.line,
            doc: s.doc("doc"),
            columns: s.texts("columns"),
            order_by: s.texts("order_by"),
            partition_by: s.word("partition_by").unwrap_or(Partition::Month),
            ttl_days: s.whole("ttl_days"),
            ttl_override_reason: s.text("ttl_override_reason").map(|r| r.value),
        }
    }
}

impl RawMetric {
    fn read(name: String, s: &Section<'_, '_>) -> Self {
        let owner = s.text("owner");
        if owner.is_none() {
            s.missing("owner", "the one component that reports it; two writers overwrite each other");
        }
        Self {
            name,
            line: s.line,
            kind: s.needed_word("type", "counter, gauge or histogram", MetricType::Gauge),
            owner,
            unit: s.text("unit").map(|u| u.value),
            help: s.doc("help"),
            labels: s
                .sections("labels")
                .into_iter()
                .map(|(name, label)| {
                    let raw =
                        RawLabel { name, line: label.line, values: label.texts("values"), cap: label.whole("cap") };
                    label.finish();
                    raw
                })
                .collect(),
            buckets: s.numbers("buckets"),
            fixed: s.flag("fixed"),
            alert: s.flag("alert"),
        }
    }
}

fn read_budget(name: String, s: &Section<'_, '_>) -> (Budget, usize) {
    let limit = s.number("limit");
    if limit.is_none() {
        s.missing("limit", "the number that must not be passed");
    }
    let budget = Budget {
        name,
        doc: s.doc("doc"),
        metric: s.text("metric").map(|m| m.value),
        limit: limit.unwrap_or(0.0),
        unit: s.text("unit").map(|u| u.value).unwrap_or_default(),
    };
    (budget, s.line)
}

fn read_note(name: String, s: &Section<'_, '_>) -> Note {
    Note { name, title: s.doc("title"), text: s.doc("text") }
}
