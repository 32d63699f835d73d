//! Values that must not come out, put in wherever they turn up in real lines.

use serde_json::json;

use crate::harness::{Router, write_lines};

/// Each is the exact text that no file may hold.
const CANARIES: [&str; 7] = [
    "hunter2-correct-horse",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLW9mLWEtY2FuYXJ5",
    "7204519836:AAFq0Zs8kR3vLw1xYt6uNb2mCj9hGd5pEoI",
    "A123456789",
    "4111111111111111",
    "sk_live_51H8canaryCANARYcanary0000",
    "F002007-1234567",
];

fn lines() -> Vec<String> {
    let [password, jwt, bot, id, card, key, account] = CANARIES;
    vec![
        json!({ "event": "login", "component": "gateway", "password": password, "account": account }).to_string(),
        json!({ "event": "feed_login", "component": "market_data", "conn_id": "c1", "result": "failed",
                "error": format!("401 for Bearer {jwt}"), "person_id": id })
        .to_string(),
        json!({ "event": "notify", "message": format!("POST https://api.telegram.org/bot{bot}/sendMessage") }).to_string(),
        json!({ "event": "kyc", "reason": format!("user {id} paid by {card}"), "nested": { "deep": [{ "apiKey": key }] } })
            .to_string(),
        json!({ "event": "order_new", "component": "order", "client_order_id": "c-1", "strategy_id": "mm-1", "symbol": "TXFD6",
                "side": "BUY", "price": 1, "price_scale": 1, "qty": 1, "account": account })
        .to_string(),
        // Not an event, so no plugin ever sees it; it is kept among the rejected lines.
        format!("login failed password={password} token {jwt} card {card} id {id}"),
        // Breaks off in the middle.
        format!(r#"{{"event":"cut","message":"Authorization: Bearer {jwt}"#),
    ]
}

fn assert_no_secret(files: &[(std::path::PathBuf, Vec<u8>)]) {
    for (path, bytes) in files {
        let text = String::from_utf8_lossy(bytes);
        for canary in CANARIES {
            assert!(!text.contains(canary), "{canary} is in {}", path.display());
        }
    }
}

#[test]
fn no_output_shows_a_secret() {
    let mut router = Router::start();
    write_lines(router.unix(), &lines());
    router.settled(7);
    let rows = router.sql("SELECT account FROM audit.orders_log");
    assert_eq!(rows[0]["account"], "F******-*******");
    let folder = router.stop_well();
    assert_eq!(folder.lines("logs/events.ndjson").len(), 5);
    assert_eq!(folder.lines("rejected.ndjson").len(), 2);
    assert_no_secret(&folder.files());
}

#[test]
fn without_any_plugin_the_gate_alone_keeps_secrets_in() {
    let mut router = Router::start_with(
        "chain = []\n[sinks.logs]\ntype = \"file\"\npath = \"logs/events.ndjson\"\n[sinks.audit]\ntype = \"sqlite\"\npath = \"audit.db\"\n",
    );
    write_lines(router.unix(), &lines());
    router.settled(7);
    let folder = router.stop_well();
    assert_eq!(folder.lines("logs/events.ndjson").len(), 5);
    assert_no_secret(&folder.files());
}

#[test]
fn correlation_ids_come_through_whole() {
    let mut router = Router::start();
    // Ids that look like what is masked elsewhere.
    let ids = json!({ "event": "order_ack", "component": "order", "strategy_id": "mm-1", "symbol": "TXFD6",
                      "client_order_id": "4111111111111111", "broker_order_id": "A123456789", "trace_id": "10.0.0.17",
                      "intent_id": "sk_live_51H8", "ack_token": "tok-1" });
    router.send(std::slice::from_ref(&ids));
    router.settled(1);
    let folder = router.stop_well();
    let event = &folder.lines("logs/events.ndjson")[0];
    for key in ["client_order_id", "broker_order_id", "trace_id", "intent_id", "ack_token"] {
        assert_eq!(event[key], ids[key], "{key}");
    }
}
