//! Samples become families: names and types from the contract, labels under their caps.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use prometheus::proto;
use tapline_contract::{Contract, Metric, MetricType};

/// A sample's value.
#[derive(Clone, Debug)]
pub enum Series {
    Counter(f64),
    Gauge(f64),
    Histogram {
        /// (upper bound, observations up to it), without `+Inf`.
        buckets: Vec<(f64, u64)>,
        sum: f64,
        count: u64,
    },
}

/// Which label values are shown by name. Kept from scrape to scrape, so that a value which was once
/// `_other` does not become a series of its own later, or the other way round.
#[derive(Debug, Default)]
pub struct Caps {
    seen: HashMap<(String, String), BTreeSet<String>>,
    capped: BTreeMap<String, u64>,
}

/// Where a label value goes that is beyond its label's cap or set.
const OTHER: &str = "_other";

pub struct Families<'c> {
    contract: &'c Contract,
    caps: &'c mut Caps,
    /// By metric and label values in the contract's order.
    samples: BTreeMap<&'c str, BTreeMap<Vec<String>, Series>>,
    undeclared: BTreeSet<String>,
}

impl<'c> Families<'c> {
    pub fn new(contract: &'c Contract, caps: &'c mut Caps) -> Self {
        Families { contract, caps, samples: BTreeMap::new(), undeclared: BTreeSet::new() }
    }

    /// Adds a sample. Samples of the same series (from several processes, or under `_other`) are
    /// summed, gauges replaced.
    pub fn add(&mut self, name: &str, labels: &[(&str, &str)], value: Series) {
        let Some(metric) = self.contract.metric(name) else {
            if self.undeclared.len() < 32 {
                self.undeclared.insert(name.to_owned());
            }
            return;
        };
        let mut values = Vec::with_capacity(metric.labels.len());
        for label in &metric.labels {
            let value = labels.iter().find(|(name, _)| *name == label.name).map_or("", |(_, value)| *value);
            values.push(self.caps.admit(metric, label, value));
        }
        use std::collections::btree_map::Entry;
        match self.samples.entry(&metric.name).or_default().entry(values) {
            Entry::Vacant(place) => {
                place.insert(value);
            }
            Entry::Occupied(mut place) => merge(place.get_mut(), value),
        }
    }

    pub fn counter(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        self.add(name, labels, Series::Counter(value as f64));
    }

    pub fn gauge(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.add(name, labels, Series::Gauge(value));
    }

    /// Label values that a client had to count under `_other`.
    pub fn swallowed(&mut self, metric: &str, n: u64) {
        if n > 0 {
            self.counter("tapline_label_values_capped_total", &[("metric", metric)], n);
        }
    }

    pub fn finish(mut self) -> Vec<proto::MetricFamily> {
        let capped: Vec<(String, u64)> = self.caps.capped.iter().map(|(name, n)| (name.clone(), *n)).collect();
        for (metric, n) in capped {
            self.counter("tapline_label_values_capped_total", &[("metric", &metric)], n);
        }
        if !self.undeclared.is_empty() {
            tracing::debug!(names = ?self.undeclared, "metrics that the contract does not declare are not exported");
        }
        let contract = self.contract;
        self.samples.into_iter().filter_map(|(name, series)| Some(family(contract.metric(name)?, series))).collect()
    }
}

impl Caps {
    fn admit(&mut self, metric: &Metric, label: &tapline_contract::Label, value: &str) -> String {
        let fits = if label.values.is_empty() {
            let key = (metric.name.clone(), label.name.clone());
            let seen = self.seen.entry(key).or_default();
            seen.contains(value) || (seen.len() < label.cap as usize && seen.insert(value.to_owned()))
        } else {
            label.values.iter().any(|known| known == value)
        };
        if fits || value == OTHER {
            return value.to_owned();
        }
        *self.capped.entry(metric.name.clone()).or_default() += 1;
        OTHER.to_owned()
    }
}

fn merge(into: &mut Series, more: Series) {
    match (into, more) {
        (Series::Counter(value), Series::Counter(more)) => *value += more,
        (
            Series::Histogram { buckets, sum, count },
            Series::Histogram { buckets: more, sum: more_sum, count: more_count },
        ) if buckets.len() == more.len() => {
            for ((_, n), (_, more)) in buckets.iter_mut().zip(more) {
                *n += more;
            }
            *sum += more_sum;
            *count += more_count;
        }
        (into, more) => *into = more,
    }
}

fn family(metric: &Metric, series: BTreeMap<Vec<String>, Series>) -> proto::MetricFamily {
    let mut family = proto::MetricFamily::default();
    family.set_name(metric.name.clone());
    family.set_help(metric.help.clone());
    family.set_field_type(match metric.kind {
        MetricType::Counter => proto::MetricType::COUNTER,
        MetricType::Gauge => proto::MetricType::GAUGE,
        MetricType::Histogram => proto::MetricType::HISTOGRAM,
    });
    let samples = series.into_iter().map(|(values, series)| {
        let mut sample = proto::Metric::default();
        let labels = metric.labels.iter().zip(values).map(|(label, value)| {
            let mut pair = proto::LabelPair::default();
            pair.set_name(label.name.clone());
            pair.set_value(value);
            pair
        });
        sample.set_label(labels.collect());
        match series {
            Series::Counter(value) => {
                let mut counter = proto::Counter::default();
                counter.set_value(value);
                sample.set_counter(counter);
            }
            Series::Gauge(value) => {
                let mut gauge = proto::Gauge::default();
                gauge.set_value(value);
                sample.set_gauge(gauge);
            }
            Series::Histogram { buckets, sum, count } => {
                let mut histogram = proto::Histogram::default();
                histogram.set_sample_sum(sum);
                histogram.set_sample_count(count);
                let buckets = buckets.into_iter().map(|(bound, n)| {
                    let mut bucket = proto::Bucket::default();
                    bucket.set_upper_bound(bound);
                    bucket.set_cumulative_count(n);
                    bucket
                });
                histogram.set_bucket(buckets.collect());
                sample.set_histogram(histogram);
            }
        }
        sample
    });
    family.set_metric(samples.collect());
    family
}
