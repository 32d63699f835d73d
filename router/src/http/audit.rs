//! `POST /v1/audit/sql` and `GET /v1/trace/{id}`

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::{App, refuse};
use crate::audit::{self, QueryError, QueryLimits};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    sql: String,
}

pub async fn sql(
    State(app): State<Arc<App>>,
    request: Result<Json<Request>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let request = match request {
        Ok(Json(request)) => request,
        Err(error) => {
            return refuse(
                error.status(),
                "bad_request",
                format!("{}; send {{\"sql\": \"SELECT …\"}}", error.body_text()),
            );
        }
    };
    let Some(database) = database(&app) else { return no_database() };
    let limits = QueryLimits {
        rows_max: app.config.limits.sql_rows_max,
        timeout: Duration::from_secs(app.config.limits.sql_timeout_s),
    };
    answer(tokio::task::spawn_blocking(move || audit::query(&database, &request.sql, limits)).await)
}

pub async fn trace(State(app): State<Arc<App>>, Path(id): Path<String>) -> Response {
    let Some(database) = database(&app) else { return no_database() };
    let contract = app.contract.clone();
    answer(tokio::task::spawn_blocking(move || audit::trace(&database, &contract, &id)).await)
}

fn database(app: &App) -> Option<PathBuf> {
    app.config.audit_database()
}

fn no_database() -> Response {
    refuse(StatusCode::NOT_FOUND, "no_database", "the configuration has no destination of type \"sqlite\"")
}

fn answer<T: serde::Serialize>(result: Result<Result<T, QueryError>, tokio::task::JoinError>) -> Response {
    let error = match result {
        Ok(Ok(answer)) => return Json(answer).into_response(),
        Ok(Err(error)) => error,
        Err(error) => return refuse(StatusCode::INTERNAL_SERVER_ERROR, "failed", error.to_string()),
    };
    let (status, reason) = match &error {
        QueryError::Sql(_) => (StatusCode::BAD_REQUEST, "sql"),
        QueryError::NotReading(_) => (StatusCode::FORBIDDEN, "not_reading"),
        QueryError::Timeout(_) => (StatusCode::REQUEST_TIMEOUT, "timeout"),
        QueryError::Database(_) => (StatusCode::SERVICE_UNAVAILABLE, "database"),
    };
    refuse(status, reason, error.to_string())
}
