//! The cases of `cases.toml`, the course of an alert, and its state across versions.

use proptest::prelude::*;
use serde_json::{Value, json};
use tapline_plugin::harness::{Harness, check_cases};
use tapline_reject_spike::RejectSpike;

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_000 * SECOND;

fn spike(config: Value) -> Harness<RejectSpike> {
    Harness::new(config).unwrap()
}

fn orders(strategy: &str, at: u64, accepted: usize, refused: usize) -> Vec<Value> {
    let order = |event: &str| json!({ "event": event, "strategy_id": strategy, "ts": at });
    let accepted = std::iter::repeat_n(order("order_ack"), accepted);
    accepted.chain(std::iter::repeat_n(order("order_reject"), refused)).collect()
}

fn states(notices: &[Value]) -> Vec<String> {
    let state = |notice: &Value| format!("{} {}", notice["key"].as_str().unwrap(), notice["state"].as_str().unwrap());
    notices.iter().map(state).collect()
}

#[test]
fn cases() {
    check_cases::<RejectSpike>(include_str!("cases.toml"));
}

#[test]
fn rises_fires_once_falls_resolves_once() {
    let mut spike = spike(json!({}));
    let mut seen = Vec::new();
    for second in 0..300 {
        // One in ten is rejected during the second minute.
        let refused = usize::from((60..120).contains(&second));
        let out = spike.process(&orders("mm-1", START + second * SECOND, 10 - refused, refused)).unwrap();
        seen.extend(states(&out.notices).into_iter().map(|state| (second, state)));
    }
    let [(fired, firing), (ended, resolved)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(firing, "reject_spike/mm-1 firing");
    assert_eq!(resolved, "reject_spike/mm-1 resolved");
    assert!((85..=95).contains(fired), "{fired}");
    assert!((160..=172).contains(ended), "{ended}");
}

#[test]
fn a_day_replayed_in_one_batch_raises_the_same_alerts() {
    let events: Vec<Value> = (0..25)
        .flat_map(|minute| {
            let refused = if minute % 10 == 5 { 20 } else { 0 };
            orders("s", START + minute * 60 * SECOND, 30, refused)
        })
        .collect();
    let out = spike(json!({})).process(&events).unwrap();
    let (firing, resolved) = ("reject_spike/s firing", "reject_spike/s resolved");
    assert_eq!(states(&out.notices), [firing, resolved, firing, resolved]);
}

#[test]
fn late_events_count_where_they_belong_and_very_late_ones_not() {
    let mut spike = spike(json!({}));
    spike.process(&orders("s", START + 100 * SECOND, 10, 0)).unwrap();
    let out = spike.process(&orders("s", START + 70 * SECOND, 0, 10)).unwrap();
    assert_eq!(states(&out.notices), ["reject_spike/s firing"]);
    let out = spike.process(&orders("t", START, 0, 30)).unwrap();
    assert!(out.notices.is_empty());
}

#[test]
fn one_event_from_the_future_does_not_silence_it() {
    let mut spike = spike(json!({}));
    spike.process(&orders("s", START + 10_000_000 * SECOND, 1, 0)).unwrap();
    let fired = (0..10).any(|second| {
        let out = spike.process(&orders("s", START + second * SECOND, 10, 10)).unwrap();
        !out.notices.is_empty()
    });
    assert!(fired);
}

#[test]
fn many_strategies_fire_in_turns_of_what_the_router_takes() {
    let mut spike = spike(json!({ "max_strategies": 100 }));
    let events: Vec<Value> = (0..150).flat_map(|n| orders(&format!("s{n}"), START, 0, 20)).collect();
    let mut seen = spike.process(&events).unwrap().notices;
    assert_eq!(seen.len(), 32);
    // A successor tells what this one had no turn for.
    let mut next = Harness::<RejectSpike>::new(json!({ "max_strategies": 100 })).unwrap();
    next.restore(&spike.save()).unwrap();
    let mut spike = next;
    for tick in 0..5 {
        seen.extend(spike.tick(START + tick * SECOND).unwrap().notices);
    }
    let mut keys = states(&seen);
    assert_eq!(keys.len(), 101);
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 101);
    assert!(keys.contains(&"reject_spike/_other firing".to_string()));
}

#[test]
fn the_state_survives_a_swap_also_to_another_window() {
    for config in [json!({}), json!({ "window_s": 120 })] {
        let mut old = spike(json!({}));
        let out = old.process(&orders("s", START, 10, 10)).unwrap();
        assert_eq!(states(&out.notices), ["reject_spike/s firing"]);
        let mut new = spike(config);
        new.restore(&old.save()).unwrap();
        let out = new.process(&orders("s", START + SECOND, 10, 0)).unwrap();
        assert!(out.notices.is_empty(), "it fires already");
        let out = new.process(&orders("s", START + 2 * SECOND, 480, 0)).unwrap();
        assert_eq!(states(&out.notices), ["reject_spike/s resolved"]);
        assert_eq!(out.notices[0]["details"]["refused"], "10");
    }
}

#[test]
fn time_that_passed_while_it_was_away_counts() {
    let mut old = spike(json!({}));
    old.process(&orders("s", START, 10, 10)).unwrap();
    old.tick(77 * SECOND).unwrap();
    let mut new = spike(json!({}));
    new.restore(&old.save()).unwrap();
    let out = new.tick(200 * SECOND).unwrap();
    assert_eq!(states(&out.notices), ["reject_spike/s resolved"]);
}

#[test]
fn a_strange_state_is_refused_and_changes_nothing() {
    let mut spike = spike(json!({}));
    spike.process(&orders("s", START, 10, 10)).unwrap();
    let before = spike.save();
    let text = String::from_utf8(before.clone()).unwrap();
    for state in [
        Vec::new(),
        b"garbage".to_vec(),
        before[..before.len() / 2].to_vec(),
        text.replace("\"version\":1", "\"version\":2").into(),
        text.replace("\"refused\":10", "\"refused\":99").into(),
        text.replace("\"newest_ns\":", "\"newest_ns\":9").into(),
        [&before[..], b"x"].concat(),
    ] {
        assert!(spike.restore(&state).is_err(), "{}", String::from_utf8_lossy(&state));
        assert_eq!(spike.save(), before);
    }
}

#[test]
fn a_config_that_cannot_work_is_refused() {
    for (config, why) in [
        (json!({ "exit": 0.05 }), "must be below enter"),
        (json!({ "enter": 5 }), "no share"),
        (json!({ "window_s": 0 }), "window_s"),
        (json!({ "min_orders": 0 }), "min_orders"),
        (json!({ "max_strategies": 0 }), "max_strategies"),
        (json!({ "windows": 1 }), "unknown field `windows`, expected one of `window_s`"),
    ] {
        let error = Harness::<RejectSpike>::new(config).err().unwrap();
        assert!(error.contains(why), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Each strategy's notices alternate, firing first, whatever comes in whatever order.
    #[test]
    fn firing_and_resolved_alternate(
        batches in prop::collection::vec((0_u64..200, 0_usize..3, 0_usize..30, 0_usize..10, any::<bool>()), 1..60),
    ) {
        let mut spike = spike(json!({ "window_s": 20, "max_strategies": 2 }));
        let mut firing = std::collections::BTreeMap::new();
        let mut wall = 5_000 * SECOND;
        for (at, strategy, accepted, refused, restart) in batches {
            let events = orders(["a", "b", "c"][strategy], START + at * SECOND, accepted, refused);
            let mut notices = spike.process(&events).unwrap().notices;
            wall += at * SECOND / 10;
            notices.extend(spike.tick(wall).unwrap().notices);
            for notice in notices {
                let is = firing.entry(notice["key"].to_string()).or_insert(false);
                *is = !*is;
                prop_assert_eq!(notice["state"].as_str(), Some(if *is { "firing" } else { "resolved" }));
            }
            if restart {
                let state = spike.save();
                spike = Harness::new(json!({ "window_s": 20, "max_strategies": 2 })).unwrap();
                spike.restore(&state).unwrap();
            }
        }
    }
}
