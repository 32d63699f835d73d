//! How long rows are kept: as the contract says, and for less than a year only with a reason that is audited.

use serde_json::{Value, json};
use tapline_contract::{Contract, TRADING_TOML};

use super::front::{ClickHouse, config, orders};
use crate::harness::{Folder, Router};

const ROWS: &str = "SELECT config_name, reason, changed_keys FROM audit.config_log ORDER BY chain_position";

/// The TTL of every table that the engine has is the contract's.
fn same_retention(clickhouse: &ClickHouse, contract: &Contract) {
    for table in contract.tables.iter().chain([&contract.log_table]) {
        let (database, name) = table.name.split_once('.').unwrap();
        let sql = format!(
            "SELECT create_table_query AS ddl FROM system.tables WHERE database = '{database}' AND name = '{name}'"
        );
        let found = clickhouse.sql(&sql);
        let ddl = found.first().and_then(|row| row["ddl"].as_str()).unwrap_or_else(|| panic!("no {}", table.name));
        let ttl = format!(" TTL toDateTime(ts) + toIntervalDay({}) SETTINGS ", table.ttl_days);
        assert!(ddl.contains(&ttl), "{ttl} is not in {ddl}");
    }
}

#[test]
fn less_than_a_year_is_refused_without_a_reason_and_with_one_is_audited_once() {
    let declared = "[tables.\"audit.risk_log\"]\n";
    let short = TRADING_TOML.replace(declared, &format!("{declared}ttl_days = 90\n"));
    let refused = Contract::parse(&short).unwrap_err().to_string();
    assert!(refused.contains("audit rows are kept for at least 365 days, here 90"), "{refused}");
    let reasoned = short.replace("ttl_days = 90\n", "ttl_days = 90\nttl_override_reason = \"a trial system\"\n");
    let contract = Contract::parse(&reasoned).unwrap();

    let clickhouse = ClickHouse::start(&[]);
    let folder = Folder::new();
    folder.write("contract.toml", &reasoned);
    let more = "migrate = true\n[route]\ndefault = [\"logs\", \"warehouse\"]";
    let built_in = config(&clickhouse, more);
    let own = folder.write("tapline.toml", &format!("contract = \"contract.toml\"\n{built_in}"));
    let said = json!({ "config_name": "audit.risk_log.ttl_days", "reason": "a trial system",
                       "changed_keys": "{\"ttl_days\":90}" });
    let mut folder = folder;
    // It is said once, however often the router starts.
    for start in 1..=2 {
        let mut router = Router::start_in(folder, Some(&own));
        router.until("the exception is noted", |router| {
            (!router.folder().read("retention.json").is_empty()).then_some(())
        });
        router.send(&orders(start, 1));
        router.send(&[json!({ "component": "bus", "message": "a plain log" })]);
        router.until("rows have arrived", |_| {
            (clickhouse.refusal("SELECT 1 FROM audit.orders_log").is_none()
                && clickhouse.number("SELECT count() FROM audit.orders_log") == start)
                .then_some(())
        });
        folder = router.stop_well();
        assert_eq!(clickhouse.sql(ROWS), std::slice::from_ref(&said));
    }
    same_retention(&clickhouse, &contract);

    // The contract asks for five years again: the table is named, and the end of the exception is audited.
    let again = folder.write("built-in.toml", &built_in);
    let mut router = Router::start_in(folder, Some(&again));
    router.send(&orders(3, 1));
    router.until("the log says what differs", |router| {
        let log = router.folder().read("router.log");
        log.contains("table audit.risk_log keeps its rows for 90 days, the contract wants 1825").then_some(())
    });
    clickhouse.post("/", "ALTER TABLE audit.risk_log MODIFY TTL toDateTime(ts) + INTERVAL 1825 DAY");
    let ended = router.until("the end is audited", |_| clickhouse.sql(ROWS).get(1).cloned());
    assert_eq!(ended["reason"], Value::from("the exception has ended"), "{ended}");
    router.stop_well();
    same_retention(&clickhouse, Contract::embedded());
}
