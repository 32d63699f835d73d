//! A small client: one request, and whatever comes back.

use std::time::Duration;

use serde_json::Value;

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub text: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text))
    }
}

/// Sends with a fresh connection; an error is one of the connection, never of a status.
pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Reply, ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(5)))
        .build()
        .into();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = agent.run(request.body(body).unwrap())?;
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    let headers = headers.collect();
    let text = response.body_mut().with_config().limit(64 << 20).read_to_string()?;
    Ok(Reply { status: response.status().as_u16(), headers, text })
}

pub fn post(url: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    send("POST", url, headers, body).unwrap()
}

pub fn post_json(url: &str, body: &Value) -> Reply {
    post(url, &[JSON], body.to_string().as_bytes())
}

pub fn put_json(url: &str, body: &Value) -> Reply {
    send("PUT", url, &[JSON], body.to_string().as_bytes()).unwrap()
}

pub fn get(url: &str) -> Reply {
    send("GET", url, &[], b"").unwrap()
}

pub const JSON: (&str, &str) = ("Content-Type", "application/json");
pub const NDJSON: (&str, &str) = ("Content-Type", "application/x-ndjson");
