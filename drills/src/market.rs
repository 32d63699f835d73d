//! Market data: what drives the stack.
//!
//! A market is a sequence of order-book changes and trades, read from a recording (parquet or
//! newline JSON, the two layouts that are documented in [`parquet`] and [`ndjson`]) or made up by a
//! seeded [`generator`]. [`feed`] turns any of them into groups of changes of one instant, checks
//! their time and starts a recording again when it ends; [`book`] rebuilds the order book from them.

pub mod book;
pub mod damage;
pub mod dice;
pub mod feed;
pub mod generator;
pub mod ndjson;
pub mod parquet;

/// Prices are integers: the price in points times this scale, so that no rounding ever moves one.
pub const PRICE_SCALE: i64 = 10_000;

/// A price in 1/[`PRICE_SCALE`] points.
pub type Price = i64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Buy,
    Sell,
}

/// One row of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketEvent {
    /// Exchange time, ns since 1970, UTC.
    pub exch_ts: i64,
    pub change: Change,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The quantity that now rests at a price; 0 removes the level.
    Depth { side: Side, price: Price, quantity: i64 },
    /// A trade; `side` is the aggressor's.
    Trade { side: Side, price: Price, quantity: i64 },
    /// Forget one side of the book, or both.
    Clear { side: Option<Side> },
}

/// Where market events come from: a recording's rows or a generator.
pub trait Source: Send {
    /// The next row, or what is wrong with it. `None` at the end.
    fn next_row(&mut self) -> Option<Result<MarketEvent, damage::Damage>>;
}

// === impl Side ===

impl Side {
    pub fn opposite(self) -> Self {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }

    /// +1 for a buy, −1 for a sell: the direction in which a fill moves a position.
    pub fn sign(self) -> i64 {
        match self {
            Side::Buy => 1,
            Side::Sell => -1,
        }
    }

    /// The word that events use.
    pub fn name(self) -> &'static str {
        match self {
            Side::Buy => "BUY",
            Side::Sell => "SELL",
        }
    }
}

// === impl MarketEvent ===

impl MarketEvent {
    /// Builds a row from a recording's floating-point columns, or says why it can't be one.
    pub(crate) fn from_columns(
        kind: RowKind,
        side: Option<Side>,
        exch_ts: i64,
        price: f64,
        quantity: f64,
    ) -> Result<Self, damage::Damage> {
        use damage::Damage;
        if exch_ts <= 0 {
            return Err(Damage::BadTime);
        }
        let change = match kind {
            RowKind::Clear => Change::Clear { side },
            RowKind::Depth | RowKind::Trade => {
                let side = side.ok_or(Damage::BadSide)?;
                let price = price_from_points(price).ok_or(Damage::BadPrice)?;
                let quantity = whole_quantity(quantity).ok_or(Damage::BadQuantity)?;
                match kind {
                    RowKind::Depth => Change::Depth { side, price, quantity },
                    _ if quantity == 0 => return Err(Damage::BadQuantity),
                    _ => Change::Trade { side, price, quantity },
                }
            }
        };
        Ok(MarketEvent { exch_ts, change })
    }
}

/// What a recording's row says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowKind {
    Depth,
    Trade,
    Clear,
}

/// Beyond this a scaled price would lose whole units in an f64, so the row can't be trusted.
const POINTS_MAX: f64 = 1e11;

fn price_from_points(points: f64) -> Option<Price> {
    (points.is_finite() && points > 0.0 && points < POINTS_MAX).then(|| (points * PRICE_SCALE as f64).round() as Price)
}

fn whole_quantity(quantity: f64) -> Option<i64> {
    ((0.0..1e15).contains(&quantity) && quantity.fract() == 0.0).then_some(quantity as i64)
}

#[cfg(test)]
mod tests {
    use super::{damage::Damage, *};

    #[test]
    fn a_row_is_taken_only_when_every_column_makes_sense() {
        let row = |price, quantity| MarketEvent::from_columns(RowKind::Depth, Some(Side::Buy), 1, price, quantity);
        assert_eq!(
            row(34500.5, 3.0).unwrap().change,
            Change::Depth { side: Side::Buy, price: 345_005_000, quantity: 3 }
        );
        assert_eq!(row(f64::NAN, 3.0), Err(Damage::BadPrice));
        assert_eq!(row(-1.0, 3.0), Err(Damage::BadPrice));
        assert_eq!(row(1e300, 3.0), Err(Damage::BadPrice));
        assert_eq!(row(34500.0, 0.5), Err(Damage::BadQuantity));
        assert_eq!(row(34500.0, f64::INFINITY), Err(Damage::BadQuantity));
        assert_eq!(MarketEvent::from_columns(RowKind::Trade, None, 1, 1.0, 1.0), Err(Damage::BadSide));
        assert_eq!(MarketEvent::from_columns(RowKind::Clear, None, 0, 0.0, 0.0), Err(Damage::BadTime));
    }
}
