//! `GET /v1/ledger`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::App;
use crate::ledger::LedgerSnapshot;

pub async fn get(State(app): State<Arc<App>>) -> Json<LedgerSnapshot> {
    Json(app.ledger.snapshot())
}
