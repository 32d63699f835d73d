//! A message on its way: to the first channel of a chain, to the next where that one refuses or is silent,
//! and to those that get it in any case.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::alert::{By, Number, Told};
use super::rules::ChannelName;
use super::{Alarm, Board, END_RETRY, END_RETRY_MAX, END_TRIES_MAX, Kind, Timer};
use crate::message::{Earlier, Item, Summary};
use crate::{Message, Outcome, Severity, Time};

/// A message for one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    pub id: SendId,
    pub message: Message,
    /// It goes before all that is none.
    pub page: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendId {
    pub dispatch: u64,
    pub channel: ChannelName,
}

/// What a dispatch is made of.
pub(super) struct Draft {
    pub kind: Kind,
    pub severity: Severity,
    pub page: bool,
    pub items: Vec<Item>,
    pub summary: Option<Summary>,
    pub chain: Vec<ChannelName>,
    pub also: Vec<ChannelName>,
    pub wait: Duration,
    /// The alerts that it tells of, and whether it says that they fire.
    pub about: Vec<(Number, bool)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Dispatch {
    pub message: Arc<Message>,
    pub page: bool,
    pub chain: Vec<ChannelName>,
    /// The next of the chain.
    pub next: usize,
    pub wait: Duration,
    pub fallback_at: Option<Time>,
    /// Those that have not answered yet.
    pub open: BTreeSet<ChannelName>,
    pub tried: Vec<ChannelName>,
    pub earlier: BTreeMap<ChannelName, Earlier>,
    /// One of the chain gave a receipt: it goes no further.
    pub receipted: bool,
    /// Somebody has it, as far as anybody can know.
    pub arrived: bool,
    /// It was said that nobody has it.
    pub alarmed: bool,
    pub about: Vec<(Number, bool)>,
}

impl Board {
    pub(super) fn start(&mut self, draft: Draft, now: Time) {
        if draft.chain.is_empty() && draft.also.is_empty() {
            return;
        }
        let number = self.number();
        self.state.counts.messages += 1;
        let message = Message {
            id: format!("{}-{number}", self.state.instance),
            kind: draft.kind,
            severity: draft.severity,
            at: now,
            items: draft.items,
            summary: draft.summary,
            earlier: None,
        };
        let dispatch = Dispatch {
            message: Arc::new(message),
            page: draft.page,
            chain: draft.chain,
            next: 0,
            wait: draft.wait,
            fallback_at: None,
            open: BTreeSet::new(),
            tried: Vec::new(),
            earlier: BTreeMap::new(),
            receipted: false,
            arrived: false,
            alarmed: false,
            about: draft.about,
        };
        if dispatch.page {
            for (alert, _) in &dispatch.about {
                self.state.alerts.get_mut(alert).expect("a draft is about what is there").pages += 1;
            }
        }
        self.state.dispatches.insert(number, dispatch);
        self.advance(number, now);
        for channel in draft.also {
            self.hand(number, channel, now);
        }
    }

    /// On to the next channel of the chain; behind the last, a page that nobody has is an alarm.
    pub(super) fn advance(&mut self, number: u64, now: Time) {
        self.set_fallback(number, None);
        let Some(dispatch) = self.state.dispatches.get_mut(&number) else { return };
        if dispatch.receipted {
            return self.finish(number);
        }
        // What was told in any case need not be told again.
        while dispatch.chain.get(dispatch.next).is_some_and(|channel| dispatch.tried.contains(channel)) {
            dispatch.next += 1;
        }
        match dispatch.chain.get(dispatch.next).cloned() {
            Some(channel) => {
                dispatch.next += 1;
                let wait = dispatch.page.then_some(now + dispatch.wait);
                self.set_fallback(number, wait);
                self.hand(number, channel, now);
                self.tell_late_ends(number, now);
            }
            None => {
                self.raise(number);
                self.finish(number);
            }
        }
    }

    fn hand(&mut self, number: u64, channel: ChannelName, now: Time) {
        let dispatch = self.state.dispatches.get_mut(&number).expect("it was just there");
        if dispatch.tried.contains(&channel) {
            return;
        }
        dispatch.tried.push(channel.clone());
        dispatch.open.insert(channel.clone());
        let (message, about) = (dispatch.message.clone(), dispatch.about.clone());
        let refresh = self.rules.channels.get(&channel).and_then(|manner| manner.refresh).map(|every| now + every);
        let keeps_state = self.rules.keeps_state(&channel);
        let mut earlier = None;
        for (at, (alert, firing)) in about.into_iter().enumerate() {
            let Some(alert) = self.state.alerts.get_mut(&alert) else { continue };
            // To a receiver that keeps state a summary is one incident, which ends no other.
            if !firing && keeps_state && message.kind == Kind::Summary {
                continue;
            }
            let before = match firing {
                true => alert.mark_told(&channel, (number, &message), refresh, keeps_state),
                false => alert.mark_resolving(&channel, number),
            };
            if at == 0 {
                earlier = before;
            }
        }
        if let Some(earlier) = earlier {
            let dispatch = self.state.dispatches.get_mut(&number).expect("it was just there");
            dispatch.earlier.insert(channel.clone(), earlier);
        }
        self.state.out.push_back((number, channel));
    }

    pub(super) fn hand_out(&mut self, _now: Time) -> Vec<Sending> {
        let mut sends = Vec::new();
        while let Some((number, channel)) = self.state.out.pop_front() {
            let Some(dispatch) = self.state.dispatches.get(&number).filter(|of| of.open.contains(&channel)) else {
                continue;
            };
            let mut message = Message::clone(&dispatch.message);
            message.earlier = dispatch.earlier.get(&channel).cloned();
            sends.push(Sending { id: SendId { dispatch: number, channel }, message, page: dispatch.page });
        }
        sends
    }

    /// What came of a sending in the end.
    pub fn answered(&mut self, send: &SendId, outcome: Outcome, receipt: Option<String>, now: Time) {
        let now = self.run(now);
        let SendId { dispatch: number, channel } = send;
        let Some(dispatch) = self.state.dispatches.get_mut(number) else { return };
        if !dispatch.open.remove(channel) {
            return;
        }
        let about = dispatch.about.clone();
        let message = dispatch.message.clone();
        let of_chain = dispatch.chain[..dispatch.next].contains(channel);
        let last = of_chain && dispatch.chain.get(dispatch.next.wrapping_sub(1)) == Some(channel);
        if outcome.arrived() {
            dispatch.arrived = true;
            dispatch.receipted |= of_chain && outcome == Outcome::Delivered;
        }
        let receipted = dispatch.receipted;
        for (alert, firing) in about {
            match firing {
                true => self.firing_answered(alert, channel, (*number, &message.id), outcome, receipt.as_deref()),
                false => self.end_answered(alert, channel, *number, outcome, now),
            }
            self.reschedule(alert);
        }
        if receipted {
            self.set_fallback(*number, None);
        } else if last && !outcome.arrived() {
            return self.failed(*number, now);
        }
        self.finish(*number);
    }

    /// No receipt is to be expected of this soon, though the channel goes on trying: the receiver is known
    /// to be down, or asked for more time than there is. The next gets it now.
    pub fn troubled(&mut self, send: &SendId, now: Time) {
        let now = self.run(now);
        let Some(dispatch) = self.state.dispatches.get(&send.dispatch) else { return };
        let last = dispatch.next.checked_sub(1).and_then(|last| dispatch.chain.get(last));
        if dispatch.page && last == Some(&send.channel) && dispatch.next < dispatch.chain.len() {
            self.advance(send.dispatch, now);
        }
    }

    fn failed(&mut self, number: u64, now: Time) {
        let dispatch = &self.state.dispatches[&number];
        if dispatch.next < dispatch.chain.len() || dispatch.open.is_empty() {
            self.advance(number, now);
        }
        // Else others of the chain still try; the time that they have runs.
    }

    fn firing_answered(
        &mut self,
        number: Number,
        channel: &ChannelName,
        (dispatch, message): (u64, &str),
        outcome: Outcome,
        receipt: Option<&str>,
    ) {
        let Some(alert) = self.state.alerts.get_mut(&number) else { return };
        if outcome.arrived() {
            // Where the message that opened the conversation is lost, this one takes its place.
            let of_it = |told: &&mut Told| told.message == message || told.last == dispatch;
            if let Some(told) = alert.told.get_mut(channel).filter(of_it) {
                told.receipt = told.receipt.take().or(receipt.map(str::to_owned));
                (told.arrived, told.believed) = (true, true);
                told.before = None;
            }
            if outcome == Outcome::Delivered && std::mem::take(&mut alert.unreceipted) {
                let about = alert.notice.id();
                self.state.alarms.push(Alarm::PageReceipted { about });
            }
        } else if matches!(outcome, Outcome::Refused | Outcome::Limited | Outcome::Suppressed) {
            // It certainly does not know. After a failure or a timeout it may.
            if let Some(told) = alert.told.remove(channel) {
                let still = if told.message == message { told.before.map(|before| *before) } else { Some(told) };
                alert.told.extend(still.map(|told| (channel.clone(), told)));
            }
        }
    }

    fn end_answered(&mut self, number: Number, channel: &ChannelName, dispatch: u64, outcome: Outcome, now: Time) {
        let Some(alert) = self.state.alerts.get_mut(&number) else { return };
        let Some(told) = alert.told.get_mut(channel).filter(|told| told.resolving == Some(dispatch)) else { return };
        if outcome.arrived() {
            alert.told.remove(channel);
            return;
        }
        told.resolving = None;
        // A receiver that refuses will hardly change its mind.
        told.tries += if outcome == Outcome::Refused { END_TRIES_MAX / 3 } else { 1 };
        if told.tries < END_TRIES_MAX {
            let wait = END_RETRY.saturating_mul(1 << told.tries.min(10)).min(END_RETRY_MAX);
            told.retry = Some(now + wait);
            return;
        }
        alert.told.remove(channel);
        let about = alert.notice.id();
        self.state.counts.ends_undelivered += 1;
        self.state.alarms.push(Alarm::EndUndelivered { about, channel: channel.clone() });
    }

    /// A page that fell back to another channel may tell of what has ended in the meantime.
    fn tell_late_ends(&mut self, number: u64, now: Time) {
        let dispatch = &self.state.dispatches[&number];
        if dispatch.tried.len() < 2 || matches!(dispatch.message.kind, Kind::Refresh | Kind::Acknowledged) {
            return;
        }
        let about: Vec<Number> = dispatch.about.iter().filter(|(_, firing)| *firing).map(|(alert, _)| *alert).collect();
        for alert in about {
            match self.state.alerts.get(&alert).filter(|alert| alert.is_ended() && alert.flapping.is_none()) {
                Some(storm) if storm.members.is_some() => self.end_this_storm_if_over(alert, now),
                Some(_) => self.tell_end(alert, Kind::Resolved, now),
                None => continue,
            }
            self.reschedule(alert);
        }
    }

    fn raise(&mut self, number: u64) {
        let Some(dispatch) = self.state.dispatches.get_mut(&number) else { return };
        if !dispatch.page || dispatch.arrived || std::mem::replace(&mut dispatch.alarmed, true) {
            return;
        }
        let first = dispatch.message.first();
        let alarm = Alarm::PageUnreceipted {
            message: dispatch.message.id.clone(),
            about: dispatch.message.summary.is_none().then(|| first.notice.id()),
            title: dispatch.message.title(),
            tried: dispatch.tried.clone(),
        };
        for (alert, firing) in dispatch.about.clone() {
            if let Some(alert) = self.state.alerts.get_mut(&alert).filter(|alert| firing && !alert.is_ended()) {
                alert.unreceipted = true;
            }
        }
        self.state.counts.pages_unreceipted += 1;
        self.state.alarms.push(alarm);
    }

    /// Forgets a dispatch that waits for nothing.
    fn finish(&mut self, number: u64) {
        let done = self.state.dispatches.get(&number).is_some_and(|dispatch| {
            let over = dispatch.receipted || !dispatch.page || dispatch.fallback_at.is_none();
            dispatch.open.is_empty() && over
        });
        if !done {
            return;
        }
        let dispatch = self.state.dispatches.remove(&number).expect("it was just there");
        for (number, _) in dispatch.about.iter().filter(|_| dispatch.page) {
            if let Some(alert) = self.state.alerts.get_mut(number) {
                alert.pages -= 1;
                self.reschedule(*number);
            }
        }
    }

    pub(super) fn stop_fallback(&mut self, alert: Number) {
        let of_it = |dispatch: &Dispatch| dispatch.page && dispatch.about == [(alert, true)];
        let numbers: Vec<u64> =
            self.state.dispatches.iter().filter(|(_, dispatch)| of_it(dispatch)).map(|(number, _)| *number).collect();
        for number in numbers {
            self.set_fallback(number, None);
            let dispatch = self.state.dispatches.get_mut(&number).expect("it was listed");
            dispatch.chain.truncate(dispatch.next);
            // Whoever acknowledged it has it.
            dispatch.arrived = true;
            self.finish(number);
        }
    }

    fn set_fallback(&mut self, number: u64, at: Option<Time>) {
        let Some(dispatch) = self.state.dispatches.get_mut(&number) else { return };
        if let Some(old) = std::mem::replace(&mut dispatch.fallback_at, at) {
            self.timers.remove(&(old, Timer::Dispatch(number)));
        }
        if let Some(at) = at {
            self.timers.insert((at, Timer::Dispatch(number)));
        }
    }
}

impl super::alert::Alert {
    /// The channel is told that it fires. Answers what it was told before in the same conversation.
    fn mark_told(
        &mut self,
        channel: &ChannelName,
        (dispatch, message): (u64, &Message),
        refresh: Option<Time>,
        keeps_state: bool,
    ) -> Option<Earlier> {
        let by = match message.kind {
            Kind::Group => By::Group,
            Kind::Summary if self.members.is_none() => By::Summary,
            _ => By::Itself,
        };
        self.told_worst = self.told_worst.max(Some(message.severity));
        if let Some(told) = self.told.get_mut(channel)
            && (told.resolving.is_none() || self.members.is_some() || (keeps_state && by == By::Summary))
            && (told.by <= by || matches!(message.kind, Kind::Refresh | Kind::Acknowledged))
        {
            (told.resolving, told.last) = (None, dispatch);
            told.refresh = refresh.filter(|_| told.by != By::Summary);
            return Some(told.earlier());
        }
        // What only a summary told of is refreshed by the storm's own alert.
        let refresh = refresh.filter(|_| by != By::Summary);
        let (message, receipt) = (message.id.clone(), None);
        let before = self.told.remove(channel).and_then(|mut told| {
            if !told.believed {
                return told.before;
            }
            // While its end is on the way nobody knows what the channel believes.
            told.arrived &= told.resolving.take().is_none();
            told.before = None;
            Some(Box::new(told))
        });
        let (arrived, believed, resolving, retry, tries) = (false, false, None, None, 0);
        let told =
            Told { message, last: dispatch, receipt, arrived, believed, by, refresh, resolving, retry, tries, before };
        self.told.insert(channel.clone(), told);
        None
    }

    /// The channel is told that it has ended.
    fn mark_resolving(&mut self, channel: &ChannelName, dispatch: u64) -> Option<Earlier> {
        let told = self.told.get_mut(channel)?;
        told.resolving = Some(dispatch);
        Some(told.earlier())
    }
}

impl Told {
    fn earlier(&self) -> Earlier {
        Earlier { message: self.message.clone(), receipt: self.receipt.clone(), alone: self.by == By::Itself }
    }
}
