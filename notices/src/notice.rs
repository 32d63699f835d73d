//! What plugins and rules say: a thing fires, or has ended.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::text::cut;

/// An alert as its source sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The plugin or rule that says it.
    pub source: String,
    /// The thing that fires, unique within the source.
    pub key: String,
    pub state: State,
    pub severity: Severity,
    pub summary: String,
    /// In the order in which they are shown; `trace_id` among them makes a trace command.
    pub details: Vec<(String, String)>,
    pub runbook: Option<String>,
    pub dashboard: Option<String>,
    /// Names of channels; empty means what the route says.
    pub to: Vec<String>,
    /// When the event happened that made it.
    pub at: Time,
    /// Since when the thing has been so, where the source knows it; else the first notice counts.
    pub since: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Firing,
    Resolved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

/// Which alert it is: two sources may use the same key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id {
    pub source: String,
    pub key: String,
}

// What an alert may hold in memory and in the state file. Channels cut further, to what their
// receivers take.
const NAME_BYTES_MAX: usize = 512;
const SUMMARY_BYTES_MAX: usize = 16 << 10;
const DETAILS_MAX: usize = 64;
const DETAIL_BYTES_MAX: usize = 4 << 10;
const LINK_BYTES_MAX: usize = 2048;

impl Notice {
    pub fn firing(source: &str, key: &str, severity: Severity, summary: &str, at: Time) -> Self {
        Notice {
            source: source.to_owned(),
            key: key.to_owned(),
            state: State::Firing,
            severity,
            summary: summary.to_owned(),
            details: Vec::new(),
            runbook: None,
            dashboard: None,
            to: Vec::new(),
            at,
            since: None,
        }
    }

    pub fn resolved(source: &str, key: &str, summary: &str, at: Time) -> Self {
        Notice { state: State::Resolved, ..Notice::firing(source, key, Severity::Info, summary, at) }
    }

    pub fn id(&self) -> Id {
        Id { source: self.source.clone(), key: self.key.clone() }
    }

    pub fn detail(&self, name: &str) -> Option<&str> {
        self.details.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Cut to what may be kept of it.
    pub(crate) fn trimmed(mut self) -> Self {
        for (text, most) in [
            (&mut self.source, NAME_BYTES_MAX),
            (&mut self.key, NAME_BYTES_MAX),
            (&mut self.summary, SUMMARY_BYTES_MAX),
        ] {
            cut(text, most);
        }
        self.details.truncate(DETAILS_MAX);
        for (name, value) in &mut self.details {
            cut(name, NAME_BYTES_MAX);
            cut(value, DETAIL_BYTES_MAX);
        }
        // Half a link leads nowhere.
        for link in [&mut self.runbook, &mut self.dashboard] {
            link.take_if(|link| link.len() > LINK_BYTES_MAX);
        }
        self.to.truncate(16);
        self
    }
}

impl State {
    pub fn code(self) -> &'static str {
        match self {
            State::Firing => "firing",
            State::Resolved => "resolved",
        }
    }
}

impl Severity {
    pub const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];

    pub fn code(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.source, self.key)
    }
}
