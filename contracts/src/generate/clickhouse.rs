//! Tables and roles for ClickHouse: audit tables with the names and columns of SQLite's, and one of plain logs.
//!
//! Rows are kept by month or day, sorted for the questions that are asked of them, and expire when the
//! contract says. A batch that is sent twice is taken once, by its `insert_deduplication_token`. No
//! role can change or delete a row.
//!
//! ClickHouse, "Data replication", "Distributed table engine", "Distributed DDL queries".

mod cluster;
mod column;
mod roles;
mod table;

use crate::model::Contract;

use super::origin;

pub use cluster::Cluster;
pub use column::column_type;
pub use table::{create, database, missing_columns};

/// The database of audit rows and all of its tables.
pub fn audit_tables(contract: &Contract, cluster: Option<&Cluster>) -> String {
    let mut out = format!("-- {}\n\n{};\n", origin(contract), database("audit", cluster));
    for table in &contract.tables {
        out.push_str(&table::script(contract, table, cluster));
    }
    out
}

/// The roles and what they may do with audit rows; given to users by whoever runs the server.
pub fn roles(contract: &Contract, cluster: Option<&Cluster>) -> String {
    format!("-- {}\n--\n{}", origin(contract), roles::audit(contract, cluster))
}

/// The database of plain logs, its table, and what the same roles may do with it.
pub fn logs(contract: &Contract, cluster: Option<&Cluster>) -> String {
    format!(
        "-- {}\n\n{};\n{}\n{}",
        origin(contract),
        database("logs", cluster),
        table::script(contract, &contract.log_table, cluster),
        roles::logs(contract, cluster)
    )
}

fn quoted(name: &str) -> String {
    format!("`{name}`")
}
