//! Prometheus text exposition (0.0.4), for a process that is scraped itself.

use std::fmt::Write;

use super::snapshot::{MetricFamily, MetricValue};

/// A family without samples has no lines at all.
pub fn write(families: &[MetricFamily], out: &mut String) {
    for family in families.iter().filter(|family| !family.samples.is_empty()) {
        let name = family.name;
        let _ = writeln!(out, "# HELP {name} {}", escape(family.help, false));
        let _ = writeln!(out, "# TYPE {name} {}", family.kind.name());
        for sample in &family.samples {
            let labels = &sample.labels;
            match &sample.value {
                MetricValue::Counter(value) => line(out, name, "", labels, None, &value.to_string()),
                MetricValue::Gauge(value) => line(out, name, "", labels, None, &number(*value)),
                MetricValue::Histogram { buckets, sum, count } => {
                    for (bound, reached) in buckets {
                        let bound = number(*bound);
                        line(out, name, "_bucket", labels, Some(&bound), &reached.to_string());
                    }
                    line(out, name, "_bucket", labels, Some("+Inf"), &count.to_string());
                    line(out, name, "_sum", labels, None, &number(*sum));
                    line(out, name, "_count", labels, None, &count.to_string());
                }
            }
        }
    }
}

fn line(
    out: &mut String,
    name: &str,
    suffix: &str,
    labels: &[(&'static str, String)],
    bound: Option<&str>,
    value: &str,
) {
    out.push_str(name);
    out.push_str(suffix);
    let labels = labels.iter().map(|(name, value)| (*name, value.as_str()));
    let mut open = '{';
    for (label, value) in labels.chain(bound.map(|bound| ("le", bound))) {
        let _ = write!(out, "{open}{label}=\"{}\"", escape(value, true));
        open = ',';
    }
    if open == ',' {
        out.push('}');
    }
    let _ = writeln!(out, " {value}");
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.into()
    } else if value == value.trunc() && value.abs() < 1e15 {
        format!("{value:.0}")
    } else {
        format!("{value:?}")
    }
}

fn escape(text: &str, quoted: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if quoted { text.replace('"', "\\\"") } else { text }
}
