//! What is wrong with a configuration, where, and what would be right.

use std::path::PathBuf;

use tapline_contract::did_you_mean;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("can't read the configuration {path}: {source}", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{place}: {message}")]
    Syntax {
        /// `file:line`
        place: String,
        message: String,
    },
    #[error("{origin}: {count} wrong\n  - {list}", count = wrong.len(), list = wrong.join("\n  - "))]
    Wrong { origin: String, wrong: Vec<String> },
}

impl ConfigError {
    pub(super) fn syntax(origin: &str, text: &str, error: &toml::de::Error) -> Self {
        let place = match error.span() {
            Some(span) => {
                let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
                format!("{origin}:{line}")
            }
            None => origin.to_owned(),
        };
        let mut message = error.message().to_owned();
        if let Some(suggestion) = suggestion(&message) {
            message = format!("{message}; {suggestion}");
        }
        ConfigError::Syntax { place, message }
    }
}

/// serde says "unknown field `x`, expected one of `a`, `b`": the nearest of them is worth naming.
fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let wrong = quoted.next()?;
    message.starts_with("unknown").then(|| did_you_mean(wrong, quoted))?
}

pub(super) fn unknown_name(key: &str, what: &str, name: &str, names: &[&str]) -> String {
    let hint = did_you_mean(name, names.iter().copied()).unwrap_or_else(|| format!("there are: {}", names.join(", ")));
    format!("{key}: there is no {what} `{name}`; {hint}")
}
