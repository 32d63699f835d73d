//! `POST /v1/events`: forms, encodings, answers and errors.

use std::io::Write;

use serde_json::{Value, json};

use tapline_client::{Component, Telemetry, events};

use crate::harness::{Router, assert_balanced, count, reason, write_lines};

fn event(number: usize) -> Value {
    json!({
        "ts": 1_775_608_270_000_000_000_i64 + number as i64, "level": "info", "component": "order", "event": "order_cancel",
        "client_order_id": format!("mm-1:{number}"), "strategy_id": "mm-1", "symbol": "TXFD6",
    })
}

fn ndjson(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|number| format!("{}\n", event(number))).collect()
}

const NDJSON: (&str, &str) = ("content-type", "application/x-ndjson");

#[test]
fn lines_and_arrays_are_taken_plain_gzipped_and_with_zstd() {
    let mut router = Router::start();
    let lines = ndjson(0..10);
    let array = json!((10..20).map(event).collect::<Vec<_>>()).to_string();
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let gzipped = gzip(&ndjson(20..30));
    // Concatenated members are one stream, as `cat a.gz b.gz` makes them.
    let members = [gzip(&ndjson(30..35)), gzip(&ndjson(35..40))].concat();
    let zstd = zstd::encode_all(ndjson(40..50).as_bytes(), 1).unwrap();
    type Headers<'a> = &'a [(&'a str, &'a str)];
    let bodies: [(Headers<'_>, Vec<u8>); 6] = [
        (&[NDJSON], lines.into_bytes()),
        (&[("content-type", "application/json")], array.into_bytes()),
        (&[NDJSON, ("content-encoding", "gzip")], gzipped),
        (&[NDJSON, ("content-encoding", "gzip")], members),
        (&[NDJSON, ("content-encoding", "zstd")], zstd),
        // Without a type, and without the last newline.
        (&[], event(50).to_string().into_bytes()),
    ];
    for (headers, body) in &bodies {
        let answer = router.post("/v1/events", headers, body);
        assert_eq!((answer.status, &answer.json()["rejected"]), (200, &json!(0)), "{headers:?}: {}", answer.text);
    }
    let ledger = router.settled(51);
    assert_eq!((count(&ledger, "emitted"), count(&ledger, "delivered")), (51, 51));
    // Acknowledged means on disk: every one is there, once.
    let rows = router.sql("SELECT count(*) AS n, count(DISTINCT client_order_id) AS ids FROM audit.orders_log");
    assert_eq!((&rows[0]["n"], &rows[0]["ids"]), (&json!(51), &json!(51)));
    router.stop_well();
}

#[test]
fn each_bad_line_is_named_with_its_reason_and_costs_no_other() {
    let mut router = Router::start();
    let body = [
        event(1).to_string(),
        String::new(),
        "not json at all".into(),
        "[1,2]".into(),
        r#"{"component":"risk"}"#.into(),
        format!(r#"{{"event":"deep","a":{}1{}}}"#, "[".repeat(100), "]".repeat(100)),
        r#"{"event":"cut","a":"#.into(),
        event(2).to_string(),
    ]
    .join("\n");
    let answer = router.post("/v1/events", &[NDJSON], body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(2), &json!(6)), "{answer}");
    let errors: Vec<(u64, &str)> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["line"].as_u64().unwrap(), error["reason"].as_str().unwrap()))
        .collect();
    let expected =
        [(2, "empty_line"), (3, "not_json"), (4, "not_object"), (5, "missing_event"), (6, "too_deep"), (7, "not_json")];
    assert_eq!(errors, expected);
    assert!(answer["errors"].as_array().unwrap().iter().all(|error| !error["message"].as_str().unwrap().is_empty()));

    let ledger = router.settled(8);
    assert_balanced(&ledger);
    assert_eq!((count(&ledger, "delivered"), count(&ledger, "rejected")), (2, 6));
    assert_eq!(reason(&ledger, "not_json"), 2);
    let folder = router.stop_well();
    // They are kept for whoever has to find their sender.
    assert_eq!(folder.lines("rejected.ndjson").len(), 6);
}

#[test]
fn a_request_without_one_good_line_is_400() {
    let router = Router::start();
    let answer = router.post("/v1/events", &[NDJSON], b"nonsense\n");
    assert_eq!((answer.status, &answer.json()["rejected"]), (400, &json!(1)), "{}", answer.text);
    let answer = router.post("/v1/events", &[("content-type", "application/json")], b"[{\"event\":\"a\"},");
    assert_eq!(answer.status, 400, "{}", answer.text);
}

#[test]
fn the_same_batch_id_is_taken_once() {
    let mut router = Router::start();
    let headers = [NDJSON, ("x-batch-id", "batch-7")];
    let body = ndjson(0..5);
    let first = router.post("/v1/events", &headers, body.as_bytes()).json();
    let again = router.post("/v1/events", &headers, body.as_bytes()).json();
    assert_eq!((&first["accepted"], &first["repeated"]), (&json!(5), &Value::Null), "{first}");
    assert_eq!((&again["accepted"], &again["repeated"]), (&json!(5), &json!(true)), "{again}");
    let other = router.post("/v1/events", &[NDJSON, ("x-batch-id", "batch-8")], ndjson(5..6).as_bytes()).json();
    assert_eq!(other["accepted"], 1);
    assert_eq!(count(&router.settled(6), "emitted"), 6);
}

#[test]
fn what_can_not_be_read_is_refused_with_what_to_do() {
    let router = Router::start_with("[limits]\nbody_bytes_max = 20000\n");
    let large = ndjson(0..200);
    let answer = router.post("/v1/events", &[NDJSON], large.as_bytes());
    assert_eq!(answer.status, 413, "{}", answer.text);
    assert!(answer.json()["message"].as_str().unwrap().contains("limits.body_bytes_max"), "{}", answer.text);

    // A small body that becomes a large one.
    let bomb = zstd::encode_all(vec![b'\n'; 1 << 20].as_slice(), 3).unwrap();
    let answer = router.post("/v1/events", &[NDJSON, ("content-encoding", "zstd")], &bomb);
    assert_eq!(answer.status, 413, "{}", answer.text);

    let answer = router.post("/v1/events", &[NDJSON, ("content-encoding", "br")], b"x");
    assert_eq!(answer.status, 415, "{}", answer.text);
    assert!(answer.json()["message"].as_str().unwrap().contains("gzip"), "{}", answer.text);

    let answer = router.post("/v1/events", &[NDJSON, ("content-encoding", "gzip")], b"this is not gzip");
    assert_eq!(answer.status, 400, "{}", answer.text);

    assert_eq!(router.get("/v1/nothing").status, 404);
    assert_eq!(count(&router.ledger(), "emitted"), 0);
}

#[test]
fn health_readiness_and_the_list_of_paths() {
    let router = Router::start();
    let health = router.get("/healthz");
    assert_eq!((health.status, &health.json()["status"]), (200, &json!("ok")));
    assert_eq!(router.get("/readyz").status, 200);
    let index = router.get("/");
    for path in ["/v1/events", "/v1/tail", "/v1/audit/sql", "/v1/trace", "/v1/ledger", "/metrics"] {
        assert!(index.text.contains(path), "{path} is not in: {}", index.text);
    }
}

/// A test run on the production host, with the router's address in its environment.
#[test]
fn events_of_another_environment_are_refused_by_every_way_in() {
    let mut router = Router::start_with("env = \"live\"\n[listen]\nshared = \"queues\"\n");
    let order = |env: &str, id: &str| {
        json!({ "env": env, "component": "order", "event": "order_new", "client_order_id": id, "strategy_id": "mm-1",
                "symbol": "TXFD6", "side": "BUY", "price": 1, "price_scale": 1, "qty": 1 })
    };
    let body =
        [order("live", "c-1"), order("test", "c-2"), order("live", "c-3")].map(|event| event.to_string()).join("\n");
    let answer = router.post("/v1/events", &[], body.as_bytes()).json();
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(2), &json!(1)), "{answer}");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("of the environment `test`"), "{answer}");
    write_lines(router.unix(), &[order("test", "c-4").to_string(), order("live", "c-5").to_string()]);
    // An event that says nothing of it is taken.
    let mut bare = order("", "c-6");
    bare.as_object_mut().unwrap().remove("env");
    router.send(&[bare]);
    let ledger = router.settled(6);
    assert_eq!(reason(&ledger, "wrong_env"), 2, "{ledger}");
    let stray = Telemetry::builder("stray").env("test").shared(router.folder().path().join("queues")).unwrap().build();
    stray.component(Component::Order).emit(&events::OrderNew { client_order_id: "c-7", ..Default::default() });
    router.until("the log says whose queues are refused", |router| {
        router.folder().read("router.log").contains("its component is of another environment").then_some(())
    });
    let ids: Vec<_> = router
        .sql("SELECT client_order_id AS id FROM audit.orders_log ORDER BY 1")
        .iter()
        .map(|row| row["id"].clone())
        .collect();
    assert_eq!(ids, ["c-1", "c-3", "c-5", "c-6"]);
    let folder = router.stop_well();
    assert!(folder.read("rejected.ndjson").contains("c-2"));
}
