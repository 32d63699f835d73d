//! The bulk interface of Elasticsearch.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tapline_receivers::elasticsearch::{Access, Flavour, Options};
use tapline_receivers::{Kind, Receiver, Step};

use crate::client::{JSON, NDJSON, Reply, get, post, put_json, send};

pub fn start(options: Options) -> Receiver {
    Receiver::start(Kind::Elasticsearch(options)).unwrap()
}

pub fn lines(values: &[Value]) -> String {
    values.iter().map(|value| format!("{value}\n")).collect()
}

pub fn bulk(elasticsearch: &Receiver, path: &str, values: &[Value]) -> Reply {
    post(&format!("{}{path}", elasticsearch.url()), &[NDJSON], lines(values).as_bytes())
}

fn statuses(answer: &Value) -> Vec<u64> {
    let items = answer["items"].as_array().unwrap();
    items.iter().map(|item| item.as_object().unwrap().values().next().unwrap()["status"].as_u64().unwrap()).collect()
}

#[test]
fn items_are_answered_one_by_one() {
    let elasticsearch = start(Options::default());
    let reply = bulk(
        &elasticsearch,
        "/_bulk",
        &[
            json!({"create": {"_index": "a", "_id": "1"}}),
            json!({"x": 1}),
            json!({"create": {"_index": "a", "_id": "1"}}),
            json!({"x": 1}),
            json!({"index": {"_index": "a", "_id": "1"}}),
            json!({"x": 2}),
            json!({"index": {"_index": "a"}}),
            json!({"x": "text"}),
            json!({"update": {"_index": "a", "_id": "1"}}),
            json!({"doc": {"y": true}}),
            json!({"update": {"_index": "a", "_id": "9"}}),
            json!({"doc": {"y": true}}),
            json!({"update": {"_index": "a", "_id": "9"}}),
            json!({"doc": {"y": true}, "doc_as_upsert": true}),
            json!({"delete": {"_index": "a", "_id": "9"}}),
            json!({"delete": {"_index": "a", "_id": "9"}}),
            json!({"delete": {"_index": "other", "_id": "9"}}),
        ],
    );
    let answer = reply.json();
    assert_eq!((reply.status, &answer["errors"]), (200, &json!(true)));
    assert_eq!(statuses(&answer), [201, 409, 200, 400, 200, 404, 201, 200, 404, 404]);
    let (first, second) = (&answer["items"][0]["create"], &answer["items"][1]["create"]);
    assert_eq!((&first["_index"], &first["_id"], &first["result"]), (&json!("a"), &json!("1"), &json!("created")));
    assert_eq!(second["error"]["type"], "version_conflict_engine_exception");
    assert_eq!(answer["items"][3]["index"]["error"]["type"], "document_parsing_exception");
    assert_eq!(answer["items"][5]["update"]["error"]["type"], "document_missing_exception");
    assert_eq!(answer["items"][9]["delete"]["error"]["type"], "index_not_found_exception");
    assert_eq!(reply.header("x-elastic-product"), Some("Elasticsearch"));
    let found = get(&format!("{}/a/_doc/1", elasticsearch.url())).json();
    assert_eq!((&found["_source"], &found["_version"]), (&json!({"x": 2, "y": true}), &json!(3)));
    assert_eq!(elasticsearch.received()[0].content["items"].as_array().unwrap().len(), 6);
    assert_eq!(elasticsearch.refused().len(), 4);
}

#[test]
fn a_body_that_is_no_list_of_actions_is_refused_whole() {
    let elasticsearch = start(Options::default());
    let create = r#"{"create":{"_index":"a","_id":"1"}}"#;
    let long_id =
        |bytes: usize| format!("{{\"create\":{{\"_index\":\"a\",\"_id\":\"{}\"}}}}\n{{}}\n", "x".repeat(bytes));
    for (body, status, error) in [
        (format!("{create}\n{{}}\n"), 200, ""),
        (format!("{create}\r\n{{}}\r\n"), 200, ""),
        (format!("\n{create}\n{{}}\n\n"), 200, ""),
        (format!("{create}\n{{}}"), 400, "must be terminated by a newline"),
        (String::new(), 400, "request body is required"),
        ("\n".into(), 400, "no requests added"),
        (format!("{create}\n"), 400, "source is missing"),
        ("{\"create\":{\"_id\":\"1\"}}\n{}\n".into(), 400, "index is missing"),
        ("{\"upsert\":{\"_index\":\"a\"}}\n{}\n".into(), 400, "but found [upsert]"),
        ("{\"create\":{\"_index\":\"a\",\"_type\":\"_doc\"}}\n{}\n".into(), 400, "unknown parameter [_type]"),
        ("{\"create\":{\"_index\":\"a\",\"pipeline\":\"p\"}}\n{}\n".into(), 400, "does not support [pipeline]"),
        ("{\"create\":{\"_index\":\"a\",\"_index\":\"b\"}}\n{}\n".into(), 400, "Duplicate field"),
        ("{\"create\":{\"_index\":\"a\"},\"index\":{}}\n{}\n".into(), 400, "exactly one action"),
        ("{\"create\":7}\n{}\n".into(), 400, "expected START_OBJECT"),
        ("[]\n{}\n".into(), 400, "expected START_OBJECT"),
        ("nonsense\n".into(), 400, "Malformed action/metadata line [1]"),
        ("{\"delete\":{\"_index\":\"a\"}}\n".into(), 400, "id is missing"),
        ("{\"create\":{\"_index\":\"a\",\"_id\":\"\"}}\n{}\n".into(), 400, "must not be empty"),
        (long_id(512), 200, ""),
        (long_id(513), 400, "is too long, must be no longer than 512 bytes but was: 513"),
    ] {
        elasticsearch.clear();
        let reply = post(&format!("{}/_bulk", elasticsearch.url()), &[NDJSON], body.as_bytes());
        assert_eq!(reply.status, status, "{body:.100} {:.300}", reply.text);
        assert!(reply.text.contains(error), "{body:.100} {:.300}", reply.text);
        assert_eq!(elasticsearch.state()["documents"], u64::from(status == 200), "{body:.100}");
    }
    // A document that can't be read is the item's own fault.
    for source in ["{", "[1]", "7", "{\"a\":1,\"a\":2}", "{\"\":1}", "{\"_id\":1}"] {
        let body = format!("{create}\n{source}\n");
        let answer = post(&format!("{}/_bulk", elasticsearch.url()), &[NDJSON], body.as_bytes()).json();
        assert_eq!(statuses(&answer), [400], "{source}");
        assert_eq!(answer["items"][0]["create"]["error"]["type"], "document_parsing_exception", "{source}");
    }
}

#[test]
fn content_type_size_and_parameters() {
    let elasticsearch = start(Options { body_bytes_max: 1000, ..Options::default() });
    let url = format!("{}/a/_bulk", elasticsearch.url());
    let body = b"{\"create\":{}}\n{\"x\":1}\n";
    for (media, status) in [
        ("application/x-ndjson", 200),
        ("application/json", 200),
        ("application/x-ndjson; charset=utf-8", 200),
        ("application/vnd.elasticsearch+x-ndjson; compatible-with=8", 200),
        ("text/plain", 406),
        ("application/x-ndjson, application/x-ndjson", 406),
    ] {
        assert_eq!(post(&url, &[("Content-Type", media)], body).status, status, "{media}");
    }
    let none = post(&url, &[], body);
    assert_eq!(
        (none.status, none.json()),
        (406, json!({"error": "Content-Type header [] is not supported", "status": 406}))
    );
    for (query, status) in
        [("refresh=wait_for", 200), ("filter_path=errors", 200), ("pretty", 200), ("refersh=true", 400)]
    {
        assert_eq!(post(&format!("{url}?{query}"), &[NDJSON], body).status, status, "{query}");
    }
    assert_eq!(post(&format!("{url}?filter_path=errors"), &[NDJSON], body).json(), json!({"errors": false}));
    let filled = |bytes: usize| format!("{{\"create\":{{}}}}\n{{\"x\":\"{}\"}}\n", "y".repeat(bytes - 23));
    assert_eq!(filled(1000).len(), 1000);
    assert_eq!(post(&url, &[NDJSON], filled(1000).as_bytes()).status, 200);
    assert_eq!(post(&url, &[NDJSON], filled(1001).as_bytes()).status, 413);
}

#[test]
fn gzip_counts_by_what_comes_out() {
    let elasticsearch = start(Options { body_bytes_max: 10_000, ..Options::default() });
    let url = format!("{}/a/_bulk", elasticsearch.url());
    let packed = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let headers = [NDJSON, ("Content-Encoding", "gzip")];
    let body = |bytes: usize| format!("{{\"create\":{{}}}}\n{{\"x\":\"{}\"}}\n", "y".repeat(bytes));
    assert_eq!(post(&url, &headers, &packed(&body(5000))).status, 200);
    assert_eq!(post(&url, &headers, &packed(&body(20_000))).status, 413, "a small body that unpacks to a large one");
    assert_eq!(post(&url, &headers, b"no gzip at all").status, 400);
    assert_eq!(post(&url, &[NDJSON, ("Content-Encoding", "br")], b"x").status, 400);
    let half = packed(&body(5000));
    assert_eq!(post(&url, &headers, &half[..half.len() / 2]).status, 400);
    assert_eq!(elasticsearch.state()["documents"], 1);
}

#[test]
fn who_may_write() {
    let basic = start(Options {
        access: Access::Basic { user: "elastic".into(), password: "secret".into() },
        ..Options::default()
    });
    let key = start(Options { access: Access::ApiKey("aWQ6a2V5".into()), ..Options::default() });
    for (receiver, header, status) in [
        (&basic, "Basic ZWxhc3RpYzpzZWNyZXQ=", 200),
        (&basic, "Basic ZWxhc3RpYzp3cm9uZw==", 401),
        (&basic, "ApiKey aWQ6a2V5", 401),
        (&key, "ApiKey aWQ6a2V5", 200),
        (&key, "ApiKey eHg6eHg=", 401),
        (&key, "Basic ZWxhc3RpYzpzZWNyZXQ=", 401),
    ] {
        assert_eq!(send("GET", &receiver.url(), &[("Authorization", header)], b"").unwrap().status, status, "{header}");
    }
    let refused = bulk(&basic, "/_bulk", &[json!({"create": {"_index": "a"}}), json!({})]);
    assert_eq!((refused.status, &refused.json()["error"]["type"]), (401, &json!("security_exception")));
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic"));
}

#[test]
fn some_items_fail_by_script() {
    let elasticsearch = start(Options::default());
    let four: Vec<Value> = (0..4).flat_map(|id| [json!({"create": {"_index": "a", "_id": id}}), json!({})]).collect();
    elasticsearch.script([Step::items(429, 2).on("/_bulk"), Step::status(429).retry_after(7)]).unwrap();
    let answer = bulk(&elasticsearch, "/_bulk", &four).json();
    assert_eq!(statuses(&answer), [201, 429, 201, 429]);
    assert_eq!(answer["items"][1]["create"]["error"]["type"], "es_rejected_execution_exception");
    let whole = bulk(&elasticsearch, "/_bulk", &four);
    assert_eq!((whole.status, whole.header("retry-after")), (429, Some("7")));
    assert_eq!(whole.json()["error"]["type"], "es_rejected_execution_exception");
    assert_eq!(statuses(&bulk(&elasticsearch, "/_bulk", &four).json()), [409, 201, 409, 201], "the rest, once");
}

#[test]
fn a_full_disk_refuses_items() {
    let elasticsearch = start(Options { documents_max: 1, ..Options::default() });
    let two: Vec<Value> = (0..2).flat_map(|id| [json!({"create": {"_index": "a", "_id": id}}), json!({})]).collect();
    let answer = bulk(&elasticsearch, "/_bulk", &two).json();
    assert_eq!(statuses(&answer), [201, 429]);
    assert_eq!(answer["items"][1]["create"]["error"]["type"], "cluster_block_exception");
}

#[test]
fn a_search_reads_documents_back() {
    let elasticsearch = start(Options::default());
    let documents: Vec<Value> = (0..12)
        .flat_map(|id| {
            [
                json!({"create": {"_index": if id < 6 { "a" } else { "b" }, "_id": id}}),
                json!({"n": id % 3, "o": {"k": id}}),
            ]
        })
        .collect();
    bulk(&elasticsearch, "/_bulk", &documents);
    let count = |target: &str, query: Value| {
        let body = json!({"query": query}).to_string();
        let reply = post(&format!("{}/{target}/_count", elasticsearch.url()), &[JSON], body.as_bytes());
        (reply.status, reply.json()["count"].as_u64())
    };
    for (target, query, expected) in [
        ("a", json!({"match_all": {}}), (200, Some(6))),
        ("a,b", json!({"match_all": {}}), (200, Some(12))),
        ("*", json!({"term": {"n": 1}}), (200, Some(4))),
        ("_all", json!({"term": {"o.k": {"value": 7}}}), (200, Some(1))),
        ("_all", json!({"ids": {"values": ["1", "2", "99"]}}), (200, Some(2))),
        ("_all", json!({"bool": {"filter": [{"term": {"n": 1}}, {"exists": {"field": "o.k"}}]}}), (200, Some(4))),
        ("c", json!({"match_all": {}}), (404, None)),
        ("c*", json!({"match_all": {}}), (200, Some(0))),
        ("a", json!({"fuzzy": {"n": 1}}), (400, None)),
        ("a", json!({"bool": {"must_not": []}}), (400, None)),
    ] {
        assert_eq!(count(target, query.clone()), expected, "{target} {query}");
    }
    let search = |query: &str| get(&format!("{}/_search{query}", elasticsearch.url()));
    let hits = |reply: &Reply| reply.json()["hits"]["hits"].as_array().unwrap().len();
    assert_eq!(hits(&search("")), 10);
    assert_eq!(hits(&search("?size=100")), 12);
    assert_eq!(hits(&search("?size=10000")), 12);
    assert_eq!(search("?size=10001").status, 400);
    assert_eq!(search("").json()["hits"]["total"]["value"], 12);
}

#[test]
fn a_search_groups_and_counts() {
    let elasticsearch = start(Options::default());
    let documents: Vec<Value> = (0..10)
        .flat_map(|id| {
            let run = if id < 7 { "x" } else { "y" };
            [json!({"create": {"_index": "a", "_id": id}}), json!({"run": run, "seq": id % 5, "event": "e"})]
        })
        .collect();
    bulk(&elasticsearch, "/_bulk", &documents);
    let search =
        |body: Value| post(&format!("{}/a/_search", elasticsearch.url()), &[JSON], body.to_string().as_bytes());
    let inner = json!({"numbers": {"cardinality": {"field": "seq"}}, "top": {"max": {"field": "seq"}}});
    let runs = |size: u64| json!({"runs": {"terms": {"field": "run", "size": size}, "aggs": inner}});
    let answer = search(json!({"size": 0, "query": {"term": {"event": "e"}}, "aggs": runs(10)})).json();
    let bucket = |key: &str, n: u64, numbers: u64, top: f64| json!({"key": key, "doc_count": n, "numbers": {"value": numbers}, "top": {"value": top}});
    assert_eq!(answer["aggregations"]["runs"]["buckets"], json!([bucket("x", 7, 5, 4.0), bucket("y", 3, 3, 4.0)]));
    let answer = search(json!({"size": 0, "aggs": runs(1)})).json();
    assert_eq!(answer["aggregations"]["runs"]["sum_other_doc_count"], 3, "what is not listed is counted");
    for wrong in
        [json!({"a": {"percentiles": {"field": "seq"}}}), json!({"a": {"max": {"field": "seq", "missing": 1}}})]
    {
        assert_eq!(search(json!({"aggs": wrong})).status, 400, "{wrong}");
    }
}

#[test]
fn index_names_and_automatic_creation() {
    let elasticsearch = start(Options { auto_create_index: false, ..Options::default() });
    put_json(
        &format!("{}/_index_template/t", elasticsearch.url()),
        &json!({"index_patterns": ["yes-*"], "allow_auto_create": true}),
    );
    let create = |name: &str| {
        let answer = bulk(&elasticsearch, "/_bulk", &[json!({"create": {"_index": name}}), json!({})]).json();
        (statuses(&answer)[0], answer["items"][0]["create"]["error"]["type"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(create("no"), (404, "index_not_found_exception".into()));
    assert_eq!(create("yes-1"), (201, String::new()));
    elasticsearch.stop();
    let elasticsearch = start(Options::new(Flavour::Elasticsearch));
    for (name, good) in
        [("a.b-c_d", true), ("Upper", false), ("a b", false), ("_a", false), ("-a", false), ("a*", false)]
    {
        let answer = bulk(&elasticsearch, "/_bulk", &[json!({"create": {"_index": name}}), json!({})]).json();
        assert_eq!(statuses(&answer), [if good { 201 } else { 400 }], "{name}");
    }
    let long = "x".repeat(256);
    let answer = bulk(&elasticsearch, "/_bulk", &[json!({"create": {"_index": long}}), json!({})]).json();
    assert_eq!(answer["items"][0]["create"]["error"]["type"], "invalid_index_name_exception");
}
