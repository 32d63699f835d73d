//! What is asked of a ClickHouse, over HTTP.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;

pub(crate) struct Asker {
    agent: Agent,
    url: String,
}

/// A count over everything that a drill has written.
const PATIENCE: Duration = Duration::from_secs(120);

const ANSWER_BYTES_MAX: u64 = 256 << 20;

impl Asker {
    pub(crate) fn new(url: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        Asker { agent: config.build().into(), url: url.to_owned() }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The rows of a SELECT, each by its columns' names.
    pub(crate) fn sql(&self, sql: &str) -> Result<Vec<Value>> {
        // Numbers of 64 bits as numbers, which is how SQLite's come.
        let settings = "?output_format_json_quote_64bit_integers=0";
        let text = self.post(&format!("/{settings}"), &format!("{sql} FORMAT JSONEachRow"))?;
        text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("`{sql}`: {line}"))).collect()
    }

    /// What is to go wrong; `faults.py` has the kinds.
    pub(crate) fn fault(&self, fault: &Value) -> Result<()> {
        self.post("/_faults", &fault.to_string()).map(|_| ())
    }

    /// Nothing goes wrong any more.
    pub(crate) fn mend(&self) -> Result<()> {
        let url = format!("{}/_faults", self.url);
        self.agent.delete(&url).call().with_context(|| format!("asking {url}"))?;
        Ok(())
    }

    fn post(&self, path: &str, body: &str) -> Result<String> {
        let url = format!("{}{path}", self.url);
        let mut answer = self.agent.post(&url).send(body).with_context(|| format!("asking {url}"))?;
        let status = answer.status();
        let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string()?;
        if !status.is_success() {
            bail!("ClickHouse on `{body}`: {status}: {text}");
        }
        Ok(text)
    }
}
