//! Lines as they come, good and bad.

use proptest::prelude::*;
use serde_json::{Value, json};
use tapline_contract::Sensitivity;

use super::envelope::{NAME_BYTES_MAX, NAMES_MAX};
use super::*;
use crate::encode::Encoder;
use crate::ingest::SchemaCount;
use crate::ledger::Ledger;

struct Border {
    contract: Arc<Contract>,
    components: Arc<Components>,
    counts: Arc<SchemaCounts>,
    decoder: Decoder,
    ledger: Ledger,
    batch: Batch,
}

impl Border {
    fn new() -> Self {
        Border::with(Contract::embedded().clone())
    }

    fn with(contract: Contract) -> Self {
        let contract = Arc::new(contract);
        let components = Arc::new(Components::new(&contract));
        let counts = Arc::new(SchemaCounts::default());
        let decoder = Decoder::new(contract.clone(), components.clone(), counts.clone());
        Border { batch: Batch::new(&contract), contract, components, counts, decoder, ledger: Ledger::default() }
    }

    fn line(&mut self, line: &[u8]) -> Result<Decoded, Rejection> {
        let Border { ledger, decoder, batch, .. } = self;
        let result = decoder.decode(line, 7, &mut |decoded, run| ledger.stream("x", decoded.lane, run), |_| batch);
        self.decoder.flush();
        result
    }

    /// The last row as it would be written out.
    fn out(&self) -> Value {
        let mut encoder = Encoder::new(self.contract.clone(), self.components.clone(), Sensitivity::Secret);
        let mut json = Vec::new();
        encoder.object(&self.batch, self.batch.len() - 1, &mut json);
        serde_json::from_slice(&json).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&json)))
    }

    fn count(&self, what: SchemaCount) -> u64 {
        self.counts.total(what)
    }
}

#[test]
fn long_names_are_not_remembered() {
    let mut border = Border::new();
    for n in 0..3 * NAMES_MAX {
        let name = if n % 2 == 0 { format!("{n}-{}", "x".repeat(100)) } else { format!("{n}") };
        border.line(format!(r#"{{"event":"{name}","component":"{name}"}}"#).as_bytes()).unwrap();
        if border.batch.is_full() {
            border.batch.clear();
        }
    }
    assert!(border.decoder.known_events.len() <= NAMES_MAX && border.decoder.known_components.len() <= NAMES_MAX);
    assert!(border.decoder.known_events.keys().all(|name| name.len() <= NAME_BYTES_MAX));
}

/// The line, decoded and written out again.
fn through(line: &str) -> Value {
    let mut border = Border::new();
    border.line(line.as_bytes()).unwrap_or_else(|rejection| panic!("{line}: {}", rejection.message));
    border.out()
}

fn refused(line: &[u8]) -> &'static str {
    Border::new().line(line).expect_err("an event").reason
}

#[test]
fn a_known_event_keeps_its_fields() {
    let out = through(
        r#"{"ts":1795410517332056358,"event":"risk_decision","component":"risk","level":"info","approved":false,"strategy_id":"mm-1","price":345,"latency_us":12,"run":"r1","seq":9}"#,
    );
    assert_eq!(out["ts"], 1_795_410_517_332_056_358_i64);
    assert_eq!(out["approved"], false);
    assert_eq!(out["price"], 345);
    assert_eq!(out["seq"], 9);
    assert_eq!(out["run"], "r1");
    assert_eq!(out.get("details"), None);
}

#[test]
fn unknown_fields_are_kept_in_details_and_counted() {
    let mut border = Border::new();
    border.line(br#"{"event":"made_up","zzz":{"a":[1,2.50]},"yyy":"x\ny","n":12345678901234567890123}"#).unwrap();
    let out = border.out();
    assert_eq!(out["details"]["zzz"], json!({ "a": [1, 2.5] }));
    assert_eq!(out["details"]["yyy"], "x\ny");
    assert!(border.count(SchemaCount::UnknownField) >= 2);
    assert_eq!(border.count(SchemaCount::UnknownEvent), 1);
    assert_eq!(border.count(SchemaCount::UnknownComponent), 1);
    assert_eq!(out["component"], "unknown");
}

#[test]
fn a_value_of_another_type_costs_no_line() {
    let mut border = Border::new();
    border.line(br#"{"event":"x","latency_us":"12","symbol":5,"price":["a"],"qty":1.0,"strategy_id":null}"#).unwrap();
    let out = border.out();
    assert_eq!(out["latency_us"], 12);
    assert_eq!(out["symbol"], "5");
    assert_eq!(out["qty"], 1);
    assert_eq!(out["details"]["price"], json!(["a"]));
    assert_eq!(border.count(SchemaCount::TypeConflict), 1);
    assert!(border.count(SchemaCount::Converted) >= 3);
}

#[test]
fn a_halt_logged_as_a_warning_by_another_name_is_a_guard_event() {
    let mut border = Border::new();
    let decoded = border
        .line(br#"{"event":"StormGuard Transition","old":"STORM","new":"HALT","reason":"Drawdown -331bps","level":"warning"}"#)
        .unwrap();
    assert_eq!(decoded.lane, Lane::Guard);
    let out = border.out();
    assert_eq!(out["event"], "stormguard_transition");
    assert_eq!(out["new_mode"], "HALT");
    assert_eq!(out["level"], "warning");
}

#[test]
fn reserved_names_keep_their_value_under_another_name() {
    let out = through(
        r#"{"event":"x","chain_position":3,"event_id":"e","details":{"a":1},"timestamp":"2026-11-23T05:08:41Z","ts":1}"#,
    );
    assert_eq!(out["details"]["field.chain_position"], 3);
    assert_eq!(out["details"]["field.event_id"], "e");
    assert_eq!(out["details"]["a"], 1);
    assert_eq!(out["details"]["timestamp"], "2026-11-23T05:08:41Z");
}

#[test]
fn of_a_key_that_comes_twice_the_last_counts() {
    let mut border = Border::new();
    border.line(br#"{"event":"x","symbol":"A","symbol":"B","zz":1,"zz":2}"#).unwrap();
    let out = border.out();
    assert_eq!((&out["symbol"], &out["details"]["zz"]), (&json!("B"), &json!(2)));
    assert_eq!(border.count(SchemaCount::DuplicateKey), 2);
}

#[test]
fn nan_and_foreign_bytes_are_repaired() {
    let mut border = Border::new();
    border.line(b"{\"event\":\"x\",\"message\":\"caf\xe9\",\"zz\":NaN,\"yy\":-Infinity}").unwrap();
    let out = border.out();
    assert_eq!(out["message"], "caf\u{fffd}");
    assert_eq!(out["details"]["zz"], Value::Null);
    assert_eq!(border.count(SchemaCount::RepairedUtf8), 1);
    assert_eq!(border.count(SchemaCount::RepairedNumber), 2);
}

#[test]
fn escapes_that_are_none_do_not_break_what_is_written() {
    for line in [
        r#"{"event":"x","message":"lone \ud800 surrogate","zz":"\ud800"}"#,
        "{\"event\":\"x\",\"message\":\"raw\ttab\",\"zz\":\"raw\ttab\",\"yy\":{\"a\":\"b\tc\"}}",
        r#"{"event":"x","k\u0065y":"v","message":"\u00e9\\\""}"#,
    ] {
        let mut border = Border::new();
        if border.line(line.as_bytes()).is_ok() {
            border.out();
        }
    }
}

#[test]
fn what_is_no_event_is_refused_with_the_reason() {
    assert_eq!(refused(b""), "empty_line");
    assert_eq!(refused(b"   \r"), "empty_line");
    assert_eq!(refused(b"plain text"), "not_json");
    assert_eq!(refused(b"[1,2]"), "not_object");
    assert_eq!(refused(b"17"), "not_object");
    assert_eq!(refused(b"{\"event\":\"x\""), "not_json");
    assert_eq!(refused(b"{\"event\":\"x\"} trailing"), "not_json");
    assert_eq!(refused(b"{\"a\":1}"), "missing_event");
    assert_eq!(refused(b"{}"), "missing_event");
    assert_eq!(refused(b"\xff\xfe\x00"), "not_json");
    let deep = format!("{{\"event\":\"x\",\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(refused(deep.as_bytes()), "too_deep");
}

#[test]
fn a_line_with_only_a_message_is_a_log_event() {
    assert_eq!(through(r#"{"message":"hello","level":"ERROR"}"#)["event"], "log");
}

#[test]
fn a_contract_may_refuse_what_it_does_not_know() {
    let strict = tapline_contract::TRADING_TOML.replace("unknown_event = \"accept\"", "unknown_event = \"reject\"");
    let mut border = Border::with(Contract::parse(&strict).expect("still a contract"));
    assert_eq!(border.line(br#"{"event":"made_up"}"#).unwrap_err().reason, "unknown_event");
    assert!(border.batch.is_empty());
    border.line(br#"{"event":"heartbeat"}"#).expect("known");
}

#[test]
fn a_refused_line_leaves_no_trace() {
    let mut border = Border::new();
    border.line(br#"{"event":"x","symbol":"A"}"#).unwrap();
    let (rows, bytes) = (border.batch.len(), border.batch.arena_bytes());
    border.line(br#"{"a":1}"#).unwrap_err();
    assert_eq!((border.batch.len(), border.batch.arena_bytes()), (rows, bytes));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 4.0)),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Lines of a few shapes that nearly repeat each other: keys and gaps come again, in other places, with
/// other spaces, cut short.
fn habitual_line() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "event",
        "component",
        "symbol",
        "qty",
        "message",
        "x",
        "level",
        "ts",
        "indexed",
        "ind",
        "e\\u0076ent",
        "\u{6307}",
    ]);
    let value = prop::sample::select(vec![
        "1",
        "12",
        "\"a\"",
        "\"a\\\"b\"",
        "null",
        "{\"event\":1}",
        "[1,\"x\"]",
        "true",
        "-0.5e3",
        "\"\u{e9}\"",
        "\"info\"",
        "nul",
    ]);
    let gap = prop::sample::select(vec!["", " ", "  "]);
    let member = (key, value, gap.clone(), gap)
        .prop_map(|(key, value, before, behind)| format!("{before}\"{key}\"{behind}:{before}{value}"));
    let members = prop::collection::vec(member, 0..6);
    (members, any::<bool>(), prop::sample::select(vec![",", " ,", ", ", ",,"]), prop::option::of(0usize..60)).prop_map(
        |(mut members, has_event, comma, cut)| {
            if has_event {
                members.insert(0, "\"event\":\"e\"".to_owned());
            }
            let mut line = format!("{{{}}}", members.join(comma));
            if let Some(at) = cut.filter(|at| line.is_char_boundary(*at) && *at < line.len()) {
                line.truncate(at);
            }
            line
        },
    )
}

proptest! {
    #[test]
    fn bytes_never_panic(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Border::new().line(&line);
    }

    #[test]
    fn nearly_json_never_panics(line in r#"\{("[a-z]{0,5}":("[^"]{0,8}"|[0-9.eE+-]{1,6}|NaN|\[|\]|\{|\}|null|true),?){0,6}\}?"#) {
        let mut border = Border::new();
        if border.line(line.as_bytes()).is_ok() {
            border.out();
        }
    }

    /// A decoder that has read many lines, sound and broken, reads the next as one that has read none.
    #[test]
    fn what_was_read_before_changes_nothing(lines in proptest::collection::vec(habitual_line(), 1..12)) {
        let mut used = Border::new();
        for line in &lines {
            let mut fresh = Border::new();
            let (used_says, fresh_says) = (used.line(line.as_bytes()), fresh.line(line.as_bytes()));
            prop_assert_eq!(used_says.is_ok(), fresh_says.is_ok(), "{}: {:?} {:?}", line, used_says, fresh_says);
            match (used_says, fresh_says) {
                (Ok(_), Ok(_)) => prop_assert_eq!(used.out(), fresh.out(), "{}", line),
                (used, fresh) => prop_assert_eq!(used.err(), fresh.err(), "{}", line),
            }
        }
    }

    /// Whatever an event's fields are, it is taken, and nothing of it is lost: each value is found
    /// again under its key, or in `details`.
    #[test]
    fn every_object_with_an_event_is_taken_whole(
        fields in proptest::collection::btree_map("[a-z_]{1,8}|symbol|price|latency_us|approved|message|qty|details2", any_json(), 0..10),
    ) {
        let mut fields = fields;
        for taken in ["event", "ts", "time", "timestamp", "level", "run", "seq", "component", "details", "msg"] {
            fields.remove(taken);
        }
        let mut event: serde_json::Map<String, Value> = fields.clone().into_iter().collect();
        event.insert("event".into(), "made_up".into());
        let mut border = Border::new();
        border.line(Value::Object(event).to_string().as_bytes()).unwrap();
        let out = border.out();
        for (key, value) in fields {
            let field = border.contract.field(&key).map(|id| border.contract.field_at(id).name.clone());
            let name = field.as_deref().unwrap_or(&key);
            let found = out.get(name).or_else(|| out["details"].get(&key)).or_else(|| out["details"].get(format!("field.{key}")));
            match (found, &value) {
                (None, Value::Null) => {}
                (Some(found), value) => {
                    let same = found == value
                        || found.as_str() == Some(&value.to_string())
                        || value.as_str() == Some(&found.to_string())
                        || found.as_f64().is_some() && found.as_f64() == value.as_f64()
                        || found.as_f64().is_some() && value.as_str().is_some_and(|text| text.parse() == Ok(found.as_f64().unwrap_or(0.0)))
                        || found.as_bool() == Some(value == &json!(1));
                    prop_assert!(same, "{key}: {value} became {found}");
                }
                (None, value) => prop_assert!(false, "{key}: {value} is lost: {out}"),
            }
        }
    }
}
