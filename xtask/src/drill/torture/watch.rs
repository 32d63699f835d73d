//! When each event arrived where, against its own time.
//!
//! Receivers note the arrival of each request. Of the two databases new rows are asked for again and again, so a
//! row counts as arrived when the first answer that has it is here: up to a look's interval too late, in every
//! phase alike. The file is read at its end in the same way.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tapline_receivers::journal::{Entry, Onlooker};

use super::fault::Store;

/// Between two looks into a database. ClickHouse has no index by position, and answers one question at a time: more
/// looks would keep it from inserting.
pub(super) const LOOK_INTO_SQLITE: Duration = Duration::from_millis(20);
pub(super) const LOOK_INTO_CLICKHOUSE: Duration = Duration::from_millis(200);
const LOOK_AT_FILE: Duration = Duration::from_millis(5);

/// One line of a file in so many is looked at.
const SAMPLED: u64 = 10;

/// Own time and latency of an event, ns.
type Samples = BTreeMap<Store, Vec<(u64, u64)>>;

#[derive(Clone, Default)]
pub(super) struct Watch {
    samples: Arc<Mutex<Samples>>,
    /// First arrival by strategy: whoever tells people does not tell an event's own time.
    told: Arc<Mutex<HashMap<(Store, String), u64>>>,
    is_over: Arc<AtomicBool>,
}

impl Watch {
    /// For Elasticsearch: each document has its event's time.
    pub(super) fn documents(&self) -> Onlooker {
        let watch = self.clone();
        Box::new(move |entry| {
            let Entry::Received(received) = entry else { return };
            let times = received.content["items"].as_array().into_iter().flatten();
            let times = times.filter_map(|item| item["source"]["ts"].as_u64());
            watch.add(Store::Elasticsearch, times, received.arrived_ns);
        })
    }

    /// For those who tell people: which strategies a message speaks of.
    pub(super) fn messages(&self, store: Store) -> Onlooker {
        let watch = self.clone();
        Box::new(move |entry| {
            let Entry::Received(received) = entry else { return };
            let mut told = watch.told.lock().unwrap_or_else(PoisonError::into_inner);
            for strategy in strategies(&received.content.to_string()) {
                told.entry((store, strategy.to_owned())).or_insert(received.arrived_ns);
            }
        })
    }

    /// Asks a database for new rows. The question is given the last position seen; an answer that does not
    /// come (it is down, perhaps) is asked for again.
    pub(super) fn rows(
        &self,
        store: Store,
        interval: Duration,
        ask: impl Fn(u64) -> Option<Vec<(u64, u64)>> + Send + 'static,
    ) -> JoinHandle<()> {
        let watch = self.clone();
        std::thread::spawn(move || {
            let mut last = 0;
            while !watch.is_over.load(Relaxed) {
                if let Some(rows) = ask(last) {
                    let now = now_ns();
                    last = rows.iter().map(|(position, _)| *position).max().unwrap_or(last);
                    watch.add(store, rows.into_iter().map(|(_, ts)| ts), now);
                }
                std::thread::sleep(interval);
            }
        })
    }

    /// Reads what is appended to a file of events.
    pub(super) fn file(&self, path: PathBuf) -> JoinHandle<()> {
        let watch = self.clone();
        std::thread::spawn(move || {
            let (mut file, mut text, mut lines) = (None, Vec::new(), 0);
            while !watch.is_over.load(Relaxed) {
                file = file.or_else(|| File::open(&path).ok());
                let read = file.as_mut().map_or(0, |file: &mut File| file.read_to_end(&mut text).unwrap_or(0));
                if read > 0 {
                    let now = now_ns();
                    let end = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                    let whole = String::from_utf8_lossy(&text[..end]).into_owned();
                    let sampled = whole.lines().filter(|_| {
                        lines += 1;
                        lines % SAMPLED == 0
                    });
                    watch.add(Store::File, sampled.filter_map(own_time), now);
                    text.drain(..end);
                }
                std::thread::sleep(LOOK_AT_FILE);
            }
        })
    }

    pub(super) fn stop(&self) {
        self.is_over.store(true, Relaxed);
    }

    /// Strategies that somebody was told of.
    pub(super) fn told(&self, store: Store) -> HashMap<String, u64> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().filter(|((of, _), _)| *of == store).map(|((_, name), at)| (name.clone(), *at)).collect()
    }

    /// Latencies of the events whose own time is within; HALTs by strategy have theirs from the audit trail.
    pub(super) fn latencies(&self, store: Store, from: u64, to: u64, halts: &HashMap<String, u64>) -> Vec<u64> {
        let within = |ts: &u64| (from..to).contains(ts);
        match store {
            Store::PagerDuty | Store::Slack => self
                .told(store)
                .iter()
                .filter_map(|(strategy, arrived)| Some((halts.get(strategy)?, arrived)))
                .filter(|(ts, _)| within(ts))
                .map(|(ts, arrived)| arrived.saturating_sub(*ts))
                .collect(),
            _ => {
                let samples = self.samples();
                let found = samples.get(&store).into_iter().flatten().filter(|(ts, _)| within(ts));
                found.map(|(_, latency)| *latency).collect()
            }
        }
    }

    fn add(&self, store: Store, times: impl Iterator<Item = u64>, arrived: u64) {
        let mut samples = self.samples();
        samples.entry(store).or_default().extend(times.map(|ts| (ts, arrived.saturating_sub(ts))));
    }

    fn samples(&self) -> MutexGuard<'_, Samples> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn now_ns() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// `"ts":1764000000000000000` of a line, without reading all of it.
fn own_time(line: &str) -> Option<u64> {
    let rest = &line[line.find("\"ts\":")? + 5..];
    rest[..rest.find(|letter: char| !letter.is_ascii_digit())?].parse().ok()
}

/// Names as the producer gives them to strategies: run (two parts in hex) and number.
fn strategies(text: &str) -> impl Iterator<Item = &str> {
    let is_name = |word: &&str| {
        let mut parts = word.split('-');
        let is_hex = |part: Option<&str>| {
            part.is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        is_hex(parts.next()) && is_hex(parts.next()) && is_hex(parts.next()) && parts.next().is_none()
    };
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').filter(is_name)
}

/// `chain_position` and `ts` of rows in JSON.
pub(super) fn positions(rows: &[Value]) -> Vec<(u64, u64)> {
    rows.iter().filter_map(|row| Some((row["p"].as_u64()?, row["t"].as_u64()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_times_and_strategies() {
        assert_eq!(own_time(r#"{"event":"x","ts":1764000000000000001,"n":1}"#), Some(1_764_000_000_000_000_001));
        assert_eq!(own_time("{}"), None);
        let found: Vec<&str> =
            strategies(r#"{"text":"HALT of 18eb06f1f162e66a-108e-12 now, see run-book-1"}"#).collect();
        assert_eq!(found, ["18eb06f1f162e66a-108e-12"]);
    }
}
