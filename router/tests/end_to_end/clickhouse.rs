//! Audit rows in ClickHouse: the real engine, behind the project's front for it, with faults on purpose.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Folder, Router, assert_balanced, count, tapline, text};

/// The front, and through it the engine.
struct ClickHouse {
    child: Child,
    folder: tempfile::TempDir,
    url: String,
}

impl ClickHouse {
    fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("tapline-clickhouse-").tempdir().unwrap();
        let mut front =
            ClickHouse { child: Self::spawn(folder.path(), "127.0.0.1:0", arguments), folder, url: String::new() };
        front.wait();
        front
    }

    fn spawn(folder: &Path, address: &str, arguments: &[&str]) -> Child {
        let python = std::env::var("TAPLINE_CLICKHOUSE_PYTHON").expect(
            "ClickHouse's engine is needed: `cargo xtask test` brings it and says where by TAPLINE_CLICKHOUSE_PYTHON",
        );
        let _ = std::fs::remove_file(folder.join("addresses.json"));
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
        Command::new(python)
            .arg(root.join("drills/clickhouse/front.py"))
            .arg("--data-dir")
            .arg(folder)
            .args(["--listen", address])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("front.log")).unwrap())
            .spawn()
            .expect("the front starts")
    }

    fn wait(&mut self) {
        let addresses = self.folder.path().join("addresses.json");
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let found = std::fs::read(&addresses).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
            if let Some(found) = found {
                self.url = format!("http://{}", found["http"].as_str().unwrap());
                return;
            }
            let log = || std::fs::read_to_string(self.folder.path().join("front.log")).unwrap_or_default();
            assert!(self.child.try_wait().unwrap().is_none(), "the front ended: {}", log());
            assert!(Instant::now() < end, "the front is not ready: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// SIGKILL, and started again on the same port with the same data.
    fn kill_and_restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let address = self.url.trim_start_matches("http://").to_owned();
        self.child = Self::spawn(self.folder.path(), &address, &[]);
        self.wait();
    }

    fn post(&self, path: &str, body: &str) -> String {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.post(format!("{}{path}", self.url)).send(body).expect("the front answers");
        let text = answer.body_mut().read_to_string().unwrap();
        assert!(answer.status().is_success(), "{body}: {text}");
        text
    }

    fn sql(&self, sql: &str) -> Vec<Value> {
        let text = self.post("/", &format!("{sql} FORMAT JSONEachRow"));
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    fn number(&self, sql: &str) -> u64 {
        self.post("/", sql).trim().parse().unwrap()
    }

    fn fault(&self, fault: Value) {
        self.post("/_faults", &fault.to_string());
    }
}

impl Drop for ClickHouse {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config(clickhouse: &ClickHouse, more: &str) -> String {
    format!(
        "[[chain]]\nplugin = \"redact\"\n[sinks.audit]\ntype = \"sqlite\"\npath = \"audit.db\"\nclearance = \"pii\"\n\
         [sinks.logs]\ntype = \"file\"\npath = \"logs/events.ndjson\"\n\
         [sinks.warehouse]\ntype = \"clickhouse\"\nurl = \"{}\"\nclearance = \"pii\"\ntimeout_s = 5\n{more}\n",
        clickhouse.url
    )
}

fn orders(first: u64, n: u64) -> Vec<Value> {
    let order = |number: u64| {
        json!({ "component": "order", "event": "order_new", "client_order_id": format!("c-{number}"), "strategy_id": "mm-1",
                "symbol": "TXFD6", "side": "BUY", "price": 345_213_000, "price_scale": 10_000, "qty": number + 1,
                "account": "F002007-1234567", "latency_us": 12.75, "unknown": { "a": [1, "指數"] } })
    };
    let decision = |number: u64| {
        json!({ "component": "risk", "event": "risk_decision", "strategy_id": "mm-1", "intent_id": format!("i-{number}"),
                "approved": number % 3 == 0, "reason_code": "OK", "message": "" })
    };
    (first..first + n).flat_map(|number| [order(number), decision(number)]).collect()
}

/// Every row once, in one chain with SQLite's.
fn same_as_sqlite(clickhouse: &ClickHouse, folder: &Folder) {
    for table in ["orders_log", "risk_log"] {
        let sql = format!(
            "SELECT chain_position AS p, chain_hash AS h, event_id AS id, strategy_id AS s FROM audit.{table} ORDER BY 1"
        );
        let there: Vec<Value> = clickhouse.sql(&sql);
        let here: Vec<Value> = folder.sql(&sql).into_iter().map(Value::Object).collect();
        assert_eq!(there.len(), here.len(), "{table}");
        for (there, here) in there.iter().zip(&here) {
            let position = |row: &Value| row["p"].as_u64().or_else(|| row["p"].as_str()?.parse().ok());
            assert_eq!(
                (position(there), &there["h"], &there["id"], &there["s"]),
                (position(here), &here["h"], &here["id"], &here["s"])
            );
        }
    }
}

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
fn verify(folder: &Folder, config: &Path) -> (Value, Option<i32>) {
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
