//! What goes into a record comes out of it, as values and as JSON; any bytes at all do no harm.

use proptest::prelude::*;
use tapline_client::{Component, Emitter, Lane, Record, Telemetry, Value, events};

struct Bench {
    telemetry: Telemetry,
    risk: Emitter,
}

fn bench() -> Bench {
    let telemetry = Telemetry::builder("test").without_spill().build();
    let risk = telemetry.component(Component::Risk);
    Bench { telemetry, risk }
}

impl Bench {
    fn record(&self, event: &events::RiskDecision<'_>) -> Record {
        self.risk.emit_at(42, event);
        let mut out = Vec::new();
        for stream in self.telemetry.streams() {
            if stream.lane() == Lane::Audit {
                stream.pop(&mut out, 1);
            }
        }
        out.remove(0)
    }
}

fn value<'r>(record: &'r Record, name: &str) -> Option<Value<'r>> {
    let schema = record.schema().unwrap();
    record.fields().find(|(index, _)| schema.field(*index).unwrap().name == name).map(|(_, value)| value)
}

fn json(record: &Record) -> serde_json::Value {
    let mut out = Vec::new();
    record.write_json(&mut out);
    assert!(!out.contains(&b'\n'));
    serde_json::from_slice(&out).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&out)))
}

#[test]
fn an_event_comes_back_with_what_was_set() {
    let record = bench().record(&events::RiskDecision {
        strategy_id: "mm-1",
        approved: true,
        price: Some(-345_213_000),
        limit_value: Some(0.25),
        reason: Some("a \"quoted\"\nline"),
        thresholds: Some("{\"daily_loss\": [1, 2]}"),
        ..Default::default()
    });
    assert_eq!(record.ts_ns(), 42);
    assert_eq!(record.seq(), 1);
    assert!(!record.truncated());
    assert_eq!(record.component(), Some(Component::Risk));
    assert_eq!(value(&record, "strategy_id"), Some(Value::Text("mm-1")));
    assert_eq!(value(&record, "approved"), Some(Value::Bool(true)));
    assert_eq!(value(&record, "price"), Some(Value::Int(-345_213_000)));
    assert_eq!(value(&record, "symbol"), None);
    assert_eq!(
        json(&record),
        serde_json::json!({
            "ts": 42, "level": "info", "component": "risk", "lane": "audit",
            "event": "risk_decision", "seq": 1,
            "strategy_id": "mm-1", "approved": true, "price": -345_213_000, "limit_value": 0.25,
            "reason": "a \"quoted\"\nline", "thresholds": {"daily_loss": [1, 2]},
        })
    );
}

#[test]
fn a_float_that_json_lacks_is_null_and_json_that_is_none_is_text() {
    let bench = bench();
    let line = json(&bench.record(&events::RiskDecision {
        strategy_id: "s",
        limit_value: Some(f64::NAN),
        observed_value: Some(f64::INFINITY),
        thresholds: Some("{\"open\": "),
        ..Default::default()
    }));
    assert_eq!(line["limit_value"], serde_json::Value::Null);
    assert_eq!(line["observed_value"], serde_json::Value::Null);
    assert_eq!(line["thresholds"], "{\"open\": ");
    let line = json(&bench.record(&events::RiskDecision {
        strategy_id: "s",
        thresholds: Some("{\"a\":\n1}"),
        ..Default::default()
    }));
    assert_eq!(line["thresholds"]["a"], 1);
}

#[test]
fn a_required_text_that_nobody_set_is_absent() {
    let record = bench().record(&events::RiskDecision::default());
    assert_eq!(value(&record, "strategy_id"), None);
    assert_eq!(value(&record, "approved"), Some(Value::Bool(false)));
}

proptest! {
    #[test]
    fn long_texts_are_cut_at_a_character_and_cost_no_number(
        strategy in ".{0,80}", reason in ".{0,300}", code in "[A-Z_é]{0,120}", price: i64, limit: f64,
    ) {
        let record = bench().record(&events::RiskDecision {
            strategy_id: &strategy,
            reason: Some(&reason),
            reason_code: Some(&code),
            price: Some(price),
            limit_value: Some(limit),
            ..Default::default()
        });
        prop_assert_eq!(value(&record, "price"), Some(Value::Int(price)));
        let Some(Value::Float(kept)) = value(&record, "limit_value") else { panic!("no float") };
        prop_assert_eq!(kept.to_bits(), limit.to_bits());
        let mut cut = false;
        for (name, given) in [("strategy_id", &strategy), ("reason_code", &code), ("reason", &reason)] {
            let kept = match value(&record, name) {
                Some(Value::Text(kept)) => kept,
                None => "",
                other => panic!("{other:?}"),
            };
            prop_assert!(given.starts_with(kept));
            cut |= kept.len() < given.len();
        }
        prop_assert_eq!(record.truncated(), cut);
        json(&record);
    }
}
