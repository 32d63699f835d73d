//! Python types of the events: a stub, for type checkers and editors.

use std::fmt::Write;

use crate::model::{Contract, Event, Field, FieldId, Kind, Lane, Level, Metric};
use crate::words::Word;

use super::origin;

/// One `TypedDict` for each event, and the names of everything as literal types.
pub fn types(contract: &Contract) -> String {
    let mut out = format!(
        "# {}\n\"\"\"Types of the contract {}: one TypedDict for each event.\"\"\"\n\n\
         from typing import Any, Final, Literal, Required, TypeAlias, TypedDict\n\n\
         CONTRACT_NAME: Final = {:?}\nCONTRACT_VERSION: Final = {:?}\n\n",
        origin(contract),
        contract.name,
        contract.name,
        contract.version
    );
    literal(&mut out, "Component", contract.components.iter().map(|c| c.name.as_str()));
    literal(&mut out, "Lane", Lane::ALL.iter().map(|(word, _)| *word));
    literal(&mut out, "Level", Level::ALL.iter().map(|(word, _)| *word));
    literal(&mut out, "EventName", contract.events.iter().map(|e| e.name.as_str()));
    literal(&mut out, "MetricName", contract.metrics.iter().map(|m| m.name.as_str()));

    for event in &contract.events {
        out.push_str(&class(contract, event));
    }
    out.push_str("\n# Labels of each metric that has some.\n");
    for metric in contract.metrics.iter().filter(|metric| !metric.labels.is_empty()) {
        out.push_str(&labels(metric));
    }
    out
}

fn literal<'a>(out: &mut String, name: &str, values: impl Iterator<Item = &'a str>) {
    let values: Vec<String> = values.map(|v| format!("    {v:?},\n")).collect();
    let _ = writeln!(out, "{name}: TypeAlias = Literal[\n{}]\n", values.concat());
}

/// Every class lists all of its keys: inheriting the envelope and then requiring one of its keys is
/// what type checkers refuse.
fn class(contract: &Contract, event: &Event) -> String {
    let mut out = format!(
        "\nclass {}(TypedDict, total=False):\n    {}\n\n    event: Required[Literal[{:?}]]\n    \
         component: Literal[{:?}]\n    ts: int\n    level: Level\n    run: str\n    seq: int\n",
        pascal(&event.name),
        docstring(&event.doc),
        event.name,
        contract.component_at(event.component).name
    );
    for field in &event.fields {
        let declared = contract.field_at(field.field);
        let kind = python_type(declared);
        let kind = if field.required { format!("Required[{kind}]") } else { kind };
        let _ = writeln!(out, "    {}: {kind}", declared.name);
    }
    let named = |id: &FieldId| event.fields.iter().any(|f| f.field == *id);
    for id in contract.envelope.iter().filter(|id| !named(id)) {
        let declared = contract.field_at(*id);
        let _ = writeln!(out, "    {}: {}", declared.name, python_type(declared));
    }
    out
}

/// The functional form, because a label may be called `from`, which is a keyword of Python.
fn labels(metric: &Metric) -> String {
    let name = format!("{}Labels", pascal(&metric.name));
    let labels: Vec<String> = metric
        .labels
        .iter()
        .map(|label| {
            let kind = if label.values.is_empty() { "str".to_owned() } else { one_of(&label.values) };
            format!("{:?}: {kind}", label.name)
        })
        .collect();
    format!("{name} = TypedDict({name:?}, {{{}}})\n", labels.join(", "))
}

fn one_of(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|v| format!("{v:?}")).collect();
    format!("Literal[{}]", values.join(", "))
}

fn python_type(field: &Field) -> String {
    match field.kind {
        Kind::Text if !field.values.is_empty() => one_of(&field.values),
        Kind::Text => "str".to_owned(),
        Kind::Int => "int".to_owned(),
        Kind::Float => "float".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Json => "Any".to_owned(),
    }
}

fn docstring(text: &str) -> String {
    format!("\"\"\"{}\"\"\"", text.replace('\\', "\\\\").replace('"', "'"))
}

fn pascal(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
        })
        .collect()
}
