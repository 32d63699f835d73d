//! A signed webhook: the receiving side of Tapline's own.
//!
//! Nothing is taken from others here; the rules are ours, and follow what has become usual (Stripe's
//! "Verify webhook signatures manually", Slack's "Verifying requests from Slack": a time stamp signed with
//! the body, five minutes of tolerance):
//!
//! * `X-Tapline-Signature: t=SECONDS,v1=HEX`, HMAC-SHA256 of `SECONDS.BODY` with the shared secret. Several
//!   `v1` may be given while a secret is changed; one must fit. Wrong, missing: 401.
//! * `SECONDS` is at most five minutes from now, either way. Otherwise 401: a recorded request can't be
//!   played again later.
//! * `X-Tapline-Delivery`: the delivery's id, the same for each attempt. A second one is answered 200 and
//!   counted, and not kept again. Missing, or longer than 255 bytes: 400.
//! * The body is JSON: otherwise 400.

mod signature;

use std::collections::HashMap;

use axum::http::Method;
use serde_json::{Value, json};

use crate::answer::{Answer, Outcome};
use crate::request::{BodyFault, Request};
use crate::service::Service;

pub use signature::sign;

pub const SECRET: &str = "not-a-real-secret";
pub const TOLERANCE_SECONDS: u64 = 300;
const DELIVERY_BYTES_MAX: usize = 255;

#[derive(Debug, Clone)]
pub struct Options {
    pub secret: String,
    pub body_bytes_max: usize,
}

#[derive(Debug, Clone)]
pub struct Webhook {
    options: Options,
    /// How often each delivery came.
    deliveries: HashMap<String, u64>,
}

impl Default for Options {
    fn default() -> Options {
        Options { secret: SECRET.into(), body_bytes_max: 1 << 20 }
    }
}

impl Webhook {
    pub fn new(options: Options) -> Webhook {
        Webhook { options, deliveries: HashMap::new() }
    }

    fn check(&self, request: &Request) -> Result<(String, Value), (u16, String)> {
        let header = request.header("x-tapline-signature").ok_or((401, "no signature".to_owned()))?;
        let now = request.arrived_ns / 1_000_000_000;
        signature::verify(header, &self.options.secret, &request.body, now).map_err(|reason| (401, reason))?;
        let id = request.header("x-tapline-delivery").unwrap_or_default();
        if id.is_empty() || id.len() > DELIVERY_BYTES_MAX {
            return Err((400, "X-Tapline-Delivery is missing or too long".into()));
        }
        let body = serde_json::from_slice(&request.body).map_err(|error| (400, format!("no JSON: {error}")))?;
        Ok((id.to_owned(), body))
    }
}

impl Service for Webhook {
    fn take(&mut self, request: &Request) -> Outcome {
        if request.method != Method::POST {
            return Outcome::refused(Answer::empty(405), "only POST is answered here");
        }
        let (id, body) = match self.check(request) {
            Ok(delivery) => delivery,
            Err((status, reason)) => return Outcome::refused(Answer::text(status, reason.clone()), reason),
        };
        let times = self.deliveries.entry(id.clone()).or_insert(0);
        *times += 1;
        if *times > 1 {
            return Outcome::refused(Answer::text(200, "duplicate"), format!("duplicate {id}"));
        }
        Outcome::kept(Answer::text(200, "ok"), json!({"delivery": id, "body": body}))
    }

    fn body_limit(&self) -> usize {
        self.options.body_bytes_max
    }

    fn body_fault(&self, _: &Request, fault: BodyFault) -> Answer {
        match fault {
            BodyFault::TooLarge => Answer::text(413, "too large"),
            BodyFault::Encoding => Answer::text(415, "encoding"),
            BodyFault::Broken => Answer::text(400, "broken"),
        }
    }

    fn scripted(&self, _: &Request, status: u16) -> Answer {
        Answer::text(status, "scripted")
    }

    /// `{"deliveries": {id: times}, "duplicates": n}`
    fn state(&self) -> Value {
        let duplicates: u64 = self.deliveries.values().map(|times| times - 1).sum();
        json!({"deliveries": self.deliveries, "duplicates": duplicates})
    }

    fn clear(&mut self) {
        self.deliveries.clear();
    }

    fn copy(&self) -> Box<dyn Service> {
        Box::new(self.clone())
    }
}
