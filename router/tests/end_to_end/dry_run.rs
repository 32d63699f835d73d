//! `tapline plugin try`: what a plugin would have done to recorded events.

use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Folder, tapline, text};

/// Decisions with an account, and every tenth with a password in its text.
fn recorded(folder: &Folder, n: u64) -> PathBuf {
    let line = |number: u64| {
        let secret = if number.is_multiple_of(10) { " password=hunter2" } else { "" };
        json!({ "ts": 1_764_000_000_000_000_000 + number * 1_000_000_000, "component": "order", "event": "order_new",
                "client_order_id": format!("c-{number}"), "strategy_id": "mm-1", "symbol": "TXFD6", "side": "BUY",
                "price": 1, "price_scale": 1, "qty": 1, "account": "F002007-1234567",
                "message": format!("sent{secret}") })
        .to_string()
    };
    let lines: Vec<String> = (0..n).map(line).collect();
    folder.write("recorded.ndjson", &format!("{}\n", lines.join("\n")))
}

fn tried(arguments: &[&str]) -> (Value, Option<i32>) {
    let output = tapline(&[&["plugin", "try"], arguments, &["--json"]].concat());
    let found = serde_json::from_slice(&output.stdout);
    (found.unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr))), output.status.code())
}

#[test]
fn what_a_plugin_would_change_is_counted_and_shown_without_what_is_sensitive() {
    let folder = Folder::new();
    let events = recorded(&folder, 1_000).display().to_string();
    let (report, code) = tried(&["redact", "--events", &events]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!((&report["rows"], &report["differences"]), (&json!(1_000), &json!(1_000)), "{report}");
    assert_eq!(report["by_field"], json!({ "account": 1_000, "message": 100 }), "{report}");
    assert_eq!((&report["candidate"]["seen"], &report["candidate"]["faults"]), (&json!(1_000), &json!(0)), "{report}");
    let examples = report["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 6, "three of each kind: {report}");
    assert_eq!(examples[0]["line"], 1, "{report}");
    // With a person's eyes, too.
    let output = tapline(&["plugin", "try", "redact", "--events", &events]);
    let shown = text(&output.stdout);
    assert!(shown.contains("1000 events differ from the events as they came"), "{shown}");
    for secret in ["hunter2", "1234567"] {
        assert!(!shown.contains(secret) && !report.to_string().contains(secret), "{shown}");
    }
}

#[test]
fn a_version_is_held_against_another_and_against_what_is_required() {
    let folder = Folder::new();
    let events = recorded(&folder, 500).display().to_string();
    // The same lines, packed.
    let packed = folder.path().with_file_name("recorded.ndjson.gz");
    let mut packer =
        flate2::write::GzEncoder::new(std::fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    packer.write_all(&std::fs::read(&events).unwrap()).unwrap();
    packer.finish().unwrap();
    let packed = packed.display().to_string();
    let same = ["redact", "--against", "redact", "--events", &events, &packed];
    let (report, code) =
        tried(&[&same[..], &["--require", "differences=0 faults=0 dead_letters=0 rows>=1000 rejected=0"]].concat());
    assert_eq!((code, &report["met"], &report["rows"]), (Some(0), &json!(true), &json!(1_000)), "{report}");
    // Another configuration is another version.
    let config = folder.write("lenient.toml", "fields = { message = \"full\" }\ntext = []\njson = []\n");
    let config = config.display().to_string();
    let (report, code) = tried(&[
        "redact",
        "--config",
        &config,
        "--against",
        "redact",
        "--events",
        &events,
        "--require",
        "differences=0",
    ]);
    assert_eq!((code, &report["met"]), (Some(3), &json!(false)), "{report}");
    assert_eq!(report["unmet"], json!(["differences=0 is not met: it is 500"]), "{report}");
    assert_eq!(report["by_field"]["account"], 500, "{report}");
    let output = tapline(&["plugin", "try", "redact", "--events", &events, "--require", "fautls=0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("there are rows, rejected, differences, faults"), "{}", text(&output.stderr));
}

#[test]
fn notices_verdicts_and_lines_that_are_none_are_told() {
    let folder = Folder::new();
    let reject = |number: u64| {
        json!({ "ts": 1_764_000_000_000_000_000 + number * 1_000_000, "component": "order", "event": "order_reject",
                "strategy_id": "mm-1", "client_order_id": format!("c-{number}"), "reason_code": "MARGIN" })
        .to_string()
    };
    let lines: Vec<String> = (0..100).map(reject).chain(["not json".to_owned(), String::new()]).collect();
    let events = folder.write("rejects.ndjson", &lines.join("\n")).display().to_string();
    let (report, code) = tried(&["reject-spike", "--events", &events]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!((&report["lines"], &report["rejected"]), (&json!(101), &json!({ "not_json": 1 })), "{report}");
    assert_eq!(
        report["notices"],
        json!([{ "key": "reject_spike/mm-1", "state": "firing", "against": 0, "candidate": 1 }]),
        "{report}"
    );
    assert_eq!(report["differences"], 0, "it keeps every event: {report}");
    let output = tapline(&["plugin", "try", "no-such-plugin", "--events", &events]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no-such-plugin"), "{}", text(&output.stderr));
}
