//! What may come of a delivery: a closed set, at once metric label, ledger column and audit value.

use std::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The receiver said that it has it.
    Delivered,
    /// The receiver took it without the proof that it owes; it counts less than a receipt.
    Assumed,
    /// The receiver will never take this.
    Refused,
    /// The receiver, or our own bound, says: too much now.
    Limited,
    /// No answer in time. It may have arrived.
    TimedOut,
    /// It could not be handed over.
    Failed,
    /// Not sent, on purpose.
    Suppressed,
}

impl Outcome {
    pub const ALL: [Outcome; 7] = [
        Outcome::Delivered,
        Outcome::Assumed,
        Outcome::Refused,
        Outcome::Limited,
        Outcome::TimedOut,
        Outcome::Failed,
        Outcome::Suppressed,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Outcome::Delivered => "delivered",
            Outcome::Assumed => "assumed",
            Outcome::Refused => "refused",
            Outcome::Limited => "limited",
            Outcome::TimedOut => "timed_out",
            Outcome::Failed => "failed",
            Outcome::Suppressed => "suppressed",
        }
    }

    /// Whether the receiver has it, as far as anybody can know.
    pub fn arrived(self) -> bool {
        matches!(self, Outcome::Delivered | Outcome::Assumed)
    }
}

/// What a receiver gave as proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// False where the answer proves nothing (`assumed`).
    pub proven: bool,
    /// The receiver's own id of it: channel and timestamp at Slack, `dedup_key` at PagerDuty, the queue's
    /// id of a mail.
    pub id: Option<String>,
}

impl Receipt {
    pub fn proven(id: impl Into<Option<String>>) -> Self {
        Receipt { proven: true, id: id.into() }
    }

    pub fn assumed() -> Self {
        Receipt { proven: false, id: None }
    }

    pub fn outcome(&self) -> Outcome {
        if self.proven { Outcome::Delivered } else { Outcome::Assumed }
    }
}

/// Why a channel could not deliver, and whether another try may help. `what` is written by the channel in
/// its own words, so that no address or token of a receiver gets into a log by way of an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ChannelError {
    pub outcome: Outcome,
    pub what: String,
    pub retry: Retry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    Never,
    /// When the runner thinks fit.
    Later,
    /// Not before this has passed: the receiver said so.
    After(Duration),
}

impl ChannelError {
    pub fn refused(what: impl Into<String>) -> Self {
        ChannelError { outcome: Outcome::Refused, what: what.into(), retry: Retry::Never }
    }

    pub fn limited(what: impl Into<String>, after: Option<Duration>) -> Self {
        ChannelError { outcome: Outcome::Limited, what: what.into(), retry: after.map_or(Retry::Later, Retry::After) }
    }

    pub fn timed_out(what: impl Into<String>) -> Self {
        ChannelError { outcome: Outcome::TimedOut, what: what.into(), retry: Retry::Later }
    }

    pub fn failed(what: impl Into<String>) -> Self {
        ChannelError { outcome: Outcome::Failed, what: what.into(), retry: Retry::Later }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_what_is_saved() {
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.code());
        }
    }
}
