//! Runs a stack and keeps everything that it emits.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use tapline_client::metric::MetricFamily;
use tapline_client::schema::FIELDS;
use tapline_client::{Lane, Record, Telemetry, Value};
use tapline_drills::{Pace, Stack, StackOptions, StackReport};

/// A run and what came out of it.
pub(crate) struct Collected {
    pub(crate) report: StackReport,
    /// In the order of each stream; streams one after the other.
    pub(crate) records: Vec<Line>,
    pub(crate) metrics: Vec<MetricFamily>,
    /// By component and lane: what the client says it took.
    pub(crate) client_counts: BTreeMap<(&'static str, &'static str), u64>,
}

/// One emitted event, by name.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) event: &'static str,
    pub(crate) fields: BTreeMap<&'static str, String>,
    pub(crate) truncated: bool,
}

impl Line {
    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }

    /// A field that the test needs; an event without it fails the test by name.
    pub(crate) fn need(&self, field: &str) -> &str {
        self.get(field).unwrap_or_else(|| panic!("{} has no {field}: {:?}", self.event, self.fields))
    }
}

impl Collected {
    pub(crate) fn of<'a>(&'a self, event: &'a str) -> impl Iterator<Item = &'a Line> {
        self.records.iter().filter(move |line| line.event == event)
    }
}

/// An ordinary day, and one on which everything goes wrong; each is run once for all tests.
pub(crate) fn day(incidents: bool) -> &'static Collected {
    static DAYS: [OnceLock<Collected>; 2] = [OnceLock::new(), OnceLock::new()];
    DAYS[usize::from(incidents)].get_or_init(|| run(flat_out(incidents)))
}

/// A run on the generator, some 30 seconds of session time.
pub(crate) fn flat_out(incidents: bool) -> StackOptions {
    StackOptions { pace: Pace::FlatOut, incidents, rows_max: Some(60_000), seed: 7, ..StackOptions::default() }
}

/// Runs it to its end.
pub(crate) fn run(options: StackOptions) -> Collected {
    let telemetry = Telemetry::builder("stack-test")
        .env("test")
        .capacity(Lane::Log, 1 << 15)
        .capacity(Lane::Audit, 1 << 13)
        .capacity(Lane::Metric, 1 << 13)
        .without_spill()
        .build();
    let stop = Arc::new(AtomicBool::new(false));
    let collector = thread::spawn({
        let (telemetry, stop) = (telemetry.clone(), Arc::clone(&stop));
        move || collect(&telemetry, &stop)
    });
    let stack = Stack::start(&telemetry, options).unwrap();
    assert!(stack.wait(Duration::from_secs(60)), "the stack did not reach its row limit");
    let report = stack.stop();
    stop.store(true, Ordering::Relaxed);
    let records = collector.join().unwrap();
    assert_eq!(report.died, Vec::<&str>::new());
    assert_eq!(report.dropped, [], "the collector was too slow");
    let client_counts = telemetry
        .streams()
        .iter()
        .map(|stream| ((stream.component().name(), stream.lane().name()), stream.counts().emitted))
        .filter(|(_, emitted)| *emitted > 0)
        .collect();
    Collected { report, records, metrics: telemetry.gather(), client_counts }
}

fn collect(telemetry: &Telemetry, stop: &AtomicBool) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut records = Vec::new();
    loop {
        let last_round = stop.load(Ordering::Relaxed);
        for stream in telemetry.streams() {
            while stream.pop(&mut records, 256) > 0 {
                lines.extend(records.drain(..).map(|record| line(&record)));
            }
        }
        if last_round {
            return lines;
        }
        thread::sleep(Duration::from_micros(100));
    }
}

fn line(record: &Record) -> Line {
    let schema = record.schema().unwrap();
    let fields = record
        .fields()
        .map(|(index, value)| {
            let text = match value {
                Value::Text(text) | Value::Json(text) => text.to_owned(),
                Value::Int(number) => number.to_string(),
                Value::Float(number) => number.to_string(),
                Value::Bool(truth) => truth.to_string(),
            };
            (FIELDS[usize::from(schema.fields[index])].name, text)
        })
        .collect();
    Line { event: schema.name, fields, truncated: record.truncated() }
}
