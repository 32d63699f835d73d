//! Who is told: the router against receivers that refuse what the real ones refuse.

mod acknowledge;
mod alertmanager;
mod email;
mod heartbeat;
mod setup;
mod watch;
mod webhook;

use std::time::Duration;

use serde_json::{Value, json};
use tapline_receivers::{Kind, Receiver, Step, pagerduty, slack};

use crate::harness::{Folder, Router};
use setup::{all_to, config, duty, receipts, transition};

/// A pager first, then a chat.
fn channels(pager: &Receiver, slack: &Receiver, folder: &Folder) -> String {
    let hook = folder.write("slack", &format!("{}{}", slack.url(), slack::HOOK)).display().to_string();
    format!(
        r#"
{}
[notify.channels.desk]
type = "slack"
webhook_url_file = "{hook}"
timeout_s = 1
[[notify.routes]]
severity = ["critical"]
to = ["duty", "desk"]
fallback_after_s = 1
[[notify.routes]]
severity = ["warning", "info"]
to = ["desk"]
"#,
        duty(pager, folder)
    )
}

fn start() -> (Receiver, Receiver, Router) {
    let pager = Receiver::start(Kind::PagerDuty(pagerduty::Options::default())).unwrap();
    let slack = Receiver::start(Kind::Slack(slack::Options::default())).unwrap();
    let folder = Folder::new();
    let config = folder.write("tapline.toml", &config(&channels(&pager, &slack, &folder)));
    let router = Router::start_in(folder, Some(&config));
    (pager, slack, router)
}

#[test]
fn a_halt_pages_and_its_end_resolves_the_page_with_a_receipt_for_each() {
    let (pager, _slack, mut router) = start();
    router.send(&[transition("STORM", "HALT")]);
    assert_eq!(pager.wait(1, Duration::from_secs(10)).len(), 1, "{:?}", pager.refused());
    router.until("the receipt is in the audit trail", |router| {
        (receipts(router) == [("duty".to_owned(), "delivered".to_owned())]).then_some(())
    });
    router.send(&[transition("HALT", "STORM")]);
    router.until("the end has its receipt", |router| (receipts(router).len() == 2).then_some(()));
    assert!(pager.refused().is_empty(), "{:?}", pager.refused());
    let open = pager.state();
    assert!(!open.to_string().contains("\"triggered\""), "{open}");
    let metrics = router.get("/metrics").text;
    assert!(metrics.contains("tapline_deliveries_total{destination=\"duty\",outcome=\"delivered\"} 2"), "{metrics}");
    router.stop_well();
}

#[test]
fn a_pager_that_does_not_answer_is_replaced_by_the_next_and_nothing_else_is_delayed() {
    let (pager, slack, mut router) = start();
    pager.script([Step::hang().times(50)]).unwrap();
    router.send(&[transition("STORM", "HALT")]);
    assert_eq!(slack.wait(1, Duration::from_secs(20)).len(), 1, "{:?}", slack.refused());
    router.until("the fallback has its receipt", |router| {
        receipts(router).contains(&("desk".to_owned(), "delivered".to_owned())).then_some(())
    });
    assert!(slack.refused().is_empty(), "{:?}", slack.refused());
    let events: Vec<Value> = (0..500).map(|_| json!({ "event": "busy", "component": "bus", "message": "m" })).collect();
    router.send(&events);
    router.until("logs go on", |router| (router.folder().count_lines("logs/events.ndjson") >= 500).then_some(()));
    router.stop_well();
}

#[test]
fn a_page_that_is_on_its_way_when_the_router_stops_has_its_receipt_all_the_same() {
    let pager = Receiver::start(Kind::PagerDuty(pagerduty::Options::default())).unwrap();
    let folder = Folder::new();
    let channels = format!("{}{}", duty(&pager, &folder), all_to("duty"));
    let config = folder.write("tapline.toml", &config(&channels));
    let router = Router::start_in(folder, Some(&config));
    // Its answer comes while the router stops.
    pager.script([Step::delay_ms(700)]).unwrap();
    router.send(&[transition("STORM", "HALT")]);
    let folder = router.stop_well();
    assert_eq!(pager.wait(1, Duration::from_secs(10)).len(), 1, "{:?}", pager.refused());
    let rows = folder.sql("SELECT destination, delivery_outcome FROM audit.delivery_log WHERE event = 'delivery'");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((&rows[0]["destination"], &rows[0]["delivery_outcome"]), (&json!("duty"), &json!("delivered")));
}

/// What a real Alertmanager sends for one alert that fires and one that ended.
fn webhook(status: &str) -> String {
    json!({
        "version": "4", "groupKey": "{}:{alertname=\"FeedGap\"}", "truncatedAlerts": 0, "status": status, "receiver": "tapline",
        "groupLabels": { "alertname": "FeedGap" }, "commonLabels": { "alertname": "FeedGap" }, "commonAnnotations": {},
        "externalURL": "http://am:9093",
        "alerts": [{
            "status": status, "labels": { "alertname": "FeedGap", "severity": "critical", "conn": "c1" },
            "annotations": { "summary": "no ticks for 3 s", "runbook_url": "https://runbooks/FeedGap" },
            "startsAt": "2026-11-24T01:02:03.004Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prom/graph", "fingerprint": "0a1b2c3d4e5f6071"
        }]
    })
    .to_string()
}

#[test]
fn alertmanagers_webhook_pages_and_is_answered_when_it_is_safe() {
    let (pager, _slack, mut router) = start();
    let headers = [("content-type", "application/json")];
    let answer = router.post("/v1/alertmanager", &headers, webhook("firing").as_bytes());
    assert_eq!((answer.status, &answer.json()["accepted"]), (200, &json!(1)), "{}", answer.text);
    assert_eq!(pager.wait(1, Duration::from_secs(10)).len(), 1, "{:?}", pager.refused());
    // Sent again, as Alertmanager does: nobody is paged twice.
    assert_eq!(router.post("/v1/alertmanager", &headers, webhook("firing").as_bytes()).status, 200);
    assert_eq!(router.post("/v1/alertmanager", &headers, webhook("resolved").as_bytes()).status, 200);
    router.until("the page and its end have a receipt", |router| (receipts(router).len() == 2).then_some(()));
    let rows =
        router.sql("SELECT notice_key, notice_state, severity, summary FROM audit.delivery_log WHERE event = 'notice'");
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert_eq!(
        (&rows[0]["notice_key"], &rows[0]["summary"]),
        (&json!("FeedGap/0a1b2c3d4e5f6071"), &json!("no ticks for 3 s"))
    );
    let bad = router.post("/v1/alertmanager", &headers, br#"{"version":"3","alerts":[]}"#);
    assert_eq!(bad.status, 400, "{}", bad.text);
    router.stop_well();
}

#[test]
fn a_configuration_that_could_tell_nobody_is_refused() {
    let folder = Folder::new();
    let config = folder.write("tapline.toml", "[sinks.pager]\ntype = \"notify\"\n").display().to_string();
    let output =
        crate::harness::tapline(&["run", "--config", &config, "--data-dir", &folder.path().display().to_string()]);
    let said = crate::harness::text(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("notify"), "{said}");
}
