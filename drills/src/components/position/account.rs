//! One strategy's position and profit, in whole units of money times the price scale.

use crate::market::Price;
use crate::strategies::{Money, POINT_VALUE};

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Account {
    net_quantity: i64,
    /// What the open contracts were bought for, or sold for if short: price times quantity, signed.
    cost: i64,
    realized: Money,
    unrealized: Money,
    /// The day's highest total so far; the day begins at zero.
    peak: Money,
}

// === impl Account ===

impl Account {
    /// Takes in a fill of `delta` contracts, negative for a sale.
    pub(super) fn fill(&mut self, delta: i64, price: Price, costs: Money) {
        let closing =
            if self.net_quantity * delta < 0 { delta.signum() * delta.abs().min(self.net_quantity.abs()) } else { 0 };
        if closing != 0 {
            // The share of the cost that belongs to the closed contracts; all of it when flat.
            let closed_cost = self.cost * -closing / self.net_quantity;
            self.realized += (-closing * price - closed_cost) * POINT_VALUE;
            self.cost -= closed_cost;
        }
        self.cost += (delta - closing) * price;
        self.net_quantity += delta;
        self.realized -= costs;
    }

    /// A trade was cancelled afterwards, to our disadvantage.
    pub(super) fn book_loss(&mut self, loss: Money) {
        self.realized -= loss;
    }

    /// Values the open contracts.
    pub(super) fn mark(&mut self, price: Price) {
        self.unrealized = (self.net_quantity * price - self.cost) * POINT_VALUE;
        self.peak = self.peak.max(self.total());
    }

    pub(super) fn net_quantity(&self) -> i64 {
        self.net_quantity
    }

    /// 0 when flat.
    pub(super) fn average_price(&self) -> Price {
        if self.net_quantity == 0 { 0 } else { self.cost / self.net_quantity }
    }

    pub(super) fn realized(&self) -> Money {
        self.realized
    }

    pub(super) fn unrealized(&self) -> Money {
        self.unrealized
    }

    pub(super) fn total(&self) -> Money {
        self.realized + self.unrealized
    }

    /// Fall from the day's peak; 0 or negative.
    pub(super) fn drawdown(&self) -> Money {
        self.total() - self.peak
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buying_and_selling_realizes_the_difference() {
        let mut account = Account::default();
        account.fill(2, 100, 7);
        account.mark(103);
        assert_eq!((account.average_price(), account.unrealized()), (100, 6 * POINT_VALUE));
        account.fill(-1, 104, 7);
        assert_eq!(account.realized(), 4 * POINT_VALUE - 14);
        // Through zero: one closes, two open short.
        account.fill(-3, 90, 0);
        account.mark(90);
        assert_eq!(account.net_quantity(), -2);
        assert_eq!(account.realized(), (4 - 10) * POINT_VALUE - 14);
        assert_eq!((account.average_price(), account.unrealized()), (90, 0));
        assert_eq!(account.drawdown(), account.total() - (6 * POINT_VALUE - 7));
    }

    proptest! {
        #[test]
        fn profit_is_what_was_paid_out_against_what_is_held(
            fills in prop::collection::vec((-5i64..6, 90i64..111, 0i64..9), 0..60),
            mark in 90i64..111,
        ) {
            let mut account = Account::default();
            let (mut cash, mut held) = (0, 0);
            for (delta, price, costs) in fills {
                account.fill(delta, price, costs);
                account.mark(price);
                cash -= delta * price * POINT_VALUE + costs;
                held += delta;
            }
            account.mark(mark);
            prop_assert_eq!(account.net_quantity(), held);
            prop_assert_eq!(account.total(), cash + held * mark * POINT_VALUE);
            prop_assert!(account.drawdown() <= 0);
        }
    }
}
