//! The wall clock, without its way of going back.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::Time;

/// Runs with the monotonic clock from a moment that it takes from the wall clock. Where that one runs
/// ahead (a machine slept, a clock was corrected) it follows; where that one was set back it does not, or
/// a page would wait for the time to come again.
pub struct Clock {
    anchor: Mutex<(Time, Instant)>,
}

const AHEAD: Duration = Duration::from_secs(1);

impl Clock {
    pub fn start() -> Self {
        Clock { anchor: Mutex::new((wall(), Instant::now())) }
    }

    pub fn now(&self) -> Time {
        let mut anchor = self.anchor.lock().unwrap();
        let now = anchor.0 + anchor.1.elapsed();
        let wall = wall();
        if wall > now + AHEAD {
            *anchor = (wall, Instant::now());
            return wall;
        }
        now
    }
}

fn wall() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
