//! OpenSearch, Quickwit, Logstash: where they differ.

use serde_json::json;
use tapline_receivers::elasticsearch::{Access, Flavour, Options};
use tapline_receivers::{Kind, Receiver, Step, logstash};

use crate::bulk::{bulk, lines, start};
use crate::client::{JSON, NDJSON, get, post, put_json, send};

#[test]
fn each_says_what_it_is() {
    let (elastic, opensearch) = (start(Options::default()), start(Options::new(Flavour::OpenSearch)));
    let info = get(&elastic.url());
    assert_eq!(info.header("x-elastic-product"), Some("Elasticsearch"));
    assert_eq!(info.json()["version"]["number"], "8.17.0");
    let info = get(&opensearch.url());
    assert_eq!(info.header("x-elastic-product"), None);
    assert_eq!(info.json()["version"]["distribution"], "opensearch");
    assert_eq!(get(&format!("{}/_cluster/health", elastic.url())).json()["status"], "green");
}

#[test]
fn opensearch_has_state_management_and_older_names() {
    let opensearch = start(Options::new(Flavour::OpenSearch));
    let url = |path: &str| format!("{}{path}", opensearch.url());
    assert_eq!(put_json(&url("/_ilm/policy/p"), &json!({"policy": {"phases": {}}})).status, 400);
    let policy = |default: &str, next: &str| {
        json!({"policy": {"description": "d", "default_state": default, "states": [
            {"name": "hot", "actions": [], "transitions": [{"state_name": next, "conditions": {"min_index_age": "30d"}}]},
            {"name": "delete", "actions": [{"delete": {}}], "transitions": []}]}})
    };
    let path = url("/_plugins/_ism/policies/p");
    for (body, status) in [
        (policy("cold", "delete"), 400),
        (policy("hot", "cold"), 400),
        (json!({"policy": {"default_state": "hot"}}), 400),
        (json!({"policy": {"description": "d", "default_state": "hot", "states": []}}), 400),
        (policy("hot", "delete"), 201),
        (policy("hot", "delete"), 409),
    ] {
        let reply = put_json(&path, &body);
        assert_eq!(reply.status, status, "{body} {}", reply.text);
    }
    assert_eq!(put_json(&format!("{path}?if_seq_no=0&if_primary_term=1"), &policy("hot", "delete")).status, 200);
    assert_eq!((get(&path).status, get(&path).json()["_version"].as_u64()), (200, Some(2)));
    assert_eq!(get(&url("/_plugins/_ism/policies/q")).status, 404);
    bulk(&opensearch, "/_bulk", &[json!({"create": {"_index": "a"}}), json!({"n": 1})]);
    let answer = bulk(&opensearch, "/_bulk", &[json!({"create": {"_index": "a"}}), json!({"n": "x"})]).json();
    assert_eq!(answer["items"][0]["create"]["error"]["type"], "mapper_parsing_exception");
    let elastic = start(Options::default());
    assert_eq!(put_json(&format!("{}/_plugins/_ism/policies/p", elastic.url()), &policy("hot", "delete")).status, 400);
}

#[test]
fn quickwit_takes_create_below_its_prefix_and_knows_no_ids() {
    let quickwit = start(Options { indexes: vec!["events".into()], ..Options::new(Flavour::Quickwit) });
    let write = |path: &str, verb: &str| {
        let reply = bulk(&quickwit, path, &[json!({verb: {"_index": "events", "_id": "1"}}), json!({"n": "anything"})]);
        (reply.status, reply.json()["items"][0][verb]["status"].as_u64().unwrap_or(0))
    };
    assert_eq!(write("/api/v1/_elastic/_bulk", "create"), (200, 201));
    assert_eq!(write("/api/v1/_elastic/_bulk", "create"), (200, 201), "sent twice, there twice");
    assert_eq!(write("/api/v1/_elastic/_bulk", "index"), (200, 400));
    assert_eq!(write("/_bulk", "create").0, 400);
    let other = bulk(&quickwit, "/api/v1/_elastic/other/_bulk", &[json!({"create": {}}), json!({})]).json();
    assert_eq!(other["items"][0]["create"]["error"]["type"], "index_not_found_exception");
    let count = get(&format!("{}/api/v1/_elastic/events/_count", quickwit.url())).json();
    assert_eq!(count["count"], 2);
    assert_eq!(put_json(&format!("{}/api/v1/_elastic/_index_template/t", quickwit.url()), &json!({})).status, 400);
    let large = vec![b'\n'; (10 << 20) + 1];
    assert_eq!(post(&format!("{}/api/v1/_elastic/_bulk", quickwit.url()), &[NDJSON], &large).status, 413);
}

#[test]
fn logstash_says_ok_to_everything() {
    let access = Access::Basic { user: "u".into(), password: "p".into() };
    let logstash =
        Receiver::start(Kind::Logstash(logstash::Options { access, ..logstash::Options::default() })).unwrap();
    let send = |media: (&str, &str), body: &str| {
        let reply = post(&logstash.url(), &[media, ("Authorization", "Basic dTpw")], body.as_bytes());
        (reply.status, reply.text)
    };
    let ok = || (200, "ok".to_owned());
    assert_eq!(send(JSON, r#"{"a":1}"#), ok());
    assert_eq!(send(JSON, r#"[{"a":1},{"a":2}]"#), ok());
    assert_eq!(send(NDJSON, &lines(&[json!({"a": 1}), json!({"a": 2})])), ok());
    assert_eq!(send(("Content-Type", "text/plain"), "a line"), ok());
    assert_eq!(logstash.state(), json!({"events": 6, "unparsed": 0}));
    assert_eq!(send(JSON, "{"), ok(), "not refused: tagged");
    assert_eq!(logstash.state(), json!({"events": 7, "unparsed": 1}));
    assert_eq!(logstash.refused()[0].reason, "_jsonparsefailure");
    assert_eq!(post(&logstash.url(), &[JSON], b"{}").status, 401);
    logstash.script([Step::status(429)]).unwrap();
    assert_eq!(send(JSON, "{}"), (429, "busy".to_owned()));
}

#[test]
fn unknown_paths_are_named() {
    let elastic = start(Options::default());
    let reply = send("POST", &format!("{}/_nonsense", elastic.url()), &[], b"").unwrap();
    assert_eq!(reply.status, 400);
    assert!(reply.text.contains("no handler found for uri [/_nonsense] and method [POST]"));
}
