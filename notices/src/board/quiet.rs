//! Times in which a route keeps what can wait: wall-clock hours of a named place, so that they move with its
//! summer time, or whenever the market is closed.

use std::sync::Arc;

use jiff::civil::{Time as Clock, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

use crate::Time;
use crate::calendar::Calendar;

#[derive(Clone, Debug, PartialEq)]
pub enum Quiet {
    Hours(Hours),
    /// While all of these sessions of the calendar are closed.
    Outside {
        calendar: Arc<Calendar>,
        sessions: Vec<String>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    pub zone: TimeZone,
    /// Days on which a quiet time begins; empty means every day.
    pub days: Vec<Weekday>,
    pub from: Clock,
    /// At or before `from` means on the next day.
    pub to: Clock,
}

impl Quiet {
    /// The end of the quiet time in which `now` lies.
    fn until(&self, now: Time) -> Option<Time> {
        match self {
            Quiet::Hours(hours) => hours.until(now),
            Quiet::Outside { calendar, sessions } => calendar.closed_until(sessions, now.timestamp()).map(Time::from),
        }
    }
}

impl Hours {
    /// The end of the quiet time in which `now` lies.
    pub fn until(&self, now: Time) -> Option<Time> {
        let now = now.timestamp();
        let today = now.to_zoned(self.zone.clone()).date();
        // A quiet time that began yesterday may still last. Where the clock skips `from` or `to`, the zone
        // moves it by as much as it skips.
        [-1, 0].into_iter().find_map(|days: i64| {
            let day = today.checked_add(days.days()).ok()?;
            if !self.days.is_empty() && !self.days.contains(&day.weekday()) {
                return None;
            }
            let span: Span = if self.to <= self.from { 1.day() } else { 0.days() };
            let start = day.to_datetime(self.from).to_zoned(self.zone.clone()).ok()?.timestamp();
            let end = day.checked_add(span).ok()?.to_datetime(self.to).to_zoned(self.zone.clone()).ok()?.timestamp();
            (start <= now && now < end).then(|| Time::from(end))
        })
    }
}

/// When all of these are over that `now` lies in: one may begin as another ends.
pub(super) fn until(quiet: &[Quiet], now: Time) -> Option<Time> {
    let mut end = None;
    // Overlapping times of a week come to an end; the bound is for those that do not.
    for _ in 0..16 {
        let at = end.unwrap_or(now);
        match quiet.iter().filter_map(|quiet| quiet.until(at)).max() {
            Some(later) => end = Some(later),
            None => break,
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn quiet(zone: &str, from: (i8, i8), to: (i8, i8), days: &[Weekday]) -> Hours {
        Hours {
            zone: TimeZone::get(zone).unwrap(),
            days: days.to_vec(),
            from: Clock::constant(from.0, from.1, 0, 0),
            to: Clock::constant(to.0, to.1, 0, 0),
        }
    }

    #[test]
    fn a_night_ends_in_the_morning() {
        let night = quiet("Asia/Taipei", (22, 0), (7, 0), &[]);
        assert_eq!(night.until(at("2026-03-02T13:59:59Z")), None);
        assert_eq!(night.until(at("2026-03-02T14:00:00Z")), Some(at("2026-03-02T23:00:00Z")));
        assert_eq!(night.until(at("2026-03-02T22:59:59Z")), Some(at("2026-03-02T23:00:00Z")));
        assert_eq!(night.until(at("2026-03-02T23:00:00Z")), None);
    }

    #[test]
    fn days_are_those_on_which_it_begins() {
        let friday = quiet("UTC", (20, 0), (8, 0), &[Weekday::Friday]);
        assert_eq!(friday.until(at("2026-03-06T21:00:00Z")), Some(at("2026-03-07T08:00:00Z")));
        assert_eq!(friday.until(at("2026-03-07T07:00:00Z")), Some(at("2026-03-07T08:00:00Z")));
        assert_eq!(friday.until(at("2026-03-07T21:00:00Z")), None);
    }

    #[test]
    fn hours_move_with_summer_time() {
        let night = quiet("Europe/Berlin", (22, 0), (7, 0), &[]);
        assert_eq!(night.until(at("2026-03-28T22:00:00Z")), Some(at("2026-03-29T05:00:00Z")));
        assert_eq!(night.until(at("2026-03-27T22:00:00Z")), Some(at("2026-03-28T06:00:00Z")));
        // 02:30 does not exist on that day: what would begin then begins at 03:30.
        let skipped = quiet("Europe/Berlin", (2, 30), (4, 0), &[]);
        assert_eq!(skipped.until(at("2026-03-29T01:45:00Z")), Some(at("2026-03-29T02:00:00Z")));
    }

    #[test]
    fn the_same_hour_twice_is_a_whole_day() {
        let sunday = quiet("UTC", (0, 0), (0, 0), &[Weekday::Sunday]);
        assert_eq!(sunday.until(at("2026-03-01T12:00:00Z")), Some(at("2026-03-02T00:00:00Z")));
        assert_eq!(sunday.until(at("2026-03-02T12:00:00Z")), None);
    }

    #[test]
    fn one_after_the_other_is_one() {
        let two = [quiet("UTC", (0, 0), (6, 0), &[]), quiet("UTC", (5, 0), (9, 0), &[])].map(Quiet::Hours);
        assert_eq!(until(&two, at("2026-03-01T02:00:00Z")), Some(at("2026-03-01T09:00:00Z")));
        let always = [Quiet::Hours(quiet("UTC", (0, 0), (0, 0), &[]))];
        assert!(until(&always, at("2026-03-01T02:00:00Z")).is_some());
    }
}
