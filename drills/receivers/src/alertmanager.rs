//! Alertmanager: posting and listing alerts, for faults that the real one can't be made to have.
//!
//! # Where the rules are from
//! * "Alertmanager API", the OpenAPI document of prometheus/alertmanager (`api/v2/openapi.yaml`): members,
//!   types, 400 and 500 with a JSON string
//! * "Data model", <https://prometheus.io/docs/concepts/data_model/>: label names
//! * "Configuration", <https://prometheus.io/docs/alerting/latest/configuration/>: `resolve_timeout`, 5 minutes
//!   for an alert without an end
//! * The behaviour of the real one, 0.25: empty label values are dropped before a set is checked; an alert
//!   that ends before it starts is refused; of a request with some bad alerts the good ones are kept, and
//!   it is answered 400.
//!
//! # Where it is stricter, or does less
//! * Members that the document does not list are refused, where the real one ignores them.
//! * No routing, grouping, silences or inhibition; of the filters only `active`.

mod alert;

use std::collections::BTreeMap;

use axum::http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{Answer, Outcome};
use crate::request::{BodyFault, Request};
use crate::service::Service;
use alert::Alert;

#[derive(Debug, Clone)]
pub struct Options {
    pub body_bytes_max: usize,
}

#[derive(Debug, Clone)]
pub struct Alertmanager {
    options: Options,
    /// By fingerprint.
    alerts: BTreeMap<String, Alert>,
}

impl Default for Options {
    fn default() -> Options {
        Options { body_bytes_max: 16 << 20 }
    }
}

impl Alertmanager {
    pub fn new(options: Options) -> Alertmanager {
        Alertmanager { options, alerts: BTreeMap::new() }
    }

    fn post(&mut self, request: &Request) -> Outcome {
        let media_type = request.media_type();
        if media_type != "application/json" {
            let message = format!("unsupported media type {media_type:?}, only [application/json] are allowed");
            return Outcome::refused(Answer::json(415, &json!({"code": 415, "message": message})), message);
        }
        let list = match serde_json::from_slice(&request.body) {
            Ok(Value::Array(list)) => list,
            Ok(_) => return bad(vec!["the body is not an array of alerts".into()], None),
            Err(error) => return bad(vec![format!("parsing alerts body failed, because {error}")], None),
        };
        let now = timestamp(request);
        let mut errors = Vec::new();
        let mut kept = Vec::new();
        for value in list {
            match Alert::read(&value, now) {
                Ok(alert) => {
                    kept.push(value);
                    let fingerprint = alert.fingerprint();
                    let merged = match self.alerts.remove(&fingerprint) {
                        Some(before) => alert.after(before, now),
                        None => alert,
                    };
                    self.alerts.insert(fingerprint, merged);
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            return Outcome::kept(Answer::empty(200), json!(kept));
        }
        bad(errors, Some(kept).filter(|kept| !kept.is_empty()))
    }

    fn list(&self, request: &Request) -> Answer {
        let now = timestamp(request);
        let active = request.parameter("active") != Some("false");
        let alerts = self.alerts.values().filter(|alert| active && alert.is_active(now));
        Answer::json(200, &alerts.map(Alert::to_json).collect())
    }

    fn status(&self, request: &Request) -> Answer {
        let version = json!({
            "version": "0.25.0", "revision": "receiver", "branch": "receiver", "buildUser": "receiver",
            "buildDate": "receiver", "goVersion": "none",
        });
        let status = json!({
            "cluster": {"status": "disabled"}, "versionInfo": version, "config": {"original": ""},
            "uptime": timestamp(request).to_string(),
        });
        Answer::json(200, &status)
    }
}

impl Service for Alertmanager {
    fn take(&mut self, request: &Request) -> Outcome {
        match (&request.method, request.path.as_str()) {
            (&Method::POST, "/api/v2/alerts") => self.post(request),
            (&Method::GET, "/api/v2/alerts") => Outcome::told(self.list(request)),
            (&Method::GET, "/api/v2/status") => Outcome::told(self.status(request)),
            (&Method::GET | &Method::HEAD, "/-/ready" | "/-/healthy") => Outcome::told(Answer::text(200, "OK")),
            (_, "/api/v2/alerts" | "/api/v2/status") => {
                Outcome::refused(Answer::json(405, &json!({"code": 405, "message": "method not allowed"})), "method")
            }
            _ => Outcome::refused(Answer::json(404, &json!({"code": 404, "message": "path not found"})), "path"),
        }
    }

    fn body_limit(&self) -> usize {
        self.options.body_bytes_max
    }

    fn body_fault(&self, _: &Request, fault: BodyFault) -> Answer {
        Answer::json(if fault == BodyFault::TooLarge { 413 } else { 400 }, &json!(format!("body: {fault:?}")))
    }

    fn scripted(&self, _: &Request, status: u16) -> Answer {
        Answer::json(status, &json!("scripted"))
    }

    /// `{"alerts": [as listed, resolved ones included]}`
    fn state(&self) -> Value {
        json!({"alerts": self.alerts.values().map(Alert::to_json).collect::<Vec<_>>()})
    }

    fn clear(&mut self) {
        self.alerts.clear();
    }

    fn copy(&self) -> Box<dyn Service> {
        Box::new(self.clone())
    }
}

fn bad(errors: Vec<String>, kept: Option<Vec<Value>>) -> Outcome {
    let answer = Answer::json(400, &json!(errors.join("; ")));
    Outcome { answer, kept: kept.map(Value::Array), refusals: errors }
}

fn timestamp(request: &Request) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(request.arrived_ns)).unwrap_or(Timestamp::UNIX_EPOCH)
}
