//! The one state machine of all notices. It has no clock and does no I/O: notices, the time and what came
//! of each sending go in; what is to be sent, and when it wants to be asked again, comes out.
//!
//! ```text
//! offer ─▶ dedup ─▶ hold ─▶ flapping ─┬─ critical ─▶ reserve budget ──────────────┬─▶ dispatch ─▶ Sending
//!                                     └─ other ─▶ quiet hours ─▶ group ─▶ budget ─┤   (chain of channels,
//!                                              what is beyond waits in a basket ──┘    fallback, receipts)
//! ```
//!
//! What waits in a basket is not a message but the fact that there is something to tell; the message is
//! made when the basket is emptied, from how things stand then.

mod alert;
mod basket;
mod budget;
mod dispatch;
mod open;
mod quiet;
mod rules;
mod saved;
mod telling;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use budget::Budget;
pub use dispatch::{SendId, Sending};
pub use open::OpenAlert;
pub use quiet::{Hours, Quiet};
pub use rules::{Backoff, ChannelName, Flap, Group, Manner, Route, Rules};
pub use saved::{OtherForm, Saved};

use crate::{Id, Kind, Notice, Severity, State, Time};
use alert::{Alert, Cause, Number, Phase};
use basket::BasketKey;

pub struct Board {
    rules: Rules,
    state: Saved,
    by_id: HashMap<Id, Number>,
    timers: BTreeSet<(Time, Timer)>,
    /// How many alerts fire.
    firing: usize,
    /// When alerts that nothing waits for were last looked for.
    swept: Time,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Alert(Number),
    Dispatch(u64),
    Basket(BasketKey),
}

/// What a notice came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It began to fire.
    Fired,
    /// It fires already, and is worse now.
    Escalated,
    /// It was so already.
    Counted,
    /// It ends, if it stays so.
    Ending,
    /// It fires again before its end was told.
    Again,
    /// An end of something that is not known to fire.
    Unknown,
    /// A newer notice of it came first.
    Stale,
    /// Counted only: there are more alerts than are remembered.
    Overflow,
}

/// What somebody has to know who does not read the channels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// A page was tried on all its channels, and none has given a receipt.
    PageUnreceipted { message: String, about: Option<Id>, title: String, tried: Vec<ChannelName> },
    /// The same alert has a receipt now, or has ended.
    PageReceipted { about: Id },
    /// A channel was told that it fires, and could not be told that it ended.
    EndUndelivered { about: Id, channel: ChannelName },
}

/// Notices and messages by what became of them, since the state began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub offered: u64,
    pub deduplicated: u64,
    pub unknown_ends: u64,
    pub stale: u64,
    pub overflowed: u64,
    /// Ends that were taken back within the hold.
    pub held: u64,
    /// Changes that were not told because the alert flaps.
    pub flapping: u64,
    /// Things to tell that waited for others of their group.
    pub grouped: u64,
    /// Things to tell that were kept by quiet hours.
    pub quiet: u64,
    /// Things to tell that were beyond a budget.
    pub over_budget: u64,
    /// Messages, by why: each counts once, however many channels get it.
    pub messages: u64,
    pub summaries: u64,
    pub repeats: u64,
    pub pages_unreceipted: u64,
    pub ends_undelivered: u64,
}

/// Looking through all alerts costs a millisecond or so.
const SWEEP: Duration = Duration::from_secs(1);
/// How often telling an end is tried anew, each time after twice as long.
const END_TRIES_MAX: u32 = 10;
const END_RETRY: Duration = Duration::from_secs(60);
const END_RETRY_MAX: Duration = Duration::from_secs(3600);

impl Board {
    /// `instance` sets the ids of its messages apart from those of other installations.
    pub fn new(rules: Rules, instance: &str) -> Self {
        Board {
            rules,
            state: Saved::empty(instance.to_owned()),
            by_id: HashMap::new(),
            timers: BTreeSet::new(),
            firing: 0,
            swept: Time(0),
        }
    }

    /// Takes a notice. What is to be sent because of it is in `due`, at once.
    pub fn offer(&mut self, notice: Notice, now: Time) -> Offered {
        self.offer_in_order(notice, u64::MAX, now)
    }

    /// The same, where notices may overtake each other on their way here: one that is older, by `order`,
    /// than another of the same alert changes nothing.
    pub fn offer_in_order(&mut self, notice: Notice, order: u64, now: Time) -> Offered {
        let now = self.run(now);
        self.state.counts.offered += 1;
        let notice = notice.trimmed();
        let id = notice.id();
        let known = self.by_id.get(&id).copied();
        if known.is_some_and(|number| order < self.state.alerts[&number].order) {
            self.state.counts.stale += 1;
            return Offered::Stale;
        }
        let offered = match notice.state {
            State::Firing => self.fire(known, id.clone(), notice, now),
            State::Resolved => self.end(known, notice, now),
        };
        if let Some(&number) = self.by_id.get(&id) {
            self.alert(number).order = if order == u64::MAX { 0 } else { order };
            self.reschedule(number);
        }
        offered
    }

    /// What is to be sent now. Each is answered once, by `answered`.
    pub fn due(&mut self, now: Time) -> Vec<Sending> {
        let now = self.run(now);
        self.hand_out(now)
    }

    /// When `due` will have something.
    pub fn next_due(&self) -> Option<Time> {
        if !self.state.out.is_empty() {
            return Some(self.state.now);
        }
        self.timers.first().map(|(at, _)| *at)
    }

    /// What there is to say beside messages; each is given once.
    pub fn alarms(&mut self) -> Vec<Alarm> {
        std::mem::take(&mut self.state.alarms)
    }

    pub fn counts(&self) -> Counts {
        self.state.counts
    }

    /// How many alerts fire.
    pub fn firing(&self) -> usize {
        self.firing
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    fn fire(&mut self, known: Option<Number>, id: Id, notice: Notice, now: Time) -> Offered {
        let Some(number) = known.or_else(|| self.make_room(id, &notice, now)) else {
            self.overflow(&notice, now);
            return Offered::Overflow;
        };
        let flap = self.rules.flap;
        let alert = self.alert(number);
        let notice = Arc::new(notice);
        let before = alert.phase;
        match before {
            Phase::Firing => {
                let worse = notice.severity > alert.severity;
                alert.count += 1;
                alert.severity = alert.severity.max(notice.severity);
                alert.notice = notice;
                if !worse {
                    self.state.counts.deduplicated += 1;
                    return Offered::Counted;
                }
                alert.acknowledged_by = None;
                self.tell(number, Cause::Escalated, now);
                return Offered::Escalated;
            }
            Phase::Ending { .. } => {
                alert.phase = Phase::Firing;
                alert.closing = None;
                alert.count += 1;
                let worse = notice.severity > alert.severity;
                alert.severity = alert.severity.max(notice.severity);
                alert.notice = notice;
                let flaps = alert.changed(flap, now);
                self.state.counts.held += 1;
                if worse {
                    self.alert(number).acknowledged_by = None;
                    self.tell(number, Cause::Escalated, now);
                }
                if flaps {
                    self.tell(number, Cause::Flapping, now);
                }
                return if worse { Offered::Escalated } else { Offered::Again };
            }
            Phase::Ended { .. } => {}
        }
        let worst_told = alert.severity;
        let told = !alert.told.is_empty();
        alert.begin(notice, now);
        self.firing += 1;
        let alert = self.alert(number);
        alert.told.values_mut().for_each(|told| (told.retry, told.tries) = (None, 0));
        // A pager that already wakes people for it must not be left with less than it was told.
        let worse = told && alert.severity > worst_told;
        let flaps = alert.changed(flap, now);
        let still = alert.flapping.is_some() && !flaps;
        if flaps {
            self.tell(number, Cause::Flapping, now);
        } else if still && (worse || (self.state.alerts[&number].severity == Severity::Critical && !told)) {
            self.tell(number, Cause::Escalated, now);
        } else if still {
            self.state.counts.flapping += 1;
        } else {
            self.tell(number, Cause::Change, now);
        }
        Offered::Fired
    }

    fn end(&mut self, known: Option<Number>, notice: Notice, now: Time) -> Offered {
        let firing = known.filter(|number| self.state.alerts[number].phase == Phase::Firing);
        let Some(number) = firing else {
            match known.filter(|number| !self.state.alerts[number].is_ended()) {
                Some(_) => self.state.counts.deduplicated += 1,
                None => self.state.counts.unknown_ends += 1,
            }
            return if known.is_some() { Offered::Counted } else { Offered::Unknown };
        };
        let (hold, flap) = (self.rules.hold, self.rules.flap);
        let alert = self.alert(number);
        alert.closing = Some(notice.summary).filter(|summary| !summary.trim().is_empty());
        alert.phase = Phase::Ending { at: now, until: now + hold };
        if alert.changed(flap, now) {
            self.tell(number, Cause::Flapping, now);
        }
        if hold.is_zero() {
            self.settle(number, now);
        }
        Offered::Ending
    }

    /// It stayed ended.
    fn settle(&mut self, number: Number, now: Time) {
        let alert = self.alert(number);
        let Phase::Ending { at, .. } = alert.phase else { return };
        alert.phase = Phase::Ended { at };
        self.firing -= 1;
        let alert = self.alert(number);
        alert.repeat = None;
        let unreceipted = std::mem::take(&mut alert.unreceipted);
        let flapping = alert.flapping.is_some();
        let about = alert.notice.id();
        if unreceipted {
            self.state.alarms.push(Alarm::PageReceipted { about });
        }
        if flapping {
            self.state.counts.flapping += 1;
        } else {
            self.tell_end(number, Kind::Resolved, now);
        }
    }

    /// Does what is due up to `now`, and answers the moment that counts: time never goes back.
    fn run(&mut self, now: Time) -> Time {
        let now = now.max(self.state.now);
        self.state.now = now;
        while let Some((at, _)) = self.timers.first()
            && *at <= now
        {
            let (_, timer) = self.timers.pop_first().expect("there is a first");
            match timer {
                Timer::Alert(number) => self.alert_due(number, now),
                Timer::Dispatch(number) => self.advance(number, now),
                Timer::Basket(key) => self.empty(key, now),
            }
        }
        now
    }

    fn alert_due(&mut self, number: Number, now: Time) {
        let Some(alert) = self.state.alerts.get_mut(&number) else { return };
        alert.timer = None;
        if matches!(alert.phase, Phase::Ending { until, .. } if until <= now) {
            self.settle(number, now);
        }
        let alert = self.alert(number);
        if alert.flapping.is_some_and(|still| still <= now) {
            alert.flapping = None;
            match alert.phase {
                Phase::Ended { .. } => self.tell_end(number, Kind::Steady, now),
                Phase::Firing => self.tell(number, Cause::Steady, now),
                // What its state is shows when the hold is over.
                Phase::Ending { until, .. } => alert.flapping = Some(until),
            }
        }
        self.retry_ends(number, now);
        self.refresh(number, now);
        if self.state.alerts[&number].open_until.is_some_and(|until| until <= now) {
            self.storm_due(number, now);
        }
        let Some(alert) = self.state.alerts.get_mut(&number) else { return };
        if alert.may_repeat() && alert.repeat.is_some_and(|repeat| repeat.at <= now) {
            self.tell(number, Cause::Repeat, now);
        }
        self.reschedule(number);
    }

    /// Sets the alert's timer to what it waits for now, or forgets it where it waits for nothing.
    fn reschedule(&mut self, number: Number) {
        let (flap, now) = (self.rules.flap, self.state.now);
        let Some(alert) = self.state.alerts.get_mut(&number) else { return };
        let forget = match alert.members {
            Some(_) => alert.told.is_empty() && alert.pages == 0,
            None => alert.forget_at(flap).is_some_and(|at| at <= now),
        };
        let due = if forget { None } else { alert.deadline(flap) };
        if let Some(old) = std::mem::replace(&mut alert.timer, due) {
            self.timers.remove(&(old, Timer::Alert(number)));
        }
        if forget {
            let alert = self.state.alerts.remove(&number).expect("it was there");
            match alert.members {
                Some(_) => self.state.storms.retain(|_, storm| *storm != number),
                None => {
                    self.by_id.remove(&alert.notice.id());
                }
            }
        } else if let Some(at) = due {
            self.timers.insert((at, Timer::Alert(number)));
        }
    }

    /// A place for a new alert, where there is one.
    fn make_room(&mut self, id: Id, notice: &Notice, now: Time) -> Option<Number> {
        // A storm of warnings must not leave a critical without a place.
        let reserve = if notice.severity == Severity::Critical { self.rules.alerts_max / 4 } else { 0 };
        let most = self.rules.alerts_max + reserve;
        if self.by_id.len() >= most && now.since(self.swept) >= SWEEP {
            self.swept = now;
            self.forget_ended();
        }
        if self.by_id.len() >= most {
            return None;
        }
        let number = self.number();
        self.state.alerts.insert(number, Alert::new(Arc::new(notice.clone()), now));
        self.by_id.insert(id, number);
        Some(number)
    }

    /// Drops alerts that are kept only to know whether they flap.
    fn forget_ended(&mut self) {
        let flap = self.rules.flap;
        let idle: Vec<Number> = self
            .state
            .alerts
            .iter()
            .filter(|(_, alert)| alert.members.is_none() && alert.forget_at(flap).is_some())
            .map(|(number, _)| *number)
            .collect();
        for number in idle {
            let alert = self.state.alerts.remove(&number).expect("it was there");
            if let Some(at) = alert.timer {
                self.timers.remove(&(at, Timer::Alert(number)));
            }
            self.by_id.remove(&alert.notice.id());
        }
    }

    fn alert(&mut self, number: Number) -> &mut Alert {
        self.state.alerts.get_mut(&number).expect("alerts are forgotten when nothing refers to them")
    }

    fn number(&mut self) -> u64 {
        self.state.next += 1;
        self.state.next - 1
    }
}
