//! What a channel is given to send: one alert, a group of them, or a summary of a storm.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::time::spoken;
use crate::{Notice, Severity, State, Time};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The same over all tries and channels: by it a receiver knows a message that it already has.
    pub id: String,
    pub kind: Kind,
    pub severity: Severity,
    pub at: Time,
    /// What it is about, never empty. Of a summary the one item stands for the storm itself.
    pub items: Vec<Item>,
    pub summary: Option<Summary>,
    /// The message in this channel that this one continues.
    pub earlier: Option<Earlier>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Firing,
    /// It still fires.
    Repeated,
    Resolved,
    Acknowledged,
    /// It fires and ends too often to be told each time.
    Flapping,
    /// It no longer flaps, and this is its state.
    Steady,
    /// Several alerts at once, each with its state.
    Group,
    /// More than the route's budget, or than its quiet hours let through, in one message.
    Summary,
    /// To a receiver that would let the alert expire; no person sees it.
    Refresh,
    Test,
}

impl Kind {
    pub fn code(self) -> &'static str {
        match self {
            Kind::Firing => "firing",
            Kind::Repeated => "repeated",
            Kind::Resolved => "resolved",
            Kind::Acknowledged => "acknowledged",
            Kind::Flapping => "flapping",
            Kind::Steady => "steady",
            Kind::Group => "group",
            Kind::Summary => "summary",
            Kind::Refresh => "refresh",
            Kind::Test => "test",
        }
    }
}

/// An alert as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What the source said last while it fired.
    pub notice: Arc<Notice>,
    pub state: State,
    /// The highest since it began to fire.
    pub severity: Severity,
    /// What it was first called: a subject that stays the same keeps a conversation together.
    pub title: String,
    pub since: Time,
    pub ended: Option<Time>,
    /// What the source said at the end.
    pub closing: Option<String>,
    /// How many times the source said that it fires.
    pub count: u64,
    /// It changes too often to be told each time.
    pub flapping: bool,
    pub acknowledged_by: Option<String>,
}

/// Counts of what was collapsed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub why: Why,
    pub from: Time,
    pub firing: u64,
    pub resolved: u64,
    /// The loudest, first those that fire.
    pub lines: Vec<Line>,
    /// How many alerts have no line.
    pub more: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The route's budget was used up.
    #[default]
    Storm,
    /// The route was quiet.
    Quiet,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub source: String,
    pub key: String,
    pub severity: Severity,
    pub state: State,
    /// How many times there was something to tell about it.
    pub count: u64,
    pub summary: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// `Message::id` of the one that opened the conversation.
    pub message: String,
    /// The receiver's id of it, where it gave one.
    pub receipt: Option<String>,
    /// Whether it was about this alert alone, so that it may be edited.
    pub alone: bool,
}

impl Message {
    pub fn state(&self) -> State {
        let firing = match &self.summary {
            Some(summary) => summary.firing > 0,
            None => self.items.iter().any(|item| item.state == State::Firing),
        };
        if firing { State::Firing } else { State::Resolved }
    }

    /// The alert that it is about first.
    pub fn first(&self) -> &Item {
        &self.items[0]
    }

    /// `CRITICAL firing`, `WARNING resolved after 5 min`.
    pub fn heading(&self) -> String {
        let severity = self.severity.code().to_uppercase();
        let item = self.first();
        match self.kind {
            Kind::Firing => format!("{severity} firing"),
            Kind::Repeated => format!("{severity} still firing after {}", spoken(self.at.since(item.since))),
            Kind::Resolved => format!("{severity} resolved after {}", item.lasted(self.at)),
            Kind::Acknowledged => format!("{severity} acknowledged"),
            Kind::Flapping => format!("{severity} flapping"),
            Kind::Steady => match item.state {
                State::Firing => format!("{severity} stays firing"),
                State::Resolved => format!("{severity} stays resolved"),
            },
            Kind::Group => {
                let firing = self.items.iter().filter(|item| item.state == State::Firing).count();
                counts(&severity, firing as u64, (self.items.len() - firing) as u64)
            }
            Kind::Summary => {
                let Some(summary) = &self.summary else { return format!("{severity} summary") };
                let what = match summary.why {
                    Why::Storm => "storm",
                    Why::Quiet => "in quiet hours",
                };
                format!("{}, {what}", counts(&severity, summary.firing, summary.resolved))
            }
            Kind::Refresh => severity,
            Kind::Test => "TEST".to_owned(),
        }
    }

    /// Heading and name in one line.
    pub fn title(&self) -> String {
        match self.kind {
            Kind::Group | Kind::Summary => self.heading(),
            _ => format!("{}: {}", self.heading(), self.first().name()),
        }
    }
}

fn counts(severity: &str, firing: u64, resolved: u64) -> String {
    match (firing, resolved) {
        (firing, 0) => format!("{severity} {firing} firing"),
        (0, resolved) => format!("{severity} {resolved} resolved"),
        (firing, resolved) => format!("{severity} {firing} firing, {resolved} resolved"),
    }
}

impl Item {
    /// What to call it: its summary, or its key where the source gave none.
    pub fn name(&self) -> &str {
        match self.notice.summary.trim() {
            "" => &self.notice.key,
            summary => summary,
        }
    }

    pub fn lasted(&self, now: Time) -> String {
        spoken(self.ended.unwrap_or(now).since(self.since))
    }

    /// A command that shows all that is known of the transaction, where the alert has one.
    pub fn trace_command(&self) -> Option<String> {
        let id = self.notice.detail("trace_id")?;
        let plain = !id.is_empty()
            && id.len() <= 128
            && !id.starts_with('-')
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
        plain.then(|| format!("tapline trace {id}"))
    }
}
