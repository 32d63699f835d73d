//! When the market is open: the one calendar of an installation, by whose sessions everything that depends on
//! them goes.
//!
//! Sessions are wall-clock hours of a named place, so that they move with its summer time; one that ends at or
//! before the hour at which it begins ends on the next day, and belongs to the day on which it begins. On a
//! holiday none begins.
//!
//! The calendar only ever lets something wait when it knows: behind its last day nothing is taken to be closed.

mod config;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time as Clock, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

pub use config::{CalendarConfig, SessionConfig};
pub(crate) use config::{time_of_day, time_zone, weekday};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calendar {
    sessions: BTreeMap<String, Session>,
    holidays: BTreeSet<Date>,
    /// The last day that it knows of.
    until: Option<Date>,
}

#[derive(Clone, Debug, PartialEq)]
struct Session {
    zone: TimeZone,
    open: Clock,
    close: Clock,
    days: Vec<Weekday>,
    /// Days on which it closes at another hour.
    half_days: BTreeMap<Date, Clock>,
}

/// No market is closed for longer; a calendar that has no session in so many days has none at all.
const LOOK_AHEAD_DAYS: i64 = 60;

impl Calendar {
    pub fn has(&self, session: &str) -> bool {
        self.sessions.contains_key(session)
    }

    /// Where all of these sessions are closed: when the first of them opens. Nothing while one is open, and
    /// nothing where the calendar does not know.
    pub fn closed_until(&self, sessions: &[String], now: Timestamp) -> Option<Timestamp> {
        let mut opens: Option<Timestamp> = None;
        for name in sessions {
            let session = self.sessions.get(name)?;
            let today = now.to_zoned(session.zone.clone()).date();
            if self.until.is_some_and(|last| today > last) {
                return None;
            }
            // One that began yesterday may still be open.
            for ahead in -1..=LOOK_AHEAD_DAYS {
                let Some((open, close)) = self.hours(session, today.checked_add(ahead.days()).ok()?) else { continue };
                if open <= now && now < close {
                    return None;
                }
                if now < open {
                    opens = Some(opens.map_or(open, |before| before.min(open)));
                    break;
                }
            }
        }
        opens
    }

    /// When a session opens and closes that begins on this day, where one does.
    fn hours(&self, session: &Session, day: Date) -> Option<(Timestamp, Timestamp)> {
        if !session.days.contains(&day.weekday()) || self.holidays.contains(&day) {
            return None;
        }
        let close = *session.half_days.get(&day).unwrap_or(&session.close);
        let last = if close <= session.open { day.checked_add(1.day()).ok()? } else { day };
        // Where the clock skips an hour, the zone moves it by as much as it skips.
        let at =
            |day: Date, clock: Clock| Some(day.to_datetime(clock).to_zoned(session.zone.clone()).ok()?.timestamp());
        // Where a whole session falls into an hour that the clock skips, there is none.
        Some((at(day, session.open)?, at(last, close)?)).filter(|(open, close)| open < close)
    }
}

#[cfg(test)]
mod tests;
