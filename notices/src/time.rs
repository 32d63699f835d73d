//! A moment, handed in by whoever has a clock: nothing here reads one.

use std::ops::Add;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

impl Time {
    pub const fn from_secs(seconds: u64) -> Self {
        Time(seconds.saturating_mul(1_000_000_000))
    }

    /// How long after `earlier`; nothing where it is not after.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    pub fn seconds(self) -> u64 {
        self.0 / 1_000_000_000
    }

    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or(jiff::Timestamp::MAX)
    }

    /// `2026-03-01T09:30:00.125Z`, as every receiver here takes it.
    pub fn rfc3339(self) -> String {
        let millis = i64::try_from(self.0 / 1_000_000).unwrap_or(i64::MAX);
        match jiff::Timestamp::from_millisecond(millis) {
            Ok(stamp) => format!("{stamp:.3}"),
            Err(_) => jiff::Timestamp::MAX.to_string(),
        }
    }
}

impl From<jiff::Timestamp> for Time {
    fn from(stamp: jiff::Timestamp) -> Time {
        Time(u64::try_from(stamp.as_nanosecond()).unwrap_or(0))
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    fn add(self, by: Duration) -> Time {
        Time(self.0.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// `2 h 5 min`, to be read by a person.
pub fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => match seconds % 60 {
            0 => format!("{} min", seconds / 60),
            rest => format!("{} min {rest} s", seconds / 60),
        },
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_with_milliseconds() {
        assert_eq!(Time(1_700_000_000_125_999_999).rfc3339(), "2023-11-14T22:13:20.125Z");
        assert_eq!(Time(0).rfc3339(), "1970-01-01T00:00:00.000Z");
        assert!(Time(u64::MAX).rfc3339().starts_with("2554-"));
    }

    #[test]
    fn is_spoken_in_two_units() {
        assert_eq!(spoken(Duration::from_secs(7)), "7 s");
        assert_eq!(spoken(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(spoken(Duration::from_secs(7500)), "2 h 5 min");
        assert_eq!(spoken(Duration::from_secs(90_000)), "1 d 1 h");
    }
}
