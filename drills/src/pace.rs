//! How fast market data is played, and what time it is for the stack.
//!
//! The stack never asks a clock for the time of day: it lives in *session time*, which travels with
//! market data. At a rate of rows it is the wall clock, so that alerts on a running stack behave as
//! they would in production. At a speed it is the recording's own time, so that a silence that was
//! recorded is a silence; as fast as possible it is too, which is how tests pass minutes in
//! milliseconds.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::market::feed::Group;

/// Time for the stack, ns since 1970.
pub type SessionTime = i64;

pub const SECOND: SessionTime = 1_000_000_000;
pub const MILLISECOND: SessionTime = 1_000_000;

/// A wait shorter than this is not worth a sleep: the next rows go out together.
const SLICE: Duration = Duration::from_millis(1);

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many rows a second, whatever time the recording says.
    Rows { per_second: f64 },
    /// The recording's own time, so many times faster. 1 is as it was recorded.
    Recorded { speed: f64 },
    /// No waiting at all.
    FlatOut,
}

/// Says when the next group is due.
#[derive(Debug)]
pub struct Pacer {
    pace: Pace,
    started: Instant,
    rows: u64,
    /// Market time at which the run started.
    first_ts: Option<i64>,
    /// Session time never runs backwards.
    last: SessionTime,
}

/// What to do before the next group goes out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Due {
    /// It is due; this is its session time.
    At(SessionTime),
    /// Nothing is due until then; the session time is now this.
    In { wait: Duration, at: SessionTime },
    /// Market time is silent up to the group: let time pass to this first, without waiting.
    Silent { at: SessionTime },
}

// === impl Pace ===

impl Pace {
    /// Whether session time is the wall clock's. If it runs faster, the components have to keep step
    /// with it, or a thread that waits a millisecond for its core would be minutes late.
    pub fn is_real_time(self) -> bool {
        match self {
            Pace::Rows { .. } => true,
            Pace::Recorded { speed } => speed <= 1.0,
            Pace::FlatOut => false,
        }
    }
}

// === impl Pacer ===

impl Pacer {
    pub fn new(pace: Pace) -> Self {
        Pacer { pace, started: Instant::now(), rows: 0, first_ts: None, last: 0 }
    }

    /// When `group` is due. While nothing happens time still passes in steps of at most `step`.
    pub fn due(&mut self, group: &Group, step: Duration) -> Due {
        match self.pace {
            Pace::Rows { per_second } => {
                let due = Duration::from_secs_f64(self.rows as f64 / per_second);
                self.timed(due, step, None)
            }
            Pace::Recorded { speed } => {
                let first = *self.first_ts.get_or_insert(group.ts);
                let due = Duration::from_secs_f64((group.ts - first) as f64 / 1e9 / speed);
                self.timed(due, step, Some((group.ts, first, speed)))
            }
            Pace::FlatOut => {
                let step = step.as_nanos() as i64;
                if self.last > 0 && group.ts - self.last > step {
                    Due::Silent { at: self.forward(self.last + step) }
                } else {
                    Due::At(self.forward(group.ts))
                }
            }
        }
    }

    /// The group went out: the next is due that much later.
    pub fn sent(&mut self, group: &Group) {
        self.rows += group.rows.len() as u64;
    }

    fn timed(&mut self, due: Duration, step: Duration, recorded: Option<(i64, i64, f64)>) -> Due {
        let elapsed = self.started.elapsed();
        let wait = due.saturating_sub(elapsed);
        if wait <= SLICE {
            let at = recorded.map_or_else(wall, |(ts, ..)| ts);
            return Due::At(self.forward(at));
        }
        let at = recorded
            .map_or_else(wall, |(ts, first, speed)| (first + (elapsed.as_nanos() as f64 * speed) as i64).min(ts));
        Due::In { wait: wait.min(step), at: self.forward(at) }
    }

    fn forward(&mut self, at: SessionTime) -> SessionTime {
        self.last = self.last.max(at);
        self.last
    }
}

/// The wall clock, ns since 1970.
pub fn wall() -> SessionTime {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |past| past.as_nanos() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Change, MarketEvent};

    fn group(ts: i64, rows: usize) -> Group {
        let row = MarketEvent { exch_ts: ts, change: Change::Clear { side: None } };
        Group { ts, rows: vec![row; rows], restarted: false }
    }

    #[test]
    fn flat_out_time_passes_through_a_silence_in_steps() {
        let mut pacer = Pacer::new(Pace::FlatOut);
        let step = Duration::from_millis(100);
        let first = group(SECOND, 1);
        assert_eq!(pacer.due(&first, step), Due::At(SECOND));
        let second = group(SECOND + 250 * MILLISECOND, 1);
        assert_eq!(pacer.due(&second, step), Due::Silent { at: SECOND + 100 * MILLISECOND });
        assert_eq!(pacer.due(&second, step), Due::Silent { at: SECOND + 200 * MILLISECOND });
        assert_eq!(pacer.due(&second, step), Due::At(second.ts));
    }

    #[test]
    fn a_rate_spreads_rows_over_the_wall_clock() {
        let mut pacer = Pacer::new(Pace::Rows { per_second: 10.0 });
        let first = group(5, 20);
        let before = wall();
        assert!(matches!(pacer.due(&first, Duration::from_millis(50)), Due::At(at) if at >= before));
        pacer.sent(&first);
        // 20 rows at 10 a second: the next group is due in two seconds.
        let Due::In { wait, .. } = pacer.due(&group(6, 1), Duration::from_secs(60)) else { panic!() };
        assert!(wait > Duration::from_millis(1_500) && wait <= Duration::from_secs(2), "{wait:?}");
        let Due::In { wait, .. } = pacer.due(&group(6, 1), Duration::from_millis(50)) else { panic!() };
        assert_eq!(wait, Duration::from_millis(50));
    }

    #[test]
    fn a_speed_keeps_the_recordings_own_time() {
        let mut pacer = Pacer::new(Pace::Recorded { speed: 1000.0 });
        let step = Duration::from_secs(60);
        assert_eq!(pacer.due(&group(7 * SECOND, 1), step), Due::At(7 * SECOND));
        let later = group(1_007 * SECOND, 1);
        let Due::In { wait, at } = pacer.due(&later, step) else { panic!() };
        assert!(wait <= Duration::from_secs(1) && at < later.ts);
    }
}
