//! Planted secrets, in every place where they have been seen to leak: they must not come out. And
//! what only looks like one must.

use serde_json::{Value, json};
use tapline_plugin::harness::Harness;
use tapline_redact::Redact;

/// Each with the part that must not be readable afterwards.
const SECRETS: [(&str, &str); 24] = [
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJzdWIiOiIxIn0"),
    ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "eyJhbGci"),
    ("Bearer abc123def456", "abc123def456"),
    ("bearer: 7f3a9c", "7f3a9c"),
    ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ("Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"),
    ("123456789:AAE_abcdefghijklmnopqrstuvwxyz01234", "AAE_abc"),
    ("xoxb-1234567890-abcdefghij", "1234567890-abc"),
    ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
    ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghij"),
    ("sk_live_abcdefghij0123456789", "abcdefghij"),
    ("https://hooks.slack.com/services/T000/B000/abcdefghij", "B000/abc"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc=\n-----END RSA PRIVATE KEY-----", "MIIEow"),
    ("4111111111111111", "4111"),
    ("4111-1111-1111-1111", "1111"),
    ("3782 822463 10005", "822463"),
    ("A123456789", "123456789"),
    ("078-05-1120", "05-1120"),
    ("203.0.113.7", "203.0"),
    ("jane.doe+x@mail.example.com", "jane.doe"),
    ("password=hunter2", "hunter2"),
    ("'api_key': 'k 9 q'", "k 9 q"),
    ("amqp://bot:s3/cr@et@mq:5672/v", "s3/cr@et"),
    ("{\"client_secret\": \"s-q-9\"}", "s-q-9"),
];

/// Text that a secret is put into; `%` is its place.
const PLACES: [&str; 14] = [
    "%",
    "%.",
    " %",
    "login failed: % (attempt 3)",
    "login failed (%)",
    "before %, after",
    "[%]",
    "<%>",
    "訊號 % 已拒絕",
    "é% ü",
    "a\tb\n%\nc",
    "\"%\"",
    "order TXFD6 at 34521.3 qty 1000 on 2026-04-08T08:31:10.123456Z % done",
    "err=%;",
];

fn redact() -> Harness<Redact> {
    Harness::new(json!({})).unwrap()
}

fn only(events: Vec<Value>) -> Value {
    let [event] = <[Value; 1]>::try_from(events).unwrap();
    event
}

#[test]
fn no_planted_secret_comes_out_of_a_text() {
    let mut redact = redact();
    for (secret, part) in SECRETS {
        for place in PLACES {
            let text = place.replace('%', secret);
            for field in ["message", "error", "exception", "url"] {
                let event = only(redact.process(&[json!({ field: text })]).unwrap().events);
                let out = event[field].as_str().unwrap();
                assert!(!out.contains(part), "{field}: {text} became {out}");
                assert!(out.contains("[masked"), "{field}: {text} became {out}");
            }
        }
    }
}

#[test]
fn no_planted_secret_comes_out_of_details() {
    let mut redact = redact();
    for (secret, part) in SECRETS {
        for details in [
            json!({ "note": secret }),
            json!({ "a": [1, { "b": ["x", secret] }] }),
            json!({ "note": format!("before {secret} after") }),
            json!({ secret: 1 }),
            json!({ "payload": json!({ "inner": secret }).to_string() }),
            json!({ "password": { "deep": [secret] }, "n": null }),
        ] {
            let event = json!({ "event": "x", "details": details.to_string() });
            let event = only(redact.process(&[event]).unwrap().events);
            let out = event["details"].as_str().unwrap();
            let parsed: Value = serde_json::from_str(out).unwrap();
            assert!(parsed.is_object() && !out.contains(part), "{details} became {out}");
        }
    }
}

#[test]
fn a_secret_in_a_long_text_is_found_wherever_it_lies() {
    let mut redact = redact();
    for before in (0..140).chain([10_000]) {
        let text = format!("{}4111111111111111 {}", "x ".repeat(before), "y".repeat(before));
        let event = only(redact.process(&[json!({ "message": text })]).unwrap().events);
        assert!(!event["message"].as_str().unwrap().contains("4111"), "behind {before} words");
    }
}

#[test]
fn rows_don_t_touch_each_other() {
    let mut redact = redact();
    // Cut in two, neither half is a secret; the halves stand side by side in the packed column.
    let texts = ["a 41111111", "11111111 b", "ey", "JhbGciOiJIUzI1NiJ9.eyJz", "4111111111111111", "7"];
    let events: Vec<Value> = texts.iter().map(|text| json!({ "message": text })).collect();
    let out = redact.process(&events).unwrap().events;
    for row in [0, 1, 2, 3, 5] {
        assert_eq!(out[row]["message"], texts[row]);
    }
    assert_eq!(out[4]["message"], "[masked-card]");
}

#[test]
fn near_misses_come_out_as_they_were() {
    let mut redact = redact();
    for text in [
        "reject received: \"price out of band\" code 17",
        "heartbeat from component, all queues below watermark",
        "order CO-4111111111111111 acked",
        "ts 1795410521046547135 ns, 1795410521046 ms",
        "4111111111111112 fails the check digit",
        "0.4111111111111111",
        "A123456788 fails the check digit",
        "000-12-3456 is never issued",
        "build v1.2.3.4 of 1.2.3",
        "listening on 127.0.0.1:9100 and 0.0.0.0:80",
        "the bearer of bad news, bearer token missing, basic validation passed",
        "eyJ is how they begin",
        "risk-limit sk-short, ask-price",
        "tokens: 17, token_count=4, author: me, keyboard=1",
        "password: None, api_key=***REDACTED***, secret=<redacted>",
        "std::token::next at https://example.com/a:b",
        "buy 2@34521.3 user@localhost",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "intent_id=4111111111111111 order_key: A123456789 ack_token=abc",
        "2026-04-08T08:31:10.123456Z 2026-04-08 31-12-2026",
        "POSITION_LIMIT_EXCEEDED: abs(-3) > 1",
        "strategy_a:99 SIMPLE_MM_TMF:1 9A95XXXXXXX:SIMPLE_MM_TMF:TMFD6",
    ] {
        let out = redact.process(&[json!({ "message": text })]).unwrap();
        assert_eq!(out.events[0]["message"], text);
    }
}

#[test]
fn strange_details_harm_nothing() {
    let mut redact = redact();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for details in [
        "",
        "{",
        "}",
        "nul",
        "{\"a\"}",
        "{\"a\":}",
        "[1,]",
        "{\"password\":",
        "{\"password\":{\"a\"",
        "\"",
        "\"\\",
        "{\"a\":\"\\u00",
        "{\"\\ud800\":1}",
        "1 2",
        "{\"token\":01x}",
        deep.as_str(),
        "{\"a\":1}}",
        "[]]",
        "-",
        "{\"password\":]}",
    ] {
        redact.process(&[json!({ "details": details })]).unwrap();
    }
    // What is no JSON is searched as text.
    let event = only(redact.process(&[json!({ "details": "{password=hunter2" })]).unwrap().events);
    assert!(!event["details"].as_str().unwrap().contains("hunter2"));
}

#[test]
fn a_key_or_secret_behind_escapes_is_still_found() {
    let mut redact = redact();
    for (details, part) in [
        (r#"{"pass\u0077ord":"hunter2"}"#, "hunter2"),
        (r#"{"note":"\u0034111111111111111"}"#, "111111111111"),
        (r#"{"note":"jane\u0040example.com"}"#, "jane"),
        (r#"{"note":"{\"password\": \"hun\\\"ter2\"}"}"#, "ter2"),
    ] {
        let event = only(redact.process(&[json!({ "details": details })]).unwrap().events);
        let out = event["details"].as_str().unwrap();
        assert!(serde_json::from_str::<Value>(out).is_ok() && !out.contains(part), "{out}");
    }
}

#[test]
fn numbers_as_keys_and_values_are_no_trouble() {
    let mut redact = redact();
    let details = json!({ "1": 2, "nested": { "3": { "4": 5 } }, "card": 4111111111111111_u64 });
    let event = only(redact.process(&[json!({ "details": details })]).unwrap().events);
    let out: Value = serde_json::from_str(event["details"].as_str().unwrap()).unwrap();
    assert_eq!(out, json!({ "1": 2, "nested": { "3": { "4": 5 } }, "card": "[masked-card]" }));
}
