//! `POST /v1/events`: lines of JSON, or a JSON array.
//!
//! The answer accounts for every line: `{"accepted":n,"rejected":m,"errors":[{"line":…,"reason":…}]}`.
//! A line of a well-formed request is accepted or rejected on its own; 400 means that none was
//! accepted. The same `X-Batch-Id` again gets the same answer, and its events are taken once.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::OnceCell;

use super::{App, refuse};
use crate::ingest::Rejection;
use crate::intake::Reader;
use crate::journal::JournalStats;
use crate::receipt::Receipt;

/// Errors named one by one in an answer; the rest is in the count.
const ERRORS_SHOWN: usize = 100;

/// How long a request waits for room before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a request waits for its audit events to be on disk, while the disk works.
const SAFETY_WAIT: Duration = Duration::from_secs(20);

/// How long one waits where it does not.
const FAILURE_WAIT: Duration = Duration::from_millis(250);

/// Batches of which the answer is remembered.
const BATCH_IDS_MAX: usize = 10_000;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Answer {
    accepted: u64,
    rejected: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<LineError>,
    /// This batch had been taken before; these are the counts of that time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repeated: bool,
}

#[derive(Clone, Debug, Serialize)]
struct LineError {
    /// From 1: the line, or the place in the array.
    line: usize,
    reason: &'static str,
    message: String,
}

/// Answers by batch id, the most recent ones.
#[derive(Default)]
pub struct BatchIds {
    recent: Mutex<VecDeque<(String, Arc<OnceCell<Answer>>)>>,
}

impl BatchIds {
    fn slot(&self, id: &str) -> Arc<OnceCell<Answer>> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, slot)) = recent.iter().rev().find(|(known, _)| known == id) {
            return slot.clone();
        }
        if recent.len() >= BATCH_IDS_MAX {
            recent.pop_front();
        }
        let slot = Arc::new(OnceCell::new());
        recent.push_back((id.to_owned(), slot.clone()));
        slot
    }
}

pub async fn post(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => return too_large(&app),
        Err(error) => return refuse(error.status(), "bad_body", error.body_text()),
    };
    if app.stopping.load(Relaxed) {
        return busy("stopping", "the router is stopping; send the batch again to its successor");
    }
    let text = |name: header::HeaderName| {
        headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").trim().to_owned()
    };
    let body = match unpack(&text(header::CONTENT_ENCODING), body, app.config.limits.body_bytes_max) {
        Ok(body) => body,
        Err(Unpack::TooLarge) => return too_large(&app),
        Err(Unpack::Unknown(name)) => {
            return refuse(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unknown_encoding",
                format!("Content-Encoding `{name}` is not known; use gzip, zstd or none"),
            );
        }
        Err(Unpack::Damaged(error)) => {
            return refuse(StatusCode::BAD_REQUEST, "bad_encoding", format!("the body can't be decompressed: {error}"));
        }
    };
    if !app.intake.room(PATIENCE).await {
        return busy("queue_full", "the router's queue is full; send the batch again, with the same X-Batch-Id");
    }
    let ndjson = text(header::CONTENT_TYPE).contains("ndjson");
    let slot = match headers.get("x-batch-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty()) {
        None => Arc::default(),
        Some(id) => app.batch_ids.slot(id),
    };
    let batch_id = text(header::HeaderName::from_static("x-batch-id"));
    let repeated = slot.initialized();
    let journal = app.journal.clone();
    // In a task of its own: a client that hangs up leaves no half-taken batch behind.
    let work =
        tokio::spawn(async move { slot.get_or_try_init(|| take(&app, &body, ndjson, &batch_id)).await.cloned() });
    let done = tokio::select! {
        done = work => done,
        () = tokio::time::sleep(SAFETY_WAIT) => return not_safe_yet(),
        () = failing(&journal) => return not_safe_yet(),
    };
    let answer = match done {
        Ok(Ok(answer)) => Answer { repeated: repeated || answer.repeated, ..answer },
        Ok(Err(NotSafe)) => {
            return busy(
                "not_safe",
                "the journal can't be written, so the audit events were not taken; send them again, with the same \
                 X-Batch-Id",
            );
        }
        Err(error) => return refuse(StatusCode::INTERNAL_SERVER_ERROR, "failed", error.to_string()),
    };
    let status = if answer.accepted == 0 && answer.rejected > 0 { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    (status, Json(answer)).into_response()
}

fn too_large(app: &App) -> Response {
    let max = app.config.limits.body_bytes_max;
    refuse(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("the body is longer than {max} bytes (limits.body_bytes_max); send it in parts"),
    )
}

fn busy(reason: &str, message: &str) -> Response {
    let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, reason, message);
    response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    response
}

/// They may yet be taken.
fn not_safe_yet() -> Response {
    busy("not_safe_yet", "the audit events are not on disk yet; ask again with the same X-Batch-Id")
}

/// Until the journal can't be written.
async fn failing(journal: &JournalStats) {
    loop {
        tokio::time::sleep(FAILURE_WAIT).await;
        if journal.failing.load(Relaxed) {
            return;
        }
    }
}

/// Audit events of the request could not be made safe.
struct NotSafe;

async fn take(app: &Arc<App>, body: &[u8], ndjson: bool, batch_id: &str) -> Result<Answer, NotSafe> {
    let mut reader = Reader::new(app.intake.clone(), "http".into(), None);
    if !batch_id.is_empty() {
        reader = reader.request(batch_id);
    }
    let (receipt, safe) = Receipt::new();
    reader.set_receipt(Some(receipt));
    let mut answer = Answer::default();
    let line_bytes_max = app.config.limits.line_bytes_max;
    let array = if ndjson { None } else { elements(body) };
    match array {
        Some(Ok(elements)) => {
            for (at, element) in elements.into_iter().enumerate() {
                one(&mut reader, &mut answer, at + 1, element, line_bytes_max).await;
            }
        }
        Some(Err(message)) => {
            let rejection = Rejection::new("not_json", message);
            reader.reject(body, &rejection);
            count(&mut answer, 1, Err(rejection));
        }
        None => {
            let body = body.strip_suffix(b"\n").unwrap_or(body);
            for (at, line) in body.split(|byte| *byte == b'\n').enumerate() {
                // A request without a body is no line.
                if !body.is_empty() {
                    one(&mut reader, &mut answer, at + 1, line, line_bytes_max).await;
                }
            }
        }
    }
    let intake = reader.intake().clone();
    intake.hand_over(reader.finish()).await;
    let audited = reader.has_audited();
    answer.repeated = reader.repeated() > 0;
    drop(reader);
    if audited {
        // Audit events are acknowledged when they are on disk.
        safe.await.map_err(|_| NotSafe)?;
    }
    Ok(answer)
}

async fn one(reader: &mut Reader, answer: &mut Answer, at: usize, line: &[u8], line_bytes_max: usize) {
    let result = if line.len() > line_bytes_max {
        let rejection = Rejection::new(
            "line_too_long",
            format!("{} bytes, more than {line_bytes_max} (limits.line_bytes_max)", line.len()),
        );
        reader.reject(line, &rejection);
        Err(rejection)
    } else {
        reader.line(line)
    };
    count(answer, at, result);
    if reader.has_full() {
        let intake = reader.intake().clone();
        intake.hand_over(reader.full()).await;
    }
}

fn count(answer: &mut Answer, line: usize, result: Result<(), Rejection>) {
    match result {
        Ok(()) => answer.accepted += 1,
        Err(rejection) => {
            answer.rejected += 1;
            if answer.errors.len() < ERRORS_SHOWN {
                answer.errors.push(LineError { line, reason: rejection.reason, message: rejection.message });
            }
        }
    }
}

/// The elements of a JSON array, or of a body that is one object over several lines; `None` for
/// lines of JSON.
fn elements(body: &[u8]) -> Option<Result<Vec<&[u8]>, String>> {
    let trimmed = body.trim_ascii();
    match trimmed.first()? {
        b'[' => {
            let elements: Result<Vec<&serde_json::value::RawValue>, _> = serde_json::from_slice(trimmed);
            Some(match elements {
                Ok(elements) => Ok(elements.into_iter().map(|element| element.get().as_bytes()).collect()),
                Err(error) => Err(format!("the array is not JSON: {error}")),
            })
        }
        b'{' if trimmed.contains(&b'\n') => {
            // Pretty-printed: only if the first line is no object by itself.
            let first = trimmed.split(|byte| *byte == b'\n').next()?;
            let whole = serde_json::from_slice::<&serde_json::value::RawValue>(first).is_err()
                && serde_json::from_slice::<&serde_json::value::RawValue>(trimmed).is_ok();
            whole.then(|| Ok(vec![trimmed]))
        }
        _ => None,
    }
}

enum Unpack {
    TooLarge,
    Unknown(String),
    Damaged(std::io::Error),
}

fn unpack(encoding: &str, body: Bytes, bytes_max: usize) -> Result<Bytes, Unpack> {
    let packed = &body[..];
    let reader: Box<dyn Read> = match encoding.to_ascii_lowercase().as_str() {
        "" | "identity" => return Ok(body),
        "gzip" | "x-gzip" => Box::new(flate2::read::MultiGzDecoder::new(packed)),
        "zstd" => Box::new(zstd::stream::read::Decoder::new(packed).map_err(Unpack::Damaged)?),
        other => return Err(Unpack::Unknown(other.to_owned())),
    };
    let mut plain = Vec::new();
    reader.take(bytes_max as u64 + 1).read_to_end(&mut plain).map_err(Unpack::Damaged)?;
    if plain.len() > bytes_max {
        return Err(Unpack::TooLarge);
    }
    Ok(plain.into())
}
