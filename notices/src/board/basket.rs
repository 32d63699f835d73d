//! Where things to tell wait: for others of their group, for the end of quiet hours, for a budget.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::alert::{Alert, Number, Phase};
use super::dispatch::Draft;
use super::rules::{ChannelName, Route};
use super::{Board, Kind, Timer};
use crate::message::{Item, Line, Summary, Why};
use crate::{Notice, Severity, State, Time};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct BasketKey {
    pub route: Arc<str>,
    pub pen: Pen,
    /// The channels that the notices in it name, where they name any.
    pub to: Vec<ChannelName>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pen {
    /// Those that have these values in common.
    Group(String),
    /// What quiet hours or the budget keep. While it is open, everything that is not critical goes in.
    Plain,
    /// Criticals beyond their reserve.
    Page,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Basket {
    pub opened: Time,
    pub due: Time,
    pub why: Why,
    /// How many times there was something to tell about an alert.
    pub entries: BTreeMap<Number, u64>,
    /// Notices of alerts that are not remembered one by one.
    pub extra: u64,
}

/// More alerts than a person reads in one message are two messages.
const GROUP_MAX: usize = 20;
const LINES_MAX: usize = 30;
/// How long what was only counted is taken to go on.
const UNCOUNTED_LAST: Duration = Duration::from_secs(3600);

impl Board {
    /// Puts something to tell into a basket, which is opened where it is not.
    pub(super) fn collect(&mut self, key: BasketKey, why: Why, due: Time, entry: Option<(Number, u64)>, now: Time) {
        let timers = &mut self.timers;
        let basket = self.state.baskets.entry(key.clone()).or_insert_with(|| {
            timers.insert((due, Timer::Basket(key)));
            Basket { opened: now, due, why, entries: BTreeMap::new(), extra: 0 }
        });
        match entry {
            Some((number, count)) => *basket.entries.entry(number).or_default() += count,
            None => basket.extra += 1,
        }
        match basket.why {
            Why::Quiet => self.state.counts.quiet += 1,
            Why::Storm => self.state.counts.over_budget += 1,
        }
    }

    pub(super) fn join_group(&mut self, key: BasketKey, due: Time, number: Number, now: Time) {
        let timers = &mut self.timers;
        let basket = self.state.baskets.entry(key.clone()).or_insert_with(|| {
            timers.insert((due, Timer::Basket(key.clone())));
            Basket { opened: now, due, why: Why::Storm, entries: BTreeMap::new(), extra: 0 }
        });
        *basket.entries.entry(number).or_default() += 1;
        self.state.counts.grouped += 1;
        if basket.entries.len() >= GROUP_MAX {
            self.timers.remove(&(basket.due, Timer::Basket(key.clone())));
            self.empty(key, now);
        }
    }

    /// A notice beyond the number of alerts that are remembered.
    pub(super) fn overflow(&mut self, notice: &Notice, now: Time) {
        self.state.counts.overflowed += 1;
        let Some(route) = self.rules.route(notice, notice.severity).cloned() else { return };
        let page = notice.severity == Severity::Critical;
        let pen = if page { Pen::Page } else { Pen::Plain };
        let (why, due) = match route.quiet_until(now).filter(|_| !page) {
            Some(end) => (Why::Quiet, end),
            None => (Why::Storm, now + if page { route.reserve_window } else { route.window }),
        };
        self.collect(BasketKey { route: route.name.clone(), pen, to: Vec::new() }, why, due, None, now);
    }

    /// A basket's time has come.
    pub(super) fn empty(&mut self, key: BasketKey, now: Time) {
        let Some(mut basket) = self.state.baskets.remove(&key) else { return };
        // What was told otherwise in the meantime does not wait any more, and what has become critical
        // waits elsewhere.
        basket.entries.retain(|number, _| {
            self.state.alerts.get(number).is_some_and(|alert| {
                alert.pending.is_some() && (key.pen == Pen::Page || alert.severity < Severity::Critical)
            })
        });
        let route = self.rules.route_named(&key.route).cloned();
        // Where the configuration has changed, and where an alert began anew and is critical no more, it
        // finds its way anew.
        let astray = |number: &Number| {
            route.is_none() || (key.pen == Pen::Page && self.state.alerts[number].severity < Severity::Critical)
        };
        let anew: Vec<Number> = basket.entries.keys().copied().filter(astray).collect();
        for number in anew {
            basket.entries.remove(&number);
            let cause = self.alert(number).pending.expect("those without were left out");
            self.tell(number, cause, now);
        }
        let Some(route) = route else { return };
        if basket.entries.is_empty() && basket.extra == 0 {
            return self.end_storm_if_over(&key, now);
        }
        match key.pen {
            Pen::Group(_) => self.empty_group(&route, &key, basket, now),
            Pen::Plain => {
                let buckets = self.state.buckets.entry(key.route.clone()).or_default();
                let again = match route.quiet_until(now) {
                    Some(end) => Some(end),
                    None if buckets.plain.take(&route.budget, now) => None,
                    None => Some(buckets.plain.next(&route.budget, now)),
                };
                match again {
                    Some(due) => {
                        basket.due = due;
                        self.timers.insert((due, Timer::Basket(key.clone())));
                        self.state.baskets.insert(key, basket);
                    }
                    None => self.empty_into_summary(&route, key, basket, now),
                }
            }
            Pen::Page => {
                // With or without a token: a critical is never told nothing.
                let buckets = self.state.buckets.entry(key.route.clone()).or_default();
                buckets.reserve.take(&route.reserve, now);
                self.empty_into_summary(&route, key, basket, now);
            }
        }
    }

    fn empty_group(&mut self, route: &Arc<Route>, key: &BasketKey, basket: Basket, now: Time) {
        let ends = |number: &Number| {
            let alert = &self.state.alerts[number];
            alert.is_ended() && alert.flapping.is_none() && !alert.told.is_empty()
        };
        let (ended, begun): (Vec<_>, Vec<_>) = basket.entries.into_iter().partition(|(number, _)| ends(number));
        for (part, are_ends) in [(begun, false), (ended, true)] {
            if part.is_empty() {
                continue;
            }
            let plain = BasketKey { pen: Pen::Plain, ..key.clone() };
            let open = self.state.baskets.contains_key(&plain);
            let quiet = route.quiet_until(now);
            let buckets = self.state.buckets.entry(key.route.clone()).or_default();
            if open || quiet.is_some() || !buckets.plain.take(&route.budget, now) {
                let (why, due) = match quiet {
                    Some(end) => (Why::Quiet, end),
                    None => (Why::Storm, now + route.window),
                };
                for entry in part {
                    self.collect(plain.clone(), why, due, Some(entry), now);
                }
                continue;
            }
            let numbers: Vec<Number> = part.into_iter().map(|(number, _)| number).collect();
            match (&numbers[..], are_ends) {
                (&[number], _) => {
                    let cause = self.alert(number).pending.expect("those without were left out");
                    self.tell_one(number, cause, route, &key.to, now);
                }
                (numbers, false) => self.tell_group(numbers, route, &key.to, now),
                (numbers, true) => self.tell_group_ends(numbers, now),
            }
        }
    }

    fn empty_into_summary(&mut self, route: &Arc<Route>, key: BasketKey, basket: Basket, now: Time) {
        if let (Some((&number, _)), 1, 0) = (basket.entries.first_key_value(), basket.entries.len(), basket.extra) {
            let cause = self.alert(number).pending.expect("those without were left out");
            self.tell_one(number, cause, route, &key.to, now);
            return self.end_storm_if_over(&key, now);
        }
        self.tell_summary(route, key, basket, now);
    }

    fn tell_summary(&mut self, route: &Arc<Route>, key: BasketKey, basket: Basket, now: Time) {
        let severity = self.loudest(&basket, &key);
        let storm = self.storm(&key, now);
        let (mut summary, mut about, mut told_on) = (Summary::default(), Vec::new(), BTreeSet::new());
        // Whether a critical came and went, and nobody knows.
        let mut owed = false;
        (summary.why, summary.from) = (basket.why, basket.opened);
        summary.firing = basket.extra;
        let mut lines: Vec<Line> = Vec::new();
        for (&number, &count) in &basket.entries {
            let alert = self.state.alerts.get_mut(&number).expect("those that are gone were left out");
            alert.pending = None;
            lines.push(alert.line(count));
            let firing = !alert.is_ended() || alert.flapping.is_some();
            if firing {
                summary.firing += 1;
                alert.schedule_repeat(route, false, now);
            } else {
                summary.resolved += 1;
                owed |= alert.is_owed_a_page();
                alert.told_worst = Some(alert.severity);
                told_on.extend(alert.told.keys().filter(|channel| !self.rules.keeps_state(channel)).cloned());
            }
            about.push((number, firing));
        }
        lines.sort_by(|a, b| (a.state, b.severity, b.count, &a.key).cmp(&(b.state, a.severity, a.count, &b.key)));
        summary.more = (lines.len().saturating_sub(LINES_MAX)) as u64 + basket.extra;
        lines.truncate(LINES_MAX);
        summary.lines = lines;

        let (mut chain, mut also) = route.channels(&key.to);
        let page = key.pen == Pen::Page && (summary.firing > 0 || owed);
        if summary.firing == 0 && !owed {
            // To a receiver that keeps state the ends were told already, one by one.
            chain.retain(|channel| !self.rules.keeps_state(channel));
            also.retain(|channel| !self.rules.keeps_state(channel));
        }
        also.extend(told_on);
        let item = self.storm_item(storm, route, &summary, severity, now);
        let members = about.iter().filter(|(_, firing)| *firing).map(|(number, _)| *number).collect::<Vec<_>>();
        let storm_alert = self.alert(storm);
        storm_alert.members.get_or_insert_default().extend(members);
        if basket.extra > 0 {
            storm_alert.open_until = Some(now + UNCOUNTED_LAST);
        }
        about.insert(0, (storm, true));
        self.state.counts.summaries += 1;
        self.start(
            Draft {
                kind: Kind::Summary,
                severity,
                page,
                items: vec![item],
                summary: Some(summary),
                chain,
                also,
                wait: route.fallback_after,
                about,
            },
            now,
        );
        let numbers: Vec<Number> = basket.entries.into_keys().collect();
        for number in numbers {
            self.reschedule(number);
        }
        self.reschedule(storm);
        self.end_storm_if_over(&key, now);
    }

    fn loudest(&self, basket: &Basket, key: &BasketKey) -> Severity {
        if basket.extra > 0 && key.pen == Pen::Page {
            return Severity::Critical;
        }
        let alerts = || basket.entries.keys().map(|number| &self.state.alerts[number]);
        let firing = alerts().filter(|alert| !alert.is_ended()).map(|alert| alert.severity).max();
        firing.or_else(|| alerts().map(|alert| alert.severity).max()).unwrap_or(Severity::Warning)
    }

    /// The alert that stands for a storm. To a pager it is one incident, open until everything that only
    /// a summary told of has ended.
    fn storm(&mut self, key: &BasketKey, now: Time) -> Number {
        if let Some(&number) = self.state.storms.get(key) {
            return number;
        }
        let number = self.number();
        let mut name = format!("storm/{}", key.route);
        for part in key.to.iter().map(|channel| &**channel).chain((key.pen == Pen::Page).then_some("critical")) {
            name.push('/');
            name.push_str(part);
        }
        let notice = Arc::new(Notice::firing("tapline", &name, Severity::Warning, "", now));
        let mut alert = Alert::new(notice, now);
        alert.members = Some(BTreeSet::new());
        self.state.alerts.insert(number, alert);
        self.state.storms.insert(key.clone(), number);
        number
    }

    fn storm_item(&mut self, number: Number, route: &Route, summary: &Summary, severity: Severity, now: Time) -> Item {
        let text = match summary.why {
            Why::Storm => format!(
                "{} alerts firing, {} resolved, beyond the budget of route {}",
                summary.firing, summary.resolved, route.name
            ),
            Why::Quiet => format!(
                "{} alerts firing, {} resolved, in the quiet hours of route {}",
                summary.firing, summary.resolved, route.name
            ),
        };
        let alert = self.alert(number);
        let key = alert.notice.key.clone();
        let notice = Arc::new(Notice::firing("tapline", &key, severity, &text, now));
        if alert.is_ended() {
            alert.begin(notice, summary.from);
        } else {
            alert.notice = notice;
            alert.count += 1;
        }
        alert.severity = alert.severity.max(severity);
        let mut item = alert.item();
        item.state = if summary.firing > 0 { State::Firing } else { State::Resolved };
        item
    }

    /// An alert has ended that a storm's summary told of.
    pub(super) fn leave_storms(&mut self, number: Number, now: Time) {
        let mut left = Vec::new();
        for (key, storm) in &self.state.storms {
            if let Some(members) = self.state.alerts.get_mut(storm).and_then(|storm| storm.members.as_mut())
                && members.remove(&number)
            {
                left.push(key.clone());
            }
        }
        for key in left {
            self.end_storm_if_over(&key, now);
        }
    }

    /// What was only counted is taken to have ended.
    pub(super) fn storm_due(&mut self, number: Number, now: Time) {
        self.alert(number).open_until = None;
        self.end_this_storm_if_over(number, now);
    }

    pub(super) fn end_this_storm_if_over(&mut self, number: Number, now: Time) {
        let key = self.state.storms.iter().find(|(_, storm)| **storm == number).map(|(key, _)| key.clone());
        if let Some(key) = key {
            self.end_storm_if_over(&key, now);
        }
    }

    fn end_storm_if_over(&mut self, key: &BasketKey, now: Time) {
        let Some(&number) = self.state.storms.get(key) else { return };
        let open = self.state.baskets.contains_key(key);
        let alert = self.alert(number);
        if open || alert.open_until.is_some() || alert.members.as_ref().is_some_and(|members| !members.is_empty()) {
            return;
        }
        if !alert.is_ended() {
            alert.phase = Phase::Ended { at: now };
        }
        // People were told the end of each.
        let rules = &self.rules;
        let alert = self.state.alerts.get_mut(&number).expect("it was just there");
        alert.told.retain(|channel, _| rules.keeps_state(channel));
        let channels: Vec<ChannelName> = alert
            .told
            .iter()
            .filter(|(_, told)| told.resolving.is_none() && told.retry.is_none())
            .map(|(channel, _)| channel.clone())
            .collect();
        self.resolve(number, &channels, Kind::Resolved, now);
        self.reschedule(number);
    }
}
