//! What the runner reports to whoever keeps the books.

use std::time::Duration;

use crate::{Alarm, Message, OpenAlert, Outcome, Time};

/// Called from the runner's threads; it should not take long, and must not wait for the runner.
pub trait Receipts: Send + Sync {
    /// Each try to deliver a message, and what came of it.
    fn delivery(&self, delivery: &Delivery<'_>);

    /// Somebody has taken an alert on.
    fn acknowledged(&self, _acknowledged: &Acknowledged<'_>) {}

    /// What has to be known beside the messages.
    fn alarm(&self, alarm: &Alarm);

    /// Each heartbeat, when it was tried.
    fn heartbeat(&self, _beat: &Beat) {}

    /// The runner has broken by a fault of its own, and tells nobody anything any more. The process should
    /// end, so that a supervisor starts another.
    fn broken(&self) {}

    /// Whether the dead man's switch may be told that all is well.
    fn healthy(&self) -> bool {
        true
    }
}

#[derive(Clone, Debug)]
pub struct Delivery<'a> {
    pub at: Time,
    pub channel: &'a str,
    pub message: &'a Message,
    pub outcome: Outcome,
    /// The receiver's id of it.
    pub receipt: Option<&'a str>,
    pub error: Option<&'a str>,
    /// From 1.
    pub attempt: u32,
    /// Whether there will be no further try.
    pub last: bool,
    /// How long this try took.
    pub took: Duration,
    /// How long after the event it was answered.
    pub since_event: Duration,
}

#[derive(Clone, Debug)]
pub struct Acknowledged<'a> {
    pub alert: &'a OpenAlert,
    pub by: &'a str,
    /// Empty where none was given.
    pub reason: &'a str,
}

#[derive(Clone, Debug)]
pub struct Beat {
    pub outcome: Outcome,
    pub error: Option<String>,
    pub took: Duration,
}
