//! The program itself.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::json;
use tapline_receivers::slack::HOOK;

use crate::client::post_json;

#[test]
fn it_says_where_it_listens_and_prints_what_it_receives() {
    let script = std::env::temp_dir().join(format!("tapline-receivers-{}.json", std::process::id()));
    std::fs::write(&script, r#"[{"do":{"status":503}}]"#).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tapline-receivers"))
        .args(["slack", "--port", "0", "--script"])
        .arg(&script)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let first = told.next().unwrap();
    let url = first.strip_prefix("slack on ").unwrap_or_else(|| panic!("{first}")).to_owned();
    assert!(told.next().unwrap().contains(HOOK));
    let statuses = [(); 2].map(|()| post_json(&format!("{url}{HOOK}"), &json!({"text": "hello"})).status);
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let lines = [printed.next().unwrap(), printed.next().unwrap()];
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::remove_file(&script).unwrap();
    assert_eq!(statuses, [503, 200]);
    assert!(lines[0].contains("refused  POST /services/") && lines[0].ends_with("503 script: 503"), "{}", lines[0]);
    assert!(lines[1].contains("received POST /services/") && lines[1].contains("hello"), "{}", lines[1]);
}

#[test]
fn it_refuses_what_it_does_not_know() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_tapline-receivers")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(run(&["telegram"]).0, Some(2));
    assert_eq!(run(&["slack", "--script", "/nowhere"]).0, Some(1));
    let (code, help) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for word in ["slack", "pagerduty", "elasticsearch", "accept_then_reset", "/_received", "retry_after"] {
        assert!(help.contains(word), "{word} in {help}");
    }
}
