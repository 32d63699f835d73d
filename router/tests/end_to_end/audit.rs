//! The audit tables: read by SQL, followed by transaction, closed to writing.

use serde_json::{Value, json};

use crate::harness::{Router, text};

const TRACE: &str = "tr-77";

/// One transaction as eight components tell it, with the ids that each of them knows.
fn transaction() -> Vec<Value> {
    let at = |step: i64| 1_775_608_270_000_000_000 + step * 125_000;
    let order = json!({ "strategy_id": "mm-1", "symbol": "TXFD6", "client_order_id": "mm-1:9", "price": 345_213_000,
                        "price_scale": 10_000, "qty": 2, "side": "BUY" });
    let with = |mut base: Value, more: Value| {
        for (key, value) in more.as_object().unwrap() {
            base[key] = value.clone();
        }
        base
    };
    vec![
        json!({ "ts": at(0), "component": "strategy", "event": "intent_created", "strategy_id": "mm-1", "symbol": "TXFD6",
                "trace_id": TRACE, "intent_id": "i-9", "intent_type": "NEW", "side": "BUY", "price": 345_213_000,
                "price_scale": 10_000, "qty": 2 }),
        json!({ "ts": at(1), "component": "risk", "event": "risk_decision", "strategy_id": "mm-1", "intent_id": "i-9",
                "approved": true, "trace_id": TRACE, "risk_mode": "NORMAL" }),
        with(order.clone(), json!({ "ts": at(2), "component": "order", "event": "order_new", "intent_id": "i-9" })),
        with(
            order.clone(),
            json!({ "ts": at(3), "component": "order", "event": "order_ack", "broker_order_id": "B-500" }),
        ),
        // The broker knows nothing but its own id.
        json!({ "ts": at(4), "component": "execution", "event": "fill", "broker_order_id": "B-500", "fill_id": "F-1",
                "client_order_id": "mm-1:9", "strategy_id": "mm-1", "symbol": "TXFD6", "side": "BUY", "price": 345_213_000,
                "price_scale": 10_000, "qty": 2 }),
        json!({ "ts": at(5), "component": "position", "event": "position_update", "strategy_id": "mm-1", "symbol": "TXFD6",
                "fill_id": "F-1", "net_qty": 2, "trace_id": TRACE }),
        // Somebody else's.
        json!({ "ts": at(2), "component": "risk", "event": "risk_decision", "strategy_id": "mm-2", "intent_id": "i-10",
                "approved": false, "reason_code": "POSITION_LIMIT", "trace_id": "tr-78" }),
    ]
}

#[test]
fn a_transaction_is_followed_by_any_of_its_ids() {
    let mut router = Router::start();
    router.send(&transaction());
    router.settled(7);
    let by = |id: &str| -> Vec<String> {
        let output = router.tapline(&["trace", id, "--json"]);
        assert!(output.status.success(), "{id}: {}", text(&output.stderr));
        let trace: Value = serde_json::from_slice(&output.stdout).unwrap();
        trace["steps"].as_array().unwrap().iter().map(|step| step["event"].as_str().unwrap().to_owned()).collect()
    };
    let steps = ["intent_created", "risk_decision", "order_new", "order_ack", "fill", "position_update"];
    for id in [TRACE, "i-9", "mm-1:9", "B-500", "F-1"] {
        assert_eq!(by(id), steps, "{id}");
    }
    let shown = text(&router.tapline(&["trace", TRACE]).stdout);
    assert!(shown.contains("+125.0 µs") && shown.contains("6 steps, 625.0 µs"), "{shown}");
    let nothing = router.tapline(&["trace", "no-such-id"]);
    assert_eq!(nothing.status.code(), Some(3));

    // And when the router is gone.
    let folder = router.stop_well();
    let output =
        crate::harness::tapline(&["trace", "B-500", "--json", "--data-dir", &folder.path().display().to_string()]);
    let trace: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(trace["steps"].as_array().unwrap().len(), 6);
}

#[test]
fn sql_reads_and_nothing_writes() {
    let mut router = Router::start();
    router.send(&transaction());
    router.settled(7);
    let rows = router.sql("SELECT strategy_id, approved, reason_code FROM audit.risk_log WHERE approved = 0");
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["strategy_id"], &rows[0]["reason_code"]), (&json!("mm-2"), &json!("POSITION_LIMIT")));

    for sql in [
        "DELETE FROM audit.risk_log",
        "UPDATE audit.risk_log SET approved = 1",
        "INSERT INTO audit.risk_log (event) VALUES ('forged')",
        "DROP TABLE audit.risk_log",
        "DROP TRIGGER audit.risk_log_no_update",
        "CREATE TABLE audit.mine (a)",
        "PRAGMA audit.writable_schema = ON",
        "ATTACH DATABASE '/etc/passwd' AS other",
        "SELECT 1; DELETE FROM audit.risk_log",
        "WITH gone AS (SELECT 1) DELETE FROM audit.risk_log",
        "VACUUM",
    ] {
        let output = router.tapline(&["audit", "sql", sql]);
        let answer = router.post(
            "/v1/audit/sql",
            &[("content-type", "application/json")],
            json!({ "sql": sql }).to_string().as_bytes(),
        );
        // A second statement is not looked at: then the first one has answered and nothing else happened.
        if sql.starts_with("SELECT") {
            continue;
        }
        assert!(!output.status.success(), "{sql}: {}", text(&output.stdout));
        assert!((400..500).contains(&answer.status), "{sql}: {} {}", answer.status, answer.text);
    }
    let still = router.sql("SELECT count(*) AS n FROM audit.risk_log");
    assert_eq!(still[0]["n"], 2);
    let wrong = router.post("/v1/audit/sql", &[("content-type", "application/json")], br#"{"sql":"SELEC 1"}"#);
    assert_eq!((wrong.status, &wrong.json()["error"]), (400, &json!("sql")));
}

#[test]
fn the_database_itself_refuses_to_forget() {
    let mut router = Router::start();
    router.send(&transaction());
    router.settled(7);
    let folder = router.stop_well();
    let database = rusqlite::Connection::open(folder.path().join("audit.db")).unwrap();
    for sql in ["DELETE FROM risk_log", "UPDATE risk_log SET approved = 1", "DELETE FROM orders_log WHERE qty = 2"] {
        let error = database.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
    assert_eq!(folder.sql("SELECT count(*) AS n FROM audit.risk_log")[0]["n"], 2);
}

#[test]
fn positions_have_no_gaps_and_what_the_contract_does_not_know_is_kept() {
    let mut router = Router::start();
    let mut events = transaction();
    events[1]["colour"] = json!({ "of": ["money", 7] });
    // A reserved name that a producer uses for something of its own.
    events[2]["chain_position"] = json!("mine");
    router.send(&events);
    router.settled(7);
    let positions = router.sql(
        "SELECT chain_position AS p FROM audit.orders_log UNION ALL SELECT chain_position FROM audit.risk_log \
         UNION ALL SELECT chain_position FROM audit.trace_log ORDER BY 1",
    );
    let positions: Vec<i64> = positions.iter().map(|row| row["p"].as_i64().unwrap()).collect();
    assert_eq!(positions, (1..=7).collect::<Vec<_>>());
    let row = &router.sql("SELECT details FROM audit.risk_log WHERE intent_id = 'i-9'")[0];
    let details: Value = serde_json::from_str(row["details"].as_str().unwrap()).unwrap();
    assert_eq!(details["colour"]["of"][1], 7);
    let row = &router.sql("SELECT details FROM audit.orders_log WHERE event = 'order_new'")[0];
    assert!(row["details"].as_str().unwrap().contains("mine"), "{row:?}");
}

#[test]
fn a_replayed_fill_goes_into_the_table_it_was_in_and_no_other() {
    let count_by_table = |router: &Router| -> Vec<(String, i64)> {
        let tables =
            router.sql("SELECT name FROM pragma_table_list WHERE schema = 'audit' AND name LIKE '%\\_log' ESCAPE '\\'");
        assert!(tables.len() >= 6, "{tables:?}");
        let count =
            |name: &str| router.sql(&format!("SELECT count(*) AS n FROM audit.{name}"))[0]["n"].as_i64().unwrap();
        let names = tables.iter().map(|table| table["name"].as_str().unwrap().to_owned());
        names
            .map(|name| {
                let n = count(&name);
                (name, n)
            })
            .filter(|(_, n)| *n > 0)
            .collect()
    };
    let columns = "event, component, fill_id, client_order_id, broker_order_id, strategy_id, symbol, side, price, price_scale, qty, ts";
    let select = format!("SELECT {columns} FROM audit.orders_log WHERE event = 'fill'");
    let mut live = Router::start();
    live.send(&transaction());
    live.settled(7);
    let (tables, fill) = (count_by_table(&live), live.sql(&select));
    assert_eq!(fill.len(), 1);
    let kept = live.stop_well();

    // The files of one router are replayed into another one.
    let mut other = Router::start();
    let file = kept.path().join("logs/events.ndjson").display().to_string();
    let replay = other.tapline(&["replay", &file]);
    assert!(replay.status.success(), "{}", text(&replay.stderr));
    other.settled(7);
    assert_eq!(count_by_table(&other), tables);
    assert_eq!(other.sql(&select), fill);
}

/// However a producer writes it: an enum's number, its name, its value, in any case.
#[test]
fn a_side_and_an_intent_are_one_word_in_every_table() {
    let mut router = Router::start();
    let order = |side: Value| {
        json!({ "event": "order_new", "component": "order", "client_order_id": "c-1", "strategy_id": "mm-1",
                "symbol": "TXFD6", "price": 1, "price_scale": 1, "qty": 1, "side": side })
    };
    let decision = |side: Value, intent: Value| {
        json!({ "event": "risk_decision", "component": "risk", "strategy_id": "mm-1", "intent_id": "i-1",
                "approved": true, "side": side, "intent_type": intent })
    };
    // As the platform's own program prints it.
    let placing = json!({ "event": "Placing Order", "client_order_id": "c-1", "strategy_id": "mm-1", "symbol": "TXFD6",
                          "price": 1, "qty": 1, "side": 1 });
    let sides = [json!(0), json!("0"), json!("buy"), json!("Side.BUY"), json!("BUY"), json!("2")];
    let mut events: Vec<Value> = sides.into_iter().map(order).collect();
    events.push(placing);
    events.push(decision(json!("Side.SELL"), json!(2)));
    events.push(decision(json!("sell"), json!("IntentType.CANCEL")));
    router.send(&events);
    router.settled(events.len() as u64);
    let metrics = router.get("/metrics").text;
    assert!(metrics.contains("tapline_unknown_values_total{field=\"side\"} 1\n"), "{metrics}");
    assert!(metrics.contains("tapline_line_repairs_total{repair=\"code\"} 9\n"), "{metrics}");
    let folder = router.stop_well();
    let column = |sql: &str| -> Vec<String> {
        folder.sql(sql).iter().map(|row| row["v"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let sides = column("SELECT side AS v FROM audit.orders_log ORDER BY chain_position");
    assert_eq!(sides, ["BUY", "BUY", "BUY", "BUY", "BUY", "2", "SELL"]);
    assert_eq!(column("SELECT side AS v FROM audit.risk_log"), ["SELL", "SELL"]);
    assert_eq!(column("SELECT intent_type AS v FROM audit.risk_log"), ["CANCEL", "CANCEL"]);
}
