//! All that the board remembers, in a form that can be written down at any moment and taken up again.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::alert::{Alert, Number};
use super::basket::{Basket, BasketKey};
use super::budget::Bucket;
use super::dispatch::Dispatch;
use super::rules::{ChannelName, Rules};
use super::{Alarm, Board, Counts, Timer};
use crate::Time;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saved {
    version: u32,
    /// Sets the ids of this installation's messages apart from those of others.
    pub(super) instance: String,
    /// The latest moment that was seen.
    pub(super) now: Time,
    /// The next number of an alert or a dispatch.
    pub(super) next: u64,
    pub(super) alerts: BTreeMap<Number, Alert>,
    pub(super) buckets: BTreeMap<Arc<str>, Buckets>,
    #[serde(with = "pairs")]
    pub(super) baskets: BTreeMap<BasketKey, Basket>,
    /// The storms' own alerts.
    #[serde(with = "pairs")]
    pub(super) storms: BTreeMap<BasketKey, Number>,
    pub(super) dispatches: BTreeMap<u64, Dispatch>,
    /// Handed out by nobody yet.
    #[serde(skip)]
    pub(super) out: VecDeque<(u64, ChannelName)>,
    pub(super) alarms: Vec<Alarm>,
    pub(super) counts: Counts,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Buckets {
    pub plain: Bucket,
    pub reserve: Bucket,
}

/// The form's number; a state of another is not taken up.
const VERSION: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the saved state is of form {found}, this program knows {VERSION}")]
pub struct OtherForm {
    found: u32,
}

impl Saved {
    pub(super) fn empty(instance: String) -> Self {
        Saved {
            version: VERSION,
            instance,
            now: Time(0),
            next: 1,
            alerts: BTreeMap::new(),
            buckets: BTreeMap::new(),
            baskets: BTreeMap::new(),
            storms: BTreeMap::new(),
            dispatches: BTreeMap::new(),
            out: VecDeque::new(),
            alarms: Vec::new(),
            counts: Counts::default(),
        }
    }
}

impl Board {
    pub fn save(&self) -> Saved {
        self.state.clone()
    }

    /// Goes on where `saved` stopped. What was handed out and not answered is handed out again, with the
    /// id that it had. Channels that no longer exist are forgotten; what waits for a route that no longer
    /// exists finds its new one.
    pub fn restore(rules: Rules, mut saved: Saved, now: Time) -> Result<Self, OtherForm> {
        if saved.version != VERSION {
            return Err(OtherForm { found: saved.version });
        }
        if saved.now > now {
            // The clock was set back while nobody looked. What is due by the old one would come too late.
            saved.shift_back(saved.now.0 - now.0);
        }
        let known = |channel: &ChannelName| rules.channels.contains_key(channel);
        for alert in saved.alerts.values_mut() {
            alert.told.retain(|channel, _| known(channel));
        }
        let mut stuck: Vec<u64> = Vec::new();
        for (number, dispatch) in &mut saved.dispatches {
            let gone = dispatch.chain[..dispatch.next].iter().filter(|channel| !known(channel)).count();
            dispatch.next -= gone;
            dispatch.chain.retain(known);
            let open = dispatch.open.len();
            dispatch.open.retain(known);
            if dispatch.open.is_empty() && open > 0 && !dispatch.receipted {
                stuck.push(*number);
            }
        }
        let out = saved
            .dispatches
            .iter()
            .flat_map(|(number, dispatch)| dispatch.open.iter().map(|channel| (*number, channel.clone())))
            .collect();
        saved.out = out;
        let by_id: HashMap<_, _> = saved
            .alerts
            .iter()
            .filter(|(_, alert)| alert.members.is_none())
            .map(|(number, alert)| (alert.notice.id(), *number))
            .collect();
        let mut board = Board { rules, state: saved, by_id, timers: Default::default(), firing: 0, swept: Time(0) };
        board.firing = board.by_id.values().filter(|number| !board.state.alerts[*number].is_ended()).count();
        let numbers: Vec<Number> = board.state.alerts.keys().copied().collect();
        for number in numbers {
            board.reschedule(number);
        }
        for (key, basket) in &board.state.baskets {
            board.timers.insert((basket.due, Timer::Basket(key.clone())));
        }
        for (number, dispatch) in &board.state.dispatches {
            if let Some(at) = dispatch.fallback_at {
                board.timers.insert((at, Timer::Dispatch(*number)));
            }
        }
        // Those whose channels are all gone go on to the next.
        for number in stuck {
            board.advance(number, now);
        }
        Ok(board)
    }
}

impl Saved {
    fn shift_back(&mut self, by: u64) {
        let back = |time: &mut Time| time.0 = time.0.saturating_sub(by);
        back(&mut self.now);
        for alert in self.alerts.values_mut() {
            use super::alert::Phase;
            match &mut alert.phase {
                Phase::Firing => {}
                Phase::Ending { at, until } => [at, until].into_iter().for_each(back),
                Phase::Ended { at } => back(at),
            }
            alert.changes.iter_mut().for_each(back);
            alert.flapping.iter_mut().chain(&mut alert.open_until).for_each(back);
            alert.repeat.iter_mut().for_each(|repeat| back(&mut repeat.at));
            for told in alert.told.values_mut() {
                told.refresh.iter_mut().chain(&mut told.retry).for_each(back);
            }
        }
        for buckets in self.buckets.values_mut() {
            buckets.plain.shift_back(by);
            buckets.reserve.shift_back(by);
        }
        for basket in self.baskets.values_mut() {
            back(&mut basket.opened);
            back(&mut basket.due);
        }
        for dispatch in self.dispatches.values_mut() {
            dispatch.fallback_at.iter_mut().for_each(back);
        }
    }
}

/// Maps whose keys are no texts, as lists of pairs.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub fn deserialize<'de, K, V, D>(from: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(from)?.into_iter().collect())
    }
}
