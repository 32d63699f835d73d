//! What a stack says about itself, while it runs and at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::canaries::Canary;
use crate::progress::{Count, OrderEnd, Transaction};
use crate::scene::Scene;
use crate::strategies::Strategy;
use crate::voice::StreamTally;

/// A running stack at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct StackStatus {
    pub seconds: f64,
    /// Market data events played.
    pub market_events: u64,
    /// Telemetry events emitted.
    pub emitted: u64,
    pub orders: u64,
    pub fills: u64,
    /// StormGuard, by strategy.
    pub modes: BTreeMap<&'static str, u8>,
}

/// What came of a run.
#[derive(Clone, Debug, Serialize)]
pub struct StackReport {
    pub run: String,
    pub market: String,
    pub symbol: String,
    pub seconds: f64,
    /// Session time that passed.
    pub session_seconds: f64,
    pub market_events: u64,
    /// How often the recording was played to its end.
    pub passes: u64,
    /// Rows of the market file that could not be used, by reason.
    pub market_rows_damaged: BTreeMap<&'static str, u64>,
    /// Telemetry events, as the stack itself counted them.
    pub emitted: u64,
    pub streams: Vec<StreamTally>,
    pub events: BTreeMap<&'static str, u64>,
    /// What the client's queues lost, by component, lane and reason.
    pub dropped: Vec<Dropped>,
    pub intents: IntentCounts,
    pub orders: OrderCounts,
    pub fills: u64,
    pub fills_lost: u64,
    /// Must not be found in any output.
    pub canaries: Vec<Canary>,
    /// The first transactions that went all the way from a tick to a position.
    pub transactions: Vec<Transaction>,
    /// Components whose thread died of a bug.
    pub died: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dropped {
    pub component: &'static str,
    pub lane: &'static str,
    pub reason: &'static str,
    pub events: u64,
}

/// Every intent that was created was refused at the gateway, refused by risk, or approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct IntentCounts {
    pub created: u64,
    pub refused_at_gateway: u64,
    pub refused_by_risk: u64,
    pub approved: u64,
}

/// Every order has one end; `open` is 0 after a graceful stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OrderCounts {
    pub orders: u64,
    pub filled: u64,
    pub cancelled: u64,
    pub rejected: u64,
    pub refused: u64,
    pub timed_out: u64,
    pub dead_lettered: u64,
    pub open: u64,
}

// === impl StackStatus ===

impl StackStatus {
    pub(crate) fn of(scene: &Scene, elapsed: Duration) -> Self {
        let progress = &scene.progress;
        let modes = progress.modes();
        StackStatus {
            seconds: elapsed.as_secs_f64(),
            market_events: progress.rows.get(),
            emitted: scene.tally.total(),
            orders: progress.orders.get(),
            fills: progress.fills.get(),
            modes: Strategy::all().map(|strategy| (strategy.name(), modes[strategy.index()])).collect(),
        }
    }
}

// === impl StackReport ===

impl StackReport {
    pub(crate) fn of(scene: &Scene, market: &str, elapsed: Duration, died: Vec<&'static str>) -> Self {
        let progress = &scene.progress;
        StackReport {
            run: scene.telemetry.run().to_owned(),
            market: market.to_owned(),
            symbol: scene.symbol.clone(),
            seconds: elapsed.as_secs_f64(),
            session_seconds: progress.session_seconds(),
            market_events: progress.rows.get(),
            passes: progress.passes.get(),
            market_rows_damaged: progress.damage().iter().collect(),
            emitted: scene.tally.total(),
            streams: scene.tally.streams(),
            events: scene.tally.events(),
            dropped: dropped(scene),
            intents: IntentCounts {
                created: progress.intents_created.get(),
                refused_at_gateway: progress.intents_refused.get(),
                refused_by_risk: progress.risk_rejected.get(),
                approved: progress.risk_approved.get(),
            },
            orders: OrderCounts::of(scene),
            fills: progress.fills.get(),
            fills_lost: progress.fills_lost.get(),
            canaries: scene.canaries.list().to_vec(),
            transactions: progress.transactions(),
            died,
        }
    }
}

fn dropped(scene: &Scene) -> Vec<Dropped> {
    let run = scene.telemetry.run();
    let mut dropped = Vec::new();
    for stream in scene.telemetry.streams().iter().filter(|stream| stream.run() == run) {
        let counts = stream.counts();
        dropped.extend(counts.dropped_reasons().map(|(reason, events)| Dropped {
            component: stream.component().name(),
            lane: stream.lane().name(),
            reason,
            events,
        }));
    }
    dropped
}

// === impl IntentCounts ===

impl IntentCounts {
    /// Whether every intent is accounted for.
    pub fn add_up(&self) -> bool {
        self.created == self.refused_at_gateway + self.refused_by_risk + self.approved
    }
}

// === impl OrderCounts ===

impl OrderCounts {
    fn of(scene: &Scene) -> Self {
        let progress = &scene.progress;
        let ended = |end: OrderEnd| Count::get(&progress.order_ends[end as usize]);
        OrderCounts {
            orders: progress.orders.get(),
            filled: ended(OrderEnd::Filled),
            cancelled: ended(OrderEnd::Cancelled),
            rejected: ended(OrderEnd::Rejected),
            refused: ended(OrderEnd::Refused),
            timed_out: ended(OrderEnd::TimedOut),
            dead_lettered: ended(OrderEnd::DeadLettered),
            open: progress.orders_open(),
        }
    }
}
