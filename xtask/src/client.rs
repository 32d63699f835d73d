//! What is asked of a router, over HTTP like anybody else.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ureq::Agent;

pub(crate) struct Client {
    agent: Agent,
    url: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Ledger {
    pub(crate) balanced: bool,
    pub(crate) totals: Totals,
    pub(crate) streams: Vec<Stream>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Stream {
    pub(crate) component: String,
    pub(crate) lane: String,
    pub(crate) run: String,
    #[serde(flatten)]
    pub(crate) totals: Totals,
    pub(crate) reasons: Vec<Reason>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reason {
    pub(crate) outcome: String,
    pub(crate) reason: String,
    pub(crate) count: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) emitted: u64,
    pub(crate) delivered: u64,
    pub(crate) filtered: u64,
    pub(crate) rejected: u64,
    pub(crate) dropped: u64,
    pub(crate) dead_lettered: u64,
    pub(crate) pending: u64,
}

/// The answer to a SELECT.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Rows {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Value>>,
}

/// Far beyond what any answer should take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A page of audit rows, or a long scrape.
const ANSWER_BYTES_MAX: u64 = 256 << 20;

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).build();
        Client { agent: config.into(), url: url.to_owned() }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn text(&self, path: &str) -> Result<String> {
        let url = format!("{}{path}", self.url);
        let mut answer = self.agent.get(&url).call().with_context(|| format!("asking {url}"))?;
        let status = answer.status();
        let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string()?;
        if !status.is_success() {
            bail!("{url}: {status}: {text}");
        }
        Ok(text)
    }

    /// The status alone, whatever it is.
    pub(crate) fn status(&self, path: &str) -> Result<u16> {
        let url = format!("{}{path}", self.url);
        Ok(self.agent.get(&url).call().with_context(|| format!("asking {url}"))?.status().as_u16())
    }

    /// Sends an event; the answer's status, whatever it is.
    pub(crate) fn send(&self, event: &Value) -> Result<u16> {
        let url = format!("{}/v1/events", self.url);
        let body = format!("{event}\n");
        Ok(self.agent.post(&url).send(body.as_bytes()).with_context(|| format!("asking {url}"))?.status().as_u16())
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let text = self.text(path)?;
        serde_json::from_str(&text).with_context(|| format!("reading the answer to {path}"))
    }

    pub(crate) fn ledger(&self) -> Result<Ledger> {
        self.get("/v1/ledger")
    }

    pub(crate) fn sql(&self, sql: &str) -> Result<Rows> {
        let url = format!("{}/v1/audit/sql", self.url);
        let mut answer =
            self.agent.post(&url).send_json(json!({ "sql": sql })).with_context(|| format!("asking {url}"))?;
        let status = answer.status();
        let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string()?;
        if !status.is_success() {
            bail!("`{sql}`: {status}: {text}");
        }
        serde_json::from_str(&text).with_context(|| format!("reading the answer to `{sql}`"))
    }
}
