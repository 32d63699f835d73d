//! The ledger at one moment, as it is shown, served and kept.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::SeqCst;

use serde::{Deserialize, Serialize};

use super::{Ledger, Outcome, Stream};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub emitted: u64,
    pub delivered: u64,
    pub filtered: u64,
    pub rejected: u64,
    pub dropped: u64,
    pub dead_lettered: u64,
    pub pending: u64,
}

impl Totals {
    pub fn balanced(&self) -> bool {
        self.emitted
            == self.delivered + self.filtered + self.rejected + self.dropped + self.dead_lettered + self.pending
    }

    fn add(&mut self, other: &Totals) {
        self.emitted += other.emitted;
        self.delivered += other.delivered;
        self.filtered += other.filtered;
        self.rejected += other.rejected;
        self.dropped += other.dropped;
        self.dead_lettered += other.dead_lettered;
        self.pending += other.pending;
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonCount {
    pub outcome: String,
    pub reason: String,
    pub count: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StreamSnapshot {
    pub component: String,
    pub lane: String,
    pub run: String,
    pub balanced: bool,
    #[serde(flatten)]
    pub totals: Totals,
    pub reasons: Vec<ReasonCount>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LedgerSnapshot {
    /// Every stream adds up.
    pub balanced: bool,
    pub totals: Totals,
    pub streams: Vec<StreamSnapshot>,
}

/// The counters of a stream in motion are read again until they hold still and add up. An event
/// moves through the counters in well under a microsecond, so a stream that never adds up in so many
/// tries does not add up.
const TRIES: u32 = 2_000;

impl Ledger {
    pub fn snapshot(&self) -> LedgerSnapshot {
        let mut streams: Vec<StreamSnapshot> = self.streams().iter().map(|stream| stream.snapshot()).collect();
        streams.sort_by(|a, b| (&a.component, &a.lane, &a.run).cmp(&(&b.component, &b.lane, &b.run)));
        let mut totals = Totals::default();
        for stream in &streams {
            totals.add(&stream.totals);
        }
        LedgerSnapshot { balanced: streams.iter().all(|stream| stream.balanced), totals, streams }
    }
}

impl Stream {
    pub fn snapshot(&self) -> StreamSnapshot {
        let mut totals = self.read();
        for attempt in 0..TRIES {
            let again = self.read();
            if totals == again && totals.balanced() {
                break;
            }
            totals = again;
            if attempt % 64 == 63 {
                std::thread::yield_now();
            }
        }
        let mut reasons: Vec<ReasonCount> = self
            .reasons
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|((outcome, reason), &count)| ReasonCount {
                outcome: outcome.name().to_owned(),
                reason: reason.to_string(),
                count,
            })
            .collect();
        if let Some(producer) = self.producer.get() {
            for (reason, count) in producer.counts().dropped.into_iter().filter(|(_, count)| *count > 0) {
                reasons.push(ReasonCount {
                    outcome: Outcome::Dropped.name().to_owned(),
                    reason: reason.to_owned(),
                    count,
                });
            }
        }
        reasons.sort_by(|a, b| (&a.outcome, &a.reason).cmp(&(&b.outcome, &b.reason)));
        StreamSnapshot {
            component: self.key.component.clone(),
            lane: self.key.lane.to_string(),
            run: self.key.run.clone(),
            balanced: totals.balanced(),
            totals,
            reasons,
        }
    }

    fn read(&self) -> Totals {
        let outcome = |outcome: Outcome| self.outcomes[outcome as usize].load(SeqCst);
        let in_flight = self.in_flight.load(SeqCst);
        let mut totals = Totals {
            delivered: outcome(Outcome::Delivered),
            filtered: outcome(Outcome::Filtered),
            rejected: outcome(Outcome::Rejected),
            dropped: outcome(Outcome::Dropped),
            dead_lettered: outcome(Outcome::DeadLettered),
            pending: in_flight + self.awaited.load(SeqCst),
            emitted: self.emitted.load(SeqCst) + self.awaited.load(SeqCst),
        };
        if let Some(producer) = self.producer.get() {
            let counts = producer.counts();
            totals.emitted += counts.emitted;
            totals.pending += counts.waiting;
            totals.dropped += counts.dropped.iter().map(|(_, count)| count).sum::<u64>();
        }
        totals
    }
}
