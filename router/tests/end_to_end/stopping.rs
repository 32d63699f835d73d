//! The end of a router: in order, under load, and by SIGKILL.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Router, assert_balanced, count, tapline, text};

fn order(number: u64) -> Value {
    json!({ "component": "order", "event": "order_new", "client_order_id": format!("c-{number}"), "strategy_id": "mm-1",
            "symbol": "TXFD6", "side": "BUY", "price": 345_213_000, "price_scale": 10_000, "qty": 1, "message": "x".repeat(100) })
}

#[test]
fn sigterm_under_load_ends_within_ten_seconds_and_the_ledger_adds_up() {
    let mut router = Router::start();
    let done = AtomicBool::new(false);
    let folder = std::thread::scope(|scope| {
        for producer in 0..3 {
            let stream = if producer == 0 { None } else { Some(router.tcp()) };
            let unix = router.unix();
            let done = &done;
            scope.spawn(move || {
                let mut out: Box<dyn Write> = match stream {
                    Some(stream) => Box::new(stream),
                    None => Box::new(unix),
                };
                let mut number = 0;
                while !done.load(Relaxed) {
                    let mut lines = Vec::new();
                    for _ in 0..200 {
                        number += 1;
                        let event = if number % 4 == 0 {
                            order(number)
                        } else {
                            json!({ "event": "busy", "component": "bus", "n": number })
                        };
                        lines.extend_from_slice(event.to_string().as_bytes());
                        lines.push(b'\n');
                    }
                    // The router closes the connection when it stops.
                    if out.write_all(&lines).is_err() {
                        return;
                    }
                }
            });
        }
        router.until("it is busy", |router| (count(&router.ledger(), "delivered") > 5_000).then_some(()));
        let (folder, status, took) = router.stop();
        done.store(true, Relaxed);
        assert!(took < Duration::from_secs(10), "it took {took:?}");
        assert!(status.success(), "{status}: {}", folder.read("router.log"));
        folder
    });
    let kept: Value = serde_json::from_str(&folder.read("ledger.json")).unwrap();
    assert_balanced(&kept);
    assert_eq!(
        (count(&kept, "pending"), count(&kept, "dropped"), count(&kept, "dead_lettered")),
        (0, 0, 0),
        "{}",
        kept["totals"]
    );
    assert_eq!(kept["closed"], true);
    // Delivered means that it is there.
    let orders = folder.sql("SELECT count(*) AS n FROM audit.orders_log")[0]["n"].as_u64().unwrap();
    let streams = kept["streams"].as_array().unwrap();
    let delivered: u64 = streams
        .iter()
        .filter(|stream| stream["component"] == "order")
        .map(|stream| stream["delivered"].as_u64().unwrap())
        .sum();
    assert_eq!(orders, delivered);
    assert!(folder.read("router.log").contains("total"), "the ledger is printed at the end");
}

#[test]
fn what_was_acknowledged_survives_a_sigkill() {
    let mut router = Router::start();
    let acknowledged = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let folder = std::thread::scope(|scope| {
        let url = router.url();
        let (acknowledged, stop) = (&acknowledged, &stop);
        scope.spawn(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let mut number = 0;
            while !stop.load(Relaxed) {
                let body: String = (0..20).map(|at| format!("{}\n", order(number + at))).collect();
                let sent =
                    agent.post(format!("{url}/v1/events")).header("content-type", "application/x-ndjson").send(body);
                // Only an answer is a promise.
                match sent {
                    Ok(answer) if answer.status() == 200 => acknowledged.store(number + 20, Relaxed),
                    _ => return,
                }
                number += 20;
            }
        });
        router.until("some are acknowledged", |_| (acknowledged.load(Relaxed) > 500).then_some(()));
        let folder = router.kill();
        stop.store(true, Relaxed);
        folder
    });
    let acknowledged = acknowledged.load(Relaxed);
    let there = |folder: &crate::harness::Folder| -> Vec<u64> {
        let rows = folder.sql("SELECT client_order_id AS id FROM audit.orders_log ORDER BY chain_position");
        rows.iter().map(|row| row["id"].as_str().unwrap()[2..].parse().unwrap()).collect()
    };
    // What was safe in the journal and not yet in a table gets there with the next start.
    let folder = Router::start_in(folder, None).stop_well();
    let before = there(&folder);
    assert!(before.len() as u64 >= acknowledged, "{} rows, {acknowledged} acknowledged", before.len());
    assert_eq!(before, (0..before.len() as u64).collect::<Vec<_>>(), "each once, in order, none torn");

    // The next router goes on in the same folder; the tables are append-only still.
    let mut router = Router::start_in(folder, None);
    router.send(&[order(1_000_000)]);
    router.settled(1);
    let folder = router.stop_well();
    let after = there(&folder);
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(after.last(), Some(&1_000_000));
    let positions = folder.sql("SELECT max(chain_position) AS top, count(*) AS n FROM audit.orders_log");
    assert_eq!(positions[0]["top"], positions[0]["n"], "no position is used twice or left out");
    let database = rusqlite::Connection::open(folder.path().join("audit.db")).unwrap();
    assert!(database.execute("DELETE FROM orders_log", []).is_err());
    let sound: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

#[test]
fn the_ledger_of_a_stopped_router_can_be_read() {
    let mut router = Router::start();
    router.send(&[order(1), order(2)]);
    router.settled(2);
    let running = router.tapline(&["ledger", "--json"]);
    assert!(running.status.success());
    let running: Value = serde_json::from_slice(&running.stdout).unwrap();
    assert_eq!((&running["balanced"], &running["totals"]["delivered"]), (&json!(true), &json!(2)));
    let folder = router.stop_well();
    let output = tapline(&["ledger", "--json", "--data-dir", &folder.path().display().to_string()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let stopped: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(stopped["totals"]["delivered"], 2);
    assert_balanced(&stopped);
    let table = text(&tapline(&["ledger", "--data-dir", &folder.path().display().to_string()]).stdout);
    assert!(table.contains("order") && table.contains("total"), "{table}");
}
