//! What the components say to each other, over bounded channels.
//!
//! ```text
//! market_data ──ring──▶ bus ──▶ strategy ──intent──▶ gateway ──▶ risk ──▶ order ──▶ broker
//!                        │          ▲                   │          │        │ ▲        │
//!                        │          └──────news─────────┴──────────┴────────┘ │        ▼
//!                        └─▶ everyone (time, cues)               position ◀─ execution ┘
//! ```
//!
//! Every message is small and copied; time travels with it.

use std::time::Instant;

use crate::components::storm_guard::{HaltTrigger, Mode};
use crate::ids::{Id, Lineage};
use crate::market::book::Quote;
use crate::market::{Price, Side};
use crate::pace::SessionTime;
use crate::script::Cue;
use crate::strategies::{Money, PerStrategy, Strategy};

/// The market at one instant, after all changes of that instant.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    pub at: SessionTime,
    pub exch_ts: i64,
    /// When the rows arrived in this process, for latencies.
    pub received: Instant,
    pub quote: Quote,
    /// The last trade of the instant, if there was one.
    pub trade: Option<Trade>,
}

#[derive(Clone, Copy, Debug)]
pub struct Trade {
    pub side: Side,
    pub price: Price,
    pub quantity: i64,
}

/// Time passes, whether or not there is market data.
#[derive(Clone, Copy, Debug)]
pub struct Pulse {
    pub at: SessionTime,
    /// How long the feed has been silent.
    pub feed_gap_ns: i64,
    /// The market as it was last seen.
    pub quote: Option<Quote>,
}

/// What the bus carries.
#[derive(Clone, Copy, Debug)]
pub enum BusMessage {
    Tick(Tick),
    Pulse(Pulse),
    Cue {
        at: SessionTime,
        cue: Cue,
    },
    /// Nothing comes after this.
    Stop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    New,
    Amend,
    Cancel,
}

/// What a strategy wants.
#[derive(Clone, Copy, Debug)]
pub struct Intent {
    pub strategy: Strategy,
    pub lineage: Lineage,
    pub action: Action,
    pub side: Side,
    pub price: Price,
    pub quantity: i64,
    pub at: SessionTime,
    /// When the tick behind it arrived.
    pub received: Instant,
}

/// What came of an intent or an order, for the strategy that wanted it.
#[derive(Clone, Copy, Debug)]
pub struct News {
    pub strategy: Strategy,
    pub side: Side,
    pub intent: Id,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The intent came to nothing. An order that it was to change stands as before.
    Refused,
    /// A new order stands.
    Accepted { client_order: Id },
    /// The order has its new price.
    Amended,
    /// A part of the order, or all of it, was executed.
    Filled { quantity: i64, leaves: i64 },
    /// The order stands no more.
    Closed,
}

/// What risk takes in.
#[derive(Clone, Copy, Debug)]
pub enum RiskInput {
    Bus(BusMessage),
    Intent(Intent),
    Position(Standing),
    /// A reason to stop, for one strategy or for all.
    Alarm {
        trigger: HaltTrigger,
        strategy: Option<Strategy>,
    },
    /// A changed limit.
    PositionMax {
        strategy: Strategy,
        contracts: i64,
    },
    /// No intent comes after this.
    Stop,
}

/// How a strategy stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub strategy: Strategy,
    pub net_quantity: i64,
    /// Profit of the day.
    pub total: Money,
    /// From the day's peak, in bps of the capital; 0 or negative.
    pub drawdown_bps: f64,
    /// When the report arrived that changed it, if one did.
    pub received: Option<Instant>,
}

/// What the order component takes in.
#[derive(Clone, Copy, Debug)]
pub enum OrderInput {
    Bus(BusMessage),
    Approved {
        intent: Intent,
        mode: Mode,
    },
    /// Cancel all orders of the strategy.
    PullAll {
        strategy: Strategy,
        reason_code: &'static str,
    },
    Report(Report),
    /// No approved intent comes after this.
    Stop,
    /// No report comes after this.
    BrokerDone,
}

/// What the broker is asked.
#[derive(Clone, Copy, Debug)]
pub enum Request {
    New { client_order: Id, strategy: Strategy, side: Side, price: Price, quantity: i64, at: SessionTime },
    Amend { client_order: Id, price: Price, at: SessionTime },
    Cancel { client_order: Id, at: SessionTime },
    Stop,
}

/// What the broker says about one order.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    pub client_order: Id,
    pub broker_order: Option<Id>,
    pub at: SessionTime,
    pub received: Instant,
    pub kind: ReportKind,
}

#[derive(Clone, Copy, Debug)]
pub enum ReportKind {
    Ack { action: Action },
    Reject { action: Action, reason: RejectReason },
    Fill { fill: Id, side: Side, price: Price, quantity: i64, leaves: i64 },
}

/// Why a broker refuses, as it codes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectReason {
    PriceLimit,
    InsufficientMargin,
    Throttled,
    UnknownOrder,
}

/// What execution takes in.
#[derive(Clone, Copy, Debug)]
pub enum ExecutionInput {
    Bus(BusMessage),
    /// An order is about to be sent: whatever is reported about it can be told from now on.
    Register {
        lineage: Lineage,
        strategy: Strategy,
        at: SessionTime,
    },
    /// A change of the order is about to be sent.
    Expect {
        client_order: Id,
        at: SessionTime,
    },
    /// The order stands no more, and nothing will be reported about it.
    Forget {
        client_order: Id,
    },
    /// No answer is waited for any longer; a late report can still be told.
    GaveUp {
        client_order: Id,
    },
    Report(Report),
    /// The broker's own view, as of all reports before it.
    BrokerPositions {
        net_quantity: PerStrategy<i64>,
    },
    /// No report comes after this.
    BrokerDone,
}

/// What position takes in.
#[derive(Clone, Copy, Debug)]
pub enum PositionInput {
    Bus(BusMessage),
    Fill(Fill),
    BrokerPositions {
        net_quantity: PerStrategy<i64>,
    },
    /// No fill comes after this.
    Stop,
}

/// A fill whose order is known.
#[derive(Clone, Copy, Debug)]
pub struct Fill {
    pub id: Id,
    pub strategy: Strategy,
    pub lineage: Lineage,
    pub side: Side,
    pub price: Price,
    pub quantity: i64,
    pub fee: Money,
    pub tax: Money,
    pub received: Instant,
}

/// What the recorder takes in.
#[derive(Clone, Copy, Debug)]
pub enum RecorderInput {
    Bus(BusMessage),
    Fill(Fill),
    /// Nothing comes after this.
    Stop,
}

/// What the gateway takes in.
#[derive(Clone, Copy, Debug)]
pub enum GatewayInput {
    Bus(BusMessage),
    Intent(Intent),
    /// No intent comes after this.
    Stop,
}

// === impl Action ===

impl Action {
    /// The word that events use.
    pub fn name(self) -> &'static str {
        match self {
            Action::New => "NEW",
            Action::Amend => "AMEND",
            Action::Cancel => "CANCEL",
        }
    }
}

// === impl RejectReason ===

impl RejectReason {
    pub fn code(self) -> &'static str {
        match self {
            RejectReason::PriceLimit => "PRICE_LIMIT",
            RejectReason::InsufficientMargin => "INSUFFICIENT_MARGIN",
            RejectReason::Throttled => "THROTTLED",
            RejectReason::UnknownOrder => "UNKNOWN_ORDER",
        }
    }
}

// === what arrives from the bus, for each inbox ===

macro_rules! from_bus {
    ($($input:ident),*) => {$(
        impl From<BusMessage> for $input {
            fn from(message: BusMessage) -> Self {
                $input::Bus(message)
            }
        }
    )*};
}

from_bus!(RiskInput, OrderInput, ExecutionInput, PositionInput, RecorderInput, GatewayInput);
