//! What a service says to a request, and what is remembered of it.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Vec<u8>,
}

/// An answer, with what of the request was kept and what was refused.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub answer: Answer,
    /// The parsed content of what was kept; none for a request that only reads.
    pub kept: Option<Value>,
    /// Why the request, or a part of it, was refused.
    pub refusals: Vec<String>,
}

impl Answer {
    pub fn text(status: u16, text: impl Into<String>) -> Answer {
        Answer::empty(status).with(CONTENT_TYPE, "text/plain; charset=utf-8").body(text.into().into_bytes())
    }

    pub fn json(status: u16, value: &Value) -> Answer {
        Answer::empty(status).with(CONTENT_TYPE, "application/json").body(value.to_string().into_bytes())
    }

    pub fn empty(status: u16) -> Answer {
        Answer { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header, in the place of an earlier one of the same name. A value that can't stand in a
    /// header is left out: this is a receiver for tests, and must not fall over.
    pub fn with(mut self, name: HeaderName, value: &str) -> Answer {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.retain(|(other, _)| *other != name);
            self.headers.push((name, value));
        }
        self
    }

    /// Adds a header beside earlier ones of the same name.
    pub fn also(mut self, name: HeaderName, value: &'static str) -> Answer {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    pub fn retry_after(self, seconds: u64) -> Answer {
        self.with(RETRY_AFTER, &seconds.to_string())
    }

    pub fn body(mut self, body: Vec<u8>) -> Answer {
        self.body = body;
        self
    }

    pub fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

impl Outcome {
    pub fn kept(answer: Answer, content: Value) -> Outcome {
        Outcome { answer, kept: Some(content), refusals: Vec::new() }
    }

    pub fn refused(answer: Answer, reason: impl Into<String>) -> Outcome {
        Outcome { answer, kept: None, refusals: vec![reason.into()] }
    }

    /// The request only asked for something.
    pub fn told(answer: Answer) -> Outcome {
        Outcome { answer, kept: None, refusals: Vec::new() }
    }
}
