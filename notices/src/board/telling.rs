//! From "there is something to tell" to a message: at once, or by way of a basket.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alert::{Alert, By, Cause, Number, Repeat};
use super::basket::{BasketKey, Pen};
use super::dispatch::Draft;
use super::rules::{ChannelName, Route};
use super::{Alarm, Board, Kind};
use crate::message::Why;
use crate::{Severity, Time};

impl Board {
    /// There is something to tell about an alert.
    pub(super) fn tell(&mut self, number: Number, cause: Cause, now: Time) {
        let alert = &self.state.alerts[&number];
        let page = alert.severity == Severity::Critical;
        let Some(route) = self.rules.route(&alert.notice, alert.severity).cloned() else {
            return self.unrouted(number);
        };
        let to = self.rules.named(&alert.notice);
        let alert = self.alert(number);
        alert.pending = alert.pending.max(Some(cause));
        let pen = if page { Pen::Page } else { Pen::Plain };
        let key = BasketKey { route: route.name.clone(), pen, to };
        let buckets = self.state.buckets.entry(route.name.clone()).or_default();
        if self.state.baskets.contains_key(&key) {
            self.collect(key, Why::Storm, now, Some((number, 1)), now);
        } else if page {
            match buckets.reserve.take(&route.reserve, now) {
                true => self.tell_one(number, cause, &route, &key.to, now),
                false => self.collect(key, Why::Storm, now + route.reserve_window, Some((number, 1)), now),
            }
        } else if let Some(end) = route.quiet_until(now) {
            self.collect(key, Why::Quiet, end, Some((number, 1)), now);
        } else if let Some(group) = &route.group {
            let pen = Pen::Group(group.key(&self.state.alerts[&number].notice));
            self.join_group(BasketKey { pen, ..key }, now + group.wait, number, now);
        } else {
            match buckets.plain.take(&route.budget, now) {
                true => self.tell_one(number, cause, &route, &key.to, now),
                false => self.collect(key, Why::Storm, now + route.window, Some((number, 1)), now),
            }
        }
    }

    /// It has ended, and stayed so.
    pub(super) fn tell_end(&mut self, number: Number, kind: Kind, now: Time) {
        self.leave_storms(number, now);
        let rules = &self.rules;
        let alert = self.state.alerts.get_mut(&number).expect("it has just ended");
        // A receiver that keeps state knows of those that only a summary told of by the storm's own alert.
        alert.told.retain(|channel, told| !rules.keeps_state(channel) || told.by != By::Summary);
        let (machines, people): (Vec<ChannelName>, Vec<ChannelName>) = alert
            .told
            .iter()
            .filter(|(_, told)| told.resolving.is_none())
            .map(|(channel, _)| channel.clone())
            .partition(|channel| rules.keeps_state(channel));
        self.resolve(number, &machines, kind, now);
        if !people.is_empty() {
            let cause = if kind == Kind::Steady { Cause::Steady } else { Cause::Change };
            self.tell(number, cause, now);
        }
    }

    /// One message about one alert.
    pub(super) fn tell_one(&mut self, number: Number, cause: Cause, route: &Arc<Route>, to: &[ChannelName], now: Time) {
        let (chain, also) = route.channels(to);
        let alert = self.alert(number);
        alert.pending = None;
        if alert.is_ended() && alert.flapping.is_none() {
            self.tell_one_end(number, cause, route, (chain, also), now);
        } else {
            self.tell_one_firing(number, cause, route, (chain, also), now);
        }
        self.reschedule(number);
    }

    fn tell_one_firing(
        &mut self,
        number: Number,
        cause: Cause,
        route: &Arc<Route>,
        (chain, mut also): (Vec<ChannelName>, Vec<ChannelName>),
        now: Time,
    ) {
        let alert = self.alert(number);
        alert.schedule_repeat(route, cause == Cause::Repeat, now);
        let kind = match cause {
            _ if alert.flapping.is_some() => Kind::Flapping,
            Cause::Repeat => Kind::Repeated,
            Cause::Steady | Cause::Flapping => Kind::Steady,
            Cause::Change | Cause::Escalated => Kind::Firing,
        };
        if cause == Cause::Change && kind == Kind::Firing {
            // It may have ended and begun again before the end was told: to those who were not told the
            // end nothing has changed.
            also.retain(|channel| !alert.knows(channel));
            if also.is_empty() && chain.first().is_some_and(|channel| alert.knows(channel)) {
                return;
            }
        }
        if kind == Kind::Repeated {
            self.state.counts.repeats += 1;
        }
        let alert = &self.state.alerts[&number];
        let draft = Draft {
            kind,
            severity: alert.severity,
            page: alert.severity == Severity::Critical,
            items: vec![alert.item()],
            summary: None,
            chain,
            also,
            wait: route.fallback_after,
            about: vec![(number, true)],
        };
        self.start(draft, now);
    }

    fn tell_one_end(
        &mut self,
        number: Number,
        cause: Cause,
        route: &Arc<Route>,
        (mut chain, mut also): (Vec<ChannelName>, Vec<ChannelName>),
        now: Time,
    ) {
        let kind = if cause == Cause::Steady { Kind::Steady } else { Kind::Resolved };
        let alert = &self.state.alerts[&number];
        let owed = alert.is_owed_a_page();
        if !alert.told.is_empty() && !owed {
            let open = alert.told.iter().filter(|(_, told)| told.resolving.is_none() && told.retry.is_none());
            let channels: Vec<ChannelName> = open.map(|(channel, _)| channel.clone()).collect();
            return self.resolve(number, &channels, kind, now);
        }
        // It came and went while it waited to be told.
        if !owed {
            chain.retain(|channel| !self.rules.keeps_state(channel));
            also.retain(|channel| !self.rules.keeps_state(channel));
        }
        let draft = Draft {
            kind: if owed { Kind::Firing } else { kind },
            severity: alert.severity,
            page: owed,
            items: vec![alert.item()],
            summary: None,
            chain,
            also,
            wait: route.fallback_after,
            about: if owed { vec![(number, true)] } else { Vec::new() },
        };
        self.start(draft, now);
        if owed {
            self.tell_end(number, Kind::Resolved, now);
        }
    }

    pub(super) fn tell_group(&mut self, numbers: &[Number], route: &Arc<Route>, to: &[ChannelName], now: Time) {
        let (chain, also) = route.channels(to);
        let (mut items, mut about) = (Vec::new(), Vec::new());
        for &number in numbers {
            let alert = self.alert(number);
            let cause = alert.pending.take();
            let firing = !alert.is_ended() || alert.flapping.is_some();
            if firing {
                alert.schedule_repeat(route, cause == Some(Cause::Repeat), now);
                about.push((number, true));
            }
            items.push(alert.item());
        }
        let severity = items.iter().map(|item| item.severity).max().unwrap_or(Severity::Info);
        let wait = route.fallback_after;
        let draft = Draft { kind: Kind::Group, severity, page: false, items, summary: None, chain, also, wait, about };
        self.start(draft, now);
        for &number in numbers {
            self.reschedule(number);
        }
    }

    /// The ends of several, to each channel those that it was told of.
    pub(super) fn tell_group_ends(&mut self, numbers: &[Number], now: Time) {
        let mut by_channel: BTreeMap<ChannelName, Vec<Number>> = BTreeMap::new();
        for &number in numbers {
            let alert = self.alert(number);
            alert.pending = None;
            for (channel, _) in alert.told.iter().filter(|(_, told)| told.resolving.is_none()) {
                by_channel.entry(channel.clone()).or_default().push(number);
            }
        }
        for (channel, numbers) in by_channel {
            if let [number] = numbers[..] {
                self.resolve(number, &[channel], Kind::Resolved, now);
                continue;
            }
            let items: Vec<_> = numbers.iter().map(|number| self.state.alerts[number].item()).collect();
            let draft = Draft {
                kind: Kind::Group,
                severity: items.iter().map(|item| item.severity).max().unwrap_or(Severity::Info),
                page: false,
                items,
                summary: None,
                chain: vec![channel],
                also: Vec::new(),
                wait: Default::default(),
                about: numbers.iter().map(|number| (*number, false)).collect(),
            };
            self.start(draft, now);
        }
        for &number in numbers {
            self.reschedule(number);
        }
    }

    /// Tells each of these channels that it has ended.
    pub(super) fn resolve(&mut self, number: Number, channels: &[ChannelName], kind: Kind, now: Time) {
        for channel in channels {
            self.tell_channel(number, kind, channel.clone(), false, now);
        }
    }

    pub(super) fn retry_ends(&mut self, number: Number, now: Time) {
        let alert = self.alert(number);
        let ended = alert.is_ended();
        let mut channels = Vec::new();
        for (channel, told) in &mut alert.told {
            if told.retry.is_some_and(|at| at <= now) {
                told.retry = None;
                channels.push(channel.clone());
            }
        }
        if !ended {
            return;
        }
        let (machines, people): (Vec<ChannelName>, Vec<ChannelName>) =
            channels.into_iter().partition(|channel| self.rules.keeps_state(channel));
        self.resolve(number, &machines, Kind::Resolved, now);
        if !people.is_empty() {
            self.tell(number, Cause::Change, now);
        }
    }

    pub(super) fn refresh(&mut self, number: Number, now: Time) {
        let alert = &self.state.alerts[&number];
        if alert.is_ended() {
            return;
        }
        let due = alert.told.iter().filter(|(_, told)| told.refresh.is_some_and(|at| at <= now));
        let due: Vec<ChannelName> = due.map(|(channel, _)| channel.clone()).collect();
        for channel in due {
            let every = self.rules.channels.get(&channel).and_then(|manner| manner.refresh);
            let alert = self.alert(number);
            alert.told.get_mut(&channel).expect("it was there").refresh = every.map(|every| now + every);
            self.quietly(number, Kind::Refresh, channel, now);
        }
    }

    pub(super) fn tell_acknowledged(&mut self, number: Number, now: Time) {
        let shows = |channel: &ChannelName| self.rules.channels.get(channel).is_some_and(|of| of.acknowledges);
        // Of what only a summary told of, a receiver has nothing that could be acknowledged.
        let told = self.state.alerts[&number].told.iter().filter(|(_, told)| told.by != By::Summary);
        let channels: Vec<ChannelName> =
            told.map(|(channel, _)| channel).filter(|channel| shows(channel)).cloned().collect();
        for channel in channels {
            self.quietly(number, Kind::Acknowledged, channel, now);
        }
    }

    /// To one channel, without changing what it counts as told.
    fn quietly(&mut self, number: Number, kind: Kind, channel: ChannelName, now: Time) {
        self.tell_channel(number, kind, channel, true, now);
    }

    /// A message about it alone, to one channel; `firing` as in [`Draft::about`].
    fn tell_channel(&mut self, number: Number, kind: Kind, channel: ChannelName, firing: bool, now: Time) {
        let alert = &self.state.alerts[&number];
        let draft = Draft {
            kind,
            severity: alert.severity,
            page: false,
            items: vec![alert.item()],
            summary: None,
            chain: vec![channel],
            also: Vec::new(),
            wait: Default::default(),
            about: vec![(number, firing)],
        };
        self.start(draft, now);
    }

    /// The check of the configuration makes sure that this does not happen; if it does, it is not silent.
    fn unrouted(&mut self, number: Number) {
        let alert = self.alert(number);
        alert.repeat = None;
        if alert.severity == Severity::Critical && !alert.unreceipted {
            alert.unreceipted = true;
            let (about, title) = (Some(alert.notice.id()), alert.title.clone());
            self.state.counts.pages_unreceipted += 1;
            self.state.alarms.push(Alarm::PageUnreceipted { message: String::new(), about, title, tried: Vec::new() });
        }
    }
}

impl Alert {
    pub(super) fn schedule_repeat(&mut self, route: &Route, again: bool, now: Time) {
        let step = match self.repeat {
            Some(repeat) if again => route.repeat.after(repeat.step),
            _ => route.repeat.first,
        };
        self.repeat = Some(Repeat { at: now + step, step });
    }

    /// Whether a channel knows that it fires.
    fn knows(&self, channel: &ChannelName) -> bool {
        self.told.get(channel).is_some_and(|told| told.arrived && told.resolving.is_none())
    }
}

impl Route {
    /// Whom to tell: those that the notice names, or the route's own.
    pub(super) fn channels(&self, to: &[ChannelName]) -> (Vec<ChannelName>, Vec<ChannelName>) {
        match to.is_empty() {
            true => (self.to.clone(), self.also.clone()),
            false => (to.to_vec(), Vec::new()),
        }
    }
}
