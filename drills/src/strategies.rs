//! The strategies that the stack runs: what they do and how much they may do.
//!
//! Sizes are chosen for a fast replay, in which hours of market pass in seconds: the makers have
//! capital enough to stay in business, the momentum strategy pays the spread each time and is the one
//! that StormGuard is likely to stop.

use crate::market::{PRICE_SCALE, Price};

/// Value of one index point, as for Taiwan's index future.
pub const POINT_VALUE: i64 = 200;

/// Fee a contract and tax as a share of the notional, as that exchange takes them.
pub const FEE: i64 = 20 * PRICE_SCALE;
pub const TAX_RATE: f64 = 2e-5;

/// The smallest price step.
pub const TICK: Price = PRICE_SCALE;

/// Money times the price scale, the unit of every profit in events.
pub type Money = i64;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Style {
    /// Quotes both sides, so many ticks behind the best price, and follows it.
    Maker { behind_ticks: i64 },
    /// Buys what rises: takes from the other side.
    Momentum,
    /// Sells what rose too far: waits at the best price.
    Reversion,
}

#[derive(Debug)]
pub struct Profile {
    pub name: &'static str,
    pub style: Style,
    /// Contracts an order.
    pub quantity: i64,
    /// Contracts it may hold, long or short, while StormGuard is NORMAL.
    pub position_max: i64,
    /// What drawdowns are measured against.
    pub capital: Money,
}

const MILLION: Money = 1_000_000 * PRICE_SCALE;

pub const STRATEGIES: [Profile; 4] = [
    Profile {
        name: "mm-1",
        style: Style::Maker { behind_ticks: 0 },
        quantity: 1,
        position_max: 5,
        capital: 400 * MILLION,
    },
    Profile {
        name: "mm-2",
        style: Style::Maker { behind_ticks: 2 },
        quantity: 2,
        position_max: 8,
        capital: 600 * MILLION,
    },
    Profile { name: "mom-1", style: Style::Momentum, quantity: 1, position_max: 3, capital: 30 * MILLION },
    Profile { name: "rev-1", style: Style::Reversion, quantity: 1, position_max: 4, capital: 300 * MILLION },
];

/// One of [`STRATEGIES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Strategy(u8);

/// Something for each strategy.
pub type PerStrategy<T> = [T; STRATEGIES.len()];

// === impl Strategy ===

impl Strategy {
    /// Always at the best price.
    pub const QUICK_MAKER: Strategy = Strategy(0);
    /// Waits behind it.
    pub const PATIENT_MAKER: Strategy = Strategy(1);

    pub fn all() -> impl Iterator<Item = Strategy> {
        (0..STRATEGIES.len() as u8).map(Strategy)
    }

    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    pub fn profile(self) -> &'static Profile {
        &STRATEGIES[self.index()]
    }

    pub fn name(self) -> &'static str {
        self.profile().name
    }
}

/// Makes one `T` for each strategy.
pub fn per_strategy<T>(make: impl FnMut(Strategy) -> T) -> PerStrategy<T> {
    let all: [Strategy; STRATEGIES.len()] = std::array::from_fn(|index| Strategy(index as u8));
    all.map(make)
}
