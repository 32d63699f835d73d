//! One alert: what is known of it, what was told of it and where.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rules::{ChannelName, Flap};
use crate::message::{Item, Line};
use crate::{Notice, Severity, State, Time};

/// Alerts have numbers on the board, so that what refers to them is small.
pub(super) type Number = u64;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Alert {
    /// What the source said last while it fired.
    pub notice: Arc<Notice>,
    pub title: String,
    /// The highest since it began to fire.
    pub severity: Severity,
    pub since: Time,
    pub phase: Phase,
    pub closing: Option<String>,
    pub count: u64,
    /// When it last changed, as long as flapping is a question.
    pub changes: VecDeque<Time>,
    /// While it flaps: when it will have been still for long enough.
    pub flapping: Option<Time>,
    /// There is something to tell that waits in a basket.
    pub pending: Option<Cause>,
    pub repeat: Option<Repeat>,
    pub acknowledged_by: Option<String>,
    pub told: BTreeMap<ChannelName, Told>,
    /// The highest severity that a message of this episode had.
    pub told_worst: Option<Severity>,
    /// A page about it had no receipt, and that was said.
    pub unreceipted: bool,
    /// Pages about it that may still go to another channel.
    pub pages: u32,
    /// Of a storm's own alert: those that only its summary told of.
    pub members: Option<BTreeSet<Number>>,
    /// Of a storm's own alert: until when it stays open because of those that were only counted, whose ends
    /// nobody will see.
    pub open_until: Option<Time>,
    /// The place in line of the newest notice about it.
    #[serde(skip)]
    pub order: u64,
    #[serde(skip)]
    pub timer: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Firing,
    /// Its source says that it has ended; it counts as firing until it has stayed so.
    Ending {
        at: Time,
        until: Time,
    },
    Ended {
        at: Time,
    },
}

/// Why there is something to tell; the later ones outweigh the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cause {
    Repeat,
    Change,
    Escalated,
    Flapping,
    Steady,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Repeat {
    pub at: Time,
    pub step: Duration,
}

/// That a channel was told that the alert fires, and not yet that it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// The message that opened the conversation.
    pub message: String,
    /// The dispatch of the newest in it.
    pub last: u64,
    pub receipt: Option<String>,
    /// The channel has it, as far as anybody can know, and was not told otherwise.
    pub arrived: bool,
    /// It arrived once, so that the end is owed.
    pub believed: bool,
    pub by: By,
    /// When a receiver that forgets wants to hear of it again.
    pub refresh: Option<Time>,
    /// The dispatch that tells it the end.
    pub resolving: Option<u64>,
    /// Telling the end failed: when to try again, and how often that was.
    pub retry: Option<Time>,
    pub tries: u32,
    /// What this took the place of, should the channel refuse it.
    pub before: Option<Box<Told>>,
}

/// In what kind of message; a message of its own replaces one that it shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum By {
    Itself,
    Group,
    /// A summary that counted it.
    Summary,
}

impl Alert {
    pub fn new(notice: Arc<Notice>, now: Time) -> Self {
        Alert {
            title: String::new(),
            severity: notice.severity,
            since: now,
            phase: Phase::Ended { at: now },
            closing: None,
            count: 0,
            changes: VecDeque::new(),
            flapping: None,
            pending: None,
            repeat: None,
            acknowledged_by: None,
            told: BTreeMap::new(),
            told_worst: None,
            unreceipted: false,
            pages: 0,
            members: None,
            open_until: None,
            order: 0,
            timer: None,
            notice,
        }
    }

    /// A new episode.
    pub fn begin(&mut self, notice: Arc<Notice>, now: Time) {
        self.since = notice.since.filter(|since| *since <= now).unwrap_or(now);
        // An episode that was critical and that nobody was told of goes on as such.
        let owed = self.pending.is_some() && self.is_owed_a_page();
        self.severity = if owed { Severity::Critical } else { notice.severity };
        self.phase = Phase::Firing;
        self.closing = None;
        self.acknowledged_by = None;
        self.told_worst = None;
        self.count = 1;
        self.title.clear();
        self.title.push_str(if notice.summary.trim().is_empty() { &notice.key } else { notice.summary.trim() });
        self.notice = notice;
    }

    pub fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended { .. })
    }

    /// It is critical, and nobody was told so.
    pub fn is_owed_a_page(&self) -> bool {
        self.severity == Severity::Critical && self.told_worst < Some(Severity::Critical)
    }

    /// Notes a change, and answers whether it makes the alert flap. While it flaps, each change puts off
    /// its end.
    pub fn changed(&mut self, flap: Option<Flap>, now: Time) -> bool {
        let Some(flap) = flap else { return false };
        self.changes.push_back(now);
        while self.changes.len() > flap.changes {
            self.changes.pop_front();
        }
        if self.flapping.is_some() {
            self.flapping = Some(now + flap.window);
            return false;
        }
        let first = self.changes[0];
        if self.changes.len() == flap.changes && now.since(first) <= flap.window {
            self.flapping = Some(now + flap.window);
            return true;
        }
        false
    }

    /// When something about it is due.
    pub fn deadline(&self, flap: Option<Flap>) -> Option<Time> {
        let mut due = [None; 3];
        if let Phase::Ending { until, .. } = self.phase {
            due[0] = Some(until);
        }
        due[1] = self.flapping;
        if let Some(repeat) = self.repeat.filter(|_| self.may_repeat()) {
            due[2] = Some(repeat.at);
        }
        let refreshing = !self.is_ended();
        let told = self.told.values().flat_map(|told| [told.retry, told.refresh.filter(|_| refreshing)]).flatten();
        let due = due.into_iter().chain([self.open_until]).flatten().chain(told).min();
        due.or_else(|| self.forget_at(flap))
    }

    pub fn may_repeat(&self) -> bool {
        self.phase == Phase::Firing
            && self.flapping.is_none()
            && self.pending.is_none()
            && self.acknowledged_by.is_none()
            && self.members.is_none()
    }

    /// When nothing about it matters any more.
    pub fn forget_at(&self, flap: Option<Flap>) -> Option<Time> {
        let Phase::Ended { at } = self.phase else { return None };
        if !self.told.is_empty() || self.pending.is_some() || self.flapping.is_some() || self.pages > 0 {
            return None;
        }
        Some(match (flap, self.changes.back()) {
            (Some(flap), Some(last)) => *last + flap.window,
            _ => at,
        })
    }

    pub fn item(&self) -> Item {
        let (state, ended) = match self.phase {
            Phase::Ended { at } => (State::Resolved, Some(at)),
            _ => (State::Firing, None),
        };
        Item {
            notice: self.notice.clone(),
            state,
            severity: self.severity,
            title: self.title.clone(),
            since: self.since,
            ended,
            closing: self.closing.clone().filter(|_| state == State::Resolved),
            count: self.count,
            flapping: self.flapping.is_some(),
            acknowledged_by: self.acknowledged_by.clone(),
        }
    }

    pub fn line(&self, count: u64) -> Line {
        let mut summary = self.notice.summary.clone();
        crate::text::cut(&mut summary, 160);
        Line {
            source: self.notice.source.clone(),
            key: self.notice.key.clone(),
            severity: self.severity,
            state: if self.is_ended() { State::Resolved } else { State::Firing },
            count,
            summary,
        }
    }
}
