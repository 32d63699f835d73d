//! Alerts of a plugin's own.

use crate::bindings::tapline::plugin::types as raw;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

/// Something starts or stops being wrong. `key` names the thing: the same key with `resolved` ends
/// what `firing` began.
#[derive(Clone, Debug)]
pub struct Notice {
    raw: raw::Notice,
}

// === impl Notice ===

impl Notice {
    pub fn firing(key: impl Into<String>, severity: Severity, summary: impl Into<String>) -> Self {
        Notice::new(key.into(), raw::NoticeState::Firing, severity, summary.into())
    }

    pub fn resolved(key: impl Into<String>, severity: Severity, summary: impl Into<String>) -> Self {
        Notice::new(key.into(), raw::NoticeState::Resolved, severity, summary.into())
    }

    fn new(key: String, state: raw::NoticeState, severity: Severity, summary: String) -> Self {
        let severity = match severity {
            Severity::Info => raw::Severity::Info,
            Severity::Warning => raw::Severity::Warning,
            Severity::Critical => raw::Severity::Critical,
        };
        Notice { raw: raw::Notice { key, state, severity, summary, details: Vec::new(), to: Vec::new() } }
    }

    /// Add a fact for whoever reads it.
    pub fn detail(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.raw.details.push((name.into(), value.to_string()));
        self
    }

    /// Name a destination. Without one, the router's default for the severity applies.
    pub fn to(mut self, destination: impl Into<String>) -> Self {
        self.raw.to.push(destination.into());
        self
    }

    pub(crate) fn into_raw(self) -> raw::Notice {
        self.raw
    }
}
