//! The `[calendar]` section, and how a calendar is made of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, Time as Clock, Weekday};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{Calendar, Session};

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CalendarConfig {
    /// A file that has all the rest.
    pub file: Option<PathBuf>,
    pub zone: Option<String>,
    pub holidays: Vec<String>,
    pub valid_until: Option<String>,
    pub sessions: BTreeMap<String, SessionConfig>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionConfig {
    pub open: String,
    pub close: String,
    pub zone: Option<String>,
    #[serde(default = "week")]
    pub days: Vec<String>,
    #[serde(default)]
    pub half_days: BTreeMap<String, String>,
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn week() -> Vec<String> {
    DAYS[..5].iter().map(|day| (*day).to_owned()).collect()
}

impl CalendarConfig {
    /// With what its file has, where it names one; a file that can't be read is an error, never an empty
    /// calendar. `folder` is the one of the configuration.
    pub fn read(self, folder: &Path) -> Result<Self, String> {
        let Some(file) = self.file.as_ref().map(|file| folder.join(file)) else { return Ok(self) };
        if self != (CalendarConfig { file: self.file.clone(), ..CalendarConfig::default() }) {
            return Err("calendar: with `file` nothing else stands here; it has all of it".into());
        }
        let place = format!("calendar.file: {}", file.display());
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{place} can't be read: {error}"))?;
        let read: CalendarConfig = toml::from_str(&text).map_err(|error| format!("{place}: {error}"))?;
        match read.file {
            Some(_) => Err(format!("{place} names another file; a calendar is in one")),
            None => Ok(CalendarConfig { file: Some(file), ..read }),
        }
    }

    /// The calendar, or everything that is wrong with it.
    pub fn calendar(&self) -> Result<Calendar, Vec<String>> {
        let mut wrong = Vec::new();
        let mut holidays = std::collections::BTreeSet::new();
        for text in &self.holidays {
            match date("calendar.holidays", text) {
                Ok(day) => drop(holidays.insert(day)),
                Err(what) => wrong.push(what),
            }
        }
        let until = self
            .valid_until
            .as_ref()
            .and_then(|text| date("calendar.valid_until", text).map_err(|what| wrong.push(what)).ok());
        let mut sessions = BTreeMap::new();
        for (name, session) in &self.sessions {
            match session.session(self.zone.as_deref()) {
                Ok(session) => drop(sessions.insert(name.clone(), session)),
                Err(what) => wrong.extend(what.into_iter().map(|what| format!("calendar.sessions.{name}.{what}"))),
            }
        }
        if self.sessions.is_empty() && *self != CalendarConfig::default() {
            wrong.push("calendar.sessions: there is none, so the market would never be open".into());
        }
        if wrong.is_empty() { Ok(Calendar { sessions, holidays, until }) } else { Err(wrong) }
    }
}

impl SessionConfig {
    fn session(&self, zone: Option<&str>) -> Result<Session, Vec<String>> {
        let mut wrong = Vec::new();
        let mut note = |what: String| wrong.push(what);
        let zone = match self.zone.as_deref().or(zone) {
            Some(name) => time_zone(name).map_err(&mut note).ok(),
            None => {
                note("zone: none is given, here or in [calendar]".into());
                None
            }
        };
        let open = time_of_day("open", &self.open).map_err(&mut note).ok();
        let close = time_of_day("close", &self.close).map_err(&mut note).ok();
        let days: Vec<Weekday> = self.days.iter().filter_map(|day| weekday(day).map_err(&mut note).ok()).collect();
        if self.days.is_empty() {
            note("days: none, so it would never be open".into());
        }
        let mut half_days = BTreeMap::new();
        for (day, close) in &self.half_days {
            match (date("half_days", day), time_of_day("half_days", close)) {
                (Ok(day), Ok(close)) => drop(half_days.insert(day, close)),
                (day, close) => [day.err(), close.err()].into_iter().flatten().for_each(&mut note),
            }
        }
        if let (Some(open), Some(close)) = (open, close)
            && open < close
            && let Some((day, early)) = half_days.iter().find(|(_, early)| **early <= open)
        {
            note(format!("half_days: on {day} it would close at {early}, before it opens"));
        }
        match (zone, open, close) {
            (Some(zone), Some(open), Some(close)) if wrong.is_empty() => {
                Ok(Session { zone, open, close, days, half_days })
            }
            _ => Err(wrong),
        }
    }
}

pub(crate) fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name)
        .map_err(|_| format!("zone: there is no time zone {name:?}; they are called like \"Asia/Taipei\""))
}

pub(crate) fn time_of_day(key: &str, text: &str) -> Result<Clock, String> {
    Clock::strptime("%H:%M", text).map_err(|_| format!("{key}: {text:?} is not a time of day like \"22:00\""))
}

pub(crate) fn weekday(text: &str) -> Result<Weekday, String> {
    let at = DAYS.iter().position(|day| *day == text);
    let at = at.ok_or_else(|| format!("days: there is no day {text:?}; they are {}", DAYS.join(", ")))?;
    Ok(Weekday::from_monday_zero_offset(at as i8).expect("there are seven"))
}

fn date(key: &str, text: &str) -> Result<Date, String> {
    Date::strptime("%Y-%m-%d", text).map_err(|_| format!("{key}: {text:?} is not a day like \"2026-02-17\""))
}
