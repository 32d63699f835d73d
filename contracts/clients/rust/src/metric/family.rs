//! The series of one metric: known beforehand, or made as label values turn up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::handle::Instrument;
use super::snapshot::{MetricFamily, MetricSample};
use crate::schema::{LabelSchema, MetricSchema};

/// Stands for all values that found no place.
const OTHER: &str = "_other";

/// So many refused values are remembered by name, to see what a cap or a closed set swallows.
const SWALLOWED_NAMES: usize = 16;

/// A metric without labels, or all of whose labels have a closed set of values: one series for each
/// combination, from the start. No lock, no lookup by name.
#[derive(Debug)]
pub struct Closed<T> {
    schema: &'static MetricSchema,
    /// In the order of the labels' values, the last label fastest.
    series: Box<[T]>,
    /// For values outside the set. Shown once it was used.
    other: T,
    swallowed: Mutex<Swallowed>,
}

/// A metric with an open label.
#[derive(Debug)]
pub struct Open<T> {
    schema: &'static MetricSchema,
    state: Mutex<OpenState<T>>,
}

#[derive(Debug)]
struct OpenState<T> {
    /// For each label, the values it has taken.
    values: Box<[BTreeSet<String>]>,
    series: BTreeMap<Vec<String>, Arc<T>>,
    swallowed: Swallowed,
}

/// Requests that ended up under [`OTHER`].
#[derive(Debug, Default)]
struct Swallowed {
    requests: u64,
    names: BTreeSet<String>,
}

impl<T: Instrument> Closed<T> {
    pub fn new(schema: &'static MetricSchema) -> Closed<T> {
        let combinations = schema.labels.iter().map(|label| label.values.len()).product();
        Closed {
            schema,
            series: (0..combinations).map(|_| T::new(schema)).collect(),
            other: T::new(schema),
            swallowed: Mutex::default(),
        }
    }

    /// The series at a place known when the code was generated.
    #[inline]
    pub fn at(&self, index: usize) -> &T {
        &self.series[index]
    }

    /// By label values; a value outside the set counts under `_other`, and is remembered.
    pub fn find(&self, values: &[&str]) -> &T {
        let mut index = 0;
        for (label, value) in self.schema.labels.iter().zip(values) {
            let Some(at) = label.values.iter().position(|known| known == value) else {
                lock(&self.swallowed).note(label, value);
                return &self.other;
            };
            index = index * label.values.len() + at;
        }
        self.series.get(index).unwrap_or(&self.other)
    }

    pub fn gather(&self, families: &mut Vec<MetricFamily>) {
        let mut family = MetricFamily::new(self.schema);
        for (index, series) in self.series.iter().enumerate() {
            if let Some(value) = series.value() {
                family.samples.push(MetricSample { labels: self.labels_at(index), value });
            }
        }
        family.touched = self.series.iter().any(T::is_touched);
        if self.other.is_touched()
            && let Some(value) = self.other.value()
        {
            family.touched = true;
            family.samples.push(MetricSample {
                labels: self.schema.labels.iter().map(|l| (l.name, OTHER.to_owned())).collect(),
                value,
            });
        }
        lock(&self.swallowed).show(&mut family);
        families.push(family);
    }

    fn labels_at(&self, mut index: usize) -> Vec<(&'static str, String)> {
        let mut labels: Vec<_> = self
            .schema
            .labels
            .iter()
            .rev()
            .map(|label| {
                let value = label.values[index % label.values.len()];
                index /= label.values.len();
                (label.name, value.to_owned())
            })
            .collect();
        labels.reverse();
        labels
    }
}

impl<T: Instrument> Open<T> {
    pub fn new(schema: &'static MetricSchema) -> Open<T> {
        Open {
            schema,
            state: Mutex::new(OpenState {
                values: schema.labels.iter().map(|_| BTreeSet::new()).collect(),
                series: BTreeMap::new(),
                swallowed: Swallowed::default(),
            }),
        }
    }

    /// The series with these label values, made if it is new. A value beyond the label's cap, or
    /// outside its closed set, counts under `_other`. Locks and allocates: keep the handle.
    pub fn find(&self, values: &[&str]) -> Arc<T> {
        let mut state = lock(&self.state);
        let OpenState { values: taken, series, swallowed } = &mut *state;
        let key: Vec<String> = self
            .schema
            .labels
            .iter()
            .zip(values)
            .zip(taken)
            .map(|((label, value), taken)| {
                if taken.contains(*value) {
                    return (*value).to_owned();
                }
                let known = label.values.is_empty() || label.values.contains(value);
                if !known || taken.len() >= label.cap as usize {
                    swallowed.note(label, value);
                    return OTHER.to_owned();
                }
                taken.insert((*value).to_owned());
                (*value).to_owned()
            })
            .collect();
        let made = series.entry(key).or_insert_with(|| Arc::new(T::new(self.schema)));
        Arc::clone(made)
    }

    pub fn gather(&self, families: &mut Vec<MetricFamily>) {
        let state = lock(&self.state);
        let mut family = MetricFamily::new(self.schema);
        for (key, series) in &state.series {
            family.touched |= series.is_touched();
            if let Some(value) = series.value() {
                let names = self.schema.labels.iter().map(|label| label.name);
                family.samples.push(MetricSample { labels: names.zip(key.iter().cloned()).collect(), value });
            }
        }
        state.swallowed.show(&mut family);
        families.push(family);
    }
}

impl Swallowed {
    fn note(&mut self, label: &LabelSchema, value: &str) {
        self.requests += 1;
        if self.names.len() < SWALLOWED_NAMES {
            self.names.insert(format!("{}={value}", label.name));
        }
    }

    fn show(&self, family: &mut MetricFamily) {
        family.swallowed = self.requests;
        family.swallowed_names = self.names.iter().cloned().collect();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
