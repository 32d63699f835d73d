//! `POST /v1/dead-letters/redrive`: dead letters go again to where they could not be delivered, or, where a
//! plugin had failed, through the chain. A letter leaves the file when its event is safe.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{App, refuse};
use crate::intake::Reader;
use crate::receipt::Receipt;
use crate::sink::KeptLetter;

/// Letters of one request; more are left for the next.
const LETTERS_MAX: usize = 10_000;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chosen {
    /// Only those of this destination or plugin.
    by: Option<String>,
    /// Only those for this reason.
    reason: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Default, Serialize)]
pub struct Redriven {
    /// Safe, and no dead letters any more.
    redriven: usize,
    /// They stay dead letters, and why.
    failed: usize,
    errors: Vec<String>,
    /// Further letters of this choice.
    left: usize,
}

pub async fn redrive(State(app): State<Arc<App>>, headers: HeaderMap, chosen: Json<Chosen>) -> Response {
    if let Err(refused) = app.operator.check(&headers) {
        return refused;
    }
    // In a task of its own: a client that hangs up leaves nothing half done.
    let work = tokio::spawn(async move { all(&app, &chosen).await });
    match work.await {
        Ok(Ok(redriven)) => Json(redriven).into_response(),
        Ok(Err(error)) => refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            "dead_letters",
            format!("the dead letters can't be read or written: {error}"),
        ),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "failed", error.to_string()),
    }
}

async fn all(app: &Arc<App>, chosen: &Chosen) -> std::io::Result<Redriven> {
    let limit = chosen.limit.unwrap_or(LETTERS_MAX).min(LETTERS_MAX);
    let letters = app.dead_letters.choose(|by, reason| {
        chosen.by.as_ref().is_none_or(|wanted| wanted == by)
            && chosen.reason.as_ref().is_none_or(|wanted| wanted == reason)
    })?;
    let mut redriven = Redriven { left: letters.len().saturating_sub(limit), ..Redriven::default() };
    let mut done = Vec::new();
    for letter in letters.into_iter().take(limit) {
        match one(app, &letter).await {
            Ok(()) => done.push(letter.line),
            Err(error) => {
                redriven.failed += 1;
                if redriven.errors.len() < 10 {
                    redriven.errors.push(error);
                }
            }
        }
    }
    redriven.redriven = done.len();
    app.dead_letters.remove(&done)?;
    tracing::info!(
        redriven = redriven.redriven,
        failed = redriven.failed,
        left = redriven.left,
        "dead letters were sent again"
    );
    Ok(redriven)
}

/// Under an id of its own, so that a letter which was sent and not taken out of the file before a SIGKILL is
/// not taken twice.
async fn one(app: &Arc<App>, letter: &KeptLetter) -> Result<(), String> {
    if let Some((placed, database)) = letter.placed.clone().zip(app.config.database_of(&letter.by)) {
        // What a table refused goes to its own place there, and nowhere else.
        let contract = app.contract.clone();
        let put = tokio::task::spawn_blocking(move || placed.put_back(&database, &contract).map_err(|e| e.to_string()));
        return match put.await {
            Ok(result) => result.map(|_| ()).map_err(|error| format!("{}: {error}", letter.by)),
            Err(error) => Err(error.to_string()),
        };
    }
    let digest: String =
        Sha256::digest(letter.line.as_bytes())[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    let mut reader = Reader::new(app.intake.clone(), "redrive".into(), None).request(&format!("redrive-{digest}"));
    if let Some(sink) = app.sinks.iter().find(|sink| *sink.name == *letter.by) {
        reader = reader.only_to(1 << sink.number);
    }
    let (receipt, safe) = Receipt::new();
    reader.set_receipt(Some(receipt));
    reader.line(letter.event.as_bytes()).map_err(|rejection| format!("{}: {}", letter.by, rejection.message))?;
    let intake = reader.intake().clone();
    intake.hand_over(reader.finish()).await;
    drop(reader);
    safe.await.map_err(|_| format!("{}: the journal can't be written", letter.by))
}
