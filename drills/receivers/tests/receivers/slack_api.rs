//! The Web API.

use serde_json::{Value, json};
use tapline_receivers::slack::{CHANNEL, Channel, HOOK, Options, Standing, TOKEN};
use tapline_receivers::{Kind, Receiver};

use crate::client::{JSON, Reply, post, post_json};
use crate::slack::unhurried;

fn call(slack: &Receiver, method: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("Content-Type", "application/json; charset=utf-8"), ("Authorization", bearer.as_str())];
    post(&format!("{}/api/{method}", slack.url()), &headers, body.to_string().as_bytes())
}

#[test]
fn errors_come_as_200() {
    let options = Options {
        channels: vec![
            Channel::open(CHANNEL, "alerts"),
            Channel::new("C2", "old", Standing::Archived),
            Channel::new("C3", "closed", Standing::Restricted),
            Channel::new("C4", "private", Standing::NotInvited),
        ],
        ..unhurried()
    };
    let slack = Receiver::start(Kind::Slack(options)).unwrap();
    let text = |channel: &str| json!({"channel": channel, "text": "x"});
    let with = |name: &str, value: Value| {
        let mut body = text(CHANNEL);
        body[name] = value;
        body
    };
    for (body, error) in [
        (text(CHANNEL), ""),
        (text("#alerts"), ""),
        (text("alerts"), ""),
        (text("C9"), "channel_not_found"),
        (json!({"text": "x"}), "channel_not_found"),
        (text("C2"), "is_archived"),
        (text("C3"), "restricted_action"),
        (text("C4"), "not_in_channel"),
        (json!({"channel": CHANNEL}), "no_text"),
        (json!({"channel": CHANNEL, "markdown_text": "x".repeat(12_000)}), ""),
        (json!({"channel": CHANNEL, "markdown_text": "x".repeat(12_001)}), "msg_too_long"),
        (with("markdown_text", json!("x")), "markdown_text_conflict"),
        (with("thread_ts", json!("1405894322.002768")), ""),
        (with("thread_ts", json!("yesterday")), "invalid_arguments"),
        (with("threadts", json!("1405894322.002768")), "invalid_arguments"),
        (with("text", json!(7)), "invalid_arguments"),
        (with("blocks", json!("[]")), "invalid_blocks_format"),
        (with("blocks", json!([{"type": "divider", "extra": 1}])), "invalid_blocks"),
        (with("attachments", json!([{"text": "x", "colour": "red"}])), "invalid_arguments"),
        (with("attachments", json!([{"blocks": [{"type": "divider"}]}])), ""),
        (with("attachments", json!([{"blocks": [{"type": "nope"}]}])), "invalid_blocks"),
        (with("metadata", json!({"event_type": "x", "event_payload": {}})), ""),
        (with("metadata", json!({"event_type": "x"})), "invalid_metadata_format"),
        (json!([]), "json_not_object"),
    ] {
        let reply = call(&slack, "chat.postMessage", &body);
        let answer = reply.json();
        assert_eq!(reply.status, 200);
        assert_eq!(answer["ok"], json!(error.is_empty()), "{body:.100} {answer}");
        assert_eq!(answer["error"].as_str().unwrap_or_default(), error, "{body:.100} {answer}");
    }
    assert_eq!(call(&slack, "chat.fly", &json!({})).json()["error"], "unknown_method");
}

#[test]
fn who_asks_and_how() {
    let slack = Receiver::start(Kind::Slack(unhurried())).unwrap();
    let url = format!("{}/api/chat.postMessage", slack.url());
    let body = json!({"channel": CHANNEL, "text": "x"}).to_string();
    let (good, bad) = (format!("Bearer {TOKEN}"), "Bearer other".to_owned());
    let send = |token: Option<&str>, media: Option<&str>, body: &str| {
        let headers: Vec<(&str, &str)> = token
            .map(|token| ("Authorization", token))
            .into_iter()
            .chain(media.map(|media| ("Content-Type", media)))
            .collect();
        post(&url, &headers, body.as_bytes()).json()
    };
    let json_type = Some("application/json");
    assert_eq!(send(None, json_type, &body)["error"], "not_authed");
    assert_eq!(send(Some(&bad), json_type, &body)["error"], "invalid_auth");
    assert_eq!(send(Some(&good), None, &body)["error"], "missing_post_type");
    assert_eq!(send(Some(&good), Some("text/plain"), &body)["error"], "invalid_post_type");
    assert_eq!(send(Some(&good), json_type, "{")["error"], "invalid_json");
    let answer = send(Some(&good), json_type, &body);
    assert_eq!((&answer["ok"], &answer["warning"]), (&json!(true), &json!("missing_charset")));
    let answer = send(Some(&good), Some("application/json; charset=utf-8"), &body);
    assert_eq!((&answer["ok"], &answer["warning"]), (&json!(true), &Value::Null));
    let test = call(&slack, "auth.test", &json!({})).json();
    assert_eq!((&test["ok"], &test["team_id"]), (&json!(true), &json!("T00000000")));
}

#[test]
fn only_own_messages_are_edited() {
    let slack = Receiver::start(Kind::Slack(unhurried())).unwrap();
    let blocks = json!([{"type": "divider"}]);
    let posted = call(&slack, "chat.postMessage", &json!({"channel": "#alerts", "text": "a", "blocks": blocks})).json();
    assert_eq!(posted["channel"], CHANNEL);
    let ts = posted["ts"].clone();
    post_json(&format!("{}{HOOK}", slack.url()), &json!({"text": "by hook"}));
    let by_hook = slack.state()["messages"][1]["ts"].clone();
    assert_ne!(ts, by_hook);
    for (body, error) in [
        (json!({"channel": CHANNEL, "ts": ts, "text": "b"}), ""),
        (json!({"channel": CHANNEL, "ts": ts, "text": "x".repeat(4000)}), ""),
        (json!({"channel": CHANNEL, "ts": ts, "text": "x".repeat(4001)}), "msg_too_long"),
        (json!({"channel": CHANNEL, "ts": ts}), "no_text"),
        (json!({"channel": CHANNEL, "ts": "1.000000", "text": "b"}), "message_not_found"),
        (json!({"channel": CHANNEL, "text": "b"}), "message_not_found"),
        (json!({"channel": "C9", "ts": ts, "text": "b"}), "channel_not_found"),
        (json!({"channel": CHANNEL, "ts": by_hook, "text": "b"}), "cant_update_message"),
        (json!({"channel": CHANNEL, "ts": ts, "text": "b", "unfurl_links": false}), "invalid_arguments"),
    ] {
        let answer = call(&slack, "chat.update", &body).json();
        assert_eq!(answer["error"].as_str().unwrap_or_default(), error, "{body:.100} {answer}");
    }
    let message = &slack.state()["messages"][0];
    assert_eq!((&message["edits"], &message["blocks"]), (&json!(2), &blocks), "blocks that are not mentioned stay");
    assert_eq!(slack.state()["messages"].as_array().unwrap().len(), 2);
}

#[test]
fn rates_hold_by_channel_and_method() {
    let channels = vec![Channel::open("C1", "one"), Channel::open("C2", "two")];
    let options = Options { channels, burst: 2, updates_per_minute: 3, ..Options::default() };
    let slack = Receiver::start(Kind::Slack(options)).unwrap();
    let post = |channel: &str| call(&slack, "chat.postMessage", &json!({"channel": channel, "text": "x"}));
    assert_eq!([post("C1").status, post("C1").status], [200, 200]);
    let limited = post("C1");
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("1")));
    assert_eq!(limited.json(), json!({"ok": false, "error": "ratelimited"}));
    let ts = post("C2").json()["ts"].clone();
    let update = || call(&slack, "chat.update", &json!({"channel": "C2", "ts": ts, "text": "y"}));
    assert_eq!([update().status, update().status, update().status], [200; 3]);
    let limited = update();
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("20")), "three a minute");
}

#[test]
fn another_content_type_is_refused_before_it_is_read() {
    let slack = Receiver::start(Kind::Slack(unhurried())).unwrap();
    let url = format!("{}{HOOK}", slack.url());
    let gzip = post(&url, &[JSON, ("Content-Encoding", "gzip")], b"\x1f\x8b");
    assert_eq!((gzip.status, gzip.text.as_str()), (400, "invalid_payload"));
    let large = json!({"text": "x".repeat(2 << 20)});
    assert_eq!(post_json(&url, &large).status, 413);
}
