//! Every event and every metric that the contract declares for the stack's components is emitted.

use std::collections::BTreeSet;

use tapline_client::Component;
use tapline_client::schema::{EVENTS, METRICS};

use crate::collector::day;

/// The contract's components that the stack is made of.
const COMPONENTS: [Component; 9] = [
    Component::MarketData,
    Component::Bus,
    Component::Strategy,
    Component::Risk,
    Component::Order,
    Component::Execution,
    Component::Position,
    Component::Recorder,
    Component::Gateway,
];

/// Events that an ordinary day does not have, and why.
const RARE: [(&str, &str); 4] = [
    ("bus_overflow", "no consumer stands still for seconds"),
    ("kill_switch", "no operator stops trading"),
    ("fill_lost", "every report names an order that was sent"),
    ("recorder_overflow", "the disk is not full while storage is down"),
];

fn declared() -> BTreeSet<&'static str> {
    EVENTS.iter().filter(|event| COMPONENTS.contains(&event.component)).map(|event| event.name).collect()
}

#[test]
fn an_ordinary_day_emits_every_declared_event_but_the_rare_ones() {
    let day = day(false);
    let emitted: BTreeSet<&str> = day.records.iter().map(|line| line.event).collect();
    let missing: Vec<&str> =
        declared().difference(&emitted).copied().filter(|event| RARE.iter().all(|(rare, _)| rare != event)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "declared for the stack, never emitted");
    for (rare, why) in RARE {
        assert!(!emitted.contains(rare), "{rare} is listed as rare since {why}; take it off the list");
    }
}

#[test]
fn incidents_emit_every_declared_event() {
    let day = day(true);
    let emitted: BTreeSet<&str> = day.records.iter().map(|line| line.event).collect();
    assert_eq!(declared().difference(&emitted).collect::<Vec<_>>(), Vec::<&&str>::new());
    let halts: BTreeSet<&str> = day
        .of("stormguard_transition")
        .filter(|line| line.get("new_mode") == Some("HALT"))
        .map(|line| line.need("reason_code"))
        .collect();
    for trigger in ["DRAWDOWN", "RECONCILIATION", "BUS_OVERFLOW"] {
        assert!(halts.contains(trigger), "no HALT because of {trigger}, only {halts:?}");
    }
    for reason in ["INSUFFICIENT_MARGIN", "UNKNOWN_ORDER"] {
        assert!(day.of("order_reject").any(|line| line.get("reason_code") == Some(reason)));
    }
}

#[test]
fn every_metric_of_the_stack_has_a_sample() {
    let day = day(true);
    for metric in METRICS.iter().filter(|metric| COMPONENTS.contains(&metric.owner)) {
        let family = day.metrics.iter().find(|family| family.name == metric.name);
        let family = family.unwrap_or_else(|| panic!("{} is not exported", metric.name));
        assert!(family.is_touched(), "{} was never counted, set or observed", metric.name);
        assert!(!family.samples.is_empty(), "{} has no sample", metric.name);
        assert_eq!(family.swallowed_names, Vec::<String>::new(), "{}: undeclared labels", metric.name);
    }
}

#[test]
fn nothing_is_cut_short_and_closed_fields_hold_declared_words() {
    let day = day(true);
    for line in &day.records {
        assert!(!line.truncated, "a record was too small for {line:?}");
        if let Some(code) = line.get("reason_code") {
            let is_code = code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            assert!(is_code, "{}: reason_code {code:?} is not a code", line.event);
        }
        if let Some(side) = line.get("side") {
            assert!(["BUY", "SELL"].contains(&side), "{}: side {side}", line.event);
        }
    }
}
