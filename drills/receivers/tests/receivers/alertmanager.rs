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
    let (good, shape, schema, sense) = ((200, ""), 400, 422, 0);
    for (body, (status, error)) in [
        (json!([alert(json!({}))]), good),
        (json!([]), good),
        (json!({}), (shape, "expected a sequence")),
        (json!(["x"]), (shape, "cannot unmarshal")),
        (json!([{}]), (schema, "0.labels in body is required")),
        (json!([{"labels": {}}]), (sense, "at least one label pair required")),
        (json!([{"labels": {"a": ""}}]), (sense, "at least one label pair required")),
        (json!([{"labels": {"_a1": "x"}}]), good),
        (json!([{"labels": {"1a": "x"}}]), (sense, "invalid label set: invalid name \"1a\"")),
        (json!([{"labels": {"a-b": "x"}}]), (sense, "invalid name")),
        (json!([{"labels": {"": "x"}}]), (sense, "invalid name")),
        (json!([{"labels": {"a": 1}}]), (shape, "cannot unmarshal 1 into labels")),
        (json!([alert(json!({"annotations": {"summary": "x"}}))]), good),
        (json!([alert(json!({"annotations": {"sum mary": "x"}}))]), (sense, "invalid annotations: invalid name")),
        (json!([alert(json!({"startsAt": "2024-01-01T00:00:00Z"}))]), good),
        (json!([alert(json!({"startsAt": "2024-01-01T00:00:00.5+01:00"}))]), good),
        (json!([alert(json!({"startsAt": "2024-01-01 00:00:00Z"}))]), (shape, "date-time")),
        (json!([alert(json!({"startsAt": "2024-01-01T00:00:00"}))]), (shape, "date-time")),
        (json!([alert(json!({"startsAt": 5}))]), (shape, "date-time")),
        (
            json!([alert(json!({"startsAt": "2024-01-02T00:00:00Z", "endsAt": "2024-01-01T00:00:00Z"}))]),
            (sense, "start time must be before end time"),
        ),
        (json!([alert(json!({"generatorURL": "http://x/y?z"}))]), good),
        (json!([alert(json!({"generatorURL": "not a uri"}))]), (schema, "must be of type uri")),
        (json!([alert(json!({"status": "firing"}))]), (shape, "unknown member")),
    ] {
        let reply = post_json(&url, &body);
        match status {
            200 => assert_eq!(reply.status, 200, "{body} {}", reply.text),
            0 => {
                assert_eq!(reply.status, 400, "{body}");
                assert!(reply.json().as_str().unwrap().contains(error), "{body} {}", reply.text);
            }
            status => {
                assert_eq!(reply.status, status, "{body}");
                assert!(reply.json()["message"].as_str().unwrap().contains(error), "{body} {}", reply.text);
            }
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
    let undecoded = json!([{"labels": {"alertname": "C"}}, "x"]);
    assert_eq!(post_json(&url, &undecoded).status, 400);
    assert_eq!(firing(), 2, "of a request that can't be decoded nothing is kept");
    post_json(&url, &json!([alert(json!({"endsAt": "2024-01-02T00:00:00Z"}))]));
    assert_eq!(firing(), 1);
    assert_eq!(get(&format!("{url}?active=false")).json(), json!([]));
}
