//! PagerDuty: the Events API v2, with the state of alerts.
//!
//! # Where the rules are from
//! * "PagerDuty V2 Events API", the OpenAPI document of PagerDuty/api-schema
//!   (`reference/events-v2/openapiv3.json`): members, which are required, enumerations, status codes,
//!   "This image must be served via HTTPS", the answers to success and to what is no JSON
//! * "Send an Event (Events API v2)", <https://v2.developer.pagerduty.com/docs/send-an-event-events-api-v2>:
//!   the answer `invalid event`, and that a routing key has 32 characters
//! * "Events API v2 overview", <https://developer.pagerduty.com/docs/events-api-v2/overview/>: `summary` at
//!   most 1,024 characters, `dedup_key` at most 255
//! * "Inbound event processing delays", <https://status.pagerduty.com/incidents/y2b74l14p6mr>: 512 kilobytes,
//!   "visible to clients as status 400"
//! * "Monitoring API rate limiting", <https://community.pagerduty.com/forum/t/monitoring-api-rate-limiting/3318>:
//!   120 events a minute and integration key. The reference itself says only that limits are adjusted
//!   dynamically and that 429 asks for a retry "after some time".
//! * "Event Management", <https://support.pagerduty.com/docs/event-management>: a trigger with the key of an
//!   open alert joins it, and opens a new one where there is none
//!
//! # What is unclear, and what is assumed
//! * Whether 429 carries `Retry-After`: it is not promised. Assumed: no; a script can add it.
//! * What a routing key that nobody issued is answered. Assumed: 400.
//! * An event that acknowledges or resolves what is not open is accepted and changes nothing.
//!
//! # Where it is stricter
//! * Members that the reference does not list are refused, where the real one ignores them.
//! * `custom_details` is an object, as the reference says; the real one also takes text.

mod alerts;
mod event;

use std::collections::HashMap;
use std::time::Instant;

use axum::http::Method;
use serde_json::{Value, json};

use crate::answer::{Answer, Outcome};
use crate::request::{BodyFault, Request};
use crate::service::Service;
use crate::throttle::{Rate, Throttle};
use alerts::Alerts;
use event::Event;

pub const ROUTING_KEY: &str = "e93facc04764012d7bfb002500d5d1a6";
pub const BODY_BYTES_MAX: usize = 512 * 1024;

#[derive(Debug, Clone)]
pub struct Options {
    /// The routing keys that were issued.
    pub routing_keys: Vec<String>,
    /// Events a minute and routing key; as many may come at once.
    pub per_minute: u32,
}

#[derive(Debug, Clone)]
pub struct PagerDuty {
    options: Options,
    alerts: Alerts,
    throttles: HashMap<String, Throttle>,
}

impl Default for Options {
    fn default() -> Options {
        Options { routing_keys: vec![ROUTING_KEY.into()], per_minute: 120 }
    }
}

impl PagerDuty {
    pub fn new(options: Options) -> PagerDuty {
        PagerDuty { options, alerts: Alerts::default(), throttles: HashMap::new() }
    }

    fn throttled(&mut self, routing_key: &str) -> bool {
        let now = Instant::now();
        let per_minute = self.options.per_minute;
        let rate = Rate { per_second: f64::from(per_minute) / 60.0, burst: per_minute };
        self.throttles.entry(routing_key.to_owned()).or_insert_with(|| Throttle::new(rate, now)).take(now).is_err()
    }
}

impl Service for PagerDuty {
    fn take(&mut self, request: &Request) -> Outcome {
        if request.path != "/v2/enqueue" {
            return Outcome::refused(Answer::json(404, &json!({"status": "not found"})), "no such path");
        }
        if request.method != Method::POST {
            return Outcome::refused(Answer::empty(405), "only POST is answered here");
        }
        let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
            return Outcome::refused(unrecognized(), "JSON parse error");
        };
        let mut event = match Event::read(&body) {
            Ok(event) => event,
            Err(errors) => return Outcome::refused(invalid(&errors), errors.join("; ")),
        };
        if !self.options.routing_keys.contains(&event.routing_key) {
            let error = "Invalid routing key".to_owned();
            return Outcome::refused(invalid(std::slice::from_ref(&error)), error);
        }
        if self.throttled(&event.routing_key) {
            return Outcome::refused(self.scripted(request, 429), "too many events a minute");
        }
        let key = self.alerts.apply(&mut event);
        let answer = json!({"status": "success", "message": "Event processed", "dedup_key": key});
        let mut kept = body;
        kept["dedup_key"] = json!(key);
        Outcome::kept(Answer::json(202, &answer), kept)
    }

    fn body_limit(&self) -> usize {
        BODY_BYTES_MAX
    }

    fn body_fault(&self, _: &Request, fault: BodyFault) -> Answer {
        match fault {
            BodyFault::TooLarge => invalid(&["Event is larger than 512 KB".to_owned()]),
            BodyFault::Encoding | BodyFault::Broken => unrecognized(),
        }
    }

    fn scripted(&self, _: &Request, status: u16) -> Answer {
        let (status_text, message) = match status {
            202 => ("success", "Event processed"),
            429 => ("throttle exceeded", "Requests for this service are arriving too quickly. Please retry later."),
            400..500 => ("invalid event", "Event object is invalid"),
            _ => ("error", "Internal Server Error"),
        };
        Answer::json(status, &json!({"status": status_text, "message": message}))
    }

    /// `{"alerts": {key: {"status", "incident", "triggers", "acknowledges", "payload"}}, "open": [keys]}`
    fn state(&self) -> Value {
        self.alerts.to_json()
    }

    fn clear(&mut self) {
        *self = PagerDuty::new(self.options.clone());
    }

    fn copy(&self) -> Box<dyn Service> {
        Box::new(self.clone())
    }
}

fn invalid(errors: &[String]) -> Answer {
    Answer::json(400, &json!({"status": "invalid event", "message": "Event object is invalid", "errors": errors}))
}

fn unrecognized() -> Answer {
    let errors = ["JSON parse error"];
    let body = json!({
        "status": "Unrecognized object", "message": "Event object format is unrecognized", "errors": errors,
    });
    Answer::json(400, &body)
}
