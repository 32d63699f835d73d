//! The one signal that the strategies trade on: a fast average of the mid price against a slow one.

use crate::messages::Tick;

/// Weights of a new price, by tick. The slow average remembers some 250 ticks.
const FAST: f64 = 2.0 / 21.0;
const SLOW: f64 = 2.0 / 251.0;
/// A difference of so many ticks of price is a signal of full strength.
const FULL_TICKS: f64 = 12.0;
/// From here on it is worth acting on; below half of it the signal is over.
const STRONG: f64 = 0.4;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trend {
    fast: f64,
    slow: f64,
    ticks: u64,
    direction: i8,
}

// === impl Trend ===

impl Trend {
    /// Takes in a tick and tells whether the signal turned.
    pub(super) fn update(&mut self, tick: &Tick) -> bool {
        let mid = tick.quote.mid() as f64;
        if self.ticks == 0 {
            (self.fast, self.slow) = (mid, mid);
        }
        self.ticks += 1;
        self.fast += FAST * (mid - self.fast);
        self.slow += SLOW * (mid - self.slow);
        let strength = self.strength();
        let direction = if strength.abs() >= STRONG {
            strength.signum() as i8
        } else if strength.abs() < STRONG / 2.0 {
            0
        } else {
            self.direction
        };
        std::mem::replace(&mut self.direction, direction) != direction
    }

    /// −1 falling to 1 rising.
    pub(super) fn strength(&self) -> f64 {
        let ticks = (self.fast - self.slow) / crate::strategies::TICK as f64;
        (ticks / FULL_TICKS).clamp(-1.0, 1.0)
    }

    /// −1 falls, 0 nothing, 1 rises; holds on to a signal until it is clearly over.
    pub(super) fn direction(&self) -> i64 {
        i64::from(self.direction)
    }
}
