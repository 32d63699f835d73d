//! The orders that rest at the exchange, and when the market executes them.
//!
//! An order is executed at once where it crosses the other side's best price, later where the market
//! comes to it: surely when the other side's best price reaches it, and with even chance when a trade
//! is made at its price, since others wait in the same queue.

use crate::ids::Id;
use crate::market::book::Quote;
use crate::market::dice::Dice;
use crate::market::{Price, Side};
use crate::messages::Tick;
use crate::strategies::Strategy;

/// Chance of being the one whom a trade at the same price was made with.
const QUEUE_CHANCE: f64 = 0.5;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Resting {
    pub(super) client_order: Id,
    pub(super) broker_order: Id,
    pub(super) strategy: Strategy,
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) leaves: i64,
}

/// An order, or a part of it, was executed. `order.leaves` is what is left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Execution {
    pub(super) order: Resting,
    pub(super) price: Price,
    pub(super) quantity: i64,
}

#[derive(Debug, Default)]
pub(super) struct RestingOrders {
    orders: Vec<Resting>,
    quote: Option<Quote>,
}

// === impl RestingOrders ===

impl RestingOrders {
    /// Takes an order in; executes what crosses the market.
    pub(super) fn add(&mut self, order: Resting) -> Option<Execution> {
        self.orders.push(order);
        self.take_liquidity(self.orders.len() - 1)
    }

    /// Gives an order another price; executes what then crosses the market.
    pub(super) fn reprice(&mut self, client_order: Id, price: Price) -> Option<(Id, Option<Execution>)> {
        let index = self.position(client_order)?;
        self.orders[index].price = price;
        Some((self.orders[index].broker_order, self.take_liquidity(index)))
    }

    pub(super) fn remove(&mut self, client_order: Id) -> Option<Resting> {
        let index = self.position(client_order)?;
        Some(self.orders.swap_remove(index))
    }

    /// What the market of this tick executes.
    pub(super) fn match_tick(&mut self, tick: &Tick, dice: &mut Dice) -> Vec<Execution> {
        self.quote = Some(tick.quote);
        let mut executions = Vec::new();
        let mut index = 0;
        while index < self.orders.len() {
            let order = self.orders[index];
            let sign = order.side.sign();
            let reached = (order.price - tick.quote.touch(order.side.opposite())) * sign >= 0;
            let traded = tick.trade.filter(|trade| {
                trade.side != order.side && (order.price - trade.price) * sign >= 0 && dice.chance(QUEUE_CHANCE)
            });
            let quantity =
                if reached { order.leaves } else { traded.map_or(0, |trade| trade.quantity.min(order.leaves)) };
            if quantity == 0 {
                index += 1;
                continue;
            }
            executions.push(self.execute(index, order.price, quantity));
            if self.orders.get(index).is_some_and(|next| next.client_order == order.client_order) {
                index += 1;
            }
        }
        executions
    }

    fn position(&self, client_order: Id) -> Option<usize> {
        self.orders.iter().position(|order| order.client_order == client_order)
    }

    /// Executes an order against the other side's best level, as far as that goes.
    fn take_liquidity(&mut self, index: usize) -> Option<Execution> {
        let quote = self.quote?;
        let order = self.orders[index];
        let best = match order.side {
            Side::Buy => quote.ask,
            Side::Sell => quote.bid,
        };
        let crosses = (order.price - best.price) * order.side.sign() >= 0;
        let quantity = order.leaves.min(best.quantity);
        (crosses && quantity > 0).then(|| self.execute(index, best.price, quantity))
    }

    /// Takes a quantity off an order, and the order out if nothing is left.
    fn execute(&mut self, index: usize, price: Price, quantity: i64) -> Execution {
        let order = &mut self.orders[index];
        order.leaves -= quantity;
        let order = *order;
        if order.leaves == 0 {
            self.orders.swap_remove(index);
        }
        Execution { order, price, quantity }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::ids::{IdKind, IdMint};
    use crate::market::book::Level;
    use crate::messages::Trade;

    fn tick(bid: Price, ask: Price, trade: Option<Trade>) -> Tick {
        let level = |price| Level { price, quantity: 3 };
        Tick { at: 1, exch_ts: 1, received: Instant::now(), quote: Quote { bid: level(bid), ask: level(ask) }, trade }
    }

    fn order(number: u64, side: Side, price: Price, leaves: i64) -> Resting {
        let mint = IdMint::for_this_run();
        Resting {
            client_order: mint.id(IdKind::ClientOrder, number),
            broker_order: mint.id(IdKind::BrokerOrder, number),
            strategy: Strategy::QUICK_MAKER,
            side,
            price,
            leaves,
        }
    }

    #[test]
    fn an_order_that_crosses_takes_what_the_best_level_has() {
        let mut resting = RestingOrders::default();
        resting.match_tick(&tick(99, 101, None), &mut Dice::new(1));
        let execution = resting.add(order(1, Side::Buy, 102, 5)).unwrap();
        assert_eq!((execution.price, execution.quantity, execution.order.leaves), (101, 3, 2));
        assert_eq!(resting.add(order(2, Side::Buy, 100, 1)), None);
        assert_eq!(resting.orders.len(), 2);
    }

    #[test]
    fn a_resting_order_is_executed_when_the_market_comes_to_it() {
        let mut resting = RestingOrders::default();
        let mut dice = Dice::new(1);
        resting.match_tick(&tick(99, 101, None), &mut dice);
        resting.add(order(1, Side::Buy, 98, 2));
        resting.add(order(2, Side::Sell, 103, 1));
        resting.add(order(3, Side::Buy, 97, 1));
        let executions = resting.match_tick(&tick(96, 98, None), &mut dice);
        assert_eq!(executions.len(), 1);
        assert_eq!((executions[0].price, executions[0].order.leaves), (98, 0));
        assert_eq!(resting.orders.len(), 2);
    }

    #[test]
    fn a_trade_at_the_price_executes_an_order_about_every_other_time() {
        let mut resting = RestingOrders::default();
        let mut dice = Dice::new(1);
        let trade = Trade { side: Side::Sell, price: 99, quantity: 1 };
        resting.add(order(1, Side::Buy, 99, 1_000));
        let executions: usize =
            (0..1_000).map(|_| resting.match_tick(&tick(99, 101, Some(trade)), &mut dice).len()).sum();
        assert!((400..600).contains(&executions), "{executions}");
    }

    #[test]
    fn repricing_and_removing_need_an_order_that_stands() {
        let mut resting = RestingOrders::default();
        resting.match_tick(&tick(99, 101, None), &mut Dice::new(1));
        let resting_order = order(1, Side::Sell, 105, 1);
        resting.add(resting_order);
        let id = resting_order.client_order;
        assert!(matches!(resting.reprice(id, 104), Some((_, None))));
        assert!(matches!(resting.reprice(id, 99), Some((_, Some(_)))), "it crossed");
        assert_eq!(resting.remove(id), None);
    }
}
