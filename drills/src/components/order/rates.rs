//! How many commands go to the broker, and what share of the orders it refuses.

use crate::pace::{SECOND, SessionTime};

/// Commands that the broker allows in a second, and where the adapter begins to warn.
pub(super) const RATE_MAX: u32 = 120;
pub(super) const RATE_SOFT: u32 = RATE_MAX * 7 / 10;

/// Commands in the second now running.
#[derive(Debug, Default)]
pub(super) struct CommandRate {
    second: SessionTime,
    count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoomFor {
    Plenty,
    /// There is room, but the soft limit was passed just now.
    FirstBeyondSoft,
    /// `first`: nothing was refused in this second before.
    None {
        first: bool,
    },
}

/// Answers to new orders over the last minute.
#[derive(Debug)]
pub(super) struct RejectRate {
    /// By second: which, answers, refusals among them.
    seconds: [(SessionTime, u32, u32); WINDOW_S],
}

const WINDOW_S: usize = 60;

// === impl CommandRate ===

impl CommandRate {
    /// Counts a command if there is room for it.
    pub(super) fn room_for_one(&mut self, at: SessionTime) -> RoomFor {
        self.advance(at);
        self.count = self.count.saturating_add(1);
        match self.count {
            count if count == RATE_SOFT + 1 => RoomFor::FirstBeyondSoft,
            count if count <= RATE_MAX => RoomFor::Plenty,
            count => RoomFor::None { first: count == RATE_MAX + 1 },
        }
    }

    pub(super) fn advance(&mut self, at: SessionTime) {
        let second = at / SECOND;
        if second > self.second {
            (self.second, self.count) = (second, 0);
        }
    }

    /// Commands that were wanted in this second, those without room included.
    pub(super) fn count(&self) -> u32 {
        self.count
    }
}

// === impl RejectRate ===

impl Default for RejectRate {
    fn default() -> Self {
        RejectRate { seconds: [(0, 0, 0); WINDOW_S] }
    }
}

impl RejectRate {
    pub(super) fn note(&mut self, at: SessionTime, refused: bool) {
        let second = at / SECOND;
        let slot = &mut self.seconds[second as usize % WINDOW_S];
        if slot.0 != second {
            *slot = (second, 0, 0);
        }
        slot.1 += 1;
        slot.2 += u32::from(refused);
    }

    /// `None` without an order in the last minute.
    pub(super) fn share(&self, at: SessionTime) -> Option<f64> {
        let from = at / SECOND - WINDOW_S as SessionTime;
        let recent = self.seconds.iter().filter(|(second, ..)| *second > from);
        let (answers, refusals) =
            recent.fold((0, 0), |(all, bad), (_, answers, refusals)| (all + answers, bad + refusals));
        (answers > 0).then(|| f64::from(refusals) / f64::from(answers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_warns_once_and_refuses_the_rest_of_the_second() {
        let mut rate = CommandRate::default();
        let at = 1_000 * SECOND;
        let rooms: Vec<RoomFor> = (0..RATE_MAX + 3).map(|_| rate.room_for_one(at)).collect();
        let count = |room| rooms.iter().filter(|each| **each == room).count();
        assert_eq!(count(RoomFor::FirstBeyondSoft), 1);
        assert_eq!(count(RoomFor::None { first: true }), 1);
        assert_eq!(count(RoomFor::None { first: false }), 2);
        assert_eq!(rate.room_for_one(at + SECOND), RoomFor::Plenty);
    }

    #[test]
    fn the_reject_rate_forgets_after_a_minute_and_is_absent_without_orders() {
        let mut rate = RejectRate::default();
        let at = 1_000 * SECOND;
        assert_eq!(rate.share(at), None);
        for refused in [true, false, false, false] {
            rate.note(at, refused);
        }
        assert_eq!(rate.share(at + 59 * SECOND), Some(0.25));
        assert_eq!(rate.share(at + 60 * SECOND), None);
    }
}
