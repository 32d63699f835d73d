//! A real Alertmanager, as a destination and as a source.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use tapline_receivers::{Kind, Receiver, pagerduty};

use super::setup::{all_to, config, delivered, duty, transition};
use crate::harness::{Folder, Router};

struct Alertmanager {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Alertmanager {
    /// On a port of its own; what it has it sends on to this address.
    fn start(webhook: &str) -> Self {
        let program = std::env::var("TAPLINE_ALERTMANAGER")
            .expect("Alertmanager is needed: `cargo xtask test` brings it and says where by TAPLINE_ALERTMANAGER");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = json!({
            "route": { "receiver": "tapline", "group_by": ["..."], "group_wait": "1ms", "group_interval": "1s",
                       "repeat_interval": "1h" },
            "receivers": [{ "name": "tapline", "webhook_configs": [{ "url": webhook, "send_resolved": true }] }],
        });
        // JSON is YAML.
        let file = folder.path().join("alertmanager.yml");
        std::fs::write(&file, settings.to_string()).expect("the temporary folder can be written");
        let mut child = Command::new(program)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", folder.path().join("data").display()))
            .args(["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Alertmanager starts");
        let mut log = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let mut said = String::new();
        let address = loop {
            let line = log.next().and_then(Result::ok).unwrap_or_else(|| panic!("Alertmanager has ended: {said}"));
            if let Some((_, address)) = line.split_once("msg=\"Listening on\" address=") {
                break address.to_owned();
            }
            said.push_str(&line);
            said.push('\n');
        };
        // A pipe that nobody reads would stop it one day.
        std::thread::spawn(move || log.map_while(Result::ok).for_each(drop));
        Alertmanager { child, url: format!("http://{address}"), _folder: folder }
    }

    /// Those that fire.
    fn alerts(&self) -> Vec<Value> {
        let mut answer = ureq::get(format!("{}/api/v2/alerts", self.url)).call().expect("Alertmanager answers");
        answer.body_mut().read_json().expect("a list")
    }

    fn post(&self, alert: &Value) {
        ureq::post(format!("{}/api/v2/alerts", self.url)).send_json(json!([alert])).expect("Alertmanager takes it");
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_alert_stands_in_a_real_alertmanager_until_it_ends() {
    let alertmanager = Alertmanager::start("http://127.0.0.1:1/nobody");
    let channel = format!(
        "[notify.channels.am]\ntype = \"alertmanager\"\nurl = \"{}\"\nlabels = {{ desk = \"tw\" }}\n{}",
        alertmanager.url,
        all_to("am")
    );
    let mut router = Router::start_with(&config(&channel));
    router.send(&[transition("STORM", "HALT")]);
    delivered(&mut router, "am", 1);
    let alert = router.until("Alertmanager has the alert", |_| alertmanager.alerts().pop());
    let labels = &alert["labels"];
    assert_eq!(
        (&labels["alertname"], &labels["severity"], &labels["desk"]),
        (&json!("stormguard_transition"), &json!("critical"), &json!("tw")),
        "{alert}"
    );
    assert_eq!(alert["annotations"]["trace_id"], "t-42", "{alert}");
    router.send(&[transition("HALT", "STORM")]);
    delivered(&mut router, "am", 2);
    router.until("the alert has ended there", |_| alertmanager.alerts().is_empty().then_some(()));
    router.stop_well();
}

/// The path of alerts leads around the trading process: Prometheus, Alertmanager, router, pager.
#[test]
fn an_alert_of_a_real_alertmanager_pages_and_its_end_resolves_the_page() {
    let pager = Receiver::start(Kind::PagerDuty(pagerduty::Options::default())).unwrap();
    let folder = Folder::new();
    let path = folder.write("tapline.toml", &config(&format!("{}{}", duty(&pager, &folder), all_to("duty"))));
    let mut router = Router::start_in(folder, Some(&path));
    let alertmanager = Alertmanager::start(&format!("{}/v1/alertmanager", router.url()));
    let (begin, end) = (Timestamp::now(), Timestamp::now() + 1.hour());
    let mut alert = json!({
        "labels": { "alertname": "FeedGap", "severity": "critical", "conn": "c1" },
        "annotations": { "summary": "no ticks for 3 s" },
        "startsAt": begin.to_string(), "endsAt": end.to_string(),
    });
    alertmanager.post(&alert);
    delivered(&mut router, "duty", 1);
    alert["endsAt"] = json!(Timestamp::now().to_string());
    alertmanager.post(&alert);
    delivered(&mut router, "duty", 2);
    let actions: Vec<Value> =
        pager.received().into_iter().map(|received| received.content["event_action"].clone()).collect();
    assert_eq!(actions, ["trigger", "resolve"], "{:?}", pager.refused());
    let rows = router.sql(
        "SELECT notice_key, notice_state, summary FROM audit.delivery_log WHERE event = 'notice' ORDER BY chain_position",
    );
    let states: Vec<_> = rows.iter().map(|row| row["notice_state"].as_str().unwrap()).collect();
    assert_eq!(states, ["firing", "resolved"], "{rows:?}");
    assert!(rows[0]["notice_key"].as_str().unwrap().starts_with("FeedGap/"), "{rows:?}");
    router.stop_well();
}
