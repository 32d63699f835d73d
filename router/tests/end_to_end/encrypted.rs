//! Servers reached by HTTPS, with a certificate that no public authority has signed: as Elasticsearch comes, and as
//! most inner networks have it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tapline_receivers::{Kind, Receiver, elasticsearch};

use crate::clickhouse::front::ClickHouse;
use crate::clickhouse::verify;
use crate::harness::{Folder, Router, assert_balanced, count, tapline, text};

const FRONT: &str = include_str!("../tls_front.py");

/// Before a server that speaks no TLS.
struct TlsFront {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl TlsFront {
    fn before(url: &str) -> Self {
        let python = std::env::var("TAPLINE_CLICKHOUSE_PYTHON")
            .expect("Python is needed: `cargo xtask test` brings it and says where by TAPLINE_CLICKHOUSE_PYTHON");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new(python)
            .args(["-c", FRONT])
            .arg(folder.path())
            .arg(url.rsplit(':').next().expect("a port"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the front starts");
        let mut port = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut port).expect("the front says its port");
        TlsFront { child, folder, port: port.trim().parse().expect("a port") }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sink(kind: &str, front: &TlsFront, ca_file: Option<&str>) -> String {
    let ca_file = ca_file.map(|path| format!("ca_file = \"{path}\"\n")).unwrap_or_default();
    format!(
        "chain = []\n[sinks.audit]\ntype = \"sqlite\"\npath = \"audit.db\"\n[sinks.there]\ntype = \"{kind}\"\nurl = \"{}\"\nmigrate = true\n\
         timeout_s = 5\n{ca_file}[route]\ndefault = [\"there\"]\n",
        front.url()
    )
}

fn decisions() -> Vec<Value> {
    let decision = |number: u64| {
        json!({ "component": "risk", "event": "risk_decision", "strategy_id": "mm-1", "intent_id": format!("i-{number}"),
                "approved": true, "reason_code": "OK" })
    };
    (0..50).map(decision).collect()
}

/// Nothing goes to a server whose certificate nobody vouches for, and nothing is lost by that: with `ca_file` it
/// all arrives.
fn goes_only_where_somebody_vouches(kind: &str, front: &TlsFront) -> (Folder, PathBuf) {
    let folder = Folder::new();
    let config = folder.write("tapline.toml", &sink(kind, front, None));
    let mut router = Router::start_in(folder, Some(&config));
    router.send(&decisions());
    let log = router.until("the certificate is refused", |router| {
        let log = router.folder().read("router.log");
        log.contains("UnknownIssuer").then_some(log)
    });
    assert!(log.contains(&front.url()), "it says whose certificate: {log}");
    assert_eq!(count(&router.ledger(), "pending"), 50, "nothing is given up");
    let folder = router.kill();
    // Beside the configuration, as all files that it names.
    std::fs::copy(front.authority(), config.with_file_name("inner-ca.pem")).unwrap();
    let config = folder.write("tapline.toml", &sink(kind, front, Some("inner-ca.pem")));
    let mut router = Router::start_in(folder, Some(&config));
    let ledger = router.until("all has arrived", |router| {
        let metrics = router.get("/metrics").text;
        let line = metrics.lines().find(|line| line.starts_with("tapline_sink_backlog_events{sink=\"there\"}"))?;
        line.ends_with(" 0").then(|| router.ledger())
    });
    assert_balanced(&ledger);
    (router.stop_well(), config)
}

#[test]
fn elasticsearch_with_a_certificate_of_its_own() {
    let receiver =
        Receiver::start(Kind::Elasticsearch(elasticsearch::Options::new(elasticsearch::Flavour::Elasticsearch)))
            .unwrap();
    goes_only_where_somebody_vouches("elasticsearch", &TlsFront::before(&receiver.url()));
    let url = format!("{}/logs-tapline-default/_count", receiver.url());
    let mut answer = ureq::get(&url).call().expect("it counts");
    assert_eq!(answer.body_mut().read_json::<Value>().unwrap()["count"], 50);
}

#[test]
fn clickhouse_with_a_certificate_of_its_own() {
    let clickhouse = ClickHouse::start(&[]);
    let front = TlsFront::before(clickhouse.url());
    let (folder, config) = goes_only_where_somebody_vouches("clickhouse", &front);
    assert_eq!(clickhouse.number("SELECT count() FROM audit.risk_log"), 50);
    let (found, code) = verify(&folder, &config);
    assert_eq!((code, &found["databases"][1]["rows"]), (Some(0), &json!(50)), "{found}");
}

#[test]
fn a_file_of_authorities_that_is_none_is_told_at_the_start() {
    let folder = Folder::new();
    folder.write("ca.pem", "nothing");
    let text_of =
        |url: &str| format!("[sinks.there]\ntype = \"elasticsearch\"\nurl = \"{url}\"\nca_file = \"ca.pem\"\n");
    for (url, problem) in [("https://localhost:1", "has no certificate in it"), ("http://localhost:1", "https://")] {
        let config = folder.write("tapline.toml", &text_of(url));
        let data = folder.path().join("data").display().to_string();
        let output = tapline(&["run", "--config", &config.display().to_string(), "--data-dir", &data]);
        assert!(!output.status.success());
        assert!(text(&output.stderr).contains(problem), "{}", text(&output.stderr));
    }
}
