//! Tests as data: events in, expected events, verdicts and notices out.
//!
//! The same file runs natively (`cargo test`, through [`check_cases`]) and on the finished wasm
//! module (`tapline plugin test`):
//!
//! ```toml
//! [config]                      # for every case
//! max = 80
//!
//! [[case]]
//! name = "shortens a long message"
//! config = { max = 4 }          # optional; replaces the suite's keys one by one
//! events = [ { component = "order", level = "info", message = "pong!" } ]
//! expect = [ { message = "pong", _verdict = "keep", _absent = ["account"] } ]
//! notices = [ { key = "trim/long", state = "firing" } ]    # optional: all of them, in order
//! ticks = [ 5_000_000_000 ]     # optional: ticks after the events, nanoseconds
//! ```
//!
//! Only what is named is compared. `_verdict` is `keep`, `drop:reason`, `send:a,b` or `also:a,b`.
//! A table is compared with a field of JSON text by its meaning, not by its spelling.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Harness, Outcome};
use crate::Plugin;

/// The cases of one file.
#[derive(Clone, Debug)]
pub struct Suite {
    pub cases: Vec<Case>,
}

/// One case, its config merged with the suite's.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    pub config: Value,
    pub events: Vec<Value>,
    pub ticks: Vec<u64>,
    expect: Option<Vec<Map<String, Value>>>,
    notices: Option<Vec<Map<String, Value>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSuite {
    #[serde(default)]
    config: Map<String, Value>,
    case: Vec<RawCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    name: String,
    #[serde(default)]
    config: Map<String, Value>,
    #[serde(default)]
    events: Vec<Value>,
    expect: Option<Vec<Map<String, Value>>>,
    notices: Option<Vec<Map<String, Value>>>,
    #[serde(default)]
    ticks: Vec<u64>,
}

/// Run every case of a file natively; panics with all that differs. For a plugin's own tests.
///
/// # Panics
/// When the file can't be read as cases or a case fails.
pub fn check_cases<P: Plugin>(toml: &str) {
    let suite = Suite::parse(toml).unwrap_or_else(|error| panic!("{error}"));
    let failures: Vec<String> = suite
        .cases
        .iter()
        .filter_map(|case| {
            let failure = case.run::<P>().and_then(|outcome| case.check(&outcome)).err()?;
            Some(format!("case `{}`:\n{failure}", case.name))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

// === impl Suite ===

impl Suite {
    pub fn parse(toml: &str) -> Result<Suite, String> {
        let raw: RawSuite = toml::from_str(toml).map_err(|error| format!("cases: {error}"))?;
        let cases = raw.case.into_iter().map(|case| {
            if let Some(expect) = &case.expect
                && expect.len() != case.events.len()
            {
                return Err(format!(
                    "case `{}` has {} events and expects {}: write one for each, `{{}}` where nothing is to be compared",
                    case.name,
                    case.events.len(),
                    expect.len()
                ));
            }
            let mut config = raw.config.clone();
            config.extend(case.config);
            Ok(Case {
                name: case.name,
                config: config.into(),
                events: case.events,
                ticks: case.ticks,
                expect: case.expect,
                notices: case.notices,
            })
        });
        Ok(Suite { cases: cases.collect::<Result<_, _>>()? })
    }
}

// === impl Case ===

impl Case {
    fn run<P: Plugin>(&self) -> Result<Outcome, String> {
        let mut harness = Harness::<P>::new(self.config.clone())?;
        let mut outcome = harness.process(&self.events)?;
        for &now_ns in &self.ticks {
            let tick = harness.tick(now_ns)?;
            outcome.notices.extend(tick.notices);
            outcome.made.extend(tick.made);
        }
        Ok(outcome)
    }

    /// Compare with what was expected; the error lists every difference.
    pub fn check(&self, outcome: &Outcome) -> Result<(), String> {
        let mut wrong = Vec::new();
        for (row, expect) in self.expect.iter().flatten().enumerate() {
            let nothing = Value::Null;
            let event = outcome.events.get(row).unwrap_or(&nothing);
            for (field, wanted) in expect {
                let difference = match field.as_str() {
                    "_verdict" => {
                        let verdict = outcome.verdicts.get(row).map_or("none", String::as_str);
                        (wanted != verdict).then(|| format!("verdict {verdict}, expected {wanted}"))
                    }
                    "_absent" => {
                        let fields = wanted.as_array().map(Vec::as_slice).unwrap_or_default();
                        let there = |field: &&Value| field.as_str().is_some_and(|field| !event[field].is_null());
                        fields.iter().find(there).map(|field| format!("{field} should be absent"))
                    }
                    _ => (!means(&event[field], wanted))
                        .then(|| format!("`{field}` is {}, expected {wanted}", event[field])),
                };
                wrong.extend(difference.map(|text| format!("  event {row}: {text}")));
            }
        }
        if let Some(expected) = &self.notices {
            if expected.len() != outcome.notices.len() {
                wrong.push(format!(
                    "  {} notices, expected {}: {:?}",
                    outcome.notices.len(),
                    expected.len(),
                    outcome.notices
                ));
            }
            for (index, (notice, expected)) in outcome.notices.iter().zip(expected).enumerate() {
                for (field, wanted) in expected {
                    if !means(&notice[field], wanted) {
                        wrong.push(format!("  notice {index}: `{field}` is {}, expected {wanted}", notice[field]));
                    }
                }
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }
}

/// Equal in meaning: JSON text equals the table it spells, 1 equals 1.0. An expected table may name
/// some keys only.
fn means(is: &Value, wanted: &Value) -> bool {
    match (is, wanted) {
        (Value::String(text), Value::Object(_) | Value::Array(_)) => {
            serde_json::from_str::<Value>(text).is_ok_and(|is| means(&is, wanted))
        }
        (Value::Object(is), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| is.get(key).is_some_and(|is| means(is, wanted)))
        }
        (Value::Number(is), Value::Number(wanted)) => is == wanted || is.as_f64() == wanted.as_f64(),
        _ => is == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SUITE: &str = r#"
        [config]
        max = 80
        keep = true
        [[case]]
        name = "one"
        config = { max = 4 }
        events = [ { message = "a" } ]
        expect = [ { message = "a", details = { n = 1 }, _verdict = "drop:x", _absent = ["account"] } ]
    "#;

    fn outcome(event: Value, verdict: &str) -> Outcome {
        Outcome { events: vec![event], verdicts: vec![verdict.into()], ..Outcome::default() }
    }

    #[test]
    fn a_case_overrides_the_suites_config_key_by_key() {
        let suite = Suite::parse(SUITE).unwrap();
        assert_eq!(suite.cases[0].config, json!({ "max": 4, "keep": true }));
    }

    #[test]
    fn only_what_is_named_is_compared() {
        let case = &Suite::parse(SUITE).unwrap().cases[0];
        let good = json!({ "message": "a", "other": 1, "details": "{\"n\": 1.0, \"m\": 2}" });
        assert_eq!(case.check(&outcome(good, "drop:x")), Ok(()));
    }

    #[test]
    fn every_difference_is_listed() {
        let case = &Suite::parse(SUITE).unwrap().cases[0];
        let bad = json!({ "message": "b", "account": "x" });
        let error = case.check(&outcome(bad, "keep")).unwrap_err();
        assert_eq!(error.lines().count(), 4, "{error}");
    }

    #[test]
    fn a_case_with_too_few_expectations_is_refused() {
        let error = Suite::parse("[[case]]\nname='x'\nevents=[{},{}]\nexpect=[{}]").unwrap_err();
        assert!(error.contains("2 events and expects 1"), "{error}");
    }
}
