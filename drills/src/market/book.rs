//! The order book, rebuilt from its changes.
//!
//! Prices between two changes of one instant may be crossed; the book is quoted only after the whole
//! group of one exchange time was applied (see [`super::feed`]).

use std::collections::BTreeMap;

use super::{Change, Price, Side};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    pub price: Price,
    pub quantity: i64,
}

/// The best price of each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    pub bid: Level,
    pub ask: Level,
}

#[derive(Clone, Debug, Default)]
pub struct Book {
    bids: BTreeMap<Price, i64>,
    asks: BTreeMap<Price, i64>,
}

// === impl Quote ===

impl Quote {
    /// Half-way between the best prices.
    pub fn mid(&self) -> Price {
        (self.bid.price + self.ask.price) / 2
    }

    pub fn spread(&self) -> Price {
        self.ask.price - self.bid.price
    }

    /// The best price on one side.
    pub fn touch(&self, side: Side) -> Price {
        match side {
            Side::Buy => self.bid.price,
            Side::Sell => self.ask.price,
        }
    }

    /// From −1 (all the quantity is offered) to 1 (all of it is bid).
    pub fn imbalance(&self) -> f64 {
        let (bid, ask) = (self.bid.quantity as f64, self.ask.quantity as f64);
        (bid - ask) / (bid + ask)
    }
}

// === impl Book ===

impl Book {
    /// Applies one change. A trade changes no level: the exchange sends the depth that is left.
    pub fn apply(&mut self, change: &Change) {
        match *change {
            Change::Depth { side, price, quantity: 0 } => {
                self.side_mut(side).remove(&price);
            }
            Change::Depth { side, price, quantity } => {
                self.side_mut(side).insert(price, quantity);
            }
            Change::Trade { .. } => {}
            Change::Clear { side } => {
                if side != Some(Side::Sell) {
                    self.bids.clear();
                }
                if side != Some(Side::Buy) {
                    self.asks.clear();
                }
            }
        }
    }

    /// The best prices, where both sides have one and they don't cross.
    pub fn quote(&self) -> Option<Quote> {
        let (&bid, &bid_quantity) = self.bids.last_key_value()?;
        let (&ask, &ask_quantity) = self.asks.first_key_value()?;
        (bid < ask).then_some(Quote {
            bid: Level { price: bid, quantity: bid_quantity },
            ask: Level { price: ask, quantity: ask_quantity },
        })
    }

    /// How many levels rest on one side.
    pub fn depth(&self, side: Side) -> usize {
        match side {
            Side::Buy => self.bids.len(),
            Side::Sell => self.asks.len(),
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<Price, i64> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(side: Side, price: Price, quantity: i64) -> Change {
        Change::Depth { side, price, quantity }
    }

    #[test]
    fn the_quote_follows_the_best_levels() {
        let mut book = Book::default();
        assert_eq!(book.quote(), None);
        for change in
            [depth(Side::Buy, 99, 3), depth(Side::Buy, 98, 5), depth(Side::Sell, 101, 2), depth(Side::Sell, 102, 1)]
        {
            book.apply(&change);
        }
        let quote = book.quote().unwrap();
        assert_eq!((quote.bid.price, quote.ask.price, quote.mid(), quote.spread()), (99, 101, 100, 2));
        assert!((quote.imbalance() - 0.2).abs() < 1e-9);

        book.apply(&depth(Side::Buy, 99, 0));
        assert_eq!(book.quote().unwrap().touch(Side::Buy), 98);
        book.apply(&depth(Side::Buy, 105, 1));
        assert_eq!(book.quote(), None, "a crossed book has no quote");
        book.apply(&Change::Clear { side: Some(Side::Buy) });
        assert_eq!((book.depth(Side::Buy), book.depth(Side::Sell)), (0, 2));
        book.apply(&Change::Clear { side: None });
        assert_eq!(book.depth(Side::Sell), 0);
    }
}
