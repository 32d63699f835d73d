//! Slack, as far as its documents describe it.

use serde_json::json;
use tapline_notices::channel::{SlackApi, SlackWebhook};
use tapline_notices::{Channel, Kind, Outcome, Retry, Secret};

use super::server::{Answer, Server};
use super::{firing, http, resolved};

fn ok(body: serde_json::Value) -> Answer {
    (200, "content-type: application/json\r\n", body.to_string())
}

fn posted(ts: &str) -> Answer {
    ok(json!({ "ok": true, "channel": "C024BE91L", "ts": ts }))
}

fn api(server: &Server) -> SlackApi {
    SlackApi::new(http(), &server.url, Secret::new("xoxb-hush"), "#desk")
}

#[test]
fn a_webhook_says_ok() {
    let server = Server::start(|_, _| (200, "", "ok".into()));
    let mut slack = SlackWebhook::new(http(), Secret::new(format!("{}/services/T0/B0/hush", server.url)));
    assert_eq!(slack.send(&firing("gap")).unwrap().outcome(), Outcome::Delivered);
    let request = &server.requests()[0];
    assert_eq!(request.path, "/services/T0/B0/hush");
    assert_eq!(request.headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(request.json()["blocks"][0]["type"], "header");
    assert_eq!(request.json()["text"], "CRITICAL firing: gap");
}

#[test]
fn an_answer_without_ok_proves_nothing() {
    let server = Server::start(|_, _| (200, "", "<html>log in</html>".into()));
    let mut slack = SlackWebhook::new(http(), Secret::new(server.url.clone()));
    assert_eq!(slack.send(&firing("gap")).unwrap().outcome(), Outcome::Assumed);
}

#[test]
fn a_webhook_that_is_gone_refuses_for_good() {
    let server = Server::start(|_, _| (404, "", "no_service".into()));
    let url = format!("{}/services/hush", server.url);
    let error = SlackWebhook::new(http(), Secret::new(url)).send(&firing("gap")).unwrap_err();
    assert_eq!((error.outcome, error.retry), (Outcome::Refused, Retry::Never));
    assert_eq!(error.to_string(), "Slack answers 404: no_service");
    assert!(!format!("{error:?}").contains("hush"));
}

#[test]
fn a_limit_says_when_to_come_back() {
    let server = Server::start(|_, _| (429, "retry-after: 30\r\n", String::new()));
    let error = api(&server).send(&firing("gap")).unwrap_err();
    assert_eq!(error.outcome, Outcome::Limited);
    assert_eq!(error.retry, Retry::After(std::time::Duration::from_secs(30)));
}

#[test]
fn what_fired_is_edited_when_it_ends() {
    let server = Server::start(|_, _| posted("1700000000.000100"));
    let mut slack = api(&server);
    let receipt = slack.send(&firing("gap")).unwrap();
    assert_eq!(receipt.id.as_deref(), Some("C024BE91L/1700000000.000100"));
    slack.send(&resolved("gap", receipt.id)).unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].path, "/chat.postMessage");
    assert_eq!(requests[0].headers["authorization"], "Bearer xoxb-hush");
    assert_eq!(requests[0].json()["channel"], "#desk");
    assert_eq!(requests[1].path, "/chat.update");
    let update = requests[1].json();
    assert_eq!((&update["channel"], &update["ts"]), (&json!("C024BE91L"), &json!("1700000000.000100")));
    assert_eq!(update["text"], "CRITICAL resolved after 1 min 30 s: gap");
}

#[test]
fn a_receipt_that_is_not_known_yet_is_remembered() {
    let server = Server::start(|_, _| posted("1.1"));
    let mut slack = api(&server);
    slack.send(&firing("gap")).unwrap();
    slack.send(&resolved("gap", None)).unwrap();
    assert_eq!(server.requests()[1].path, "/chat.update");
}

#[test]
fn what_was_deleted_is_said_anew() {
    let server = Server::start(|request, _| match request.path.as_str() {
        "/chat.update" => ok(json!({ "ok": false, "error": "message_not_found" })),
        _ => posted("2.2"),
    });
    let receipt = api(&server).send(&resolved("gap", Some("C1/1.1".into()))).unwrap();
    assert_eq!(receipt.id.as_deref(), Some("C024BE91L/2.2"));
}

#[test]
fn a_repetition_is_a_reply_that_everybody_sees() {
    let server = Server::start(|_, _| posted("2.2"));
    let mut message = resolved("gap", Some("C1/1.1".into()));
    message.kind = Kind::Repeated;
    api(&server).send(&message).unwrap();
    let body = server.requests()[0].json();
    assert_eq!((&body["thread_ts"], &body["reply_broadcast"]), (&json!("1.1"), &json!(true)));
}

#[test]
fn refusals_of_the_api_come_with_status_200() {
    let check = |code: &'static str, outcome: Outcome, again: bool| {
        let server = Server::start(move |_, _| ok(json!({ "ok": false, "error": code })));
        let error = api(&server).send(&firing("gap")).unwrap_err();
        assert_eq!((error.outcome, error.retry != Retry::Never), (outcome, again), "{code}");
        assert!(error.to_string().contains(code));
    };
    check("invalid_auth", Outcome::Refused, false);
    check("channel_not_found", Outcome::Refused, false);
    check("is_archived", Outcome::Refused, false);
    check("ratelimited", Outcome::Limited, true);
    check("internal_error", Outcome::Failed, true);
}
