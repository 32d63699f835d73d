//! What has to wake somebody does, whatever level it was logged at.

use serde_json::{Value, json};

use crate::harness::{Router, assert_balanced, write_lines};

fn is_halt(event: &Value) -> bool {
    event["event"] == "stormguard_transition" && event["new_mode"] == "HALT"
}

#[test]
fn a_halt_logged_as_a_warning_pages_and_is_audited() {
    let mut router = Router::start();
    router.send(&[
        json!({ "component": "risk", "event": "stormguard_transition", "level": "warning", "strategy_id": "mm-1",
                "old_mode": "NORMAL", "new_mode": "WARM", "trigger": "drawdown" }),
        json!({ "component": "risk", "event": "stormguard_transition", "level": "warning", "strategy_id": "mm-1",
                "old_mode": "STORM", "new_mode": "HALT", "trigger": "daily loss", "reason_code": "DAILY_LOSS" }),
    ]);
    // As the real platform prints it: no component, another name, other words.
    write_lines(
        router.unix(),
        &[
            r#"{"old": "WARM", "new": "HALT", "reason": "feed gap", "event": "StormGuard Transition", "level": "warning", "timestamp": "2026-04-08T01:02:03.000004Z"}"#,
        ],
    );
    let ledger = router.settled(3);
    assert_balanced(&ledger);
    let rows = router.sql(
        "SELECT new_mode, level, strategy_id, trigger FROM audit.guardrail_log WHERE new_mode = 'HALT' ORDER BY ts",
    );
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows.iter().all(|row| row["level"] == "warning"), "{rows:?}");
    let folder = router.stop_well();
    let paged = folder.lines("logs/pager.ndjson");
    assert_eq!(paged.iter().filter(|event| is_halt(event)).count(), 2, "{paged:?}");
    assert!(paged.iter().all(is_halt), "WARM pages nobody: {paged:?}");
    assert_eq!(folder.lines("logs/alerts.ndjson").iter().filter(|event| is_halt(event)).count(), 2);
    assert_eq!(folder.lines("logs/events.ndjson").len(), 3, "and the usual way is gone as well");
}

#[test]
fn a_spike_of_rejections_fires_once_and_resolves() {
    let config = r#"
[[chain]]
plugin = "redact"
[[chain]]
plugin = "enrich"
on_fault = "pass"
[[chain]]
plugin = "route"
on_fault = "pass"
[[chain]]
plugin = "reject-spike"
on_fault = "pass"
"#;
    let mut router = Router::start_with(config);
    let begin = 1_775_608_270_000_000_000_i64;
    let order = |number: i64, event: &str| {
        json!({ "ts": begin + number * 100_000_000, "component": "order", "event": event, "level": "info",
                "strategy_id": "mm-1", "symbol": "TXFD6", "client_order_id": format!("c-{number}"), "side": "BUY",
                "price": 1, "price_scale": 1, "qty": 1, "reason_code": "PRICE_LIMIT" })
    };
    // A quiet minute, then every second order is refused, then quiet minutes again.
    let quiet = (0..600).map(|number| order(number, "order_ack"));
    let spike = (600..1200).flat_map(|number| {
        let refused = (number % 2 == 0).then(|| order(number, "order_reject"));
        std::iter::once(order(number, "order_ack")).chain(refused)
    });
    let again = (1200..6000).map(|number| order(number, "order_ack"));
    let events: Vec<Value> = quiet.chain(spike).chain(again).collect();
    for batch in events.chunks(500) {
        router.send(batch);
    }
    router.settled(events.len() as u64);
    let folder = router.stop_well();
    let notices: Vec<Value> =
        folder.lines("logs/alerts.ndjson").into_iter().filter(|event| event["event"] == "notice").collect();
    let states: Vec<&str> = notices.iter().filter_map(|notice| notice["notice_state"].as_str()).collect();
    assert_eq!(states, ["firing", "resolved"], "{notices:?}");
    assert!(notices[0]["summary"].as_str().unwrap().contains("mm-1"), "{}", notices[0]);
}
