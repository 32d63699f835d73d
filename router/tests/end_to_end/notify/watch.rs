//! What the router tells of itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};
use tapline_receivers::{Kind, Receiver, pagerduty};

use super::setup::{all_to, config, duty};
use crate::harness::{Folder, Router};

/// A router whose every notice goes to a pager.
fn start(more: &str) -> (Receiver, Router) {
    let pager = Receiver::start(Kind::PagerDuty(pagerduty::Options::default())).unwrap();
    let folder = Folder::new();
    let text = format!("{}{more}", config(&format!("{}{}", duty(&pager, &folder), all_to("duty"))));
    let path = folder.write("tapline.toml", &text);
    (pager, Router::start_in(folder, Some(&path)))
}

/// Waits until the pager has this of an alert.
fn paged(router: &mut Router, pager: &Receiver, action: &str, key: &str) -> Value {
    router.until(&format!("the pager has {action} {key}"), |_| {
        let received = pager.received().into_iter().map(|received| received.content);
        received.into_iter().find(|event| event["event_action"] == action && event["dedup_key"] == key)
    })
}

#[test]
fn that_nobody_scrapes_is_told_until_somebody_does() {
    let (pager, mut router) = start("[watch]\nexpect_scrape_within_s = 1\n");
    let page = paged(&mut router, &pager, "trigger", "tapline/NotScraped");
    assert_eq!(page["payload"]["severity"], "warning", "{page}");
    assert!(page["payload"]["custom_details"]["to_do"].as_str().unwrap().contains("Prometheus"), "{page}");
    router.until("the scrape is seen", |router| {
        assert_eq!(router.get("/metrics").status, 200);
        pager.received().iter().any(|received| received.content["event_action"] == "resolve").then_some(())
    });
    router.stop_well();
}

/// Answers every request with an error, as a server does whose tables are not what they should be.
fn refusing_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(&stream);
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                    break;
                }
                if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    length = value.trim().parse().unwrap_or(0);
                }
            }
            let _ = std::io::copy(&mut reader.take(length), &mut std::io::sink());
            let body = "Code: 497. DB::Exception: router: Not enough privileges. (ACCESS_DENIED)";
            let head = format!("HTTP/1.1 403 Forbidden\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = (&stream).write_all(format!("{head}{body}").as_bytes());
        }
    });
    url
}

#[test]
fn the_first_batch_that_a_table_refuses_pages() {
    let warehouse = format!("[sinks.warehouse]\ntype = \"clickhouse\"\nurl = \"{}\"\n", refusing_server());
    let (pager, mut router) = start(&format!("{warehouse}[watch]\naudit_stalled_after_s = 0\n"));
    router.send(&[json!({ "component": "risk", "event": "risk_decision", "strategy_id": "mm-1", "intent_id": "i-1",
                          "approved": true, "reason_code": "OK" })]);
    let page = paged(&mut router, &pager, "trigger", "tapline/AuditLoss/warehouse");
    assert_eq!(page["payload"]["severity"], "critical", "{page}");
    let rows = router.sql("SELECT intent_id FROM audit.risk_log");
    assert_eq!(rows.len(), 1, "the other table has it");
    router.until("the receipt is in the trail", |router| {
        let sql = "SELECT delivery_outcome FROM audit.delivery_log WHERE notice_key = 'AuditLoss/warehouse'";
        router.sql(sql).first().filter(|row| row["delivery_outcome"] == "delivered").map(drop)
    });
}

#[test]
fn orders_that_can_not_be_followed_are_counted_and_told() {
    let (pager, mut router) = start("");
    let order = |id: &str| {
        json!({ "component": "order", "event": "order_new", "client_order_id": id, "strategy_id": "mm-1",
                "symbol": "TXFD6", "side": "BUY", "price": 1, "price_scale": 1, "qty": 1 })
    };
    router.send(&[order("c-1"), order(""), order("c-2")]);
    let page = paged(&mut router, &pager, "trigger", "tapline/NullJoinKeys/order_new");
    assert_eq!(page["payload"]["severity"], "warning", "{page}");
    assert!(page["payload"]["summary"].as_str().unwrap().ends_with(": 1"), "{page}");
    let metrics = router.get("/metrics").text;
    assert!(metrics.contains("tapline_null_join_keys_total{event=\"order_new\"} 1"), "{metrics}");
    assert_eq!(router.sql("SELECT 1 AS one FROM audit.orders_log").len(), 3, "none is lost for it");
    router.stop_well();
}

#[test]
fn audit_events_that_never_came_page() {
    let (pager, mut router) = start("");
    let decision = |seq: u64| {
        json!({ "component": "risk", "event": "risk_decision", "strategy_id": "mm-1", "intent_id": format!("i-{seq}"),
                "approved": true, "reason_code": "OK", "run": "run-1", "seq": seq })
    };
    // 2 and 3 were lost before they came here.
    router.send(&[decision(1), decision(4)]);
    let page = paged(&mut router, &pager, "trigger", "tapline/AuditLoss/lost");
    assert_eq!(page["payload"]["severity"], "critical", "{page}");
    assert!(page["payload"]["summary"].as_str().unwrap().ends_with(": 2"), "{page}");
    assert_eq!(router.sql("SELECT 1 AS one FROM audit.risk_log").len(), 2);
    router.stop_well();
}
