//! What is made from a contract: text in, files out, nothing written here.
//!
//! The files are committed, so that readers, editors and databases have them without building
//! anything. `cargo xtask bless` rewrites them, and a test fails while one is stale.

pub mod clickhouse;
pub mod json_schema;
pub mod markdown;
pub mod python;
pub mod rust;
pub mod sqlite;

use crate::model::Contract;

/// Every generated file: path from the repository's root, and text.
pub fn all(contract: &Contract) -> Vec<(String, String)> {
    let mut files = vec![
        ("contracts/observability.md".to_owned(), markdown::document(contract)),
        ("contracts/schema/events.schema.json".to_owned(), json_schema::events(contract)),
        ("contracts/migrations/sqlite/0001_audit_tables.sql".to_owned(), sqlite::tables(contract)),
        ("contracts/migrations/clickhouse/0001_audit_tables.sql".to_owned(), clickhouse::audit_tables(contract, None)),
        ("contracts/migrations/clickhouse/0002_audit_roles.sql".to_owned(), clickhouse::roles(contract, None)),
        ("contracts/migrations/clickhouse/0003_logs.sql".to_owned(), clickhouse::logs(contract, None)),
        ("contracts/clients/python/tapline/_contract.pyi".to_owned(), python::types(contract)),
    ];
    files.extend(rust::files(contract));
    files
}

/// The line that opens a generated file, behind the comment mark of its language.
fn origin(contract: &Contract) -> String {
    format!(
        "Generated from contracts/trading.toml (contract {} {}) by `cargo xtask bless`; do not edit.",
        contract.name, contract.version
    )
}

/// `orders_log` of `audit.orders_log`.
fn bare(table: &str) -> &str {
    table.rsplit('.').next().unwrap_or(table)
}
