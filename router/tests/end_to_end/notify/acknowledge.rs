//! Somebody takes an alert on, from the command line.

use serde_json::Value;
use tapline_receivers::{Kind, Receiver, pagerduty};

use super::setup::{config, duty, transition};
use crate::harness::{Folder, Router, text};

fn of_strategy(strategy: &str, old: &str, new: &str) -> Value {
    let mut event = transition(old, new);
    event["strategy_id"] = strategy.into();
    event
}

/// Action and key of each event at the pager.
fn paged(pager: &Receiver) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    pager
        .received()
        .iter()
        .map(|received| (text(&received.content["event_action"]), text(&received.content["dedup_key"])))
        .collect()
}

fn listed(router: &Router) -> Vec<Value> {
    let output = router.tapline(&["notify", "list", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    answer["alerts"].as_array().expect("a list").clone()
}

#[test]
fn an_acknowledged_page_is_not_repeated_and_the_trail_says_who_over_a_restart() {
    let pager = Receiver::start(Kind::PagerDuty(pagerduty::Options::default())).unwrap();
    let folder = Folder::new();
    let route = "[[notify.routes]]\nseverity = [\"critical\", \"warning\", \"info\"]\nto = [\"duty\"]\nrepeat_s = 0.3\nrepeat_max_s = 0.3\n";
    // The pager is paced, as PagerDuty asks for; nothing here has to wait for that.
    let pace = "rate_per_s = 100\nburst = 100\n";
    let path = folder.write("tapline.toml", &config(&format!("{}{pace}{route}", duty(&pager, &folder))));
    let mut router = Router::start_in(folder, Some(&path));
    let nothing = router.tapline(&["notify", "list"]);
    assert_eq!(text(&nothing.stdout), "nothing fires\n");
    router.send(&[of_strategy("mm-1", "STORM", "HALT"), of_strategy("mm-2", "STORM", "HALT")]);
    router.until("both are told", |router| (paged(&pager).len() >= 2 && listed(router).len() == 2).then_some(()));

    let id = "stormguard_transition/stormguard_transition/mm-1";
    let data_dir = router.folder().path().display().to_string();
    let ack = |router: &Router, id: &str| {
        let args = ["notify", "ack", id, "--by", "kim", "--reason", "switching the feed", "--data-dir", &data_dir];
        router.tapline(&args)
    };
    let unknown = ack(&router, "stormguard_transition/mm-9");
    assert!(
        unknown.status.code() == Some(1) && text(&unknown.stderr).contains("no alert"),
        "{}",
        text(&unknown.stderr)
    );
    let done = ack(&router, "stormguard_transition/mm-1");
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(text(&done.stdout).starts_with(&format!("{id} is taken on by kim")), "{}", text(&done.stdout));
    let anybody =
        router.post("/v1/notices/acknowledge", &[("content-type", "application/json")], br#"{"id":"x","by":"me"}"#);
    assert_eq!(anybody.status, 401, "{}", anybody.text);

    // The other goes on, so time has passed; this one is silent from the acknowledgement on.
    let count =
        |of: &str, action: &str| paged(&pager).iter().filter(|(did, key)| did == action && key.ends_with(of)).count();
    router.until("the pager is told", |_| (count("mm-1", "acknowledge") == 1).then_some(()));
    let (mine, other) = (count("mm-1", "trigger"), count("mm-2", "trigger"));
    router.until("the other is repeated", |_| (count("mm-2", "trigger") >= other + 4).then_some(()));
    assert_eq!(count("mm-1", "trigger"), mine, "{:?}", paged(&pager));
    let by = |router: &Router, id: &str| {
        let alerts = listed(router);
        alerts.iter().find(|alert| alert["id"] == id).map(|alert| alert["acknowledged_by"].clone())
    };
    assert_eq!(by(&router, id), Some("kim".into()));
    let rows =
        router.sql("SELECT notice_key, actor, reason FROM audit.delivery_log WHERE event = 'notice_acknowledged'");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((&rows[0]["actor"], &rows[0]["reason"]), (&"kim".into(), &"switching the feed".into()), "{rows:?}");
    let table = text(&router.tapline(&["notify", "list"]).stdout);
    assert!(table.contains("taken on by") && table.contains("kim") && table.contains("duty"), "{table}");

    let folder = router.stop_well();
    let mut router = Router::start_in(folder, Some(&path));
    assert_eq!(by(&router, id), Some("kim".into()), "the next router knows");
    let other = count("mm-2", "trigger");
    router.until("the other is repeated there too", |_| (count("mm-2", "trigger") >= other + 2).then_some(()));
    assert_eq!(count("mm-1", "trigger"), mine, "{:?}", paged(&pager));
    router.send(&[of_strategy("mm-1", "HALT", "STORM"), of_strategy("mm-2", "HALT", "STORM")]);
    router.until("both have ended", |router| listed(router).is_empty().then_some(()));
    assert!(pager.refused().is_empty(), "{:?}", pager.refused());
    router.stop_well();
}

#[test]
fn without_anybody_to_tell_there_is_nothing_to_take_on() {
    let router = Router::start();
    let output = router.tapline(&["notify", "list"]);
    let said = text(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("type \"notify\""), "{said}");
    router.stop_well();
}
