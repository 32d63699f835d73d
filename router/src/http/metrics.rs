//! `GET /metrics`: Prometheus text format 0.0.4.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{App, refuse};

pub async fn get(State(app): State<Arc<App>>) -> Response {
    app.scrapes.note();
    match app.exporter.text() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "metrics_failed", error.to_string()),
    }
}
