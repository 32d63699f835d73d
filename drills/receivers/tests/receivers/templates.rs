//! Templates, lifecycle policies and data streams.

use serde_json::{Value, json};
use tapline_receivers::Receiver;
use tapline_receivers::elasticsearch::Options;

use crate::bulk::{bulk, start};
use crate::client::{JSON, Reply, get, post, put_json, send};

fn put(elasticsearch: &Receiver, path: &str, body: &Value) -> (u16, String) {
    let reply = put_json(&format!("{}{path}", elasticsearch.url()), body);
    (reply.status, reply.text)
}

fn head(elasticsearch: &Receiver, path: &str) -> u16 {
    send("HEAD", &format!("{}{path}", elasticsearch.url()), &[], b"").unwrap().status
}

fn check(elasticsearch: &Receiver, table: &[(&str, Value, &str)]) {
    for (path, body, error) in table {
        let (status, text) = put(elasticsearch, path, body);
        assert_eq!(status == 200, error.is_empty(), "{path} {body}: {status} {text}");
        assert!(text.contains(error), "{path} {body}: {text}");
        assert!(status == 200 || status == 400, "{status}");
    }
}

#[test]
fn templates_are_checked() {
    let elasticsearch = start(Options::default());
    let pattern = |name: &str, priority: u64| json!({"index_patterns": [name], "priority": priority});
    let mapped =
        |field: Value| json!({"index_patterns": ["m-*"], "template": {"mappings": {"properties": {"f": field}}}});
    check(
        &elasticsearch,
        &[
            ("/_component_template/c", json!({"template": {"mappings": {"properties": {"a": {"type": "long"}}}}}), ""),
            ("/_component_template/d", json!({"settings": {}}), "unknown field [settings]"),
            ("/_component_template/d", json!({"version": 1}), "Required [template]"),
            ("/_component_template/d", json!({"template": {"mapping": {}}}), "unknown field [mapping]"),
            ("/_index_template/a", pattern("a-*", 5), ""),
            ("/_index_template/a", pattern("a-*", 5), ""),
            ("/_index_template/b", pattern("a-b-*", 5), "have the same priority [5]"),
            ("/_index_template/b", pattern("a-b-*", 6), ""),
            ("/_index_template/c", pattern("logs-tapline-*", 100), "have the same priority [100]"),
            ("/_index_template/c", pattern("logs-tapline-*", 200), ""),
            ("/_index_template/d", json!({}), "Required [index_patterns]"),
            ("/_index_template/d", json!({"index_patterns": "d-*"}), ""),
            ("/_index_template/e", json!({"index_patterns": ["e-*"], "mappings": {}}), "unknown field [mappings]"),
            ("/_index_template/e", json!({"index_patterns": ["e-*"], "priority": -1}), "priority must be >= 0"),
            ("/_index_template/e", json!({"index_patterns": ["e-*"], "composed_of": ["none"]}), "do not exist"),
            ("/_index_template/e", json!({"index_patterns": ["e-*"], "composed_of": ["c"]}), ""),
            ("/_index_template/e", json!({"index_patterns": ["e-*"], "data_stream": {"x": 1}}), "unknown field [x]"),
            ("/_index_template/m", mapped(json!({"type": "keyword"})), ""),
            ("/_index_template/m", mapped(json!({"type": "string"})), "No handler for type [string]"),
            ("/_index_template/m", mapped(json!({"type": "keyword", "ignore": 1})), "unknown parameter [ignore]"),
            ("/_index_template/m", mapped(json!({"type": "scaled_float"})), "scaling_factor"),
            (
                "/_index_template/m",
                json!({"index_patterns": ["m-*"], "template": {"mappings": {"fields": {}}}}),
                "unsupported parameters",
            ),
            (
                "/_index_template/m",
                json!({"index_patterns": ["m-*"], "data_stream": {},
            "template": {"mappings": {"properties": {"@timestamp": {"type": "keyword"}}}}}),
                "@timestamp",
            ),
            ("/_index_template/a?create=true", pattern("a-*", 5), "already exists"),
        ],
    );
    assert_eq!([head(&elasticsearch, "/_index_template/a"), head(&elasticsearch, "/_index_template/z")], [200, 404]);
    let got = get(&format!("{}/_index_template/a", elasticsearch.url())).json();
    assert_eq!(got["index_templates"][0]["index_template"]["priority"], 5);
    assert_eq!(get(&format!("{}/_component_template/c", elasticsearch.url())).status, 200);
    assert_eq!(get(&format!("{}/_component_template/z", elasticsearch.url())).status, 404);
    let broken = send("PUT", &format!("{}/_index_template/x", elasticsearch.url()), &[JSON], b"{").unwrap();
    assert_eq!(broken.status, 400);
}

#[test]
fn policies_are_checked() {
    let elasticsearch = start(Options::default());
    let phase = |name: &str, phase: Value| json!({"policy": {"phases": {name: phase}}});
    check(
        &elasticsearch,
        &[
            (
                "/_ilm/policy/p",
                json!({"policy": {"phases": {
            "hot": {"actions": {"rollover": {"max_age": "1d", "max_primary_shard_size": "50gb"}}},
            "delete": {"min_age": "30d", "actions": {"delete": {}}}}}}),
                "",
            ),
            ("/_ilm/policy/q", json!({"phases": {}}), "unknown field [phases]"),
            ("/_ilm/policy/q", json!({"policy": {}}), "Required [phases]"),
            ("/_ilm/policy/q", phase("lukewarm", json!({})), "does not support phase [lukewarm]"),
            (
                "/_ilm/policy/q",
                phase("hot", json!({"actions": {"delete": {}}})),
                "invalid action [delete] defined in phase [hot]",
            ),
            ("/_ilm/policy/q", phase("hot", json!({"actions": {"rollover": {}}})), "max_* rollover condition"),
            (
                "/_ilm/policy/q",
                phase("hot", json!({"actions": {"rollover": {"max_foo": 1}}})),
                "unknown field [max_foo]",
            ),
            ("/_ilm/policy/q", phase("delete", json!({"min_age": "soon", "actions": {"delete": {}}})), "min_age"),
            ("/_ilm/policy/q", phase("delete", json!({"after": "1d"})), "unknown field [after]"),
        ],
    );
    let got = get(&format!("{}/_ilm/policy/p", elasticsearch.url())).json();
    assert_eq!((&got["p"]["version"], &got["p"]["policy"]["phases"]["delete"]["min_age"]), (&json!(1), &json!("30d")));
    assert_eq!(get(&format!("{}/_ilm/policy/q", elasticsearch.url())).status, 404);
}

#[test]
fn a_data_stream_takes_only_new_documents_with_a_time() {
    let elasticsearch = start(Options::default());
    put(
        &elasticsearch,
        "/_component_template/fields",
        &json!({"template": {"mappings": {"properties": {"n": {"type": "long"}}}}}),
    );
    put(
        &elasticsearch,
        "/_index_template/t",
        &json!({
            "index_patterns": ["tapline-*"], "data_stream": {}, "composed_of": ["fields"], "priority": 200,
            "template": {"settings": {"index.lifecycle.name": "p"}, "mappings": {"dynamic": "strict"}},
        }),
    );
    let write = |verb: &str, id: &str, document: Value| {
        let answer = bulk(&elasticsearch, "/tapline-audit/_bulk", &[json!({verb: {"_id": id}}), document]).json();
        let item = &answer["items"][0][verb];
        (item["status"].as_u64().unwrap(), item["error"].to_string(), item["_index"].as_str().unwrap().to_owned())
    };
    let time = "2024-05-06T07:08:09Z";
    let (status, _, index) = write("create", "1", json!({"@timestamp": time, "n": 1}));
    assert_eq!((status, index.as_str()), (201, ".ds-tapline-audit-2024.01.01-000001"), "made by its template");
    for (verb, document, status, error) in [
        ("create", json!({"@timestamp": time}), 409, "version_conflict_engine_exception"),
        ("index", json!({"@timestamp": time}), 400, "only write ops with an op_type of create"),
        ("create", json!({"@timestamp": [time, time]}), 409, "version_conflict"),
    ] {
        let (found, reason, _) = write(verb, "1", document);
        assert_eq!(found, status);
        assert!(reason.contains(error), "{reason}");
    }
    for (document, error) in [
        (json!({"n": 1}), "[@timestamp] is missing"),
        (json!({"@timestamp": [time, time]}), "multiple values"),
        (json!({"@timestamp": "soon"}), "failed to parse field [@timestamp] of type [date]"),
        (json!({"@timestamp": time, "n": "x"}), "failed to parse field [n] of type [long]"),
        (json!({"@timestamp": time, "m": 1}), "strict_dynamic_mapping_exception"),
    ] {
        let (status, reason, _) = write("create", "2", document);
        assert_eq!(status, 400);
        assert!(reason.contains(error), "{reason}");
    }
    let backing = bulk(
        &elasticsearch,
        "/.ds-tapline-audit-2024.01.01-000001/_bulk",
        &[json!({"create": {}}), json!({"@timestamp": time})],
    );
    assert!(backing.text.contains("target corresponding data stream [tapline-audit] instead"), "{}", backing.text);
    let stream = get(&format!("{}/_data_stream/tapline-audit", elasticsearch.url())).json();
    assert_eq!(
        (&stream["data_streams"][0]["template"], &stream["data_streams"][0]["ilm_policy"]),
        (&json!("t"), &json!("p"))
    );
    let rolled = post(&format!("{}/tapline-audit/_rollover", elasticsearch.url()), &[], b"");
    assert_eq!((rolled.status, &rolled.json()["rolled_over"]), (200, &json!(true)));
    assert_eq!(
        write("create", "1", json!({"@timestamp": time})).0,
        201,
        "an id is known within one backing index only"
    );
    let count = get(&format!("{}/tapline-audit/_count", elasticsearch.url())).json();
    assert_eq!(count["count"], 2);
}

#[test]
fn data_streams_are_made_and_asked_for() {
    let elasticsearch = start(Options::default());
    let stream = |name: &str| -> Reply {
        send("PUT", &format!("{}/_data_stream/{name}", elasticsearch.url()), &[], b"").unwrap()
    };
    put(&elasticsearch, "/_index_template/plain", &json!({"index_patterns": ["plain-*"]}));
    put(&elasticsearch, "/_index_template/s", &json!({"index_patterns": ["s-*"], "data_stream": {}}));
    for (name, status, said) in [
        ("s-one", 200, "acknowledged"),
        ("s-one", 400, "resource_already_exists_exception"),
        ("none", 400, "no matching index template"),
        ("plain-x", 400, "has no data stream template"),
        ("s-Upper", 400, "must be lowercase"),
        ("logs-app-default", 200, "acknowledged"),
    ] {
        let reply = stream(name);
        assert_eq!(reply.status, status, "{name} {}", reply.text);
        assert!(reply.text.contains(said), "{name} {}", reply.text);
    }
    assert_eq!([head(&elasticsearch, "/_data_stream/s-one"), head(&elasticsearch, "/_data_stream/s-two")], [200, 404]);
    assert_eq!(
        get(&format!("{}/_data_stream", elasticsearch.url())).json()["data_streams"].as_array().unwrap().len(),
        2
    );
    assert_eq!(head(&elasticsearch, "/s-one"), 200);
    assert!(
        elasticsearch.refused().iter().all(|refused| refused.status == 400),
        "to ask for what is not there is no offence"
    );
}
