//! The planted secrets are really there, and in no run the same: finding none of them in an output
//! then means that something took them out.

use std::collections::BTreeSet;

use tapline_drills::{Canary, CanaryKind, StackOptions};

use crate::collector::{Collected, day, flat_out, run};

fn emitted(day: &Collected, canary: &Canary) -> BTreeSet<&'static str> {
    day.records
        .iter()
        .filter(|line| line.fields.values().any(|value| value.contains(&canary.value)))
        .map(|line| line.event)
        .collect()
}

#[test]
fn every_canary_is_emitted_in_an_ordinary_day() {
    let day = day(false);
    for canary in &day.report.canaries {
        assert!(!emitted(day, canary).is_empty(), "{:?} was never emitted", canary.kind);
    }
    let login = day.report.canaries.iter().find(|canary| canary.kind == CanaryKind::NationalId);
    assert_eq!(emitted(day, login.unwrap()), BTreeSet::from(["feed_login"]));
}

#[test]
fn canaries_belong_to_one_run() {
    let values = |day: &Collected| -> BTreeSet<String> {
        day.report.canaries.iter().map(|canary| canary.value.clone()).collect()
    };
    let another = run(StackOptions { rows_max: Some(100), ..flat_out(false) });
    assert!(values(day(false)).is_disjoint(&values(&another)));
}
