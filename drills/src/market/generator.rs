//! A market made up from a seed, for runs without a recording.
//!
//! It looks like a futures market where that matters to the stack: the mid price walks at random with
//! slow trends, activity comes in clusters (each trade makes more trades likely for a while), prices
//! gap when a level is eaten, the feed sometimes falls silent for longer than a second, and rows come
//! in groups of one instant whose book is never crossed once the group is applied.

use std::collections::{BTreeMap, VecDeque};

use super::damage::Damage;
use super::dice::Dice;
use super::{Change, MarketEvent, PRICE_SCALE, Price, Side, Source};

/// One tick: a point, as for index futures.
const TICK: Price = PRICE_SCALE;
/// Where the market opens, and what it is drawn back to over hours.
const OPEN: Price = 20_000 * PRICE_SCALE;
/// 2026-01-05 00:45 UTC, a Monday morning in Taipei. Only the order of times matters.
const OPEN_TS: i64 = 1_767_573_900_000_000_000;
/// Levels kept on each side.
const LEVELS: usize = 10;
/// Groups a second when nothing happens, and how much one trade adds to that for a while.
const CALM_GROUPS_PER_S: f64 = 120.0;
const TRADE_EXCITEMENT: f64 = 45.0;
/// Excitement fades with this time constant. Each trade begets under one more, so bursts end.
const EXCITEMENT_S: f64 = 0.15;
const TRADE_SHARE: f64 = 0.12;
/// Mean time between silences of the feed, and how long they are.
const SILENCE_EVERY_S: f64 = 75.0;
const SILENCE_MS: (i64, i64) = (1_050, 3_500);

pub struct Generator {
    dice: Dice,
    now: i64,
    bids: BTreeMap<Price, i64>,
    asks: BTreeMap<Price, i64>,
    /// Extra groups a second, because of recent trades.
    excitement: f64,
    /// Leaning of aggressors, −1 sell to 1 buy; wanders slowly.
    trend: f64,
    last_aggressor: Side,
    next_silence: i64,
    ready: VecDeque<MarketEvent>,
}

// === impl Generator ===

impl Generator {
    pub fn new(seed: u64) -> Self {
        let mut generator = Generator {
            dice: Dice::new(seed),
            now: OPEN_TS,
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
            excitement: 0.0,
            trend: 0.0,
            last_aggressor: Side::Buy,
            next_silence: 0,
            ready: VecDeque::new(),
        };
        generator.plan_silence();
        generator.open();
        generator
    }

    fn open(&mut self) {
        self.push(Change::Clear { side: None });
        for level in 0..LEVELS as i64 {
            for side in [Side::Buy, Side::Sell] {
                let price = OPEN - side.sign() * (level + i64::from(side == Side::Buy)) * TICK;
                let quantity = self.fresh_quantity();
                self.set(side, price, quantity);
            }
        }
    }

    fn plan_silence(&mut self) {
        let seconds = self.dice.exponential(SILENCE_EVERY_S).max(5.0);
        self.next_silence = self.now + (seconds * 1e9) as i64;
    }

    /// Moves time on and makes the next group.
    fn step(&mut self) {
        let wait_s = self.dice.exponential(1.0 / (CALM_GROUPS_PER_S + self.excitement));
        self.excitement *= (-wait_s / EXCITEMENT_S).exp();
        self.now += (wait_s * 1e9) as i64 + 1_000;
        if self.now >= self.next_silence {
            self.now += self.dice.between(SILENCE_MS.0, SILENCE_MS.1) * 1_000_000;
            self.plan_silence();
        }
        self.trend = 0.999 * self.trend + 0.03 * (self.dice.unit() - 0.5);
        if self.dice.chance(TRADE_SHARE) {
            self.trade();
        } else {
            for _ in 0..self.dice.between(1, 4) {
                self.requote();
            }
        }
        self.refill();
    }

    /// An aggressor takes from the other side's best levels.
    fn trade(&mut self) {
        let side = self.aggressor();
        self.last_aggressor = side;
        self.excitement += TRADE_EXCITEMENT;
        let mut wanted = 1 + self.dice.exponential(2.0) as i64;
        while wanted > 0 && self.side(side.opposite()).len() > LEVELS / 2 {
            let Some((price, resting)) = self.touch(side.opposite()) else {
                return;
            };
            let quantity = wanted.min(resting);
            self.push(Change::Trade { side, price, quantity });
            self.set(side.opposite(), price, resting - quantity);
            wanted -= quantity;
            // Where a level is gone, the other side often follows to the new price.
            if resting == quantity && self.dice.chance(0.6) {
                let quantity = self.fresh_quantity();
                self.set(side, price, quantity);
            }
        }
    }

    /// Aggressors come in runs, lean with the trend, and are drawn back to the opening price.
    fn aggressor(&mut self) -> Side {
        if self.dice.chance(0.55) {
            return self.last_aggressor;
        }
        let strayed = self.touch(Side::Buy).map_or(0.0, |(bid, _)| (bid - OPEN) as f64 / OPEN as f64);
        let buy = (0.5 + 0.5 * self.trend - 4.0 * strayed).clamp(0.1, 0.9);
        if self.dice.chance(buy) { Side::Buy } else { Side::Sell }
    }

    /// One resting level changes, most often near the touch.
    fn requote(&mut self) {
        let side = if self.dice.chance(0.5) { Side::Buy } else { Side::Sell };
        let Some((touch, _)) = self.touch(side) else {
            return;
        };
        let Some((other, _)) = self.touch(side.opposite()) else {
            return;
        };
        let spread_ticks = (touch - other).abs() / TICK;
        if spread_ticks > 1 && self.dice.chance(0.5) {
            let quantity = self.fresh_quantity();
            self.set(side, touch + side.sign() * TICK, quantity);
            return;
        }
        let depth = (self.dice.exponential(2.0) as i64).min(LEVELS as i64 - 1);
        let price = touch - side.sign() * depth * TICK;
        let emptied = self.dice.chance(0.08) && self.side(side).len() > LEVELS / 2;
        let quantity = if emptied { 0 } else { self.fresh_quantity() };
        self.set(side, price, quantity);
    }

    /// Keeps [`LEVELS`] levels a side.
    fn refill(&mut self) {
        for side in [Side::Buy, Side::Sell] {
            while self.side(side).len() < LEVELS {
                let Some(worst) = self.worst(side) else {
                    return;
                };
                let quantity = self.fresh_quantity();
                self.set(side, worst - side.sign() * TICK, quantity);
            }
            while self.side(side).len() > LEVELS {
                let Some(worst) = self.worst(side) else {
                    return;
                };
                self.set(side, worst, 0);
            }
        }
    }

    fn fresh_quantity(&mut self) -> i64 {
        1 + self.dice.exponential(8.0) as i64
    }

    fn side(&self, side: Side) -> &BTreeMap<Price, i64> {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn touch(&self, side: Side) -> Option<(Price, i64)> {
        match side {
            Side::Buy => self.bids.last_key_value(),
            Side::Sell => self.asks.first_key_value(),
        }
        .map(|(price, quantity)| (*price, *quantity))
    }

    fn worst(&self, side: Side) -> Option<Price> {
        match side {
            Side::Buy => self.bids.first_key_value(),
            Side::Sell => self.asks.last_key_value(),
        }
        .map(|(price, _)| *price)
    }

    /// Changes a level here and tells the reader.
    fn set(&mut self, side: Side, price: Price, quantity: i64) {
        let levels = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        if quantity == 0 {
            levels.remove(&price);
        } else {
            levels.insert(price, quantity);
        }
        self.push(Change::Depth { side, price, quantity });
    }

    fn push(&mut self, change: Change) {
        self.ready.push_back(MarketEvent { exch_ts: self.now, change });
    }
}

impl Source for Generator {
    fn next_row(&mut self) -> Option<Result<MarketEvent, Damage>> {
        while self.ready.is_empty() {
            self.step();
        }
        self.ready.pop_front().map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::book::Book;
    use super::*;

    fn rows(seed: u64, count: usize) -> Vec<MarketEvent> {
        let mut generator = Generator::new(seed);
        std::iter::from_fn(|| generator.next_row()).take(count).map(Result::unwrap).collect()
    }

    #[test]
    fn a_seed_is_a_market() {
        assert_eq!(rows(5, 2000), rows(5, 2000));
        assert_ne!(rows(5, 2000), rows(6, 2000));
    }

    #[test]
    fn it_looks_like_a_futures_market() {
        let rows = rows(1, 300_000);
        let seconds = (rows.last().unwrap().exch_ts - rows[0].exch_ts) as f64 / 1e9;
        let per_second = rows.len() as f64 / seconds;
        assert!((300.0..3_000.0).contains(&per_second), "{per_second} rows/s");

        let trades = rows.iter().filter(|row| matches!(row.change, Change::Trade { .. })).count();
        let share = trades as f64 / rows.len() as f64;
        assert!((0.03..0.2).contains(&share), "trades are {share} of the rows");

        let silences = rows.windows(2).filter(|pair| pair[1].exch_ts - pair[0].exch_ts >= 1_000_000_000).count();
        assert!(silences >= 1, "no silence in {seconds} s");

        // Clustered: the busiest 10 % of 100 ms slices hold far more than 10 % of the trades.
        let mut slices: BTreeMap<i64, u32> = BTreeMap::new();
        for row in &rows {
            let trade = u32::from(matches!(row.change, Change::Trade { .. }));
            *slices.entry(row.exch_ts / 100_000_000).or_default() += trade;
        }
        let mut counts: Vec<u32> = slices.into_values().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let busiest: u32 = counts[..counts.len() / 10].iter().sum();
        assert!(f64::from(busiest) > 0.2 * trades as f64, "{busiest} of {trades}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn time_runs_forward_and_no_group_leaves_the_book_crossed(seed: u64) {
            let rows = rows(seed, 4_000);
            let mut book = Book::default();
            for (at, row) in rows.iter().enumerate() {
                book.apply(&row.change);
                let next = rows.get(at + 1);
                prop_assert!(next.is_none_or(|next| next.exch_ts >= row.exch_ts));
                if next.is_some_and(|next| next.exch_ts > row.exch_ts) {
                    prop_assert!(book.quote().is_some(), "crossed or empty at row {at}");
                    prop_assert!(book.depth(Side::Buy) == LEVELS && book.depth(Side::Sell) == LEVELS);
                }
            }
        }
    }
}
