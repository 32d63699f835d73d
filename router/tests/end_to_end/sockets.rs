//! Newline JSON over unix and TCP streams.

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::harness::{Router, assert_balanced, count, reason, write_lines};

fn line(number: usize) -> String {
    json!({ "event": "signal", "component": "strategy", "strategy_id": "mm-1", "symbol": "TXFD6", "message": format!("n {number}") })
        .to_string()
}

#[test]
fn lines_arrive_over_both_however_they_are_cut() {
    let mut router = Router::start();
    write_lines(router.tcp(), &(0..500).map(line).collect::<Vec<_>>());
    let mut unix = router.unix();
    let bytes: Vec<u8> = (500..1000).flat_map(|number| format!("{}\n", line(number)).into_bytes()).collect();
    // Cut anywhere, even within a character.
    for piece in bytes.chunks(97) {
        unix.write_all(piece).unwrap();
    }
    // The last line lacks its newline, and is an event all the same.
    unix.write_all(line(1000).as_bytes()).unwrap();
    drop(unix);
    let ledger = router.settled(1001);
    assert_balanced(&ledger);
    assert_eq!(count(&ledger, "delivered"), 1001);
    let folder = router.stop_well();
    let mut numbers: Vec<usize> = folder
        .lines("logs/events.ndjson")
        .iter()
        .map(|event| event["message"].as_str().unwrap().trim_start_matches("n ").parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..1001).collect::<Vec<_>>());
}

#[test]
fn events_go_on_while_the_connection_stays_open() {
    let mut router = Router::start();
    let mut stream = router.tcp();
    stream.write_all(format!("{}\n", line(1)).as_bytes()).unwrap();
    assert_eq!(count(&router.settled(1), "delivered"), 1);
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    stream.write_all(format!("{}\n", line(2)).as_bytes()).unwrap();
    assert_eq!(count(&router.settled(2), "delivered"), 2);
    let folder = router.stop_well();
    let times: Vec<u64> =
        folder.lines("logs/events.ndjson").iter().map(|event| event["ts"].as_u64().unwrap()).collect();
    assert!(times[0] < before && before <= times[1], "without a time of its own it has that of its arrival");
}

#[test]
fn a_20_mb_line_and_its_like_cost_nothing_but_themselves() {
    let mut router = Router::start();
    let huge = format!(r#"{{"event":"huge","a":"{}"}}"#, "x".repeat(20 << 20));
    let long = format!(r#"{{"event":"long","message":"{}"}}"#, "y".repeat(10_000));
    let lines: Vec<Vec<u8>> = vec![
        line(1).into_bytes(),
        huge.into_bytes(),
        line(2).into_bytes(),
        Vec::new(),
        b"{\"event\":\"bytes\",\"message\":\"\xff\xfe\"}".to_vec(),
        b"\x00\x01\x02".to_vec(),
        format!(r#"{{"event":"deep","a":{}}}"#, "[".repeat(100_000)).into_bytes(),
        br#"{"event":"twice","a":1,"a":2,"strategy_id":"mm-1","strategy_id":"mm-2"}"#.to_vec(),
        long.into_bytes(),
        line(3).into_bytes(),
    ];
    for connection in 0..2 {
        if connection == 0 { write_lines(router.unix(), &lines) } else { write_lines(router.tcp(), &lines) }
    }
    let ledger = router.settled(20);
    assert_balanced(&ledger);
    assert_eq!(
        (count(&ledger, "emitted"), count(&ledger, "rejected"), count(&ledger, "delivered")),
        (20, 8, 12),
        "{ledger}"
    );
    for (why, times) in [("line_too_long", 2), ("empty_line", 2), ("too_deep", 2), ("not_json", 2)] {
        assert_eq!(reason(&ledger, why), times, "{why}");
    }
    let folder = router.stop_well();
    let kept = folder.lines("rejected.ndjson");
    let huge: Vec<_> = kept.iter().filter(|line| line["reason"] == "line_too_long").collect();
    assert!(
        huge.len() == 2 && huge.iter().all(|line| line["bytes"].as_u64() > Some(20 << 20)),
        "its length is told: {huge:?}"
    );
    assert!(folder.read("rejected.ndjson").len() < 100_000, "a 20 MB line is not kept whole");
}

#[test]
fn many_connections_at_once() {
    let mut router = Router::start();
    std::thread::scope(|scope| {
        for producer in 0..16 {
            let router = &router;
            scope.spawn(move || {
                let lines: Vec<String> = (0..200).map(|number| line(producer * 1000 + number)).collect();
                if producer % 2 == 0 { write_lines(router.unix(), &lines) } else { write_lines(router.tcp(), &lines) }
            });
        }
    });
    let ledger = router.settled(16 * 200);
    assert_balanced(&ledger);
    assert_eq!(count(&ledger, "delivered"), 16 * 200);
}

#[test]
fn a_second_router_does_not_take_the_same_folder() {
    let router = Router::start();
    let folder = router.folder().path().display().to_string();
    let second = router.command(&["run", "--http", "127.0.0.1:0", "--data-dir", &folder]).output().unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("another router"), "{said}");
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(router.get("/readyz").status, 200, "the first is unharmed");
}
