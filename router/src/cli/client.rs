//! Talking to the running router.

use std::path::Path;

use anyhow::{Context, anyhow};
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

use super::Failure;
use crate::http::TOKEN_FILE;

pub(super) const DEFAULT_URL: &str = "http://127.0.0.1:7311";

pub(super) struct Client {
    agent: Agent,
    url: String,
    /// For what changes something.
    token: Option<String>,
}

impl Client {
    pub(super) fn new(url: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).build();
        Client { agent: config.into(), url: url.trim_end_matches('/').to_owned(), token: None }
    }

    /// With the operator's token, which only who may read the router's data dir has.
    pub(super) fn operator(url: &str, data_dir: &Path) -> Result<Self, Failure> {
        let path = data_dir.join(TOKEN_FILE);
        let token = std::fs::read_to_string(&path).map_err(|error| {
            Failure::Usage(format!(
                "can't read the operator's token {}: {error}; name the running router's data dir with --data-dir",
                path.display()
            ))
        })?;
        Ok(Client { token: Some(token.trim().to_owned()), ..Client::new(url) })
    }

    fn reached(&self, result: Result<Response<Body>, ureq::Error>) -> anyhow::Result<Response<Body>> {
        result.with_context(|| {
            format!(
                "no router answers at {}; start one with `tapline run`, name another with --url, or read the \
                 data dir of a stopped one with --data-dir",
                self.url
            )
        })
    }

    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        answer(self.stream(path)?)
    }

    /// The open answer, for streams.
    pub(super) fn stream(&self, path: &str) -> anyhow::Result<Response<Body>> {
        self.reached(self.agent.get(format!("{}{path}", self.url)).call())
    }

    pub(super) fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> anyhow::Result<T> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        answer(self.reached(request.send_json(body))?)
    }

    /// Sends lines; also gives the status, since a refused batch has an answer of its own.
    pub(super) fn post_lines(&self, path: &str, batch_id: &str, lines: &[u8]) -> anyhow::Result<(u16, Value)> {
        let request = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("content-type", "application/x-ndjson")
            .header("x-batch-id", batch_id);
        let mut response = self.reached(request.send(lines))?;
        let status = response.status().as_u16();
        Ok((status, response.body_mut().read_json().unwrap_or(Value::Null)))
    }
}

/// The answer's JSON, or what its error says.
pub(super) fn answer<T: DeserializeOwned>(mut response: Response<Body>) -> anyhow::Result<T> {
    let status = response.status();
    if status.is_success() {
        return response
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_json()
            .context("the router's answer can't be read");
    }
    let message = response.body_mut().read_json::<Value>().ok();
    let message = message.as_ref().and_then(|body| body["message"].as_str()).unwrap_or("no reason given");
    Err(anyhow!("{message} (HTTP {})", status.as_u16()))
}
