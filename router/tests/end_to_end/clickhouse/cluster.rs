//! Tables of a cluster: all statements as the engine's parser sees them, and `Distributed` tables over a shard of
//! the engine's own. It has no Keeper, so nothing is replicated here.

use serde_json::json;

use super::front::{ClickHouse, config, orders, same_as_sqlite};
use crate::harness::{Folder, Router, count, tapline, text};

fn schema(cluster: &str, more: &[&str]) -> Vec<String> {
    let output = tapline(&[&["schema", "clickhouse", "--cluster", cluster], more].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    let lines: Vec<&str> = printed.lines().filter(|line| !line.starts_with("--")).collect();
    let script = lines.join("\n");
    script.split(';').map(|statement| statement.trim().to_owned()).filter(|statement| !statement.is_empty()).collect()
}

#[test]
fn the_engine_reads_every_statement_of_a_cluster() {
    let clickhouse = ClickHouse::start(&["--cluster", "trading"]);
    let tables = |statements: &[String]| statements.iter().filter(|text| text.starts_with("CREATE TABLE")).count();
    let (replicated, distributed) = (schema("trading", &[]), schema("{cluster}", &["--distributed"]));
    assert_eq!((tables(&replicated), tables(&distributed)), (9, 18));
    for statement in replicated.iter().chain(&distributed) {
        assert_eq!(clickhouse.refusal(&format!("EXPLAIN AST {statement}")), None, "{statement}");
    }
    let broken = replicated[1].replace("ENGINE = ", "ENGINE ");
    assert!(clickhouse.refusal(&format!("EXPLAIN AST {}", broken.replace('(', ""))).is_some());
}

#[test]
fn distributed_tables_take_every_row_once_and_are_compared_too() {
    let clickhouse = ClickHouse::start(&["--cluster", "trading"]);
    for statement in schema("trading", &["--distributed"]).iter().filter(|text| text.starts_with("CREATE ")) {
        // What needs a Keeper, as one server without any does it.
        let statement = statement.replace(" ON CLUSTER 'trading'", "").replace(
            "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800",
            "non_replicated_deduplication_window = 10000",
        );
        let statement = match statement.split_once("ReplicatedMergeTree(") {
            Some((begin, rest)) => format!("{begin}MergeTree{}", rest.split_once(')').unwrap().1),
            None => statement,
        };
        clickhouse.post("/", &statement);
    }
    let folder = Folder::new();
    let more = "cluster = \"trading\"\ndistributed = true\n[route]\ndefault = [\"logs\", \"warehouse\"]";
    let config = folder.write("tapline.toml", &config(&clickhouse, more));
    let mut router = Router::start_in(folder, Some(&config));
    router.send(&orders(0, 50));
    router.settled(100);
    clickhouse.fault(json!({ "kind": "reset_after", "times": 3, "match": "INSERT" }));
    router.send(&orders(50, 50));
    router.send(&[json!({ "component": "bus", "message": "a plain log" })]);
    router.settled(201);
    clickhouse.post("/", "ALTER TABLE audit.orders_log DROP COLUMN qty");
    router.send(&orders(100, 10));
    router.until("the log says what differs", |router| {
        let log = router.folder().read("router.log");
        log.contains("table audit.orders_log has no column qty, which should be Nullable(Int64)").then_some(())
    });
    clickhouse.post("/", "ALTER TABLE audit.orders_log ADD COLUMN qty Nullable(Int64)");
    let ledger = router.settled(221);
    assert_eq!(count(&ledger, "delivered"), 221);
    let folder = router.stop_well();
    for table in ["audit.orders_log", "audit.orders_log_local"] {
        assert_eq!(clickhouse.number(&format!("SELECT count() FROM {table}")), 110, "{table}");
        assert_eq!(clickhouse.number(&format!("SELECT sum(qty) FROM {table}")), 110 * 111 / 2, "{table}");
    }
    assert_eq!(clickhouse.number("SELECT count() FROM logs.events_local"), 1);
    same_as_sqlite(&clickhouse, &folder);
}
