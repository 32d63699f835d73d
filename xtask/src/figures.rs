//! Figures from `/metrics`, by a reader of just the lines that are needed.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Serialize;

use super::client::Client;

/// One line of `/metrics`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// What a plugin has done.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct PluginFigures {
    pub(crate) name: String,
    /// Events that went along the chain.
    pub(crate) rows: u64,
    /// Those of them that the plugin subscribed to and saw.
    pub(crate) seen: u64,
    /// The plugin's time by all events: what it costs the chain.
    pub(crate) ns_per_event: f64,
    pub(crate) faults: u64,
}

impl Sample {
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

pub(crate) fn read(client: &Client) -> Result<Vec<PluginFigures>> {
    Ok(plugins(&samples(&client.text("/metrics")?)?))
}

pub(crate) fn plugins(samples: &[Sample]) -> Vec<PluginFigures> {
    let mut plugins: BTreeMap<&str, (f64, f64, f64)> = BTreeMap::new();
    let mut rows = 0.0;
    for sample in samples {
        let plugin = sample.label("plugin");
        match sample.name.as_str() {
            "tapline_batch_events_sum" => rows += sample.value,
            "tapline_plugin_events_total" => plugins.entry(plugin).or_default().0 += sample.value,
            "tapline_plugin_duration_seconds_sum" => plugins.entry(plugin).or_default().1 += sample.value,
            "tapline_plugin_faults_total" => plugins.entry(plugin).or_default().2 += sample.value,
            _ => {}
        }
    }
    let figures = |(name, (seen, seconds, faults)): (&str, (f64, f64, f64))| PluginFigures {
        name: name.to_owned(),
        rows: rows as u64,
        seen: seen as u64,
        ns_per_event: if rows > 0.0 { (seconds * 1e9 / rows * 10.0).round() / 10.0 } else { 0.0 },
        faults: faults as u64,
    };
    plugins.into_iter().map(figures).collect()
}

/// All lines of an exposition in Prometheus' text format.
pub(crate) fn samples(text: &str) -> Result<Vec<Sample>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| sample(line).with_context(|| format!("`{line}` is no sample"))).collect()
}

fn sample(line: &str) -> Option<Sample> {
    let end = line.find(['{', ' '])?;
    let name = line[..end].to_owned();
    let (labels, rest) = match line[end..].strip_prefix('{') {
        Some(inner) => labels(inner)?,
        None => (BTreeMap::new(), &line[end..]),
    };
    let value = match rest.trim().split(' ').next()? {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        number => number.parse().ok()?,
    };
    Some(Sample { name, labels, value })
}

/// `a="x",b="y"} rest`
fn labels(mut text: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        text = text.trim_start_matches(',');
        if let Some(rest) = text.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, rest) = text.split_once("=\"")?;
        let mut value = String::new();
        let mut chars = rest.char_indices();
        let end = loop {
            match chars.next()? {
                (_, '\\') => match chars.next()?.1 {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                (at, '"') => break at + 1,
                (_, other) => value.push(other),
            }
        };
        labels.insert(name.to_owned(), value);
        text = &rest[end..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_labels_and_values() {
        let text = "# HELP a b\na 1\nb{x=\"1,\\\"}\",y=\"\"} 2.5e3\nc_bucket{le=\"+Inf\"} +Inf\n";
        let samples = samples(text).unwrap();
        assert_eq!(samples.len(), 3);
        assert_eq!((samples[1].label("x"), samples[1].label("y"), samples[1].value), ("1,\"}", "", 2500.0));
        assert_eq!(samples[2].value, f64::INFINITY);
    }

    #[test]
    fn a_plugins_cost_is_time_by_all_events() {
        let text = "tapline_batch_events_sum 1000\n\
                    tapline_plugin_events_total{plugin=\"redact\",version=\"1\"} 400\n\
                    tapline_plugin_duration_seconds_sum{plugin=\"redact\",version=\"1\"} 0.00005\n";
        let plugins = plugins(&samples(text).unwrap());
        assert_eq!((plugins[0].rows, plugins[0].seen, plugins[0].ns_per_event), (1000, 400, 50.0));
    }
}
