//! Logstash: its HTTP input.
//!
//! # Where the rules are from
//! * "Http input plugin", <https://www.elastic.co/guide/en/logstash/current/plugins-inputs-http.html>: for
//!   `application/json` the json codec is used and plain text otherwise; an answer of 200 with `ok`; 401
//!   where user and password are set; 429 when Logstash is backlogged, after which a client sleeps,
//!   "backing off exponentially"
//! * "Json codec plugin": an array becomes an event each; what can't be parsed becomes an event with the tag
//!   `_jsonparsefailure`, and is **not** refused
//!
//! So a success says little here. What could not be parsed is answered 200 like the rest, and stands among
//! the refusals as well, so that a test sees it. `application/x-ndjson` is read line by line, as with
//! `additional_codecs => { "application/x-ndjson" => "json_lines" }`.

use axum::http::Method;
use axum::http::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};

use crate::answer::{Answer, Outcome};
use crate::elasticsearch::Access;
use crate::request::{BodyFault, Request};
use crate::service::Service;

#[derive(Debug, Clone)]
pub struct Options {
    pub access: Access,
    pub body_bytes_max: usize,
}

#[derive(Debug, Clone)]
pub struct Logstash {
    options: Options,
    events: u64,
    unparsed: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { access: Access::Open, body_bytes_max: 100 << 20 }
    }
}

impl Logstash {
    pub fn new(options: Options) -> Logstash {
        Logstash { options, events: 0, unparsed: 0 }
    }
}

impl Service for Logstash {
    fn take(&mut self, request: &Request) -> Outcome {
        if let Err(reason) = self.options.access.check(request) {
            let answer = Answer::empty(401).also(WWW_AUTHENTICATE, "Basic realm=\"Logstash HTTP Input\"");
            return Outcome::refused(answer, reason);
        }
        if request.method != Method::POST && request.method != Method::PUT {
            return Outcome::told(Answer::text(200, "ok"));
        }
        let media_type = request.media_type();
        let events: Vec<Value> = match media_type.as_str() {
            "application/json" => match parse(&request.body) {
                Value::Array(events) => events,
                event => vec![event],
            },
            "application/x-ndjson" => {
                let lines = request.body.split(|byte| *byte == b'\n');
                lines.filter(|line| !line.trim_ascii().is_empty()).map(parse).collect()
            }
            _ => vec![json!({"message": String::from_utf8_lossy(&request.body)})],
        };
        let unparsed = events.iter().filter(|event| event.get("tags").is_some_and(is_failure)).count();
        self.events += events.len() as u64;
        self.unparsed += unparsed as u64;
        let refusals = vec!["_jsonparsefailure".to_owned(); unparsed];
        Outcome { answer: Answer::text(200, "ok"), kept: Some(Value::Array(events)), refusals }
    }

    fn body_limit(&self) -> usize {
        self.options.body_bytes_max
    }

    fn takes_gzip(&self) -> bool {
        true
    }

    fn body_fault(&self, _: &Request, fault: BodyFault) -> Answer {
        Answer::empty(if fault == BodyFault::TooLarge { 413 } else { 400 })
    }

    fn scripted(&self, _: &Request, status: u16) -> Answer {
        Answer::text(status, if status == 429 { "busy" } else { "scripted" })
    }

    /// `{"events": n, "unparsed": n}`
    fn state(&self) -> Value {
        json!({"events": self.events, "unparsed": self.unparsed})
    }

    fn clear(&mut self) {
        *self = Logstash::new(self.options.clone());
    }

    fn copy(&self) -> Box<dyn Service> {
        Box::new(self.clone())
    }
}

fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| json!({"message": String::from_utf8_lossy(bytes), "tags": ["_jsonparsefailure"]}))
}

fn is_failure(tags: &Value) -> bool {
    tags.as_array().is_some_and(|tags| tags.iter().any(|tag| tag == "_jsonparsefailure"))
}
