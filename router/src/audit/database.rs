//! Opening the audit database, and comparing it with the contract.
//!
//! The file is attached under the name `audit`, so that its tables are called here as in ClickHouse:
//! `audit.orders_log`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tapline_contract::{Contract, generate};
use tapline_journal::{Hash, ORIGIN, from_hex};

#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error("audit database {path}: {source}", path = path.display())]
    Sqlite { path: PathBuf, source: rusqlite::Error },
    #[error(
        "audit database {path}: table {table} has no column {column}, and adding it failed: {source}. \
         Move the file away to start a new one, or use the contract that it was made by",
        path = path.display()
    )]
    Column { path: PathBuf, table: String, column: String, source: rusqlite::Error },
    #[error("there is no audit database at {path}; has a router run with this data dir?", path = path.display())]
    Missing { path: PathBuf },
}

/// Readers and the writer wait this long for each other before they give up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens for writing, makes what is missing, and compares what is there with the contract.
pub fn open_writer(path: &Path, contract: &Contract) -> Result<Connection, AuditError> {
    let failed = |source| AuditError::Sqlite { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        // Where this fails, opening the database says so.
        let _ = std::fs::create_dir_all(folder);
    }
    let connection = Connection::open_in_memory().map_err(failed)?;
    attach(&connection, path).map_err(failed)?;
    connection
        .execute_batch(
            // A commit is on disk when it returns: that is what makes a row delivered.
            "PRAGMA audit.journal_mode = WAL; PRAGMA audit.synchronous = FULL;
             PRAGMA audit.wal_autocheckpoint = 2000;",
        )
        .map_err(failed)?;
    connection.execute_batch(&generate::sqlite::tables(contract)).map_err(failed)?;
    for table in &contract.tables {
        let existing = columns(&connection, &table.name).map_err(failed)?;
        for statement in generate::sqlite::missing_columns(table, &existing) {
            tracing::info!(table = table.name, %statement, "the contract has a column that the table lacks");
            connection.execute_batch(&statement).map_err(|source| AuditError::Column {
                path: path.to_owned(),
                table: table.name.clone(),
                column: statement.clone(),
                source,
            })?;
        }
    }
    Ok(connection)
}

/// The statement that puts a row into a table, with a place for the value of each of these columns.
pub fn insert_into<'a>(table: &str, columns: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = columns.map(|name| format!("\"{name}\"")).collect();
    let marks = vec!["?"; names.len()].join(", ");
    format!("INSERT INTO {table} ({}) VALUES ({marks})", names.join(", "))
}

/// Where the hash chain ends in the database: the position that comes next, and the chain before it.
pub fn chain_end(connection: &Connection, contract: &Contract) -> rusqlite::Result<(u64, Hash)> {
    let parts: Vec<String> = contract
        .tables
        .iter()
        .map(|table| format!("SELECT MAX(\"chain_position\") AS p, \"chain_hash\" AS h FROM {}", table.name))
        .collect();
    // A contract need not have audit tables.
    if parts.is_empty() {
        return Ok((1, ORIGIN));
    }
    let sql = format!("SELECT p, h FROM ({}) WHERE p IS NOT NULL ORDER BY p DESC LIMIT 1", parts.join(" UNION ALL "));
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok((1, ORIGIN)) };
    let (position, hash): (i64, Option<String>) = (row.get(0)?, row.get(1)?);
    // Rows from before there was a chain have none; it begins behind them.
    Ok((position as u64 + 1, hash.as_deref().and_then(from_hex).unwrap_or(ORIGIN)))
}

/// Opens for reading only; nothing that is run on it can write.
pub fn open_reader(path: &Path) -> Result<Connection, AuditError> {
    if !path.exists() {
        return Err(AuditError::Missing { path: path.to_owned() });
    }
    let failed = |source| AuditError::Sqlite { path: path.to_owned(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_in_memory_with_flags(flags).map_err(failed)?;
    attach(&connection, path).map_err(failed)?;
    connection.execute_batch("PRAGMA query_only = ON;").map_err(failed)?;
    Ok(connection)
}

fn attach(connection: &Connection, path: &Path) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute("ATTACH DATABASE ?1 AS audit", [path.to_string_lossy()])?;
    Ok(())
}

/// The columns that a table has in the file.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let bare = table.rsplit('.').next().unwrap_or(table);
    let mut statement = connection
        .prepare("SELECT name FROM audit.pragma_table_info(?1)")
        .or_else(|_| connection.prepare("SELECT name FROM pragma_table_info(?1, 'audit')"))?;
    statement.query_map([bare], |row| row.get(0))?.collect()
}
