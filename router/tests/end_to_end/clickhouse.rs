//! Audit rows and plain logs in ClickHouse: the real engine, behind the project's front for it, with faults on
//! purpose.

mod cluster;
pub mod front;
mod logs;
mod retention;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Folder, Router, assert_balanced, count, tapline, text};
use front::{ClickHouse, config, orders, same_as_sqlite};

#[test]
fn every_audit_row_arrives_once_whatever_fails() {
    let mut clickhouse = ClickHouse::start(&[]);
    let folder = Folder::new();
    let config = folder.write("tapline.toml", &config(&clickhouse, "migrate = true"));
    let mut router = Router::start_in(folder, Some(&config));
    router.send(&orders(0, 100));
    router.settled(200);
    let row = &clickhouse.sql("SELECT * FROM audit.orders_log ORDER BY chain_position LIMIT 1")[0];
    assert_eq!(
        (&row["qty"], &row["latency_us"], &row["account"]),
        (&json!(1), &json!(12.75), &json!("F******-*******")),
        "{row}"
    );
    assert!(row["details"].as_str().unwrap().contains("指數"), "{row}");
    // The engine has the rows, and the router is not told; it is overloaded; it is not there.
    clickhouse.fault(json!({ "kind": "reset_after", "times": 2, "match": "INSERT" }));
    router.send(&orders(100, 50));
    clickhouse.fault(json!({ "kind": "exception", "code": 252, "times": 2, "match": "INSERT" }));
    router.send(&orders(150, 50));
    router.settled(400);
    // The router is killed while it waits for an answer that never comes.
    clickhouse.fault(json!({ "kind": "reset_after", "times": 3, "match": "INSERT" }));
    router.send(&orders(200, 50));
    router.until("an insert has failed", |router| {
        let metrics = router.get("/metrics").text;
        let line = metrics.lines().find(|line| line.starts_with("tapline_sink_retries_total{sink=\"warehouse\"}"))?;
        (!line.ends_with(" 0")).then_some(())
    });
    let folder = router.kill();
    clickhouse.kill_and_restart();
    let mut router = Router::start_in(folder, Some(&config));
    router.send(&orders(250, 50));
    router.until("ClickHouse has all", |_| {
        (clickhouse.number("SELECT count() FROM audit.orders_log") >= 300
            && clickhouse.number("SELECT count() FROM audit.risk_log") >= 300)
            .then_some(())
    });
    let ledger = router.until("all is settled", |router| {
        let ledger = router.ledger();
        (count(&ledger, "pending") == 0).then_some(ledger)
    });
    assert_balanced(&ledger);
    let folder = router.stop_well();
    assert_eq!(clickhouse.number("SELECT count() FROM audit.orders_log"), 300);
    assert_eq!(clickhouse.number("SELECT sum(qty) FROM audit.orders_log"), 300 * 301 / 2);
    assert_eq!(clickhouse.number("SELECT count() FROM audit.risk_log WHERE approved"), 100);
    same_as_sqlite(&clickhouse, &folder);
    let (found, code) = verify(&folder, &config);
    let [here, there] = [0, 1].map(|at| &found["databases"][at]);
    assert_eq!((code, &there["name"], &there["rows"]), (Some(0), &json!("warehouse"), &json!(600)), "{found}");
    assert_eq!(here["link"], there["link"], "{found}");
    let [from_here, from_there] = ["audit", "warehouse"].map(|sink| export(&folder, &config, sink));
    assert_eq!(from_here.lines().filter(|line| line.starts_with("{\"position\"")).count(), 200);
    assert_eq!(from_here, from_there, "the same rows, whichever database they are from");
    // Somebody with the rights to do it has been at a row, and then at another.
    clickhouse.post(
        "/",
        "ALTER TABLE audit.orders_log UPDATE latency_us = 12.5 WHERE chain_position = 7 SETTINGS mutations_sync = 2",
    );
    clickhouse.post("/", "ALTER TABLE audit.orders_log DELETE WHERE chain_position = 301 SETTINGS mutations_sync = 2");
    let (found, code) = verify(&folder, &config);
    let breaks: Vec<&str> = found["breaks"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!((code, breaks.len()), (Some(3), 2), "{found}");
    assert!(breaks[0].starts_with("warehouse: position 7 (audit.orders_log, event_id "), "{breaks:?}");
    assert!(breaks[1].starts_with("warehouse: position 301 is missing"), "{breaks:?}");
}

/// What `audit verify` says of all databases, and its exit code.
/// Rows 201 to 400 of a destination, by the times at which the router took them in.
fn export(folder: &Folder, config: &Path, sink: &str) -> String {
    let time = |position: u64| {
        let sql = format!(
            "SELECT ingest_ts FROM orders_log WHERE chain_position = {position} UNION ALL SELECT ingest_ts FROM risk_log WHERE chain_position = {position}"
        );
        jiff::Timestamp::from_nanosecond(folder.sql(&sql)[0]["ingest_ts"].as_i64().unwrap().into()).unwrap().to_string()
    };
    let output = folder.path().join(format!("{sink}.ndjson"));
    let [data, config, path] = [folder.path(), config, &output].map(|path| path.display().to_string());
    let arguments = ["audit", "export", "--data-dir", &data, "--config", &config, "--sink", sink, "--output", &path];
    let exported = tapline(&[&arguments[..], &["--since", &time(201), "--until", &time(401)]].concat());
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    std::fs::read_to_string(output).unwrap()
}

pub fn verify(folder: &Folder, config: &Path) -> (Value, Option<i32>) {
    let (data, config) = (folder.path().display().to_string(), config.display().to_string());
    let output = tapline(&["audit", "verify", "--json", "--data-dir", &data, "--config", &config]);
    let found = serde_json::from_slice(&output.stdout);
    (found.unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr))), output.status.code())
}

#[test]
fn a_table_that_differs_from_the_contract_is_named_and_gets_its_rows_when_it_is_mended() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../contracts/migrations/clickhouse");
    let clickhouse = ClickHouse::start(&[
        "--apply",
        &root.display().to_string(),
        "--user",
        "router:secret:audit_writer",
        "--user",
        "prover:proof:audit_verifier",
    ]);
    clickhouse.post("/", "ALTER TABLE audit.orders_log DROP COLUMN qty");
    clickhouse.post("/", "ALTER TABLE audit.risk_log MODIFY TTL toDateTime(ts) + INTERVAL 30 DAY");
    let folder = Folder::new();
    let password = folder.write("password", "secret\n").display().to_string();
    let config = folder.write(
        "tapline.toml",
        &config(&clickhouse, &format!("user = \"router\"\npassword = {{ file = \"{password}\" }}")),
    );
    let verifying = std::fs::read_to_string(&config).unwrap();
    let mut router = Router::start_in(folder, Some(&config));
    router.send(&orders(0, 10));
    router.until("the log says what differs", |router| {
        let log = router.folder().read("router.log");
        (log.contains("table audit.orders_log has no column qty, which should be Nullable(Int64)")
            && log.contains("table audit.risk_log keeps its rows for 30 days, the contract wants 1825"))
        .then_some(())
    });
    assert_eq!(router.get("/readyz").status, 503);
    assert_eq!(clickhouse.number("SELECT count() FROM audit.orders_log"), 0);
    clickhouse.post("/", "ALTER TABLE audit.orders_log ADD COLUMN qty Nullable(Int64)");
    clickhouse.post("/", "ALTER TABLE audit.risk_log MODIFY TTL toDateTime(ts) + INTERVAL 1825 DAY");
    let ledger = router.settled(20);
    assert_eq!(count(&ledger, "delivered"), 20);
    let folder = router.stop_well();
    assert_eq!(clickhouse.number("SELECT sum(qty) FROM audit.orders_log"), 55);
    same_as_sqlite(&clickhouse, &folder);
    let log = folder.read("router.log");
    assert!(!log.contains("secret"), "{log}");
    // The router's own user may add rows and read none; the verifier's may read all of them.
    let (found, code) = verify(&folder, &config);
    let refused = found["breaks"][0].as_str().unwrap();
    assert!(code == Some(3) && refused.starts_with("warehouse: can't be read: "), "{found}");
    assert!(refused.contains("verify_user") && refused.contains("privileges"), "{found}");
    let password = folder.write("proof", "proof\n").display().to_string();
    let verifying = format!("{verifying}verify_user = \"prover\"\nverify_password = {{ file = \"{password}\" }}\n");
    let (found, code) = verify(&folder, &folder.write("verify.toml", &verifying));
    assert_eq!((code, &found["databases"][1]["rows"]), (Some(0), &json!(20)), "{found}");
}
