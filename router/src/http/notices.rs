//! `GET /v1/notices`: what fires, and who was told. `POST /v1/notices/acknowledge`: somebody has taken it on.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tapline_notices::{Handle, OpenAlert};

use super::{App, refuse};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {
    /// As the list has it, or the key alone where only one alert has it.
    id: String,
    by: String,
    #[serde(default)]
    reason: String,
}

pub async fn list(State(app): State<Arc<App>>) -> Response {
    on_the_board(app, |board| {
        let open = board.open().map_err(silent)?;
        Ok(json!({ "alerts": open.iter().map(shown).collect::<Vec<_>>() }))
    })
    .await
}

pub async fn acknowledge(State(app): State<Arc<App>>, headers: HeaderMap, wanted: Json<Acknowledge>) -> Response {
    if let Err(refused) = app.operator.check(&headers) {
        return refused;
    }
    let Json(Acknowledge { id, by, reason }) = wanted;
    if by.trim().is_empty() {
        return refuse(StatusCode::BAD_REQUEST, "no_name", "by: say who takes it on");
    }
    on_the_board(app, move |board| {
        let open = board.open().map_err(silent)?;
        let fitting: Vec<&OpenAlert> =
            open.iter().filter(|alert| alert.id.key == id || alert.id.to_string() == id).collect();
        let unknown = || {
            let message = format!("no alert `{id}` fires; `tapline notify list` shows those that do");
            refuse(StatusCode::NOT_FOUND, "no_such_alert", message)
        };
        let alert = match fitting[..] {
            [alert] => alert,
            [] => return Err(unknown()),
            [..] => {
                let ids: Vec<String> = fitting.iter().map(|alert| alert.id.to_string()).collect();
                let message = format!("`{id}` is the key of several alerts; name one of them: {}", ids.join(", "));
                return Err(refuse(StatusCode::CONFLICT, "several_alerts", message));
            }
        };
        // It may have ended in between.
        let taken = board.acknowledge(alert.id.clone(), by.trim(), reason.trim()).map_err(silent)?;
        taken.as_ref().map(shown).ok_or_else(unknown)
    })
    .await
}

/// Asks the board, which may take its time, where nobody else has to wait for it.
async fn on_the_board(
    app: Arc<App>,
    ask: impl FnOnce(&Handle) -> Result<Value, Response> + Send + 'static,
) -> Response {
    let Some(board) = app.notices.clone() else {
        let message =
            "nobody is told anything here: no destination has the type \"notify\"; see `tapline notify reference`";
        return refuse(StatusCode::NOT_FOUND, "no_notify", message);
    };
    match tokio::task::spawn_blocking(move || ask(&board)).await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(refused)) => refused,
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "failed", error.to_string()),
    }
}

fn silent(error: tapline_notices::runner::Silent) -> Response {
    refuse(StatusCode::SERVICE_UNAVAILABLE, "no_answer", format!("{error}; try again"))
}

fn shown(alert: &OpenAlert) -> Value {
    json!({
        "id": alert.id.to_string(),
        "source": alert.id.source,
        "key": alert.id.key,
        "severity": alert.severity,
        "since": alert.since.rfc3339(),
        "summary": alert.summary,
        "count": alert.count,
        "ending": alert.ending,
        "flapping": alert.flapping,
        "told": alert.told,
        "acknowledged_by": alert.acknowledged_by,
    })
}
