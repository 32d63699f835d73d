//! What can be wrong with a row of a recording.
//!
//! A recording is somebody else's file: one bad row must not end a run, and must not vanish either.
//! So each is skipped, counted by reason, and the counts are part of the stack's report.

use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// Not a JSON object with the layout's keys, or a key holds the wrong type.
    NotARow,
    /// A line longer than any row can be.
    LineTooLong,
    /// Neither depth, trade nor clear.
    BadKind,
    /// A depth or trade row of neither side.
    BadSide,
    /// Not a positive, finite price.
    BadPrice,
    /// Not a whole quantity, or a trade of nothing.
    BadQuantity,
    /// No exchange time.
    BadTime,
    /// Earlier than the row before it.
    TimeBackwards,
    /// Further after the row before it than any market pauses.
    TimeJump,
    /// A null in a column that may not hold one.
    Null,
    /// The file can't be read or decompressed from here on.
    Unreadable,
}

/// How many rows were damaged, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DamageCount {
    by_reason: BTreeMap<Damage, u64>,
}

// === impl Damage ===

impl Damage {
    /// A stable code for reports.
    pub fn code(self) -> &'static str {
        match self {
            Damage::NotARow => "not_a_row",
            Damage::LineTooLong => "line_too_long",
            Damage::BadKind => "bad_kind",
            Damage::BadSide => "bad_side",
            Damage::BadPrice => "bad_price",
            Damage::BadQuantity => "bad_quantity",
            Damage::BadTime => "bad_time",
            Damage::TimeBackwards => "time_backwards",
            Damage::TimeJump => "time_jump",
            Damage::Null => "null",
            Damage::Unreadable => "unreadable",
        }
    }
}

// === impl DamageCount ===

impl DamageCount {
    pub fn add(&mut self, damage: Damage) {
        *self.by_reason.entry(damage).or_default() += 1;
    }

    pub fn total(&self) -> u64 {
        self.by_reason.values().sum()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.by_reason.iter().map(|(damage, count)| (damage.code(), *count))
    }
}
