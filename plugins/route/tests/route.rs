//! The cases of `cases.toml`, refused configs, and a comparison with rules applied one by one.

use proptest::prelude::*;
use serde_json::{Value, json};
use tapline_plugin::harness::{Harness, check_cases};
use tapline_route::Route;

#[test]
fn cases() {
    check_cases::<Route>(include_str!("cases.toml"));
}

#[test]
fn rules_that_cannot_be_read_are_refused_with_what_would_be_right() {
    let refused = |rules: Value| Harness::<Route>::new(json!({ "rules": rules })).err().unwrap();
    for (rules, why) in [
        (json!([{ "when": {} }]), "rule 1 says nothing to do"),
        (json!([{ "send": ["a"], "also": ["b"] }]), "says two things"),
        (json!([{ "send": [] }]), "names no destination"),
        (json!([{ "wehn": {}, "send": ["a"] }]), "unknown field `wehn`, expected one of `when`"),
        (json!([{ "when": { "min_level": "loud" }, "send": ["a"] }]), "trace, debug, info"),
        (json!([{ "when": { "level": ["error"] }, "send": ["a"] }]), "min_level = \"error\""),
        (json!([{ "when": { "event": 1 }, "send": ["a"] }]), "event = [\"a\", \"b*\"]"),
        (json!([{ "when": { "event": [] }, "send": ["a"] }]), "never fits"),
        (json!(vec![json!({ "send": ["a"] }); 65]), "65 rules"),
    ] {
        let error = refused(rules);
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn more_outcomes_than_verdicts_are_refused() {
    // Nine independent conditions, each with a destination of its own: 512 combinations.
    let rule = |n: usize| json!({ "when": { format!("field_{n}"): ["x"] }, "also": [format!("to_{n}")] });
    let rules: Vec<Value> = (0..9).map(rule).collect();
    let error = Harness::<Route>::new(json!({ "rules": rules })).err().unwrap();
    assert!(error.contains("512 verdicts"), "{error}");
}

/// The same by the book.
fn plainly(rules: &[Value], event: &Value) -> String {
    let fits = |rule: &Value| {
        rule["when"].as_object().unwrap().iter().all(|(field, values)| {
            event[field].as_str().is_some_and(|value| {
                values.as_array().unwrap().iter().any(|wanted| match wanted.as_str().unwrap() {
                    wanted if wanted.ends_with('*') => value.starts_with(wanted.trim_end_matches('*')),
                    wanted => value == wanted,
                })
            })
        })
    };
    let fitting = || rules.iter().filter(|rule| fits(rule));
    let list = |to: &Value| -> Vec<String> { serde_json::from_value(to.clone()).unwrap() };
    let mut also: Vec<String> =
        fitting().filter(|rule| rule["also"].is_array()).flat_map(|rule| list(&rule["also"])).collect();
    let decisive = fitting().find(|rule| !rule["also"].is_array());
    let kind = match decisive {
        Some(rule) if rule["send"].is_array() => {
            also.extend(list(&rule["send"]));
            "send"
        }
        Some(rule) if also.is_empty() => return format!("drop:{}", rule["drop"].as_str().unwrap()),
        Some(_) => "send",
        None if also.is_empty() => return "keep".into(),
        None => "also",
    };
    also.sort();
    also.dedup();
    format!("{kind}:{}", also.join(","))
}

fn rule() -> impl Strategy<Value = Value> {
    let values = prop::collection::vec("[ab]{1,2}\\*?", 1..3);
    let when = prop::collection::btree_map(prop_oneof!["event", "env", "symbol"], values, 0..3);
    let then = prop_oneof![
        prop::collection::vec("[p-r]", 1..3).prop_map(|to| ("send", json!(to))),
        prop::collection::vec("[p-r]", 1..3).prop_map(|to| ("also", json!(to))),
        Just(("drop", json!("noise"))),
    ];
    (when, then).prop_map(|(when, (verb, what))| json!({ "when": when, verb: what }))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_rules_applied_one_by_one(
        rules in prop::collection::vec(rule(), 0..6),
        events in prop::collection::vec(
            prop::collection::btree_map(prop_oneof!["event", "env", "symbol"], "[abc]{1,3}", 0..3), 1..30),
    ) {
        let mut route = Harness::<Route>::new(json!({ "rules": rules })).unwrap();
        let events: Vec<Value> = events.into_iter().map(|event| json!(event)).collect();
        let out = route.process(&events).unwrap();
        for (event, verdict) in events.iter().zip(&out.verdicts) {
            prop_assert_eq!(verdict, &plainly(&rules, event), "{}", event);
        }
    }
}
