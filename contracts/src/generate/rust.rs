//! The Rust client's typed events, metric handles and tables.
//!
//! What it writes is ordinary source, committed under `contracts/clients/rust/src/generated`, so
//! that an editor shows it and the client builds without this crate.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write;

use crate::model::{Contract, Event, EventField, Field, Kind, Lane, Level, Metric, MetricType};

const FOLDER: &str = "contracts/clients/rust/src/generated";

/// A record's presence bitmap has so many bits.
const EVENT_FIELDS_MAX: usize = 64;

/// Accessors for each combination of closed label values are written up to this number; beyond it
/// there is `with`.
const ACCESSORS_MAX: usize = 64;

/// Path from the repository's root, and text.
pub fn files(contract: &Contract) -> Vec<(String, String)> {
    [
        ("components.rs", components(contract)),
        ("events.rs", events(contract)),
        ("metrics.rs", metrics(contract)),
        ("tables.rs", tables(contract)),
    ]
    .map(|(name, text)| (format!("{FOLDER}/{name}"), text))
    .into()
}

fn head(doc: &str) -> String {
    format!("//! {doc}\n//!\n//! Generated from `contracts/trading.toml` by `cargo xtask bless`; do not edit.\n\n")
}

fn components(contract: &Contract) -> String {
    let mut out = head("The components of the contract.");
    out.push_str(
        "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n\
         #[repr(u8)]\n\
         pub enum Component {\n",
    );
    for (index, component) in contract.components.iter().enumerate() {
        out.push_str(&doc("    ", &component.doc));
        let _ = writeln!(out, "    {} = {index},", pascal(&component.name));
    }
    let count = contract.components.len();
    let _ = writeln!(
        out,
        "}}\n\nimpl Component {{\n    pub const COUNT: usize = {count};\n    \
         /// In the contract's order.\n    \
         pub const ALL: [Component; Component::COUNT] = ["
    );
    for component in &contract.components {
        let _ = writeln!(out, "        Component::{},", pascal(&component.name));
    }
    out.push_str("    ];\n\n    pub fn name(self) -> &'static str {\n        match self {\n");
    for component in &contract.components {
        let (variant, name) = (pascal(&component.name), &component.name);
        let _ = writeln!(out, "            Component::{variant} => {name:?},");
    }
    out.push_str(
        "        }\n    }\n\n    \
         pub fn from_index(index: u8) -> Option<Component> {\n        \
         Component::ALL.get(usize::from(index)).copied()\n    }\n}\n",
    );
    out
}

fn events(contract: &Contract) -> String {
    let mut out = head("One struct for each event of the contract.");
    out.push_str(
        "use crate::event::{Event, Generated};\nuse crate::record::RecordWriter;\nuse crate::schema::{Lane, Level};\n",
    );
    for (id, event) in contract.events.iter().enumerate() {
        event_struct(contract, event, &mut out);
        event_impl(contract, id, event, &mut out);
    }
    out
}

fn event_struct(contract: &Contract, event: &Event, out: &mut String) {
    out.push('\n');
    out.push_str(&doc("", &event.doc));
    let table = event
        .table
        .map_or_else(String::new, |table| format!(", kept in `{}`", contract.tables[usize::from(table.0)].name));
    let component = &contract.components[usize::from(event.component.0)].name;
    let (lane, level) = (lane(event.lane), level(event.level));
    out.push_str("///\n");
    out.push_str(&doc(
        "",
        &format!(
            "`{}` of component `{component}`, lane `{}`, level `{}`{table}.",
            event.name,
            lane.to_lowercase(),
            level.to_lowercase()
        ),
    ));
    let _ = writeln!(
        out,
        "#[derive(Clone, Copy, Debug, Default)]\npub struct {}{} {{",
        pascal(&event.name),
        if borrows(contract, event) { "<'a>" } else { "" }
    );
    for field in &event.fields {
        let declared = declared(contract, field);
        out.push_str(&doc("    ", &field_doc(declared)));
        let kind = match declared.kind {
            Kind::Text | Kind::Json => "&'a str",
            Kind::Int => "i64",
            Kind::Float => "f64",
            Kind::Bool => "bool",
        };
        let kind = if field.required { kind.to_owned() } else { format!("Option<{kind}>") };
        let _ = writeln!(out, "    pub {}: {kind},", ident(&declared.name));
    }
    out.push_str("}\n");
}

fn event_impl(contract: &Contract, id: usize, event: &Event, out: &mut String) {
    let name = pascal(&event.name);
    let lifetime = if borrows(contract, event) { "<'_>" } else { "" };
    let _ = writeln!(
        out,
        "\nimpl Generated for {name}{lifetime} {{}}\n\nimpl Event for {name}{lifetime} {{\n    \
         const ID: u16 = {id};\n    \
         const NAME: &'static str = {:?};\n    \
         const LANE: Lane = Lane::{};\n    \
         const LEVEL: Level = Level::{};\n\n    \
         #[inline(always)]\n    \
         fn encode(&self, w: &mut RecordWriter<'_>) {{",
        event.name,
        lane(event.lane),
        level(event.level),
    );
    for (bit, field) in wire_order(contract, event).into_iter().enumerate() {
        let declared = declared(contract, field);
        let method = match declared.kind {
            Kind::Text | Kind::Json => "text",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Bool => "bool",
        };
        let suffix = if field.required { "" } else { "_opt" };
        let _ = writeln!(out, "        w.{method}{suffix}({bit}, self.{});", ident(&declared.name));
    }
    out.push_str("    }\n}\n");
}

/// Numbers first, where a constant offset is cheapest, then the texts: the keys that join a
/// transaction, names and codes, free text, JSON. What does not fit into a slot is cut at its end.
fn wire_order<'c>(contract: &Contract, event: &'c Event) -> Vec<&'c EventField> {
    assert!(
        event.fields.len() <= EVENT_FIELDS_MAX,
        "event {} has {} fields, a record takes {EVENT_FIELDS_MAX}: move some into a `json` field",
        event.name,
        event.fields.len()
    );
    let mut fields: Vec<&EventField> = event.fields.iter().collect();
    fields.sort_by_key(|field| {
        let declared = declared(contract, field);
        let class = match declared.kind {
            Kind::Int | Kind::Float | Kind::Bool => 0,
            Kind::Text if declared.join => 1,
            Kind::Text if !declared.free_text => 2,
            Kind::Text => 3,
            Kind::Json => 4,
        };
        (class, !field.required)
    });
    fields
}

fn tables(contract: &Contract) -> String {
    let mut out = head("Events, fields and metrics as tables.");
    let _ = writeln!(
        out,
        "use crate::Component;\nuse crate::schema::{{\n    \
         EventSchema, FieldSchema, Kind, LabelSchema, Lane, Level, MetricKind, MetricSchema,\n}};\n\n\
         /// Which contract this is: stable over formatting, changes with any meaning.\n\
         pub const CONTRACT_HASH: &str = {:?};\n\
         pub const CONTRACT_VERSION: &str = {:?};\n\n\
         /// In the contract's order.\n\
         pub static FIELDS: [FieldSchema; {}] = [",
        contract.hash,
        contract.version,
        contract.fields.len()
    );
    for field in &contract.fields {
        let kind = match field.kind {
            Kind::Text => "Text",
            Kind::Int => "Int",
            Kind::Float => "Float",
            Kind::Bool => "Bool",
            Kind::Json => "Json",
        };
        let _ = writeln!(out, "    FieldSchema {{ name: {:?}, kind: Kind::{kind} }},", field.name);
    }
    let _ = writeln!(
        out,
        "];\n\n/// In the contract's order; a record's event number is an index into it.\n\
         pub static EVENTS: [EventSchema; {}] = [",
        contract.events.len()
    );
    for event in &contract.events {
        let fields: Vec<String> = wire_order(contract, event).iter().map(|field| field.field.0.to_string()).collect();
        let _ = writeln!(
            out,
            "    EventSchema {{\n        name: {:?},\n        component: Component::{},\n        \
             lane: Lane::{},\n        level: Level::{},\n        fields: &[{}],\n    }},",
            event.name,
            pascal(&contract.components[usize::from(event.component.0)].name),
            lane(event.lane),
            level(event.level),
            fields.join(", ")
        );
    }
    let _ = writeln!(
        out,
        "];\n\n/// In the contract's order.\npub static METRICS: [MetricSchema; {}] = [",
        contract.metrics.len()
    );
    for metric in &contract.metrics {
        metric_schema(contract, metric, &mut out);
    }
    out.push_str("];\n");
    out
}

fn metric_schema(contract: &Contract, metric: &Metric, out: &mut String) {
    let kind = match metric.kind {
        MetricType::Counter => "Counter",
        MetricType::Gauge => "Gauge",
        MetricType::Histogram => "Histogram",
    };
    let owner = pascal(&contract.components[usize::from(metric.owner.0)].name);
    let labels: String = metric
        .labels
        .iter()
        .map(|label| {
            let (name, values, cap) = (&label.name, &label.values, label.cap);
            format!("\n            LabelSchema {{ name: {name:?}, values: &{values:?}, cap: {cap} }},")
        })
        .collect();
    let _ = writeln!(
        out,
        "    MetricSchema {{\n        name: {:?},\n        kind: MetricKind::{kind},\n        \
         help: {:?},\n        owner: Component::{owner},\n        labels: &[{labels}{}],\n        \
         buckets: &{:?},\n    }},",
        metric.name,
        metric.help,
        if labels.is_empty() { "" } else { "\n        " },
        metric.buckets,
    );
}

fn metrics(contract: &Contract) -> String {
    let mut out = head("One member for each metric of the contract.");
    let open = contract.metrics.iter().any(is_open);
    if open {
        out.push_str("use std::sync::Arc;\n\n");
    }
    let used = |kind| contract.metrics.iter().any(|metric| metric.kind == kind);
    let mut names = vec!["Closed", "MetricFamily"];
    names.extend(used(MetricType::Counter).then_some("Counter"));
    names.extend(used(MetricType::Gauge).then_some("Gauge"));
    names.extend(used(MetricType::Histogram).then_some("Histogram"));
    names.extend(open.then_some("Open"));
    names.sort_unstable();
    let _ = writeln!(out, "use crate::metric::{{{}}};\nuse crate::schema::METRICS;\n", names.join(", "));
    out.push_str("/// The handles of all metrics of the contract.\n#[derive(Debug)]\npub struct Metrics {\n");
    for metric in &contract.metrics {
        out.push_str(&doc("    ", &metric.help));
        let name = &metric.name;
        let _ = writeln!(out, "    pub {}: {},", ident(name), pascal(name));
    }
    out.push_str("}\n\nimpl Metrics {\n    pub(crate) fn new() -> Metrics {\n        Metrics {\n");
    for (index, metric) in contract.metrics.iter().enumerate() {
        let (name, form) = (ident(&metric.name), form(metric));
        let kind = pascal(&metric.name);
        let _ = writeln!(out, "            {name}: {kind} {{ family: {form}::new(&METRICS[{index}]) }},");
    }
    out.push_str("        }\n    }\n\n    pub(crate) fn gather(&self, families: &mut Vec<MetricFamily>) {\n");
    for metric in &contract.metrics {
        let _ = writeln!(out, "        self.{}.family.gather(families);", ident(&metric.name));
    }
    out.push_str("    }\n}\n");
    for metric in &contract.metrics {
        metric_family(metric, &mut out);
    }
    out
}

fn metric_family(metric: &Metric, out: &mut String) {
    let name = pascal(&metric.name);
    let instrument = instrument(metric);
    let _ = writeln!(
        out,
        "\n/// Handles of [`{0}`](Metrics::{0}).\n#[derive(Debug)]\npub struct {name} {{\n    \
         family: {1}<{instrument}>,\n}}\n",
        metric.name,
        form(metric),
    );
    if metric.labels.is_empty() {
        // The one series behaves as if it were the member itself.
        let _ = writeln!(
            out,
            "impl std::ops::Deref for {name} {{\n    type Target = {instrument};\n\n    \
             #[inline]\n    fn deref(&self) -> &{instrument} {{\n        self.family.at(0)\n    }}\n}}"
        );
        return;
    }
    let _ = writeln!(out, "impl {name} {{");
    if !is_open(metric) {
        for (index, (accessor, shown)) in accessors(metric).into_iter().enumerate() {
            let Some(accessor) = accessor else { continue };
            let _ = writeln!(
                out,
                "    /// `{shown}`\n    #[inline]\n    pub fn {accessor}(&self) -> &{instrument} {{\n        \
                 self.family.at({index})\n    }}\n"
            );
        }
    }
    let arguments: Vec<String> = metric.labels.iter().map(|label| ident(&label.name)).collect();
    let parameters: String = arguments.iter().map(|argument| format!(", {argument}: &str")).collect();
    let (what, result) = if is_open(metric) {
        ("Locks: keep the handle.", format!("Arc<{instrument}>"))
    } else {
        ("Any other value counts under `_other`.", format!("&{instrument}"))
    };
    let _ = writeln!(
        out,
        "    /// By label value. {what}\n    \
         pub fn with(&self{parameters}) -> {result} {{\n        \
         self.family.find(&[{}])\n    }}\n}}",
        arguments.join(", ")
    );
}

/// For each combination of closed label values, the last label fastest: the accessor's name, if it
/// can have one of its own, and the labels.
fn accessors(metric: &Metric) -> Vec<(Option<String>, String)> {
    let mut combinations: Vec<Vec<&str>> = vec![Vec::new()];
    for label in &metric.labels {
        combinations = combinations
            .into_iter()
            .flat_map(|before| {
                label.values.iter().map(move |value| {
                    let mut combination = before.clone();
                    combination.push(value);
                    combination
                })
            })
            .collect();
    }
    let names: Vec<String> = combinations.iter().map(|values| snake(&values.join("_"))).collect();
    let mut seen = HashSet::from(["with".to_owned()]);
    let doubles: BTreeSet<&String> = names.iter().filter(|name| !seen.insert((*name).clone())).collect();
    let few = combinations.len() <= ACCESSORS_MAX;
    names
        .iter()
        .zip(&combinations)
        .map(|(name, values)| {
            let shown: Vec<String> =
                metric.labels.iter().zip(values).map(|(label, value)| format!("{}={value:?}", label.name)).collect();
            ((few && !doubles.contains(name)).then(|| ident(name)), shown.join(", "))
        })
        .collect()
}

fn is_open(metric: &Metric) -> bool {
    metric.labels.iter().any(|label| label.values.is_empty())
}

fn form(metric: &Metric) -> &'static str {
    if is_open(metric) { "Open" } else { "Closed" }
}

fn instrument(metric: &Metric) -> &'static str {
    match metric.kind {
        MetricType::Counter => "Counter",
        MetricType::Gauge => "Gauge",
        MetricType::Histogram => "Histogram",
    }
}

fn declared<'c>(contract: &'c Contract, field: &EventField) -> &'c Field {
    &contract.fields[usize::from(field.field.0)]
}

/// Whether the event's struct borrows any text.
fn borrows(contract: &Contract, event: &Event) -> bool {
    event.fields.iter().any(|field| matches!(declared(contract, field).kind, Kind::Text | Kind::Json))
}

fn lane(lane: Lane) -> &'static str {
    match lane {
        Lane::Guard => "Guard",
        Lane::Audit => "Audit",
        Lane::Log => "Log",
        Lane::Metric => "Metric",
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Trace => "Trace",
        Level::Debug => "Debug",
        Level::Info => "Info",
        Level::Warning => "Warning",
        Level::Error => "Error",
        Level::Critical => "Critical",
    }
}

fn field_doc(field: &Field) -> String {
    let mut text = field.doc.clone();
    if let Some(unit) = &field.unit {
        let _ = write!(text, " Unit: {unit}.");
    }
    if !field.values.is_empty() {
        let _ = write!(text, " One of `{}`.", field.values.join("`, `"));
    }
    text
}

/// As doc lines. Angle and square brackets would be taken for markup.
fn doc(indent: &str, text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let line = line.replace('<', "\\<").replace('[', "\\[");
        let _ = writeln!(out, "{indent}/// {}", line.trim_end());
    }
    out
}

/// `risk_decision` → `RiskDecision`.
fn pascal(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .flat_map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(chars)
        })
        .collect()
}

/// `CamelCase`, `UPPER_CASE` and `with-dashes` → a lower-case name.
fn snake(text: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for c in text.chars() {
        if !c.is_ascii_alphanumeric() {
            out.push('_');
        } else {
            if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}

/// A keyword is written as a raw identifier, or with an underscore where that is not allowed.
fn ident(name: &str) -> String {
    const KEYWORDS: &[&str] = &[
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
        "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
        "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type",
        "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    ];
    match name {
        "self" | "Self" | "super" | "crate" | "_" => format!("{name}_"),
        _ if KEYWORDS.contains(&name) => format!("r#{name}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_rust_names() {
        assert_eq!(pascal("risk_decision"), "RiskDecision");
        assert_eq!(snake("POSITION_LIMIT"), "position_limit");
        assert_eq!(snake("stormGuard-halt"), "storm_guard_halt");
        assert_eq!(snake("5xx"), "_5xx");
        assert_eq!(ident("type"), "r#type");
        assert_eq!(ident("self"), "self_");
    }

    #[test]
    fn every_event_and_metric_of_the_contract_is_there() {
        let contract = Contract::embedded();
        let files = files(contract);
        let text = |name: &str| &files.iter().find(|(path, _)| path.ends_with(name)).unwrap().1;
        for event in &contract.events {
            let name = pascal(&event.name);
            assert!(text("events.rs").contains(&format!("impl Event for {name}")), "{name}");
        }
        for metric in &contract.metrics {
            let name = pascal(&metric.name);
            assert!(text("metrics.rs").contains(&format!("pub struct {name} {{")), "{name}");
        }
    }

    #[test]
    fn texts_that_may_be_long_come_last() {
        let contract = Contract::embedded();
        for event in &contract.events {
            let kinds: Vec<bool> = wire_order(contract, event)
                .iter()
                .map(|field| matches!(declared(contract, field).kind, Kind::Text | Kind::Json))
                .collect();
            assert!(kinds.is_sorted(), "{}", event.name);
        }
    }
}
