//! Metrics by their owner, and the budgets.

use std::fmt::Write;

use crate::model::{Contract, Label, Metric, MetricType};
use crate::resolve::OTHER;

use super::cell;

pub(super) fn write(contract: &Contract, out: &mut String) {
    let _ = write!(
        out,
        "## Metrics\n\nA metric has one owner, the only one that reports it. A gauge without a sample is absent, \
         never 0. A label holds a code, never a sentence or a number; it has a closed set of values, or a cap: a \
         value that is not in the set, or beyond the cap, counts under `{OTHER}` and in \
         `tapline_label_values_capped_total`. Metrics that an alert counts on are marked; all their series are there \
         from the start, at 0, so that a first increment fires.\n\n"
    );
    for (index, component) in contract.components.iter().enumerate() {
        let metrics: Vec<&Metric> = contract.metrics.iter().filter(|m| usize::from(m.owner.0) == index).collect();
        if metrics.is_empty() {
            continue;
        }
        let _ = write!(
            out,
            "### Metrics of {}\n\n| metric | type | unit | labels | what |\n|---|---|---|---|---|\n",
            component.name
        );
        for metric in metrics {
            let labels: Vec<String> = metric.labels.iter().map(label).collect();
            let alert = if metric.alert { " **Alert.**" } else { "" };
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {}{alert}{} |",
                metric.name,
                metric.kind,
                metric.unit.as_deref().unwrap_or_default(),
                labels.join("; "),
                cell(&metric.help),
                buckets(metric)
            );
        }
        out.push('\n');
    }
    budgets(contract, out);
}

fn label(label: &Label) -> String {
    if label.values.is_empty() {
        return format!("`{}` (at most {})", label.name, label.cap);
    }
    let values: Vec<String> = label.values.iter().map(|v| format!("`{v}`")).collect();
    format!("`{}`: {}", label.name, values.join(" "))
}

fn buckets(metric: &Metric) -> String {
    if metric.kind != MetricType::Histogram {
        return String::new();
    }
    let bounds: Vec<String> = metric.buckets.iter().map(|b| b.to_string()).collect();
    format!(" Bounds {}.", bounds.join(", "))
}

fn budgets(contract: &Contract, out: &mut String) {
    if contract.budgets.is_empty() {
        return;
    }
    out.push_str("## Budgets\n\n| budget | at most | shown by | what |\n|---|--:|---|---|\n");
    for budget in &contract.budgets {
        let metric = budget.metric.as_ref().map(|m| format!("`{m}`")).unwrap_or_default();
        let _ =
            writeln!(out, "| {} | {} {} | {metric} | {} |", budget.name, budget.limit, budget.unit, cell(&budget.doc));
    }
    out.push('\n');
}
