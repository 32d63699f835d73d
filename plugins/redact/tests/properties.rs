//! What holds for every event.

use proptest::prelude::*;
use serde_json::{Value, json};
use tapline_plugin::harness::Harness;
use tapline_redact::Redact;

fn run(events: &[Value]) -> Vec<Value> {
    Harness::<Redact>::new(json!({})).unwrap().process(events).unwrap().events
}

/// Text with many a thing in it that a pattern begins or ends with.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[a-z]{1,8}",
        3 => "[0-9]{1,20}",
        2 => "[-_.,:;=@ \"'\\\\(){}\\[\\]<>&|]{1,3}",
        1 => Just("password".to_string()),
        1 => Just("token".to_string()),
        1 => Just("Bearer ".to_string()),
        1 => Just("eyJ".to_string()),
        1 => Just("://".to_string()),
        1 => Just("trace_id=".to_string()),
        1 => Just("訊號é".to_string()),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    let key = prop_oneof![text(), Just("password".into()), Just("order_key".into()), "[a-z_]{1,6}"];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is covered stays covered as it is: a replayed line doesn't change again.
    #[test]
    fn twice_is_once(message in text(), account in text(), details in tree()) {
        let event = json!({ "message": message, "account": account, "details": details.to_string() });
        let once = run(&[event]);
        prop_assert_eq!(run(&once), once);
    }

    /// JSON stays JSON, of the same shape wherever no key announces a secret.
    #[test]
    fn json_stays_json(details in tree()) {
        let out = run(&[json!({ "details": details.to_string() })]);
        let out: Value = serde_json::from_str(out[0]["details"].as_str().unwrap()).unwrap();
        prop_assert_eq!(out.is_object(), details.is_object());
        prop_assert_eq!(out.is_array(), details.is_array());
    }

    /// A row's outcome doesn't depend on its neighbours in the batch.
    #[test]
    fn rows_are_independent(texts in prop::collection::vec(text(), 1..8)) {
        let events: Vec<Value> = texts.iter().map(|text| json!({ "message": text })).collect();
        let together = run(&events);
        for (row, event) in events.into_iter().enumerate() {
            prop_assert_eq!(&run(&[event])[0], &together[row]);
        }
    }

    /// A secret in the midst of anything that doesn't run into it is gone.
    #[test]
    fn a_planted_card_is_gone(before in "[a-zA-Z,;.()é 0-9]{0,60}", behind in "[a-zA-Z,;()é 0-9]{0,60}") {
        let text = format!("{before} / 5555555555554444 / {behind}");
        let out = run(&[json!({ "message": text })]);
        prop_assert!(!out[0]["message"].as_str().unwrap().contains("5555555555554444"));
    }

    #[test]
    fn a_planted_password_is_gone(before in "[a-zA-Z,;.()é 0-9]{0,60}", secret in "[a-zA-Z0-9!#%^*_+~?/-]{6,20}Z9") {
        for text in [
            format!("{before} password={secret} x"),
            format!("{before} {{\"db_password\": \"{secret}\"}}"),
            format!("{before} mysql://u:{secret}@db/x"),
        ] {
            let out = run(&[json!({ "message": text })]);
            let out = out[0]["message"].as_str().unwrap();
            prop_assert!(!out.contains(&secret), "{}", out);
        }
    }

    /// Ids are never touched, whatever they look like.
    #[test]
    fn ids_are_never_touched(id in "[A-Z]?[0-9]{4,19}|[0-9.]{7,15}|[a-zA-Z0-9@:=_-]{1,40}") {
        let details = json!({ "order_key": id, "deep": [{ "parent_order_id": id }] });
        let event = json!({
            "trace_id": id, "intent_id": id, "client_order_id": id, "broker_order_id": id,
            "ack_token": id, "fill_id": id, "details": details.to_string(),
        });
        prop_assert_eq!(&run(std::slice::from_ref(&event))[0], &event);
    }
}
