//! The signed webhook.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use tapline_receivers::webhook::{Options, SECRET, sign};
use tapline_receivers::{Kind, Receiver};

use crate::client::{JSON, Reply, post};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn deliver(receiver: &Receiver, signature: &str, delivery: &str, body: &str) -> Reply {
    let headers = [JSON, ("X-Tapline-Signature", signature), ("X-Tapline-Delivery", delivery)];
    post(&format!("{}/hook", receiver.url()), &headers, body.as_bytes())
}

#[test]
fn only_what_is_signed_now_is_taken() {
    let webhook = Receiver::start(Kind::Webhook(Options::default())).unwrap();
    let body = r#"{"a":1}"#;
    let signed = |secret: &str, time: u64| sign(secret, time, body.as_bytes());
    for (at, (signature, status)) in [
        (signed(SECRET, now()), 200),
        (signed(SECRET, now() - 290), 200),
        (signed(SECRET, now() + 290), 200),
        (signed(SECRET, now() - 310), 401),
        (signed(SECRET, now() + 310), 401),
        (signed("other", now()), 401),
        (sign(SECRET, now(), b"{\"a\":2}"), 401),
        ("t=1".into(), 401),
        (String::new(), 401),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(deliver(&webhook, &signature, &at.to_string(), body).status, status, "{at}: {signature}");
    }
    let signature = signed(SECRET, now());
    assert_eq!(post(&webhook.url(), &[JSON], body.as_bytes()).status, 401, "no signature at all");
    assert_eq!(deliver(&webhook, &signature, "", body).status, 400);
    assert_eq!(deliver(&webhook, &signature, &"x".repeat(255), body).status, 200);
    assert_eq!(deliver(&webhook, &signature, &"x".repeat(256), body).status, 400);
    assert_eq!(deliver(&webhook, &sign(SECRET, now(), b"{"), "broken", "{").status, 400);
}

#[test]
fn a_second_delivery_is_counted_and_not_kept() {
    let webhook = Receiver::start(Kind::Webhook(Options::default())).unwrap();
    let send = |id: &str| deliver(&webhook, &sign(SECRET, now(), b"{}"), id, "{}");
    assert_eq!(
        [send("a").text, send("a").text, send("b").text, send("a").text],
        ["ok", "duplicate", "ok", "duplicate"]
    );
    assert_eq!(webhook.received().len(), 2);
    assert_eq!(webhook.state(), json!({"deliveries": {"a": 3, "b": 1}, "duplicates": 2}));
}
