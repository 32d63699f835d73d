//! What each style of strategy wants at a tick.

use super::Running;
use crate::ids::Id;
use crate::market::{Price, Side};
use crate::messages::{Action, Tick};
use crate::strategies::{Style, TICK};

/// What to ask for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) action: Action,
    pub(super) side: Side,
    pub(super) price: Price,
    /// The order to change.
    pub(super) order: Option<Id>,
    pub(super) why: &'static str,
}

/// A quote is moved when the market is so many ticks away from it, and taken back when the market
/// ran far away from the wrong side.
const AMEND_TICKS: i64 = 2;
const CANCEL_TICKS: i64 = 25;
/// A maker gets out of the way of a book that leans so much.
const LEANING: f64 = 0.9;

/// What the strategy wants at this tick. A restless maker moves quotes that need no moving, and does
/// not wait for the answer to the last move.
pub(super) fn wish(running: &Running, tick: &Tick, restless: bool) -> Option<Wish> {
    match running.strategy.profile().style {
        Style::Maker { behind_ticks } => make(running, tick, behind_ticks, restless),
        Style::Momentum => towards(running, tick, running.trend.direction(), true),
        Style::Reversion => towards(running, tick, -running.trend.direction(), false),
    }
}

/// Quotes both sides; the side that reduces the position first.
fn make(running: &Running, tick: &Tick, behind_ticks: i64, restless: bool) -> Option<Wish> {
    let first = if running.position > 0 { Side::Sell } else { Side::Buy };
    [first, first.opposite()].into_iter().find_map(|side| {
        let slot = &running.slots[side as usize];
        let target = tick.quote.touch(side) - side.sign() * behind_ticks * TICK;
        if let Some(live) = slot.live.filter(|_| restless) {
            return Some(wish_for(Action::Amend, side, target, Some(live.order), "QUOTE_MOVED"));
        }
        if slot.is_waiting() || tick.at < slot.rests_until {
            return None;
        }
        match slot.live {
            Some(live) => {
                let away = (target - live.price).abs() / TICK;
                let leaning = -tick.quote.imbalance() * side.sign() as f64;
                if away >= CANCEL_TICKS || (leaning > LEANING && behind_ticks == 0) {
                    Some(wish_for(Action::Cancel, side, live.price, Some(live.order), "QUOTE_PULLED"))
                } else if away >= AMEND_TICKS {
                    Some(wish_for(Action::Amend, side, target, Some(live.order), "QUOTE_MOVED"))
                } else {
                    None
                }
            }
            // It wants as much as it may have in calm times; risk knows what it may have now.
            None if running.position * side.sign() < running.strategy.profile().position_max => {
                Some(wish_for(Action::New, side, target, None, "QUOTE"))
            }
            None => None,
        }
    })
}

/// Moves the position to where the signal points.
fn towards(running: &Running, tick: &Tick, direction: i64, takes: bool) -> Option<Wish> {
    let profile = running.strategy.profile();
    let missing = direction * profile.position_max - running.position;
    let side = match missing {
        0 => return abandon(running, tick, None),
        missing if missing > 0 => Side::Buy,
        _ => Side::Sell,
    };
    if let Some(wish) = abandon(running, tick, Some(side)) {
        return Some(wish);
    }
    let slot = &running.slots[side as usize];
    if slot.is_waiting() || tick.at < slot.rests_until {
        return None;
    }
    let price = if takes { tick.quote.touch(side.opposite()) + side.sign() * TICK } else { tick.quote.touch(side) };
    let why = if direction == 0 { "SIGNAL_OVER" } else { "SIGNAL" };
    match slot.live {
        None => Some(wish_for(Action::New, side, price, None, why)),
        Some(live) if (live.price - price).abs() >= AMEND_TICKS * TICK => {
            Some(wish_for(Action::Amend, side, price, Some(live.order), "SIGNAL_MOVED"))
        }
        Some(_) => None,
    }
}

/// Cancels an order that stands on a side that is no longer wanted.
fn abandon(running: &Running, tick: &Tick, wanted: Option<Side>) -> Option<Wish> {
    [Side::Buy, Side::Sell].into_iter().filter(|side| Some(*side) != wanted).find_map(|side| {
        let slot = &running.slots[side as usize];
        let free = !slot.is_waiting() && tick.at >= slot.rests_until;
        let live = slot.live.filter(|_| free)?;
        Some(wish_for(Action::Cancel, side, live.price, Some(live.order), "SIGNAL_OVER"))
    })
}

fn wish_for(action: Action, side: Side, price: Price, order: Option<Id>, why: &'static str) -> Wish {
    Wish { action, side, price, order, why }
}
