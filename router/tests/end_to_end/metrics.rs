//! `/metrics`: real Prometheus text, by Prometheus' own tool.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::json;
use tapline_contract::Contract;

use crate::harness::{Router, text, write_lines};

fn promtool() -> PathBuf {
    if let Some(path) = std::env::var_os("TAPLINE_PROMTOOL") {
        return path.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("promtool"))
        .find(|file| file.is_file())
        .expect("promtool is needed: `cargo xtask test` brings it and says where it is by TAPLINE_PROMTOOL")
}

#[test]
fn promtool_finds_nothing_wrong_and_every_name_is_of_the_contract() {
    let mut router = Router::start();
    router.send(&[
        json!({ "event": "signal", "component": "strategy", "strategy_id": "mm-1", "symbol": "TXFD6", "odd": 1 }),
        json!({ "event": "never heard of", "message": "m\n\"quoted\"\\", "component": "made up" }),
        json!({ "event": "order_cancel", "component": "order", "strategy_id": 7, "client_order_id": null }),
    ]);
    write_lines(router.unix(), &["nonsense"]);
    router.settled(4);
    let metrics = router.get("/metrics").text;

    let mut check = Command::new(promtool())
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool runs");
    check.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let found = check.wait_with_output().unwrap();
    let said = text(&found.stdout) + &text(&found.stderr);
    assert!(found.status.success() && said.trim().is_empty(), "{said}\n{metrics}");

    let contract = Contract::embedded();
    for line in metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = line.split(' ').next().unwrap();
        assert!(contract.metric(name).is_some(), "{name} is not in the contract");
    }
    for wanted in [
        "tapline_events_emitted_total{component=\"order\",lane=\"audit\"} 1",
        "tapline_events_rejected_total{component=\"unknown\",lane=\"log\",reason=\"not_json\"} 1",
    ] {
        assert!(metrics.contains(wanted), "{wanted} is not in:\n{metrics}");
    }
    for family in [
        "tapline_plugin_events_total",
        "tapline_plugin_duration_seconds_bucket",
        "tapline_sink_events_total",
        "build_info",
    ] {
        assert!(metrics.lines().any(|line| line.starts_with(family)), "{family} is not in:\n{metrics}");
    }
    // Nobody has set these, so they are not there: absent is not 0.
    for unset in ["stormguard_mode", "feed_gap_seconds", "clickhouse_up"] {
        assert!(!metrics.lines().any(|line| line.starts_with(unset)), "{unset}");
    }
}

#[test]
fn the_counts_add_up_like_the_ledger() {
    let mut router = Router::start();
    let lines: Vec<String> = (0..300)
        .map(|n| if n % 10 == 0 { "bad".into() } else { json!({ "event": "e", "n": n }).to_string() })
        .collect();
    write_lines(router.tcp(), &lines);
    router.settled(300);
    let metrics = router.get("/metrics").text;
    let sum = |name: &str| -> f64 {
        metrics
            .lines()
            .filter(|line| line.split(['{', ' ']).next() == Some(name))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    };
    let emitted = sum("tapline_events_emitted_total");
    let outcomes = ["delivered", "filtered", "rejected", "dropped", "dead_lettered"];
    let settled: f64 = outcomes.iter().map(|outcome| sum(&format!("tapline_events_{outcome}_total"))).sum();
    assert_eq!((emitted, settled, sum("tapline_events_rejected_total")), (300.0, 300.0, 30.0));
    // Each event was in one batch, and each batch was written by the one destination of such events.
    assert_eq!(sum("tapline_batch_events_sum"), 270.0);
    assert!(sum("tapline_sink_write_seconds_count") >= 1.0 && sum("tapline_sink_write_seconds_sum") > 0.0);
    // Nothing waits any more.
    assert!(!metrics.contains("tapline_sink_backlog_age_seconds{"), "{metrics}");
}

#[test]
fn what_a_destination_is_not_cleared_for_is_counted_by_how_sensitive_it_is() {
    let mut router = Router::start();
    router.send(&[json!({ "event": "e", "account": "ACC-1", "email": "a@b.example", "api_key": "k-12345678" })]);
    router.settled(1);
    let metrics = router.get("/metrics").text;
    let withheld = |sensitivity: &str| {
        let wanted = format!("sensitivity=\"{sensitivity}\"");
        let lines =
            metrics.lines().filter(|line| line.starts_with("tapline_withheld_values_total") && line.contains(&wanted));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>()
    };
    assert!(withheld("secret") >= 1.0, "{metrics}");
}

#[test]
fn notices_are_counted_by_severity_and_state() {
    let mut router = Router::start_with("[[chain]]\nplugin = \"reject-spike\"\nconfig = { min_orders = 4 }\n");
    let reject =
        json!({ "event": "order_reject", "component": "order", "strategy_id": "mm-1", "client_order_id": "c" });
    router.send(&vec![reject; 20]);
    router.until("a notice is counted", |router| {
        router.get("/metrics").text.contains("tapline_notices_total{severity=").then_some(())
    });
}

#[test]
fn who_talks_most_is_seen_by_name_and_names_are_capped() {
    let mut router = Router::start();
    let event = |name: &str| json!({ "component": "market_data", "event": name, "symbol": "TXFD6", "gap_s": 1.5 });
    let declared = (0..40).map(|_| event("feed_gap"));
    let own = (0..7).map(|_| event("my own words"));
    let many = (0..200).map(|number| event(&format!("word {number}")));
    let events: Vec<_> = declared.chain(own).chain(many).collect();
    router.send(&events);
    router.settled(events.len() as u64);
    let metrics = router.get("/metrics").text;
    let count = |name: &str| {
        let start = format!("tapline_events_by_name_total{{event=\"{name}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&start)).map(|n| n.parse::<u64>().unwrap())
    };
    assert_eq!((count("feed_gap"), count("my own words"), count("word 1")), (Some(40), Some(7), Some(1)), "{metrics}");
    // 128 names that nobody declared have a series of their own, this one included.
    assert_eq!(count("_other"), Some(200 - 127), "{metrics}");
    router.stop_well();
}
