//! Metrics: names that Prometheus and its users expect, one owner, labels that can't explode.

use std::collections::HashMap;

use crate::model::{Label, Metric, MetricType, Sensitivity};
use crate::raw::{RawLabel, RawMetric};

use super::names::{Names, claim};

/// More series than this under one label are a mistake: a scrape and every query pay for them.
const LABEL_CAP_MAX: u32 = 10_000;

/// What a value becomes when its label is full.
pub(crate) const OTHER: &str = "_other";

/// Endings that Prometheus itself gives to parts of a histogram.
const DERIVED: [&str; 3] = ["_bucket", "_sum", "_count"];

pub(super) fn resolve(raw: Vec<RawMetric>, names: &Names<'_>) -> (Vec<Metric>, HashMap<String, usize>) {
    let mut by_name = HashMap::new();
    let mut metrics = Vec::with_capacity(raw.len());
    for (index, metric) in raw.into_iter().enumerate() {
        let path = format!("metrics.{}", metric.name);
        claim(&mut by_name, names.findings, &path, &metric.name, metric.line, index);
        check_name(&metric, &path, names);
        check_buckets(&metric, &path, names);
        let owner = metric
            .owner
            .as_ref()
            .and_then(|owner| names.component(&format!("{path}.owner"), owner))
            .unwrap_or(crate::model::ComponentId(0));
        let labels = metric.labels.iter().map(|label| resolve_label(label, &metric, &path, names)).collect();
        metrics.push(Metric {
            name: metric.name,
            kind: metric.kind,
            unit: metric.unit,
            help: metric.help,
            owner,
            labels,
            buckets: metric.buckets,
            fixed: metric.fixed,
            alert: metric.alert,
        });
    }
    (metrics, by_name)
}

fn check_name(metric: &RawMetric, path: &str, names: &Names<'_>) {
    let refuse = |problem: String, help: String| names.findings.add(metric.line, path, problem, Some(help));
    let name = metric.name.as_str();
    let mut chars = name.chars();
    let good = chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !good {
        refuse(format!("{name:?} is not a good metric name"), "a-z, 0-9 and _, beginning with a letter".to_owned());
    }
    if metric.fixed {
        return;
    }
    let total = name.ends_with("_total");
    if metric.kind == MetricType::Counter && !total {
        refuse("a counter ends in _total".to_owned(), format!("name it {name}_total"));
    }
    if metric.kind != MetricType::Counter && total {
        refuse(format!("a {} does not end in _total", metric.kind), "that is for counters".to_owned());
    }
    if let Some(ending) = DERIVED.iter().find(|ending| name.ends_with(**ending)) {
        refuse(
            format!("{ending} is what Prometheus appends to a histogram's name"),
            "choose another ending".to_owned(),
        );
    }
    if let Some(unit) = &metric.unit {
        let stem = name.strip_suffix("_total").unwrap_or(name);
        if unit != "1" && !stem.ends_with(&format!("_{unit}")) {
            refuse(format!("the unit is {unit}, but the name does not say so"), format!("end the name in _{unit}"));
        }
        const BASE: [&str; 7] = ["1", "seconds", "bytes", "ratio", "celsius", "volts", "info"];
        if !BASE.contains(&unit.as_str()) {
            refuse(format!("{unit} is not a base unit"), format!("one of {}", BASE.join(", ")));
        }
    }
}

fn check_buckets(metric: &RawMetric, path: &str, names: &Names<'_>) {
    let path = format!("{path}.buckets");
    let refuse = |problem: &str| names.findings.add(metric.line, path.as_str(), problem, None);
    match metric.kind {
        MetricType::Histogram if metric.buckets.is_empty() => refuse("a histogram needs its upper bounds"),
        MetricType::Histogram => {
            if !metric.buckets.iter().all(|b| b.is_finite()) {
                refuse("bounds are finite numbers; +Inf is added by itself");
            }
            if metric.buckets.windows(2).any(|pair| pair[0] >= pair[1]) {
                refuse("bounds must rise from one to the next");
            }
        }
        _ if !metric.buckets.is_empty() => refuse("only a histogram has buckets"),
        _ => {}
    }
}

fn resolve_label(raw: &RawLabel, metric: &RawMetric, path: &str, names: &Names<'_>) -> Label {
    let path = format!("{path}.labels.{}", raw.name);
    let refuse = |line: usize, problem: String, help: &str| {
        names.findings.add(line, path.as_str(), problem, Some(help.to_owned()));
    };
    super::names::check_name(names.findings, &path, &raw.name, raw.line);
    if ["le", "quantile", "job", "instance"].contains(&raw.name.as_str()) {
        refuse(raw.line, format!("{:?} is a label of Prometheus' own", raw.name), "choose another name");
    }
    if let Some(id) = names.fields.get(&raw.name) {
        let field = &names.dictionary[usize::from(id.0)];
        if field.join || field.sensitivity != Sensitivity::Public {
            refuse(
                raw.line,
                format!("{:?} is a join key or sensitive, never a label", raw.name),
                "a label holds a code from a small set",
            );
        }
    }
    for value in &raw.values {
        if !is_code(&value.value) {
            refuse(
                value.line,
                format!("{:?} is not a code", value.value),
                "a label holds a code, never a sentence or a number",
            );
        }
        if raw.values.iter().filter(|v| v.value == value.value).count() > 1 {
            refuse(value.line, format!("{:?} stands here twice", value.value), "each value once");
        }
    }
    if !raw.values.is_empty() && raw.cap.is_some() {
        refuse(raw.line, "a closed set needs no cap".to_owned(), "give values or a cap");
    }
    if raw.values.is_empty() && metric.alert {
        refuse(
            raw.line,
            "an alert counts on this metric, so its labels are closed sets".to_owned(),
            "list the values: each is then reported as 0 from the start, and a first increment fires",
        );
    }
    let cap = match (&raw.cap, raw.values.len()) {
        (Some(cap), 0) => {
            if !(1..=LABEL_CAP_MAX).contains(&cap.value) {
                refuse(
                    cap.line,
                    format!("a cap is from 1 to {LABEL_CAP_MAX}"),
                    "more series than that hurt every query",
                );
            }
            cap.value
        }
        (None, 0) => {
            refuse(raw.line, "neither values nor a cap".to_owned(), "an unbounded label takes the monitoring down");
            0
        }
        (_, count) => count as u32,
    };
    Label { name: raw.name.clone(), values: raw.values.iter().map(|v| v.value.clone()).collect(), cap }
}

/// `POSITION_LIMIT_EXCEEDED` is one, `abs(-3) > 1` is not, nor is `42`.
fn is_code(value: &str) -> bool {
    value != OTHER
        && value.len() <= 64
        && value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}
