//! PagerDuty's Events API v2.

use serde_json::{Value, json};
use tapline_receivers::pagerduty::{Options, ROUTING_KEY};
use tapline_receivers::{Kind, Receiver};

use crate::client::{JSON, get, post, post_json};

fn unhurried() -> Receiver {
    Receiver::start(Kind::PagerDuty(Options { per_minute: 1_000_000, ..Options::default() })).unwrap()
}

fn event(action: &str, key: &str) -> Value {
    let payload = json!({"summary": "disk full", "source": "host-1", "severity": "critical"});
    json!({"routing_key": ROUTING_KEY, "event_action": action, "dedup_key": key, "payload": payload})
}

/// A trigger with the member at this pointer changed; null takes it away.
fn with(pointer: &str, value: Value) -> Value {
    let mut event = event("trigger", "k");
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        parent.remove(name);
    } else {
        parent.insert(name.to_owned(), value);
    }
    event
}

#[test]
fn each_rule_has_what_fits_and_what_does_not() {
    let pagerduty = unhurried();
    let url = format!("{}/v2/enqueue", pagerduty.url());
    let long = |chars: usize| json!("x".repeat(chars));
    for (event, error) in [
        (event("trigger", "k"), ""),
        (event("acknowledge", "k"), ""),
        (event("resolve", "k"), ""),
        (with("/event_action", json!("fire")), "'event_action' is invalid"),
        (with("/event_action", Value::Null), "'event_action' is missing or blank"),
        (with("/routing_key", Value::Null), "'routing_key' is missing or blank"),
        (with("/routing_key", long(31)), "Length of 'routing_key' is incorrect (should be 32 characters)"),
        (with("/routing_key", long(32)), "Invalid routing key"),
        (with("/dedup_key", Value::Null), ""),
        (with("/dedup_key", long(255)), ""),
        (with("/dedup_key", long(256)), "'dedup_key' is too long"),
        (with("/dedup_key", json!(7)), "'dedup_key' is invalid"),
        (with("/payload", Value::Null), "'payload' is missing or blank"),
        (with("/payload", json!("x")), "'payload' is invalid"),
        (with("/payload/summary", long(1024)), ""),
        (with("/payload/summary", long(1025)), "'payload.summary' is too long"),
        (with("/payload/summary", json!("")), "'payload.summary' is missing or blank"),
        (with("/payload/summary", Value::Null), "'payload.summary' is missing or blank"),
        (with("/payload/source", Value::Null), "'payload.source' is missing or blank"),
        (with("/payload/severity", json!("info")), ""),
        (with("/payload/severity", json!("error")), ""),
        (with("/payload/severity", json!("warning")), ""),
        (with("/payload/severity", json!("fatal")), "'payload.severity' is invalid"),
        (with("/payload/severity", Value::Null), "'payload.severity' is missing or blank"),
        (with("/payload/timestamp", json!("2015-07-17T08:42:58.315+0000")), ""),
        (with("/payload/timestamp", json!("2024-05-06T07:08:09.123456789Z")), ""),
        (with("/payload/timestamp", json!("yesterday")), "'payload.timestamp' is invalid"),
        (with("/payload/timestamp", json!(1_700_000_000)), "'payload.timestamp' is invalid"),
        (with("/payload/component", json!("disk")), ""),
        (with("/payload/component", json!(1)), "'payload.component' is invalid"),
        (with("/payload/group", json!("g")), ""),
        (with("/payload/class", json!("c")), ""),
        (with("/payload/custom_details", json!({"a": 1})), ""),
        (with("/payload/custom_details", json!("a")), "'payload.custom_details' is invalid"),
        (with("/payload/colour", json!("red")), "'payload.colour' is not a member"),
        (with("/sevrity", json!("info")), "'sevrity' is not a member"),
        (with("/client", json!("Tapline")), ""),
        (with("/client_url", json!("https://x")), ""),
        (with("/client_url", json!(1)), "'client_url' is invalid"),
        (with("/links", json!([{"href": "https://x", "text": "t"}])), ""),
        (with("/links", json!([{"href": "https://x"}])), ""),
        (with("/links", json!([{"text": "t"}])), "'links[0].href' is missing"),
        (with("/links", json!([{"href": "x"}])), "'links[0].href' is invalid"),
        (with("/links", json!({})), "'links' is invalid"),
        (with("/images", json!([{"src": "https://x", "href": "https://y", "alt": "a"}])), ""),
        (with("/images", json!([{"src": "http://x"}])), "must be served via HTTPS"),
        (with("/images", json!([{"alt": "a"}])), "'images[0].src' is missing"),
        (with("/images", json!([{"src": "https://x", "text": "t"}])), "'images[0].text' is not a member"),
    ] {
        let reply = post_json(&url, &event);
        let answer = reply.json();
        if error.is_empty() {
            assert_eq!((reply.status, &answer["status"]), (202, &json!("success")), "{event:.300} {answer}");
            assert_eq!(answer["message"], "Event processed");
            assert!(answer["dedup_key"].as_str().is_some_and(|key| !key.is_empty()));
        } else {
            assert_eq!((reply.status, &answer["status"]), (400, &json!("invalid event")), "{event:.300} {answer}");
            assert_eq!(answer["message"], "Event object is invalid");
            assert!(answer["errors"].to_string().contains(error), "{error} in {answer}");
        }
    }
    for action in ["acknowledge", "resolve"] {
        let bare = json!({"routing_key": ROUTING_KEY, "event_action": action, "dedup_key": "k"});
        assert_eq!(post_json(&url, &bare).status, 202, "{action} needs no payload");
        let keyless = json!({"routing_key": ROUTING_KEY, "event_action": action});
        assert!(post_json(&url, &keyless).text.contains("'dedup_key' is missing or blank"));
    }
    let all = post_json(&url, &json!({"routing_key": "x", "event_action": "trigger", "payload": {}})).json();
    assert_eq!(all["errors"].as_array().unwrap().len(), 4, "all that is wrong is told together: {all}");
}

#[test]
fn alerts_open_join_and_close() {
    let pagerduty = unhurried();
    let url = format!("{}/v2/enqueue", pagerduty.url());
    let send = |action: &str, key: &str| assert_eq!(post_json(&url, &event(action, key)).status, 202);
    let state = || get(&format!("{}/_state", pagerduty.url())).json();
    send("trigger", "a");
    send("trigger", "a");
    send("trigger", "b");
    send("acknowledge", "a");
    send("resolve", "nobody");
    let now = state();
    assert_eq!(now["open"], json!(["a", "b"]));
    assert_eq!((&now["alerts"]["a"]["status"], &now["alerts"]["a"]["triggers"]), (&json!("acknowledged"), &json!(2)));
    send("resolve", "a");
    send("acknowledge", "a");
    assert_eq!((&state()["open"], &state()["alerts"]["a"]["status"]), (&json!(["b"]), &json!("resolved")));
    send("trigger", "a");
    let now = state();
    assert_eq!((&now["alerts"]["a"]["incident"], &now["alerts"]["a"]["triggers"]), (&json!(3), &json!(1)), "a new one");
    assert_eq!(now["opened"], 3);
}

#[test]
fn what_is_no_event_and_what_is_too_much() {
    let pagerduty = Receiver::start(Kind::PagerDuty(Options { per_minute: 4, ..Options::default() })).unwrap();
    let url = format!("{}/v2/enqueue", pagerduty.url());
    let broken = post(&url, &[JSON], b"{\"routing_key\":");
    assert_eq!((broken.status, &broken.json()["errors"]), (400, &json!(["JSON parse error"])));
    assert_eq!(post(&url, &[JSON], b"[]").json()["status"], "invalid event");
    let filled = |bytes: usize| {
        let mut event = with("/payload/custom_details", json!({"text": ""}));
        event["payload"]["custom_details"]["text"] = json!("x".repeat(bytes - event.to_string().len()));
        event
    };
    assert_eq!(post_json(&url, &filled(512 * 1024)).status, 202);
    let large = post_json(&url, &filled(512 * 1024 + 1));
    assert_eq!((large.status, &large.json()["status"]), (400, &json!("invalid event")));
    assert_eq!(post_json(&format!("{}/v1/enqueue", pagerduty.url()), &event("trigger", "k")).status, 404);
    let statuses: Vec<u16> = (0..4).map(|_| post_json(&url, &event("trigger", "k")).status).collect();
    assert_eq!(statuses, [202, 202, 202, 429], "four a minute, of which one is gone");
}
