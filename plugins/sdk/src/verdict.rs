//! What is to become of an event.

use crate::bindings::tapline::plugin::types as raw;

/// A verdict, declared once in the plan and given by its [`VerdictId`] from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on unchanged.
    Keep,
    /// End here. The reason becomes a metric label and a ledger column, so it is a code.
    Drop(String),
    /// Deliver to exactly these destinations.
    Send(Vec<String>),
    /// Deliver to these destinations too.
    Also(Vec<String>),
}

/// Stands for a declared verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerdictId(pub(crate) u8);

/// Every plan has it, at index 0: what an event gets that the plugin says nothing about.
pub const KEEP: VerdictId = VerdictId(0);

// === impl Verdict ===

impl Verdict {
    pub fn drop(reason: impl Into<String>) -> Verdict {
        Verdict::Drop(reason.into())
    }

    pub fn send<T: Into<String>>(to: impl IntoIterator<Item = T>) -> Verdict {
        Verdict::Send(to.into_iter().map(Into::into).collect())
    }

    pub fn also<T: Into<String>>(to: impl IntoIterator<Item = T>) -> Verdict {
        Verdict::Also(to.into_iter().map(Into::into).collect())
    }

    pub(crate) fn into_raw(self) -> raw::Verdict {
        match self {
            Verdict::Keep => raw::Verdict::Keep,
            Verdict::Drop(reason) => raw::Verdict::Drop(reason),
            Verdict::Send(to) => raw::Verdict::Send(to),
            Verdict::Also(to) => raw::Verdict::Also(to),
        }
    }
}
