//! The audit trail proves itself, and tells where somebody was at it.

use serde_json::{Value, json};

use crate::harness::{Folder, Router, tapline, text};

/// 300 orders in a journal of small segments, so that there are seals.
fn trail() -> Folder {
    let folder = Folder::new();
    let config = folder.write("tapline.toml", "[journal]\nbudget_mib = 8\nsegment_mib = 1\n");
    let mut router = Router::start_in(folder, Some(&config));
    for first in (0..300).step_by(10) {
        let order = |number: u64| {
            json!({ "component": "order", "event": "order_new", "client_order_id": format!("c-{number}"), "strategy_id": "mm-1",
                    "symbol": "TXFD6", "side": "BUY", "price": 1, "price_scale": 1, "qty": 1, "reason": "x".repeat(15_000) })
        };
        router.send(&(first..first + 10).map(order).collect::<Vec<_>>());
    }
    router.settled(300);
    router.stop_well()
}

fn run(folder: &Folder, args: &[&str]) -> (Value, Option<i32>) {
    let output = tapline(&[&["audit"], args, &["--json", "--data-dir", &folder.path().display().to_string()]].concat());
    let found = serde_json::from_slice(&output.stdout);
    (found.unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr))), output.status.code())
}

fn first_break(folder: &Folder) -> String {
    let (found, code) = run(folder, &["verify"]);
    assert_eq!((code, &found["ok"]), (Some(3), &json!(false)), "{found}");
    found["breaks"][0].as_str().unwrap().to_owned()
}

/// Somebody with the file in hand, and the triggers out of the way.
fn tamper(folder: &Folder, sql: &str) {
    let database = rusqlite::Connection::open(folder.path().join("audit.db")).unwrap();
    for trigger in ["orders_log_no_update", "orders_log_no_delete", "orders_log_no_replace"] {
        database.execute_batch(&format!("DROP TRIGGER IF EXISTS {trigger}")).unwrap();
    }
    database.execute_batch(sql).unwrap();
}

#[test]
fn an_untouched_trail_is_proved_and_its_export_too() {
    let folder = trail();
    let (found, code) = run(&folder, &["verify"]);
    assert_eq!(
        (code, &found["ok"], &found["databases"][0]["rows"], &found["databases"][0]["pending"]),
        (Some(0), &json!(true), &json!(300), &json!(0)),
        "{found}"
    );
    assert!(found["seals"].as_u64() >= Some(3), "{found}");
    let path = folder.write("export.ndjson", "");
    std::fs::remove_file(&path).unwrap();
    let path = path.display().to_string();
    let (exported, code) = run(&folder, &["export", "--from", "50", "--to", "249", "--output", &path]);
    assert_eq!((code, &exported["rows"]), (Some(0), &json!(200)), "{exported}");
    assert!(exported["seals"].as_array().unwrap().len() >= 2, "{exported}");
    let seals = folder.path().join("journal/seals.ndjson").display().to_string();
    let check = |path: &str, seals: &str| {
        let output = tapline(&["audit", "verify", "--json", "--export", path, "--seals", seals]);
        (serde_json::from_slice::<Value>(&output.stdout).unwrap(), output.status.code())
    };
    let (checked, code) = check(&path, &seals);
    assert_eq!((code, &checked["rows"], &checked["link"]), (Some(0), &json!(200), &exported["link"]), "{checked}");
    // Whoever changes a row of it, takes one out, or makes the chain anew is found out.
    let text = std::fs::read_to_string(&path).unwrap();
    for (what, changed) in [
        ("position 60 was changed", text.replacen("client_order_id:4=c-59", "client_order_id:4=c-95", 1)),
        (
            "position 61 is missing",
            text.lines().filter(|line| !line.contains("\"position\":61,")).map(|line| format!("{line}\n")).collect(),
        ),
    ] {
        let path = folder.write("changed.ndjson", &changed).display().to_string();
        let (checked, code) = check(&path, &seals);
        assert_eq!(code, Some(3));
        assert!(checked["breaks"][0].as_str().unwrap().contains(what), "{checked}");
    }
    let other = folder.write("other-seals.ndjson", "").display().to_string();
    assert!(check(&path, &other).0["breaks"][0].as_str().unwrap().contains("not among those that were kept"));
}

#[test]
fn the_first_break_is_named() {
    let folder = trail();
    tamper(&folder, "UPDATE orders_log SET qty = 2 WHERE chain_position = 120");
    let found = first_break(&folder);
    assert!(found.contains("position 120 (audit.orders_log") && found.contains("was changed"), "{found}");

    let folder = trail();
    tamper(&folder, "DELETE FROM orders_log WHERE chain_position = 121");
    assert!(first_break(&folder).contains("position 121 is missing"));

    let folder = trail();
    tamper(
        &folder,
        "UPDATE orders_log SET chain_position = 1000 WHERE chain_position = 30;
         UPDATE orders_log SET chain_position = 30 WHERE chain_position = 31;
         UPDATE orders_log SET chain_position = 31 WHERE chain_position = 1000;",
    );
    assert!(first_break(&folder).contains("position 30 "));

    // The end cut off: the journal, or a seal, has seen more.
    let folder = trail();
    tamper(&folder, "DELETE FROM orders_log WHERE chain_position > 40");
    let found = first_break(&folder);
    assert!(found.contains("positions 41 to"), "{found}");
}

/// Who can write the database can make its chain anew; the seals have seen another.
#[test]
fn a_chain_that_was_made_anew_is_found_by_the_seals() {
    use sha2::{Digest, Sha256};
    let folder = trail();
    tamper(&folder, "UPDATE orders_log SET side = 'SELL' WHERE chain_position = 10");
    let path = folder.write("export.ndjson", "");
    std::fs::remove_file(&path).unwrap();
    run(&folder, &["export", "--from", "1", "--output", &path.display().to_string()]);
    let database = rusqlite::Connection::open(folder.path().join("audit.db")).unwrap();
    let mut link = vec![0_u8; 32];
    for line in std::fs::read_to_string(&path).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let Some((position, row)) = line["position"].as_i64().zip(line["row"].as_str()) else { continue };
        let leaf = Sha256::new().chain_update([0]).chain_update(row).finalize();
        link = Sha256::new().chain_update(&link).chain_update(leaf).finalize().to_vec();
        let hex: String = link.iter().map(|byte| format!("{byte:02x}")).collect();
        database.execute("UPDATE orders_log SET chain_hash = ?1 WHERE chain_position = ?2", (hex, position)).unwrap();
    }
    drop(database);
    let found = first_break(&folder);
    assert!(found.contains("written anew"), "{found}");
}

/// The table's owner has made it refuse a row; that is seen, mended, and no trace of it is left.
#[test]
fn a_refused_row_is_named_with_its_dead_letter_and_comes_to_its_own_place_when_it_is_redriven() {
    let mut router = Router::start_in(Folder::new(), None);
    let orders = |symbols: &[&str]| {
        let order = |symbol: &&str| {
            json!({ "component": "order", "event": "order_new", "client_order_id": symbol, "strategy_id": "mm-1",
                    "symbol": symbol, "side": "BUY", "price": 1, "price_scale": 1, "qty": 1, "latency_us": 0.1, "more": [symbol] })
        };
        symbols.iter().map(order).collect::<Vec<_>>()
    };
    router.send(&orders(&["A"]));
    router.settled(1);
    let database = rusqlite::Connection::open(router.folder().path().join("audit.db")).unwrap();
    let refuse = "CREATE TRIGGER no_b BEFORE INSERT ON orders_log WHEN NEW.symbol = 'B' BEGIN SELECT RAISE(ABORT, 'no B here'); END";
    database.execute_batch(refuse).unwrap();
    router.send(&orders(&["B", "C", "B"]));
    router.settled(4);
    // In between, and as the last.
    let (found, code) = run(router.folder(), &["verify"]);
    assert_eq!((code, &found["databases"][0]["dead_letters"]), (Some(3), &json!(2)), "{found}");
    let breaks = found["breaks"].as_array().unwrap();
    assert_eq!(breaks.len(), 2, "{found}");
    let first = breaks[0].as_str().unwrap();
    assert!(first.starts_with("audit: position 2 (audit.orders_log, event_id "), "{first}");
    assert!(first.contains("refused as refused_by_table: no B here"), "{first}");
    assert!(breaks[1].as_str().unwrap().contains("position 4 "), "{found}");
    let redrive = |router: &Router| {
        let (url, folder) = (router.url(), router.folder().path().display().to_string());
        tapline(&["dead-letters", "redrive", "--by", "audit", "--json", "--url", &url, "--data-dir", &folder])
    };
    let output = redrive(&router);
    assert_eq!(output.status.code(), Some(3), "the table refuses it still: {}", text(&output.stdout));
    assert!(text(&output.stdout).contains("no B here"), "{}", text(&output.stdout));
    database.execute_batch("DROP TRIGGER no_b").unwrap();
    drop(database);
    let output = redrive(&router);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    router.send(&orders(&["D"]));
    router.settled(5);
    let folder = router.stop_well();
    let (found, code) = run(&folder, &["verify"]);
    assert_eq!((code, &found["databases"][0]["rows"]), (Some(0), &json!(5)), "{found}");
    let rows = folder.sql("SELECT symbol FROM audit.orders_log ORDER BY chain_position");
    let symbols: Vec<&str> = rows.iter().filter_map(|row| row["symbol"].as_str()).collect();
    assert_eq!(symbols, ["A", "B", "C", "B", "D"]);
}

/// Whoever writes another row into the dead letters does not get it into the chain unseen.
#[test]
fn a_dead_letter_that_was_changed_is_found() {
    let mut router = Router::start_in(Folder::new(), None);
    let database = rusqlite::Connection::open(router.folder().path().join("audit.db")).unwrap();
    database
        .execute_batch("CREATE TRIGGER none BEFORE INSERT ON orders_log BEGIN SELECT RAISE(ABORT, 'none'); END")
        .unwrap();
    router
        .send(&[json!({ "component": "order", "event": "order_new", "client_order_id": "c-1", "strategy_id": "mm-1",
                          "symbol": "TXFD6", "side": "BUY", "price": 1, "price_scale": 1, "qty": 7 })]);
    router.settled(1);
    let folder = router.stop_well();
    let path = folder.path().join("dead-letters.ndjson");
    let changed = std::fs::read_to_string(&path).unwrap().replace("\"qty\":7", "\"qty\":8");
    std::fs::write(&path, changed).unwrap();
    let (found, _) = run(&folder, &["verify"]);
    assert!(found["breaks"][1].as_str().unwrap().contains("was changed"), "{found}");
}
