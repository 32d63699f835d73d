//! The cases of `cases.toml`, and what holds for every table.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use tapline_enrich::Enrich;
use tapline_plugin::harness::{Harness, check_cases};

#[test]
fn cases() {
    check_cases::<Enrich>(include_str!("cases.toml"));
}

#[test]
fn a_misspelt_key_is_refused_by_name() {
    let error = Harness::<Enrich>::new(json!({ "column": {} })).err().unwrap();
    assert!(error.contains("`column`") && error.contains("`columns`"), "{error}");
    let lookup = json!({ "from": "symbol", "table": {}, "defualt": "x" });
    let error = Harness::<Enrich>::new(json!({ "columns": { "desk": lookup } })).err().unwrap();
    assert!(error.contains("`defualt`") && error.contains("`default`"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the mixture of rows, each gets what the table says, and no other row changes.
    #[test]
    fn agrees_with_a_plain_lookup(
        table in prop::collection::btree_map("[ab]{1,3}", "[x-z]{1,40}", 0..6),
        names in prop::collection::vec(prop::option::of("[ab]{1,3}"), 0..40),
    ) {
        let columns = json!({ "desk": { "from": "strategy_id", "table": table } });
        let mut enrich = Harness::<Enrich>::new(json!({ "columns": columns })).unwrap();
        let event = |name: &Option<String>| match name {
            Some(name) => json!({ "strategy_id": name }),
            None => json!({}),
        };
        let events: Vec<Value> = names.iter().map(event).collect();
        // Twice, so that remembered answers are compared as well.
        for _ in 0..2 {
            let out = enrich.process(&events).unwrap().events;
            for (name, event) in names.iter().zip(&out) {
                let wanted = name.as_ref().and_then(|name| BTreeMap::get(&table, name));
                prop_assert_eq!(event["desk"].as_str(), wanted.map(String::as_str));
            }
        }
    }
}
