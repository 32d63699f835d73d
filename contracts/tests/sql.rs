//! The SQL for SQLite runs, gives the tables their names, and lets nobody change a row.

use rusqlite::Connection;
use tapline_contract::{ColumnSource, Contract, generate};

/// A database with the audit file attached, as the router has it.
fn audit() -> Connection {
    let db = Connection::open_in_memory().expect("SQLite in memory");
    db.execute_batch("ATTACH DATABASE ':memory:' AS audit").expect("an attached database");
    db.execute_batch(&generate::sqlite::tables(Contract::embedded())).expect("the DDL runs");
    db
}

fn columns(db: &Connection, table: &str) -> Vec<String> {
    let table = table.trim_start_matches("audit.");
    let mut query = db.prepare(&format!("SELECT name FROM pragma_table_info('{table}', 'audit')")).expect("a pragma");
    query.query_map([], |row| row.get(0)).expect("columns").collect::<Result<_, _>>().expect("names")
}

fn fill(db: &Connection, verb: &str, position: i64, id: &str, qty: i64) -> Result<usize, String> {
    db.execute(
        &format!(
            "{verb} INTO audit.orders_log (ts, ingest_ts, run, seq, event_id, chain_position, event, component, level, symbol, qty)
             VALUES (1, 2, 'r', ?1, ?2, ?1, 'fill', 'execution', 'info', 'TXFD6', ?3)"
        ),
        (position, id, qty),
    )
    .map_err(|e| e.to_string())
}

fn quantities(db: &Connection) -> Vec<i64> {
    let mut query = db.prepare("SELECT qty FROM audit.orders_log ORDER BY chain_position").expect("a query");
    query.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("numbers")
}

#[test]
fn tables_stand_under_their_own_names_with_the_contracts_columns() {
    let db = audit();
    for table in &Contract::embedded().tables {
        let wanted: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(columns(&db, &table.name), wanted, "{}", table.name);
        // Every column can be asked for by name, without quotes.
        let sql = format!("SELECT {} FROM {}", wanted.join(", "), table.name);
        db.prepare(&sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    }
}

#[test]
fn running_the_ddl_again_harms_nothing() {
    let db = audit();
    fill(&db, "INSERT", 1, "a", 5).expect("a row");
    db.execute_batch(&generate::sqlite::tables(Contract::embedded())).expect("again");
    assert_eq!(quantities(&db), [5]);
}

#[test]
fn nobody_updates_or_deletes_an_audit_row() {
    let db = audit();
    for table in &Contract::embedded().tables {
        let sql = format!(
            "INSERT INTO {} (ts, ingest_ts, event_id, chain_position, event, component, level) VALUES (1, 1, 'x', 1, 'e', 'c', 'info')",
            table.name
        );
        db.execute_batch(&sql).expect("a row");
        for sql in [format!("UPDATE {} SET event = 'other'", table.name), format!("DELETE FROM {}", table.name)] {
            let refused = db.execute_batch(&sql).expect_err(&sql).to_string();
            assert!(refused.contains("append-only"), "{refused}");
        }
    }
}

#[test]
fn the_same_row_twice_is_one_row_and_another_in_its_place_is_refused() {
    let db = audit();
    for verb in ["INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE"] {
        let position = quantities(&db).len() as i64 + 1;
        let id = format!("r/execution/audit/{position}");
        assert_eq!(fill(&db, verb, position, &id, 5), Ok(1));
        assert_eq!(fill(&db, verb, position, &id, 6), Ok(0), "{verb}");
        let refused = fill(&db, verb, position, "other", 7).expect_err(verb);
        assert!(refused.contains("chain position is taken"), "{refused}");
    }
    assert_eq!(quantities(&db), [5, 5, 5]);
}

#[test]
fn an_older_table_gets_the_columns_that_it_lacks() {
    let contract = Contract::embedded();
    let table = contract.tables.iter().find(|t| t.name == "audit.orders_log").expect("the table");
    let db = Connection::open_in_memory().expect("SQLite in memory");
    db.execute_batch("ATTACH DATABASE ':memory:' AS audit; CREATE TABLE audit.orders_log (ts INTEGER, chain_position INTEGER PRIMARY KEY, gone TEXT)")
        .expect("an older table");
    for statement in generate::sqlite::missing_columns(table, &columns(&db, &table.name)) {
        db.execute_batch(&statement).unwrap_or_else(|e| panic!("{statement}: {e}"));
    }
    let now = columns(&db, &table.name);
    assert!(table.columns.iter().all(|c| now.contains(&c.name)), "{now:?}");
    assert_eq!(generate::sqlite::missing_columns(table, &now), Vec::<String>::new());
}

#[test]
fn both_dialects_have_the_same_columns_and_the_retention_of_the_document() {
    let contract = Contract::embedded();
    let clickhouse = generate::clickhouse::audit_tables(contract, None) + &generate::clickhouse::logs(contract, None);
    let document = generate::markdown::document(contract);
    assert_eq!(contract.log_table.ttl_days, contract.retention.log_days);
    for table in contract.tables.iter().chain([&contract.log_table]) {
        let start = clickhouse.find(&format!("EXISTS {} (", table.name)).expect("the table");
        let ddl = &clickhouse[start..start + clickhouse[start..].find(';').expect("its end")];
        for column in &table.columns {
            assert!(ddl.contains(&format!("    `{}` ", column.name)), "{}.{}", table.name, column.name);
        }
        assert_eq!(retention_days(ddl), [table.ttl_days], "{ddl}");
        assert!(document.contains(&format!("| `{}` | {} |", table.name, table.ttl_days)));
    }
}

/// Each statement of a cluster's scripts says which cluster; rows are kept by replicas that remember tokens for
/// longer than an outage, and expire as on one server.
#[test]
fn a_cluster_has_the_same_tables_replicated_on_all_servers() {
    let contract = Contract::embedded();
    for distributed in [false, true] {
        let cluster = generate::clickhouse::Cluster { name: "trading".into(), distributed };
        let cluster = Some(&cluster);
        let scripts = [
            generate::clickhouse::audit_tables(contract, cluster),
            generate::clickhouse::roles(contract, cluster),
            generate::clickhouse::logs(contract, cluster),
        ];
        for script in &scripts {
            let lines = script.lines().filter(|line| !line.starts_with("--"));
            let begins = |line: &&str| ["CREATE", "GRANT", "ALTER"].iter().any(|verb| line.starts_with(verb));
            for line in lines.filter(begins) {
                assert!(line.contains(" ON CLUSTER 'trading'"), "{line}");
            }
        }
        let [audit, roles, logs] = scripts;
        for table in contract.tables.iter().chain([&contract.log_table]) {
            let store = if distributed { format!("{}_local", table.name) } else { table.name.clone() };
            let path = store.replace('.', "/");
            let statements = generate::clickhouse::create(contract, table, cluster);
            let [stored, wide @ ..] = statements.as_slice() else { panic!("nothing makes {}", table.name) };
            assert!(
                stored.starts_with(&format!("CREATE TABLE IF NOT EXISTS {store} ON CLUSTER 'trading' (")),
                "{stored}"
            );
            let engine =
                format!("\nENGINE = ReplicatedMergeTree('/clickhouse/tables/{{shard}}/{path}', '{{replica}}')\n");
            assert!(stored.contains(&engine), "{stored}");
            assert!(
                stored.ends_with(
                    "\nSETTINGS replicated_deduplication_window = 10000, \
                     replicated_deduplication_window_seconds = 604800, ttl_only_drop_parts = 1"
                ),
                "{stored}"
            );
            assert_eq!(retention_days(stored), [table.ttl_days]);
            assert_eq!(wide.len(), usize::from(distributed));
            for wide in wide {
                assert!(wide.starts_with(&format!("CREATE TABLE IF NOT EXISTS {} ON CLUSTER", table.name)), "{wide}");
                let (database, local) = store.split_once('.').expect("a database");
                let engine = format!("Distributed('trading', '{database}', '{local}', cityHash64(event_id))");
                assert!(wide.ends_with(&engine), "{wide}");
                for column in &table.columns {
                    let kind = generate::clickhouse::column_type(contract, table, column);
                    assert!(wide.contains(&format!("    `{}` {kind}", column.name)), "{wide}");
                }
            }
            let script = if table.name == contract.log_table.name { &logs } else { &audit };
            assert!(statements.iter().all(|statement| script.contains(statement)), "{}", table.name);
            let names = if distributed { vec![&table.name, &store] } else { vec![&table.name] };
            for name in names {
                let grant = format!("INSERT ON {name} TO audit_writer;");
                assert!(roles.contains(&grant) || logs.contains(&grant), "{grant}");
            }
        }
    }
}

/// The numbers behind each TTL of a statement.
fn retention_days(ddl: &str) -> Vec<u32> {
    let days = |text: &str| text.strip_suffix(" DAY").and_then(|days| days.parse().ok()).expect("whole days");
    ddl.lines().filter_map(|line| line.strip_prefix("TTL toDateTime(ts) + INTERVAL ")).map(days).collect()
}

#[test]
fn no_role_may_change_or_remove_a_row_or_read_personal_data() {
    let contract = Contract::embedded();
    let roles = generate::clickhouse::roles(contract, None) + &generate::clickhouse::logs(contract, None);
    let grants: String = roles.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
    for forbidden in ["DELETE", "UPDATE", "DROP", "TRUNCATE", "ALL", "DETACH"] {
        assert!(!grants.contains(forbidden), "{forbidden} is granted");
    }
    for table in contract.tables.iter().chain([&contract.log_table]) {
        let line = grants.lines().find(|l| l.contains("SELECT(") && l.contains(&format!("ON {} ", table.name)));
        let line = line.expect("a grant for each table");
        for column in &table.columns {
            let ColumnSource::Field(id) = column.source else { continue };
            let open = contract.field_at(id).sensitivity == tapline_contract::Sensitivity::Public;
            assert_eq!(line.contains(&format!("`{}`", column.name)), open, "{}.{}", table.name, column.name);
        }
    }
}
