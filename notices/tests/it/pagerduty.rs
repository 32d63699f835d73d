//! PagerDuty, as far as its documents describe it.

use serde_json::json;
use tapline_notices::channel::PagerDuty;
use tapline_notices::{Channel, Kind, Outcome, Retry, Secret};

use super::server::Server;
use super::{firing, http, resolved};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn accepting() -> Server {
    Server::start(|request, _| {
        let key = request.json()["dedup_key"].clone();
        (202, "", json!({ "status": "success", "message": "Event processed", "dedup_key": key }).to_string())
    })
}

fn pager(server: &Server) -> PagerDuty {
    PagerDuty::new(http(), &format!("{}/v2/enqueue", server.url), Secret::new(KEY), "trading-1")
}

#[test]
fn one_key_from_trigger_to_resolve() {
    let server = accepting();
    let mut pager = pager(&server);
    let receipt = pager.send(&firing("gap")).unwrap();
    assert_eq!(receipt.id.as_deref(), Some("reject-spike/feed-gap/2330"));
    let mut acknowledged = firing("gap");
    acknowledged.kind = Kind::Acknowledged;
    pager.send(&acknowledged).unwrap();
    pager.send(&resolved("gap", None)).unwrap();
    let events: Vec<_> = server.requests().iter().map(|request| request.json()).collect();
    let actions: Vec<_> = events.iter().map(|event| event["event_action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["trigger", "acknowledge", "resolve"]);
    for event in &events {
        assert_eq!((&event["dedup_key"], &event["routing_key"]), (&json!("reject-spike/feed-gap/2330"), &json!(KEY)));
    }
    let payload = &events[0]["payload"];
    assert_eq!((&payload["source"], &payload["severity"]), (&json!("trading-1"), &json!("critical")));
    assert_eq!(payload["custom_details"]["trace_command"], "tapline trace abc-1");
    assert_eq!(events[0]["links"], json!([{ "href": "https://wiki.example/FeedGap", "text": "Runbook" }]));
}

#[test]
fn a_refusal_says_why_and_not_the_key() {
    let body =
        json!({ "status": "invalid event", "message": "Event object is invalid", "errors": [format!("bad {KEY}")] });
    let server = Server::start(move |_, _| (400, "", body.to_string()));
    let error = pager(&server).send(&firing("gap")).unwrap_err();
    assert_eq!((error.outcome, error.retry), (Outcome::Refused, Retry::Never));
    assert_eq!(error.to_string(), "PagerDuty answers 400: bad …");
}

#[test]
fn a_test_leaves_no_incident() {
    let server = accepting();
    let mut test = firing("test");
    test.kind = Kind::Test;
    pager(&server).send(&test).unwrap();
    let actions: Vec<_> = server.requests().iter().map(|request| request.json()["event_action"].clone()).collect();
    assert_eq!(actions, ["trigger", "resolve"]);
}

#[test]
fn silence_is_timed_out() {
    let server = Server::start(|_, _| {
        std::thread::sleep(std::time::Duration::from_secs(4));
        (202, "", String::new())
    });
    let error = pager(&server).send(&firing("gap")).unwrap_err();
    assert_eq!((error.outcome, error.retry), (Outcome::TimedOut, Retry::Later));
}
