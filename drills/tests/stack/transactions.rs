//! Whether the events of a run join up: each transaction from tick to position, each order from its
//! beginning to its one end.

use std::collections::{BTreeMap, BTreeSet};

use crate::collector::{Collected, Line, day};

/// By the value of one field; an event without it fails the test.
fn by<'a>(day: &'a Collected, event: &'a str, field: &str) -> BTreeMap<&'a str, Vec<&'a Line>> {
    let mut lines: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in day.of(event) {
        lines.entry(line.need(field)).or_default().push(line);
    }
    lines
}

#[test]
fn every_fill_leads_back_to_the_tick_that_triggered_it() {
    let day = day(false);
    let triggers = by(day, "tick_trigger", "trace_id");
    let intents = by(day, "intent_created", "intent_id");
    let decisions = by(day, "risk_decision", "intent_id");
    let orders = by(day, "order_new", "client_order_id");
    let acks = by(day, "order_ack", "client_order_id");
    let positions = by(day, "position_update", "fill_id");
    let mut fills = 0;
    for fill in day.of("fill") {
        fills += 1;
        let order = orders[fill.need("client_order_id")][0];
        let ack = acks[fill.need("client_order_id")][0];
        assert_eq!(fill.need("broker_order_id"), ack.need("broker_order_id"));
        let intent = intents[order.need("intent_id")][0];
        let decision = decisions[order.need("intent_id")][0];
        assert_eq!(decision.need("approved"), "true");
        let position = positions[fill.need("fill_id")][0];
        let trigger = &triggers[intent.need("trace_id")];
        assert_eq!(trigger.len(), 1, "a trace is one transaction");
        for line in [fill, ack, order, decision, position] {
            for key in ["trace_id", "intent_id", "strategy_id"] {
                assert_eq!(line.need(key), intent.need(key), "{key} of {}", line.event);
            }
        }
        assert_eq!(position.need("client_order_id"), order.need("client_order_id"));
    }
    assert!(fills > 20, "{fills} fills");
    let traced = &day.report.transactions[0];
    assert!(triggers.contains_key(traced.trace_id.as_str()));
    assert!(positions[traced.fill_id.as_str()][0].need("trace_id") == traced.trace_id);
}

#[test]
fn every_intent_is_decided_once_and_both_ways_are_audited() {
    for incidents in [false, true] {
        let day = day(incidents);
        let decisions = by(day, "risk_decision", "intent_id");
        let refusals = by(day, "intent_refused", "intent_id");
        for intent in day.of("intent_created") {
            let id = intent.need("intent_id");
            let outcomes = decisions.get(id).map_or(0, Vec::len) + refusals.get(id).map_or(0, Vec::len);
            assert_eq!(outcomes, 1, "outcomes of {intent:?}");
        }
        let decided =
            |approved: &str| day.of("risk_decision").filter(|line| line.need("approved") == approved).count() as u64;
        assert_eq!(decided("true"), day.report.intents.approved);
        assert_eq!(decided("false"), day.report.intents.refused_by_risk);
        assert!(decided("true") > 0 && decided("false") > 0);
    }
}

#[test]
fn every_order_has_exactly_one_end_even_if_it_never_reached_the_broker() {
    for incidents in [false, true] {
        let day = day(incidents);
        let mut ends: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let new = |line: &Line| line.get("intent_type").is_none_or(|kind| kind == "NEW");
        for line in &day.records {
            let end = match line.event {
                "fill" => line.need("leaves_qty") == "0",
                "order_ack" => line.need("intent_type") == "CANCEL",
                "order_reject" | "order_refused" | "order_timeout" => new(line),
                "order_dead_lettered" => true,
                _ => false,
            };
            if end {
                ends.entry(line.need("client_order_id")).or_default().push(line.event);
            }
        }
        let approved_new: BTreeSet<&str> = day
            .of("risk_decision")
            .filter(|line| line.need("approved") == "true" && line.need("intent_type") == "NEW")
            .map(|line| line.need("intent_id"))
            .collect();
        assert_eq!(approved_new.len() as u64, day.report.orders.orders);
        for line in day.of("order_new") {
            let id = line.need("client_order_id");
            let found = ends.get(id).cloned().unwrap_or_default();
            assert_eq!(found.len(), 1, "ends of {id}: {found:?}");
        }
        assert_eq!(ends.len() as u64, day.report.orders.orders, "an order without order_new ends too");
        assert_eq!(day.report.orders.open, 0);
    }
}

#[test]
fn no_audit_row_has_an_empty_join_key() {
    let day = day(true);
    let keys = |event: &str| -> &[&str] {
        match event {
            "tick_trigger" => &["trace_id", "strategy_id"],
            "intent_created" | "risk_decision" | "intent_refused" => &["trace_id", "intent_id", "strategy_id"],
            "order_new"
            | "order_amend"
            | "order_cancel"
            | "order_reject"
            | "order_refused"
            | "order_timeout"
            | "order_error"
            | "order_dead_lettered" => &["trace_id", "intent_id", "client_order_id", "strategy_id"],
            "order_ack" | "fill" => &["trace_id", "intent_id", "client_order_id", "broker_order_id", "strategy_id"],
            "position_update" => &["trace_id", "intent_id", "client_order_id", "fill_id", "strategy_id"],
            _ => &[],
        }
    };
    for line in &day.records {
        for key in keys(line.event) {
            assert!(!line.need(key).is_empty(), "{key} of {line:?}");
        }
    }
}
