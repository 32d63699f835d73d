//! Incoming webhooks.

use std::time::Duration;

use serde_json::json;
use tapline_receivers::slack::{Channel, HOOK, Options, Standing};
use tapline_receivers::{Kind, Receiver};

use crate::client::{JSON, get, post, post_json};

/// So fast that no test of another rule meets the limit.
pub fn unhurried() -> Options {
    Options { per_second: 1e6, burst: 1_000_000, updates_per_minute: 1_000_000, ..Options::default() }
}

#[test]
fn a_message_is_taken_and_kept() {
    let slack = Receiver::start(Kind::Slack(Options::default())).unwrap();
    let reply = post_json(&format!("{}{HOOK}", slack.url()), &json!({"text": "hello"}));
    assert_eq!((reply.status, reply.text.as_str()), (200, "ok"));
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    let received = slack.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].content["text"], "hello");
    assert!(received[0].arrived_ns > 1_700_000_000_000_000_000);
    assert!(slack.refused().is_empty());
    assert_eq!(get(&format!("{}/_received", slack.url())).json()[0]["content"]["text"], "hello");
}

#[test]
fn each_error_has_its_status_and_text() {
    let hook = |name: &str| format!("/services/T0/B0/{name}");
    let options = Options {
        hooks: ["open", "archived", "restricted", "gone"].map(|name| (hook(name), name.to_owned())).into(),
        channels: vec![
            Channel::open("open", "open"),
            Channel::new("archived", "archived", Standing::Archived),
            Channel::new("restricted", "restricted", Standing::Restricted),
        ],
        ..unhurried()
    };
    let slack = Receiver::start(Kind::Slack(options)).unwrap();
    let long_list = |count: usize| json!({"attachments": vec![json!({"text": "x"}); count]}).to_string();
    for (path, body, status, text) in [
        ("/services/T0/B0/open", r#"{"text":"x"}"#, 200, "ok"),
        ("/services/T0/B0/open", r#"{"text":"x","username":"u","icon_emoji":":x:"}"#, 200, "ok"),
        ("/services/T0/B0/open", r#"{"blocks":[{"type":"divider"}]}"#, 200, "ok"),
        ("/services/T0/B0/open", &long_list(100), 200, "ok"),
        ("/services/T0/B0/open", &long_list(101), 400, "too_many_attachments"),
        ("/services/T0/B0/open", r#"{"text":""}"#, 400, "no_text"),
        ("/services/T0/B0/open", r#"{"text":"  "}"#, 400, "no_text"),
        ("/services/T0/B0/open", "{}", 400, "no_text"),
        ("/services/T0/B0/open", "not json", 400, "invalid_payload"),
        ("/services/T0/B0/open", "[1]", 400, "invalid_payload"),
        ("/services/T0/B0/open", "", 400, "invalid_payload"),
        ("/services/T0/B0/open", r#"{"txt":"x"}"#, 400, "invalid_payload"),
        ("/services/T0/B0/open", r#"{"blocks":{}}"#, 400, "invalid_blocks_format"),
        ("/services/T0/B0/open", r#"{"blocks":[{"type":"nope"}]}"#, 400, "invalid_blocks"),
        ("/services/T0/B0/archived", r#"{"text":"x"}"#, 410, "channel_is_archived"),
        ("/services/T0/B0/restricted", r#"{"text":"x"}"#, 403, "action_prohibited"),
        ("/services/T0/B0/gone", r#"{"text":"x"}"#, 404, "channel_not_found"),
        ("/services/T0/B0/never", r#"{"text":"x"}"#, 404, "no_service"),
        ("/other", r#"{"text":"x"}"#, 404, "no_service"),
    ] {
        let reply = post(&format!("{}{path}", slack.url()), &[JSON], body.as_bytes());
        assert_eq!((reply.status, reply.text.as_str()), (status, text), "{path} {body:.80}");
    }
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let reply = post(&format!("{}{}", slack.url(), hook("open")), &[form], b"payload=%7B%22text%22%3A%22x%22%7D");
    assert_eq!((reply.status, reply.text.as_str()), (400, "invalid_payload"));
    assert_eq!(slack.received().len(), 4);
    assert!(slack.refused().iter().any(|refused| refused.reason == "no_text: neither text nor blocks nor attachments"));
}

#[test]
fn long_text_is_cut_off() {
    let slack = Receiver::start(Kind::Slack(unhurried())).unwrap();
    let url = format!("{}{HOOK}", slack.url());
    for (chars, kept, warned) in [(40_000, 40_000, false), (40_001, 40_000, true)] {
        slack.clear();
        assert_eq!(post_json(&url, &json!({"text": "ü".repeat(chars)})).status, 200);
        let content = &slack.received()[0].content;
        assert_eq!(content["text"].as_str().unwrap().chars().count(), kept);
        assert_eq!(content["warnings"] == json!(["message_truncated"]), warned);
    }
}

#[test]
fn a_second_burst_has_to_wait() {
    let options = Options { burst: 3, ..Options::default() };
    let slack = Receiver::start(Kind::Slack(options)).unwrap();
    let url = format!("{}{HOOK}", slack.url());
    let replies: Vec<_> = (0..4).map(|at| post_json(&url, &json!({"text": at.to_string()}))).collect();
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [200, 200, 200, 429]);
    assert_eq!(replies[3].header("retry-after"), Some("1"));
    std::thread::sleep(Duration::from_millis(1010));
    assert_eq!(post_json(&url, &json!({"text": "later"})).status, 200, "after the time that it said");
    assert_eq!(post_json(&url, &json!({"text": "at once"})).status, 429);
    assert_eq!(slack.received().len(), 4);
    assert_eq!(slack.refused().len(), 2);
}
