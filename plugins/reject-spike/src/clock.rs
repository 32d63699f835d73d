//! What time it is, by the events.
//!
//! The newest event sets the time. Between events a tick moves it on by as much as the wall clock has
//! gone on, so a replay of an old day and a live feed go the same way. A single event from the future
//! would make all others late; so when nothing but late events come, they are believed.

/// Event time, moved on by ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    /// The newest event's time, ns; 0 before the first.
    pub(crate) newest_ns: u64,
    /// Wall time of the tick that first saw it; `None` until then.
    pub(crate) seen_ns: Option<u64>,
    /// The present, by events and ticks.
    pub(crate) now_ns: u64,
    /// Late events since the last one that was not.
    late: u32,
}

/// What a new event means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    InTime,
    /// Older than the window: not counted.
    Late,
    /// So many were late that the clock must be wrong: it has been set back, and what was counted so
    /// far lies in the future.
    SetBack,
}

/// So many late events in a row are no stragglers.
const LATE_MAX: u32 = 64;

impl Clock {
    /// A clock that goes on from where another stopped.
    pub(crate) fn at(newest_ns: u64, seen_ns: Option<u64>, now_ns: u64) -> Self {
        Clock { newest_ns, seen_ns, now_ns, late: 0 }
    }

    pub(crate) fn event(&mut self, ts_ns: u64, window_ns: u64) -> Arrival {
        if ts_ns.saturating_add(window_ns) > self.now_ns {
            self.late = 0;
            if ts_ns > self.newest_ns {
                self.newest_ns = ts_ns;
                self.seen_ns = None;
                self.now_ns = self.now_ns.max(ts_ns);
            }
            return Arrival::InTime;
        }
        self.late += 1;
        if self.late < LATE_MAX {
            return Arrival::Late;
        }
        *self = Clock { newest_ns: ts_ns, seen_ns: None, now_ns: ts_ns, late: 0 };
        Arrival::SetBack
    }

    pub(crate) fn tick(&mut self, wall_ns: u64) {
        let seen = *self.seen_ns.get_or_insert(wall_ns);
        self.now_ns = self.now_ns.max(self.newest_ns.saturating_add(wall_ns.saturating_sub(seen)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_move_it_on_by_the_walls_time_since_the_newest_event() {
        let mut clock = Clock::default();
        clock.event(1_000, 100);
        clock.tick(9_000_000);
        assert_eq!(clock.now_ns, 1_000);
        clock.tick(9_000_050);
        assert_eq!(clock.now_ns, 1_050);
        clock.event(1_060, 100);
        clock.tick(9_000_080);
        assert_eq!(clock.now_ns, 1_060);
    }

    #[test]
    fn one_event_from_the_future_is_forgotten_in_time() {
        let mut clock = Clock::default();
        clock.event(1_000_000, 100);
        for _ in 1..LATE_MAX {
            assert_eq!(clock.event(5_000, 100), Arrival::Late);
        }
        assert_eq!(clock.event(5_001, 100), Arrival::SetBack);
        assert_eq!(clock.event(5_002, 100), Arrival::InTime);
        assert_eq!(clock.now_ns, 5_002);
    }
}
