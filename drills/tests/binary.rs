//! The binary from outside: exit status, messages, signals.

use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

fn trading_stack(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trading-stack"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = trading_stack(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn a_market_file_that_is_missing_or_something_else_ends_with_2_and_says_what_was_expected() {
    let (status, _, message) = run(&["--discard", "--market", "no/such/file.parquet"]);
    assert_eq!(status, Some(2));
    assert!(message.contains("no/such/file.parquet") && message.contains("--market"), "{message}");

    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let (status, _, message) = run(&["--discard", "--market", manifest]);
    assert_eq!(status, Some(2));
    assert!(message.contains("is not a market recording") && message.contains("exch_ts"), "{message}");

    let (status, _, message) = run(&[]);
    assert_eq!(status, Some(2));
    assert!(message.contains("--connect"), "{message}");
}

#[test]
fn an_address_that_is_none_is_refused_with_the_form_of_one() {
    let (status, _, message) = run(&["--connect", "carrier-pigeon", "--for", "1s"]);
    assert_eq!(status, Some(2));
    assert!(message.contains("unix:PATH") && message.contains("carrier-pigeon"), "{message}");
}

#[test]
fn the_report_is_one_json_object() {
    let (status, report, _) = run(&["--discard", "--speed", "0", "--events", "20000", "--json"]);
    assert_eq!(status, Some(0));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert!(report["emitted"].as_u64() > Some(1000));
    assert_eq!(report["delivery"]["sent"], report["emitted"]);
    assert_eq!(report["orders"]["open"], 0);
    assert!(report["streams"].as_array().is_some_and(|streams| streams.len() > 10));
    assert!(report["canaries"].as_array().is_some_and(|canaries| canaries.len() == 8));
    assert!(report["transactions"][0]["broker_order_id"].is_string());
}

#[test]
fn without_a_router_it_ends_in_time_and_says_what_is_left() {
    let spill = tempfile::tempdir().unwrap();
    let socket = format!("unix:{}", spill.path().join("no.sock").display());
    let output = trading_stack(&["--connect", &socket, "--speed", "0", "--events", "5000", "--json"])
        .args(["--flush", "200ms"])
        .env("TAPLINE_SPILL_DIR", spill.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["delivery"]["left"].as_u64() > Some(0), "{}", report["delivery"]);
    assert!(report["delivery"]["trouble"].is_string());
}

#[test]
fn sigterm_ends_the_day_in_order() {
    let child = trading_stack(&["--discard", "--json"]).spawn().unwrap();
    thread::sleep(Duration::from_millis(400));
    let asked = Instant::now();
    let kill = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = ended(child);
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert_eq!(output.status.code(), Some(0));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["orders"]["open"], 0);
}

fn ended(child: Child) -> Output {
    child.wait_with_output().unwrap()
}
