//! Roles: who may do what with rows.

use std::fmt::Write;

use crate::model::{Contract, Sensitivity, Table};

use super::cluster::Cluster;
use super::column::sensitivity;
use super::quoted;

/// The roles themselves, and their rights to audit tables.
pub(super) fn audit(contract: &Contract, cluster: Option<&Cluster>) -> String {
    let mut out = "-- audit_writer  the router: adds rows, reads none of them\n\
                   -- audit_reader  people and dashboards: read all but the columns that hold personal data\n\
                   -- audit_verifier  `tapline audit verify`: reads every column, since the hash chain is over all of them\n\
                   -- audit_admin   migrations: adds tables, columns and indexes, changes retention; no role drops,\n\
                   --               updates or deletes\n\n"
        .to_owned();
    for role in ["audit_writer", "audit_reader", "audit_verifier", "audit_admin"] {
        let _ = writeln!(out, "CREATE ROLE IF NOT EXISTS {role}{};", Cluster::on(cluster));
    }
    out.push('\n');
    out.push_str(&grants(contract, "audit", contract.tables.iter(), cluster));
    let to_grant = grant(cluster);
    let _ = writeln!(out, "\n{to_grant} SHOW TABLES, SHOW COLUMNS ON audit.* TO audit_verifier;");
    for name in contract.tables.iter().flat_map(|table| names(table, cluster)) {
        let _ = writeln!(out, "{to_grant} SELECT ON {name} TO audit_verifier;");
    }
    if cluster.is_some() {
        out.push_str("\n-- To make tables on all servers at once, and tables that lead to others.\n");
        let _ = writeln!(out, "{to_grant} CLUSTER, REMOTE ON *.* TO audit_admin;");
    }
    out
}

/// Their rights to the table of plain logs.
pub(super) fn logs(contract: &Contract, cluster: Option<&Cluster>) -> String {
    grants(contract, "logs", std::iter::once(&contract.log_table), cluster)
}

fn grant(cluster: Option<&Cluster>) -> String {
    format!("GRANT{}", Cluster::on(cluster))
}

fn grants<'a>(
    contract: &Contract,
    database: &str,
    tables: impl Iterator<Item = &'a Table> + Clone,
    cluster: Option<&Cluster>,
) -> String {
    let grant = grant(cluster);
    let mut out = format!(
        "-- The writer looks at the columns before it writes.\n\
         {grant} SHOW TABLES, SHOW COLUMNS ON {database}.* TO audit_writer;\n"
    );
    for table in tables.clone() {
        for name in names(table, cluster) {
            let _ = writeln!(out, "{grant} INSERT ON {name} TO audit_writer;");
        }
    }
    let _ = writeln!(out, "\n{grant} SHOW TABLES, SHOW COLUMNS ON {database}.* TO audit_reader;");
    for table in tables {
        let open = table.columns.iter().filter(|c| sensitivity(contract, c) == Sensitivity::Public);
        let columns: Vec<String> = open.map(|c| quoted(&c.name)).collect();
        for name in names(table, cluster) {
            let _ = writeln!(out, "{grant} SELECT({}) ON {name} TO audit_reader;", columns.join(", "));
        }
    }
    let _ = write!(
        out,
        "\n{grant} SHOW TABLES, SHOW COLUMNS, CREATE DATABASE, CREATE TABLE, ALTER ADD COLUMN, \
         ALTER MODIFY COLUMN,\n    ALTER COMMENT COLUMN, ALTER ADD INDEX, ALTER MATERIALIZE INDEX, \
         ALTER TTL\n    ON {database}.* TO audit_admin;\n"
    );
    out
}

/// A table by all of its names: a `Distributed` table acts on the one behind it in its user's name.
fn names(table: &Table, cluster: Option<&Cluster>) -> Vec<String> {
    let mut names = vec![table.name.clone()];
    names.extend(Some(Cluster::store(cluster, table)).filter(|store| *store != table.name));
    names
}
