//! `POST /v1/alertmanager`: Prometheus Alertmanager's webhook as a source of notices.
//!
//! Answered 200 only when every alert of the message is in the journal, with its destinations; anything else
//! makes Alertmanager send it again, which is harmless: the board of notices knows an alert by its fingerprint.
//! Prometheus, "Alertmanager configuration", `<webhook_config>`; message version 4.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{App, refuse};
use crate::intake::Reader;
use crate::receipt::Receipt;
use crate::route::Severity;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    version: String,
    #[serde(default)]
    group_key: String,
    #[serde(default)]
    receiver: String,
    alerts: Vec<Alert>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    status: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    #[serde(default)]
    starts_at: String,
    #[serde(default)]
    ends_at: String,
    #[serde(default)]
    fingerprint: String,
    #[serde(default, rename = "generatorURL")]
    generator_url: String,
}

impl Alert {
    /// What Alertmanager's users call critical by custom.
    fn severity(&self) -> Severity {
        match self.labels.get("severity").map_or("", String::as_str) {
            "critical" | "crit" | "page" | "emergency" => Severity::Critical,
            "info" | "none" => Severity::Info,
            _ => Severity::Warning,
        }
    }

    /// The alert as a line of our own event `notice`.
    fn line(&self, message: &Message) -> Value {
        let label = |name: &str| self.labels.get(name).map_or("", String::as_str);
        let annotation = |name: &str| self.annotations.get(name).map_or("", String::as_str);
        let name = label("alertname");
        // Fingerprints came with 0.22; before it the labels say which alert it is.
        let key = match self.fingerprint.as_str() {
            "" => self.labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(","),
            fingerprint => format!("{name}/{fingerprint}"),
        };
        let summary =
            [annotation("summary"), annotation("description"), name].into_iter().find(|text| !text.is_empty());
        let mut line = Map::from_iter([
            ("event".to_owned(), json!("notice")),
            ("component".to_owned(), json!("plugin")),
            ("plugin".to_owned(), json!("alertmanager")),
            ("notice_key".to_owned(), json!(key)),
            ("notice_state".to_owned(), json!(if self.status == "resolved" { "resolved" } else { "firing" })),
            (
                "severity".to_owned(),
                json!(match self.severity() {
                    Severity::Critical => "critical",
                    Severity::Warning => "warning",
                    Severity::Info => "info",
                }),
            ),
            (
                "level".to_owned(),
                json!(match self.severity() {
                    Severity::Critical => "critical",
                    Severity::Warning => "warning",
                    Severity::Info => "info",
                }),
            ),
            ("summary".to_owned(), json!(summary.unwrap_or("an alert without a name"))),
        ]);
        let links = [
            ("runbook", ["runbook_url", "runbook"].map(annotation).into_iter().find(|text| !text.is_empty())),
            ("dashboard", ["dashboard_url", "dashboard"].map(annotation).into_iter().find(|text| !text.is_empty())),
        ];
        let links = links.into_iter().filter_map(|(name, link)| Some((name, link?.to_owned())));
        let more = [
            ("alertname", name.to_owned()),
            ("starts_at", self.starts_at.clone()),
            ("ends_at", if self.status == "resolved" { self.ends_at.clone() } else { String::new() }),
            ("generator", self.generator_url.clone()),
            ("group", message.group_key.clone()),
            ("receiver", message.receiver.clone()),
        ];
        for (name, value) in more.into_iter().chain(links).filter(|(_, value)| !value.is_empty()) {
            line.insert(name.to_owned(), json!(value));
        }
        for (name, value) in self.labels.iter().filter(|(name, _)| !matches!(name.as_str(), "alertname" | "severity")) {
            line.insert(format!("label_{name}"), json!(value));
        }
        Value::Object(line)
    }
}

pub async fn post(
    State(app): State<Arc<App>>,
    message: Result<Json<Message>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let message = match message {
        Ok(Json(message)) => message,
        Err(error) => return refuse(error.status(), "bad_message", error.body_text()),
    };
    if message.version != "4" {
        let text = format!("message version {:?} of Alertmanager's webhook is not known, \"4\" is", message.version);
        return refuse(StatusCode::BAD_REQUEST, "bad_message", text);
    }
    // In a task of its own: a client that hangs up leaves nothing half done.
    let work = tokio::spawn(async move { take(&app, &message).await });
    match work.await {
        Ok(Ok(accepted)) => Json(json!({ "accepted": accepted })).into_response(),
        Ok(Err(message)) => refuse(StatusCode::SERVICE_UNAVAILABLE, "not_safe", message),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "failed", error.to_string()),
    }
}

async fn take(app: &Arc<App>, message: &Message) -> Result<usize, String> {
    let mut waiting = Vec::new();
    for severity in [Severity::Critical, Severity::Warning, Severity::Info] {
        let mut reader =
            Reader::new(app.intake.clone(), "alertmanager".into(), None).only_to(app.destinations.of_notice(severity));
        let (receipt, safe) = Receipt::new();
        reader.set_receipt(Some(receipt));
        for alert in message.alerts.iter().filter(|alert| alert.severity() == severity) {
            reader.line(alert.line(message).to_string().as_bytes()).map_err(|rejection| rejection.message)?;
        }
        let intake = reader.intake().clone();
        intake.hand_over(reader.finish()).await;
        drop(reader);
        waiting.push(safe);
    }
    for safe in waiting {
        safe.await.map_err(|_| "the journal can't be written; send it again".to_owned())?;
    }
    Ok(message.alerts.len())
}
