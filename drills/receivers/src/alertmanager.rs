//! Alertmanager: posting and listing alerts, for faults that the real one can't be made to have.
//!
//! # Where the rules are from
//! * "Alertmanager API", the OpenAPI document of prometheus/alertmanager (`api/v2/openapi.yaml`): members,
//!   types, 400 and 500 with a JSON string
//! * "Data model", <https://prometheus.io/docs/concepts/data_model/>: label names
//! * "Configuration", <https://prometheus.io/docs/alerting/latest/configuration/>: `resolve_timeout`, 5 minutes
//!   for an alert without an end
//! * The real one, 0.25, beside which this was held: what can't be decoded is 400 and what does not fit the
//!   schema 422, each with a code and a message and for the request as a whole; what makes no sense is 400
//!   with a JSON string, and the good alerts of the request are kept; empty label values are dropped
//!   before a set is checked
//!
//! # Where it is stricter, or does less
//! * Members that the document does not list are refused, where the real one ignores them; so are times
//!   without an offset, which it takes for UTC though the document says `date-time` (RFC 3339).
//! * No routing, grouping, silences or inhibition; of the filters only `active`.

mod alert;

use std::collections::BTreeMap;

use axum::http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{Answer, Outcome};
use crate::request::{BodyFault, Request};
use crate::service::Service;
use alert::{Alert, Problem};

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
            return coded(415, 415, &message);
        }
        let undecoded =
            |reason: &str| coded(400, 400, &format!("parsing alerts body from \"\" failed, because {reason}"));
        let list: Vec<Value> = match serde_json::from_slice(&request.body) {
            Ok(list) => list,
            Err(error) => return undecoded(&error.to_string()),
        };
        let now = timestamp(request);
        let mut errors = Vec::new();
        let mut kept = Vec::new();
        let mut alerts = Vec::new();
        for (at, value) in list.into_iter().enumerate() {
            match Alert::read(&value, at, now) {
                Ok(alert) => {
                    alerts.push(alert);
                    kept.push(value);
                }
                Err(Problem::Shape(reason)) => return undecoded(&reason),
                Err(Problem::Schema(code, reason)) => return coded(422, code, &reason),
                Err(Problem::Sense(reason)) => errors.push(reason),
            }
        }
        for alert in alerts {
            let fingerprint = alert.fingerprint();
            let merged = match self.alerts.remove(&fingerprint) {
                Some(before) => alert.after(before, now),
                None => alert,
            };
            self.alerts.insert(fingerprint, merged);
        }
        if errors.is_empty() {
            return Outcome::kept(Answer::empty(200), json!(kept));
        }
        let answer = Answer::json(400, &json!(errors.join("; ")));
        Outcome { answer, kept: (!kept.is_empty()).then_some(Value::Array(kept)), refusals: errors }
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
            (method, "/api/v2/alerts" | "/api/v2/status") => {
                coded(405, 405, &format!("method {method} is not allowed"))
            }
            (_, path) => coded(404, 404, &format!("path {path} was not found")),
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

fn coded(status: u16, code: u16, message: &str) -> Outcome {
    Outcome::refused(Answer::json(status, &json!({"code": code, "message": message})), message)
}

fn timestamp(request: &Request) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(request.arrived_ns)).unwrap_or(Timestamp::UNIX_EPOCH)
}
