//! The storage behind the recorder, simulated: how long a write takes, and whether it works.

use crate::market::dice::Dice;

pub(super) struct Store {
    dice: Dice,
    down: bool,
    disk_full: bool,
}

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) ok: bool,
    pub(super) duration_ms: f64,
}

/// A write takes this long at least, longer by the row, and now and then much longer.
const WRITE_MS: f64 = 2.0;
const ROW_MS: f64 = 0.0008;
const MERGE_CHANCE: f64 = 0.02;
const MERGE_MS: f64 = 120.0;
/// How long a connection is tried before it is refused.
const REFUSED_MS: f64 = 5.0;

// === impl Store ===

impl Store {
    pub(super) fn new(dice: Dice) -> Self {
        Store { dice, down: false, disk_full: false }
    }

    pub(super) fn set_down(&mut self, down: bool) {
        self.down = down;
    }

    pub(super) fn set_disk_full(&mut self, full: bool) {
        self.disk_full = full;
    }

    pub(super) fn disk_has_room(&self) -> bool {
        !self.disk_full
    }

    /// Says what a write of so many rows would have come to. No time passes.
    pub(super) fn write(&mut self, rows: u64) -> Written {
        if self.down {
            return Written { ok: false, duration_ms: REFUSED_MS };
        }
        let merge = if self.dice.chance(MERGE_CHANCE) { MERGE_MS } else { 0.0 };
        let jitter = self.dice.exponential(WRITE_MS);
        Written { ok: true, duration_ms: WRITE_MS + jitter + merge + rows as f64 * ROW_MS }
    }
}
