//! The engine behind the project's front for it, and a router that has it as a destination.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::Folder;

/// The front, and through it the engine.
pub struct ClickHouse {
    child: Child,
    folder: tempfile::TempDir,
    url: String,
}

impl ClickHouse {
    pub fn start(arguments: &[&str]) -> Self {
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

    pub fn url(&self) -> &str {
        &self.url
    }

    /// SIGKILL, and started again on the same port with the same data.
    pub fn kill_and_restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let address = self.url.trim_start_matches("http://").to_owned();
        self.child = Self::spawn(self.folder.path(), &address, &[]);
        self.wait();
    }

    pub fn post(&self, path: &str, body: &str) -> String {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.post(format!("{}{path}", self.url)).send(body).expect("the front answers");
        let text = answer.body_mut().read_to_string().unwrap();
        assert!(answer.status().is_success(), "{body}: {text}");
        text
    }

    /// What is wrong with a statement, where it is wrong.
    pub fn refusal(&self, statement: &str) -> Option<String> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.post(&self.url).send(statement).expect("the front answers");
        (!answer.status().is_success()).then(|| answer.body_mut().read_to_string().unwrap())
    }

    pub fn sql(&self, sql: &str) -> Vec<Value> {
        let text = self.post("/", &format!("{sql} FORMAT JSONEachRow"));
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    pub fn number(&self, sql: &str) -> u64 {
        self.post("/", sql).trim().parse().unwrap()
    }

    pub fn fault(&self, fault: Value) {
        self.post("/_faults", &fault.to_string());
    }
}

impl Drop for ClickHouse {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn config(clickhouse: &ClickHouse, more: &str) -> String {
    format!(
        "[[chain]]\nplugin = \"redact\"\n[sinks.audit]\ntype = \"sqlite\"\npath = \"audit.db\"\nclearance = \"pii\"\n\
         [sinks.logs]\ntype = \"file\"\npath = \"logs/events.ndjson\"\n\
         [sinks.warehouse]\ntype = \"clickhouse\"\nurl = \"{}\"\nclearance = \"pii\"\ntimeout_s = 5\n{more}\n",
        clickhouse.url
    )
}

pub fn orders(first: u64, n: u64) -> Vec<Value> {
    let order = |number: u64| {
        json!({ "component": "order", "event": "order_new", "client_order_id": format!("c-{number}"), "strategy_id": "mm-1",
                "symbol": "TXFD6", "side": "BUY", "price": 345_213_000, "price_scale": 10_000, "qty": number + 1,
                "account": "F002007-1234567", "latency_us": 12.75, "unknown": { "a": [1, "指數"] } })
    };
    let decision = |number: u64| {
        json!({ "component": "risk", "event": "risk_decision", "strategy_id": "mm-1", "intent_id": format!("i-{number}"),
                "approved": number.is_multiple_of(3), "reason_code": "OK", "message": "" })
    };
    (first..first + n).flat_map(|number| [order(number), decision(number)]).collect()
}

/// Every row once, in one chain with SQLite's.
pub fn same_as_sqlite(clickhouse: &ClickHouse, folder: &Folder) {
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
