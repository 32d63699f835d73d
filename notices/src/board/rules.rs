//! What the board goes by: checked configuration, with names made whole.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::budget::Budget;
use super::quiet::{self, Quiet};
use crate::{Notice, Severity, Time};

/// A channel's name in the configuration.
pub type ChannelName = Arc<str>;

#[derive(Clone, Debug)]
pub struct Rules {
    pub channels: BTreeMap<ChannelName, Manner>,
    /// The first that fits a notice takes it.
    pub routes: Vec<Arc<Route>>,
    /// An end is told only after it has lasted so long.
    pub hold: Duration,
    pub flap: Option<Flap>,
    /// Alerts that are remembered one by one, and a quarter more for criticals; beyond it they are only
    /// counted.
    pub alerts_max: usize,
}

/// What kind of receiver is at a channel's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// It keeps the state of each alert by itself, as a pager does: ends are told to it at once and
    /// outside the budget, for they make no noise there, and an end that is missing stays an open incident.
    pub keeps_state: bool,
    /// It forgets an alert that is not told again within this.
    pub refresh: Option<Duration>,
    /// It can show that somebody has taken an alert on.
    pub acknowledges: bool,
}

/// So many changes within the window are flapping; a window without any ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flap {
    pub changes: usize,
    pub window: Duration,
}

#[derive(Clone, Debug)]
pub struct Route {
    pub name: Arc<str>,
    pub severities: Vec<Severity>,
    /// Sources that it takes; empty means any.
    pub sources: Vec<String>,
    /// Details that a notice must have.
    pub details: Vec<(String, String)>,
    /// The first of these is told; the next where the one before it does not give a receipt.
    pub to: Vec<ChannelName>,
    /// Told in any case, too.
    pub also: Vec<ChannelName>,
    /// A page goes to the next channel after so long without a receipt.
    pub fallback_after: Duration,
    pub repeat: Backoff,
    pub group: Option<Group>,
    pub budget: Budget,
    /// The budget of criticals, which nothing else can use up.
    pub reserve: Budget,
    /// What is beyond the budget is collected so long, then told in one message.
    pub window: Duration,
    /// The same of criticals.
    pub reserve_window: Duration,
    pub quiet: Vec<Quiet>,
}

/// From `first` doubling to `most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    pub first: Duration,
    pub most: Duration,
}

/// Notices that have these details in common and come within `wait` are one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub by: Vec<String>,
    pub wait: Duration,
}

impl Rules {
    pub(super) fn route(&self, notice: &Notice, severity: Severity) -> Option<&Arc<Route>> {
        self.routes.iter().find(|route| route.takes(notice, severity))
    }

    pub(super) fn route_named(&self, name: &str) -> Option<&Arc<Route>> {
        self.routes.iter().find(|route| *route.name == *name)
    }

    pub(super) fn keeps_state(&self, channel: &str) -> bool {
        self.channels.get(channel).is_some_and(|manner| manner.keeps_state)
    }

    /// Channels that a notice names and that exist, in its order.
    pub(super) fn named(&self, notice: &Notice) -> Vec<ChannelName> {
        let mut named: Vec<ChannelName> = Vec::new();
        for name in &notice.to {
            match self.channels.get_key_value(name.as_str()) {
                Some((name, _)) if !named.contains(name) => named.push(name.clone()),
                _ => {}
            }
        }
        named
    }
}

impl Route {
    fn takes(&self, notice: &Notice, severity: Severity) -> bool {
        self.severities.contains(&severity)
            && (self.sources.is_empty() || self.sources.contains(&notice.source))
            && self.details.iter().all(|(key, value)| notice.detail(key) == Some(value))
    }

    pub(super) fn quiet_until(&self, now: Time) -> Option<Time> {
        quiet::until(&self.quiet, now)
    }
}

impl Backoff {
    pub(super) fn after(&self, step: Duration) -> Duration {
        step.saturating_mul(2).min(self.most.max(self.first))
    }
}

impl Group {
    pub(super) fn key(&self, notice: &Notice) -> String {
        let values = self.by.iter().map(|name| match name.as_str() {
            "source" => notice.source.as_str(),
            "severity" => notice.severity.code(),
            name => notice.detail(name).unwrap_or(""),
        });
        values.collect::<Vec<_>>().join("\u{1f}")
    }
}
