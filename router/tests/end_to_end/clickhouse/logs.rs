//! Plain logs.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::front::{ClickHouse, config, orders};
use crate::harness::{Folder, Router, count};

/// With the tables and roles of the migrations, and a router that may only write.
fn start() -> (ClickHouse, Router) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../contracts/migrations/clickhouse");
    let clickhouse =
        ClickHouse::start(&["--apply", &root.display().to_string(), "--user", "router:secret:audit_writer"]);
    let folder = Folder::new();
    let password = folder.write("password", "secret\n").display().to_string();
    let more = format!(
        "user = \"router\"\npassword = {{ file = \"{password}\" }}\n[route]\ndefault = [\"logs\", \"warehouse\"]"
    );
    let config = config(&clickhouse, &more).replace("clearance = \"pii\"", "clearance = \"public\"");
    let config = folder.write("tapline.toml", &config);
    let router = Router::start_in(folder, Some(&config));
    (clickhouse, router)
}

/// Nanoseconds since 1970 of the first line: a row that has expired already is not kept.
fn begin() -> u64 {
    static BEGIN: OnceLock<u64> = OnceLock::new();
    *BEGIN.get_or_init(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64)
}

fn lines(first: u64, n: u64) -> Vec<Value> {
    let line = |number: u64| {
        json!({ "ts": begin() + number, "component": "market_data", "event": "tick_was_late",
                "level": "warning", "message": "the feed is slow, 遲", "symbol": "TXFD6", "latency_us": 3.5,
                "trace_id": format!("t-{number}"), "account": "F002007-1234567", "unknown": { "a": [1, "指數"] } })
    };
    (first..first + n).map(line).collect()
}

#[test]
fn plain_logs_arrive_once_with_the_envelope_as_columns_and_without_what_is_too_sensitive() {
    let (clickhouse, mut router) = start();
    router.send(&lines(0, 50));
    router.settled(50);
    // The engine has them and the router is not told, twice.
    clickhouse.fault(json!({ "kind": "reset_after", "times": 2, "match": "INSERT INTO logs.events" }));
    router.send(&lines(50, 30));
    router.send(&orders(0, 10));
    let ledger = router.settled(100);
    assert_eq!(count(&ledger, "delivered"), 100);
    router.stop_well();
    let counted = &clickhouse.sql("SELECT count() AS rows, uniqExact(event_id) AS events FROM logs.events")[0];
    assert_eq!(counted, &json!({ "rows": 80, "events": 80 }));
    assert_eq!(clickhouse.number("SELECT count() FROM audit.orders_log"), 10);
    let first = "SELECT * REPLACE (toUnixTimestamp64Nano(ts) AS ts) FROM logs.events ORDER BY logs.events.ts LIMIT 1";
    let row = &clickhouse.sql(&format!("{first} SETTINGS output_format_json_quote_64bit_integers = 0"))[0];
    for (column, value) in [
        ("ts", json!(begin())),
        ("event", json!("tick_was_late")),
        ("level", json!("warning")),
        ("lane", json!("log")),
        ("symbol", json!("TXFD6")),
        ("trace_id", json!("t-0")),
        ("latency_us", json!(3.5)),
        ("message", json!("the feed is slow, 遲")),
        ("account", Value::Null),
        ("strategy_id", Value::Null),
    ] {
        assert_eq!(row[column], value, "{column} of {row}");
    }
    let details: Value = serde_json::from_str(row["details"].as_str().unwrap()).unwrap();
    assert_eq!(details, json!({ "unknown": { "a": [1, "指數"] } }));
}

#[test]
fn the_table_of_plain_logs_is_compared_when_any_are_sent() {
    let (clickhouse, mut router) = start();
    clickhouse.post("/", "ALTER TABLE logs.events DROP COLUMN venue");
    clickhouse.post("/", "ALTER TABLE logs.events MODIFY TTL toDateTime(ts) + INTERVAL 47 HOUR");
    router.send(&orders(0, 5));
    router.settled(10);
    router.send(&lines(0, 5));
    router.until("the log says what differs", |router| {
        let log = router.folder().read("router.log");
        (log.contains("table logs.events has no column venue, which should be LowCardinality(Nullable(String))")
            && log.contains("table logs.events keeps its rows for 1 days, the contract wants 30"))
        .then_some(())
    });
    assert_eq!(clickhouse.number("SELECT count() FROM logs.events"), 0);
    clickhouse.post("/", "ALTER TABLE logs.events ADD COLUMN venue LowCardinality(Nullable(String))");
    clickhouse.post("/", "ALTER TABLE logs.events MODIFY TTL toDateTime(ts) + INTERVAL 30 DAY");
    let ledger = router.settled(15);
    assert_eq!(count(&ledger, "delivered"), 15);
    router.stop_well();
    assert_eq!(clickhouse.number("SELECT count() FROM audit.orders_log"), 5);
}
