//! HTTP: ingest, metrics, health, tail, audit SQL, traces, ledger.

mod alertmanager;
mod audit;
mod dead_letters;
mod events;
mod ledger;
mod metrics;
mod notices;
mod operator;
mod tail;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use tapline_contract::Contract;

use crate::config::Config;
use crate::ingest::Components;
use crate::intake::Intake;
use crate::journal::JournalStats;
use crate::ledger::Ledger;
use crate::metrics::Exporter;
use crate::route::Destinations;
use crate::sink::{DeadLetters, SinkHandle};
use crate::tail::Tail;
use crate::watch::Scrapes;

pub use events::BatchIds;
pub use operator::{Operator, TOKEN_FILE};

/// What requests are answered from.
pub struct App {
    pub config: Config,
    pub contract: Arc<Contract>,
    pub components: Arc<Components>,
    pub intake: Arc<Intake>,
    pub ledger: Arc<Ledger>,
    pub tail: Arc<Tail>,
    pub exporter: Exporter,
    pub sinks: Vec<Arc<SinkHandle>>,
    pub journal: Arc<JournalStats>,
    pub batch_ids: BatchIds,
    pub dead_letters: Arc<DeadLetters>,
    pub destinations: Arc<Destinations>,
    pub operator: Operator,
    pub scrapes: Arc<Scrapes>,
    /// Where anybody is told.
    pub notices: Option<tapline_notices::Handle>,
    pub run: String,
    pub started: Instant,
    /// Set when the router stops: nothing new is taken in.
    pub stopping: Arc<AtomicBool>,
}

pub fn routes(app: Arc<App>) -> Router {
    let body_bytes_max = app.config.limits.body_bytes_max;
    Router::new()
        .route("/", get(index))
        .route("/v1/events", post(events::post))
        .route("/v1/alertmanager", post(alertmanager::post))
        .route("/v1/tail", get(tail::get))
        .route("/v1/audit/sql", post(audit::sql))
        .route("/v1/trace/{id}", get(audit::trace))
        .route("/v1/ledger", get(ledger::get))
        .route("/v1/dead-letters/redrive", post(dead_letters::redrive))
        .route("/v1/notices", get(notices::list))
        .route("/v1/notices/acknowledge", post(notices::acknowledge))
        .route("/metrics", get(metrics::get))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .with_state(app)
}

/// An error answer: what went wrong, and what to do.
fn refuse(status: StatusCode, reason: &str, message: impl Into<String>) -> Response {
    (status, Json(json!({ "error": reason, "message": message.into() }))).into_response()
}

async fn index(State(app): State<Arc<App>>) -> Response {
    let text = format!(
        "Tapline {}\n\n\
         POST /v1/events     NDJSON or a JSON array of events\n\
         POST /v1/alertmanager  Alertmanager's webhook: its alerts become notices\n\
         GET  /v1/tail       events as they go out (server-sent events; ?where=component=risk,level>=warning)\n\
         POST /v1/audit/sql  {{\"sql\": \"SELECT … FROM audit.orders_log\"}}\n\
         GET  /v1/trace/{{id}} one transaction by any of its ids\n\
         POST /v1/dead-letters/redrive  {{\"by\": \"audit\"}}, with the operator's token\n\
         GET  /v1/notices    what fires, and who was told\n\
         POST /v1/notices/acknowledge  {{\"id\": \"…\", \"by\": \"kim\"}}, with the operator's token\n\
         GET  /v1/ledger     where every event went\n\
         GET  /metrics       Prometheus text\n\
         GET  /healthz, /readyz\n\n\
         contract {} {} ({})\n",
        env!("CARGO_PKG_VERSION"),
        app.contract.name,
        app.contract.version,
        app.contract.hash,
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// Alive: the process answers. Tells what is in trouble, and stays 200: a restart would mend nothing.
async fn healthz(State(app): State<Arc<App>>) -> Json<serde_json::Value> {
    let failing: Vec<&str> =
        app.sinks.iter().filter(|sink| sink.stats.failing.load(Relaxed)).map(|sink| &*sink.name).collect();
    Json(json!({
        "status": if failing.is_empty() && !app.journal.failing.load(Relaxed) { "ok" } else { "degraded" },
        "version": env!("CARGO_PKG_VERSION"),
        "run": app.run,
        "uptime_s": app.started.elapsed().as_secs(),
        "contract": { "name": app.contract.name, "version": app.contract.version, "hash": app.contract.hash },
        "failing_sinks": failing,
        "journal_failing": app.journal.failing.load(Relaxed),
    }))
}

/// Ready: events are taken in. 503 while the router stops or a destination is failing.
async fn readyz(State(app): State<Arc<App>>) -> Response {
    if app.stopping.load(Relaxed) {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the router is stopping");
    }
    if app.journal.failing.load(Relaxed) {
        let message = "the journal can't be written, so audit events are not taken; see the router's log";
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "journal_failing", message);
    }
    match app.sinks.iter().find(|sink| sink.stats.failing.load(Relaxed)) {
        Some(sink) => refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "sink_failing",
            format!("destination `{}` is failing; see the router's log", sink.name),
        ),
        None => Json(json!({ "status": "ready" })).into_response(),
    }
}

async fn not_found() -> Response {
    refuse(StatusCode::NOT_FOUND, "not_found", "there is nothing at this path; GET / lists what there is")
}
