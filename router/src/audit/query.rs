//! SQL for auditors: one reading statement, bounded in rows and time.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::database::{AuditError, open_reader};

#[derive(Clone, Copy, Debug)]
pub struct QueryLimits {
    pub rows_max: usize,
    pub timeout: Duration,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryResult {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
    /// There were more rows than the limit allows.
    pub truncated: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error(transparent)]
    Database(#[from] AuditError),
    #[error("{0}")]
    Sql(rusqlite::Error),
    #[error("the query took longer than {} s and was stopped; narrow it down, e.g. by ts", .0.as_secs())]
    Timeout(Duration),
    #[error("only reading is possible here: {0}")]
    NotReading(String),
}

/// The virtual machine's steps between two looks at the clock.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Runs one statement that reads.
pub fn query(database: &Path, sql: &str, limits: QueryLimits) -> Result<QueryResult, QueryError> {
    let mut connection = open_reader(database)?;
    let deadline = Instant::now() + limits.timeout;
    connection
        .progress_handler(STEPS_BETWEEN_LOOKS, Some(move || Instant::now() > deadline))
        .map_err(QueryError::Sql)?;
    connection.authorizer(Some(authorize)).map_err(QueryError::Sql)?;
    let failed = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => QueryError::Timeout(limits.timeout),
        Some(rusqlite::ErrorCode::AuthorizationForStatementDenied | rusqlite::ErrorCode::ReadOnly) => {
            QueryError::NotReading(error.to_string())
        }
        _ => QueryError::Sql(error),
    };
    let mut statement = connection.prepare(sql).map_err(failed)?;
    if !statement.readonly() {
        return Err(QueryError::NotReading("the statement would write".into()));
    }
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut result = QueryResult { columns, rows: Vec::new(), truncated: false };
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        if result.rows.len() >= limits.rows_max {
            result.truncated = true;
            break;
        }
        let cells = (0..result.columns.len()).map(|at| row.get_ref(at).map(json));
        result.rows.push(cells.collect::<rusqlite::Result<_>>().map_err(failed)?);
    }
    Ok(result)
}

fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Function { .. } | AuthAction::Recursive => {
            Authorization::Allow
        }
        AuthAction::Pragma { pragma_name, pragma_value: None } if pragma_name.starts_with("table_") => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

fn json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => value.into(),
        ValueRef::Real(value) => value.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
    }
}
