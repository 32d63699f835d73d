//! Alertmanager's API.

use serde_json::{Value, json};
use tapline_receivers::alertmanager::Options;
use tapline_receivers::{Kind, Receiver};

use crate::client::{get, post, post_json};

fn alert(extra: Value) -> Value {
    let mut alert = json!({"labels": {"alertname": "A", "severity": "page"}});
    alert.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    alert
}

#[test]
fn each_rule_has_what_fits_and_what_does_not() {
    let alertmanager = Receiver::start(Kind::Alertmanager(Options::default())).unwrap();
    let url = format!("{}/api/v2/alerts", alertmanager.url());
    for (body, error) in [
        (json!([alert(json!({}))]), ""),
        (json!([]), ""),
        (json!({}), "not an array"),
        (json!(["x"]), "not an object"),
        (json!([{}]), "labels is required"),
        (json!([{"labels": {}}]), "at least one label pair required"),
        (json!([{"labels": {"a": ""}}]), "at least one label pair required"),
        (json!([{"labels": {"_a1": "x"}}]), ""),
        (json!([{"labels": {"1a": "x"}}]), "invalid name"),
        (json!([{"labels": {"a-b": "x"}}]), "invalid name"),
        (json!([{"labels": {"": "x"}}]), "invalid name"),
        (json!([{"labels": {"a": 1}}]), "not a string"),
        (json!([alert(json!({"annotations": {"summary": "x"}}))]), ""),
        (json!([alert(json!({"annotations": {"sum mary": "x"}}))]), "invalid annotation set"),
        (json!([alert(json!({"startsAt": "2024-01-01T00:00:00Z"}))]), ""),
        (json!([alert(json!({"startsAt": "2024-01-01T00:00:00.5+01:00"}))]), ""),
        (json!([alert(json!({"startsAt": "2024-01-01 00:00:00Z"}))]), "date-time"),
        (json!([alert(json!({"startsAt": "2024-01-01T00:00:00"}))]), "date-time"),
        (json!([alert(json!({"startsAt": 5}))]), "date-time"),
        (
            json!([alert(json!({"startsAt": "2024-01-02T00:00:00Z", "endsAt": "2024-01-01T00:00:00Z"}))]),
            "start time must be before end time",
        ),
        (json!([alert(json!({"generatorURL": "http://x/y?z"}))]), ""),
        (json!([alert(json!({"generatorURL": "not a uri"}))]), "uri"),
        (json!([alert(json!({"status": "firing"}))]), "unknown member"),
    ] {
        let reply = post_json(&url, &body);
        if error.is_empty() {
            assert_eq!(reply.status, 200, "{body} {}", reply.text);
        } else {
            assert_eq!(reply.status, 400, "{body}");
            let message = reply.json();
            assert!(message.as_str().unwrap().contains(error), "{body} {message}");
        }
    }
    assert_eq!(post(&url, &[("Content-Type", "text/plain")], b"[]").status, 415);
    assert_eq!(get(&format!("{}/-/ready", alertmanager.url())).text, "OK");
    assert_eq!(get(&format!("{}/api/v2/status", alertmanager.url())).json()["cluster"]["status"], "disabled");
    assert_eq!(get(&format!("{}/api/v3/alerts", alertmanager.url())).status, 404);
}

#[test]
fn alerts_fire_are_merged_and_end() {
    let alertmanager = Receiver::start(Kind::Alertmanager(Options::default())).unwrap();
    let url = format!("{}/api/v2/alerts", alertmanager.url());
    let firing = || get(&url).json().as_array().unwrap().len();
    post_json(&url, &json!([alert(json!({"startsAt": "2024-01-01T00:00:00Z"}))]));
    post_json(&url, &json!([alert(json!({"annotations": {"n": "2"}}))]));
    let listed = get(&url).json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!((&listed[0]["startsAt"], &listed[0]["annotations"]["n"]), (&json!("2024-01-01T00:00:00Z"), &json!("2")));
    let mixed = json!([{"labels": {"alertname": "B"}}, {"labels": {}}]);
    assert_eq!(post_json(&url, &mixed).status, 400);
    assert_eq!(firing(), 2, "of a request with some bad alerts the good ones are kept");
    post_json(&url, &json!([alert(json!({"endsAt": "2024-01-02T00:00:00Z"}))]));
    assert_eq!(firing(), 1);
    assert_eq!(get(&format!("{url}?active=false")).json(), json!([]));
}
