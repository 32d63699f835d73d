//! Passwords and tokens: where they are, never what they are.

use std::path::PathBuf;

use serde::Deserialize;

/// `{ file = "/run/secrets/clickhouse" }` or `{ env = "CLICKHOUSE_PASSWORD" }`; nothing is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    pub file: Option<PathBuf>,
    pub env: Option<String>,
}

/// A secret that is not where the configuration says.
#[derive(Debug, thiserror::Error)]
#[error("can't read {0}")]
pub struct Missing(String, #[source] Box<dyn std::error::Error + Send + Sync>);

impl Secret {
    /// Its text, without the newline that editors put behind it.
    pub fn read(&self) -> Result<String, Missing> {
        match (&self.file, &self.env) {
            (Some(path), _) => match std::fs::read_to_string(path) {
                Ok(text) => Ok(text.trim_end_matches(['\n', '\r']).to_owned()),
                Err(error) => Err(Missing(path.display().to_string(), error.into())),
            },
            (None, Some(name)) => {
                std::env::var(name).map_err(|error| Missing(format!("the environment variable {name}"), error.into()))
            }
            (None, None) => Ok(String::new()),
        }
    }
}

impl Missing {
    pub fn for_sink(self, sink: &str) -> crate::sink::SinkError {
        crate::sink::SinkError { operation: "read the secret of", what: sink.to_owned(), source: self.into() }
    }
}
