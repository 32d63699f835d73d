//! What a running stack shows of itself, and what its report is made of.
//!
//! Counted by the stack's own logic, apart from any event that it emits about the same thing.

use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::components::storm_guard::Mode;
use crate::market::damage::DamageCount;
use crate::messages::Fill;
use crate::strategies::{PerStrategy, Strategy, per_strategy};

/// A count that one thread raises and others read.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

#[derive(Debug)]
pub struct Progress {
    pub rows: Count,
    pub ticks: Count,
    pub passes: Count,
    pub intents_created: Count,
    pub intents_refused: Count,
    pub risk_approved: Count,
    pub risk_rejected: Count,
    pub orders: Count,
    pub order_ends: [Count; OrderEnd::ALL.len()],
    pub fills: Count,
    pub fills_lost: Count,
    started_at: AtomicI64,
    session_time: AtomicI64,
    modes: PerStrategy<AtomicU8>,
    transactions: Mutex<Vec<Transaction>>,
    damage: Mutex<DamageCount>,
}

/// The end of an order: each has exactly one, and an event that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderEnd {
    /// `fill` with nothing left.
    Filled,
    /// `order_ack` of a cancellation.
    Cancelled,
    /// `order_reject` by the broker.
    Rejected,
    /// `order_refused` by the adapter.
    Refused,
    /// `order_timeout`.
    TimedOut,
    /// `order_dead_lettered`.
    DeadLettered,
}

/// The ids of one transaction that went all the way from a tick to a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transaction {
    pub strategy_id: &'static str,
    pub trace_id: String,
    pub intent_id: String,
    pub client_order_id: String,
    pub broker_order_id: String,
    pub fill_id: String,
}

/// Enough to pick from; the first come from a quiet market.
const TRANSACTIONS_KEPT: usize = 3;

// === impl Count ===

impl Count {
    pub fn inc(&self) {
        self.add(1);
    }

    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

// === impl OrderEnd ===

impl OrderEnd {
    pub const ALL: [OrderEnd; 6] = [
        OrderEnd::Filled,
        OrderEnd::Cancelled,
        OrderEnd::Rejected,
        OrderEnd::Refused,
        OrderEnd::TimedOut,
        OrderEnd::DeadLettered,
    ];
}

// === impl Progress ===

impl Progress {
    pub fn new() -> Self {
        Progress {
            rows: Count::default(),
            ticks: Count::default(),
            passes: Count::default(),
            intents_created: Count::default(),
            intents_refused: Count::default(),
            risk_approved: Count::default(),
            risk_rejected: Count::default(),
            orders: Count::default(),
            order_ends: Default::default(),
            fills: Count::default(),
            fills_lost: Count::default(),
            started_at: AtomicI64::new(0),
            session_time: AtomicI64::new(0),
            modes: per_strategy(|_| AtomicU8::new(0)),
            transactions: Mutex::default(),
            damage: Mutex::default(),
        }
    }

    pub fn time_is(&self, at: i64) {
        if self.started_at.load(Ordering::Relaxed) == 0 {
            self.started_at.store(at, Ordering::Relaxed);
        }
        self.session_time.store(at, Ordering::Relaxed);
    }

    /// Session time, as of the last pulse.
    pub fn now(&self) -> i64 {
        self.session_time.load(Ordering::Relaxed)
    }

    /// Session time that has passed, in seconds.
    pub fn session_seconds(&self) -> f64 {
        let start = self.started_at.load(Ordering::Relaxed);
        (self.session_time.load(Ordering::Relaxed) - start) as f64 / 1e9
    }

    pub fn ended(&self, end: OrderEnd) {
        self.order_ends[end as usize].inc();
    }

    /// Orders that have no end yet.
    pub fn orders_open(&self) -> u64 {
        let ended: u64 = self.order_ends.iter().map(Count::get).sum();
        self.orders.get().saturating_sub(ended)
    }

    pub fn mode_is(&self, strategy: Strategy, mode: Mode) {
        self.modes[strategy.index()].store(mode as u8, Ordering::Relaxed);
    }

    /// The mode's number, by strategy.
    pub fn modes(&self) -> PerStrategy<u8> {
        per_strategy(|strategy| self.modes[strategy.index()].load(Ordering::Relaxed))
    }

    /// Notes a fill that changed a position, if it is among the first.
    pub fn reached_position(&self, fill: &Fill) {
        if self.fills.get() >= TRANSACTIONS_KEPT as u64 {
            return;
        }
        let (Some(client_order), Some(broker_order)) = (fill.lineage.client_order, fill.lineage.broker_order) else {
            return;
        };
        let mut transactions = self.transactions.lock().unwrap_or_else(PoisonError::into_inner);
        transactions.push(Transaction {
            strategy_id: fill.strategy.name(),
            trace_id: fill.lineage.trace.to_string(),
            intent_id: fill.lineage.intent.to_string(),
            client_order_id: client_order.to_string(),
            broker_order_id: broker_order.to_string(),
            fill_id: fill.id.to_string(),
        });
    }

    pub fn transactions(&self) -> Vec<Transaction> {
        self.transactions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn damage_is(&self, damage: &DamageCount) {
        let mut known = self.damage.lock().unwrap_or_else(PoisonError::into_inner);
        if known.total() != damage.total() {
            *known = damage.clone();
        }
    }

    pub fn damage(&self) -> DamageCount {
        self.damage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Default for Progress {
    fn default() -> Self {
        Progress::new()
    }
}
