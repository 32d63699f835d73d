//! Who is told what, and how often.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Time as Clock, Weekday};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{NotifyConfig, Seconds};
use crate::{Backoff, Budget, ChannelName, Flap, Group, Quiet, Route, Rules, Severity};

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteConfig {
    pub name: Option<String>,
    pub severity: Vec<Severity>,
    #[serde(default)]
    pub sources: Vec<String>,
    #[serde(default)]
    pub details: BTreeMap<String, String>,
    pub to: Vec<String>,
    #[serde(default)]
    pub also: Vec<String>,
    #[serde(default = "fallback_after")]
    pub fallback_after_s: Seconds,
    #[serde(default = "repeat")]
    pub repeat_s: Seconds,
    #[serde(default = "repeat_max")]
    pub repeat_max_s: Seconds,
    pub group_by: Option<Vec<String>>,
    #[serde(default = "group_wait")]
    pub group_wait_s: Seconds,
    #[serde(default = "BudgetConfig::plain")]
    pub budget: BudgetConfig,
    #[serde(default = "BudgetConfig::reserve")]
    pub reserve: BudgetConfig,
    #[serde(default = "storm_window")]
    pub storm_window_s: Seconds,
    #[serde(default = "reserve_window")]
    pub reserve_window_s: Seconds,
    #[serde(default)]
    pub quiet: Vec<QuietConfig>,
}

/// So many at once, and so many an hour in the long run.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetConfig {
    pub burst: u32,
    pub per_hour: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietConfig {
    pub from: String,
    pub to: String,
    pub zone: String,
    #[serde(default)]
    pub days: Vec<String>,
}

fn fallback_after() -> Seconds {
    Seconds(30.0)
}

fn repeat() -> Seconds {
    Seconds(900.0)
}

fn repeat_max() -> Seconds {
    Seconds(14_400.0)
}

fn group_wait() -> Seconds {
    Seconds(10.0)
}

fn storm_window() -> Seconds {
    Seconds(120.0)
}

fn reserve_window() -> Seconds {
    Seconds(10.0)
}

impl BudgetConfig {
    fn plain() -> Self {
        BudgetConfig { burst: 20, per_hour: 60.0 }
    }

    fn reserve() -> Self {
        BudgetConfig { burst: 20, per_hour: 360.0 }
    }

    pub(super) fn budget(&self) -> Budget {
        Budget { burst: self.burst, every: Duration::try_from_secs_f64(3600.0 / self.per_hour).unwrap_or(HOUR) }
    }
}

const HOUR: Duration = Duration::from_secs(3600);

impl QuietConfig {
    pub(super) fn quiet(&self) -> Result<Quiet, String> {
        let clock = |key: &str, text: &str| -> Result<Clock, String> {
            let wrong = || format!("{key}: {text:?} is not a time of day like \"22:00\"");
            Clock::strptime("%H:%M", text).map_err(|_| wrong())
        };
        let zone = TimeZone::get(&self.zone).map_err(|_| {
            format!("zone: there is no time zone {:?}; they are called like \"Asia/Taipei\"", self.zone)
        })?;
        let days = self.days.iter().map(|day| weekday(day)).collect::<Result<_, _>>()?;
        Ok(Quiet { zone, days, from: clock("from", &self.from)?, to: clock("to", &self.to)? })
    }
}

fn weekday(text: &str) -> Result<Weekday, String> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let at = DAYS.iter().position(|day| *day == text);
    let at = at.ok_or_else(|| format!("days: there is no day {text:?}; they are {}", DAYS.join(", ")))?;
    Ok(Weekday::from_monday_zero_offset(at as i8).expect("there are seven"))
}

impl RouteConfig {
    /// As messages and the saved state call it.
    pub fn name(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => self.severity.iter().map(|severity| severity.code()).collect::<Vec<_>>().join("+"),
        }
    }

    /// Whether it takes every notice of its severities.
    pub(super) fn takes_all(&self) -> bool {
        self.sources.is_empty() && self.details.is_empty()
    }
}

impl NotifyConfig {
    /// What the board goes by. Only of a configuration that `problems` has nothing against.
    pub fn rules(&self) -> Rules {
        let channels: BTreeMap<ChannelName, _> =
            self.channels.iter().map(|(name, channel)| (Arc::from(name.as_str()), channel.manner())).collect();
        let names = |list: &[String]| list.iter().map(|name| Arc::from(name.as_str())).collect();
        let routes = self.routes.iter().map(|route| {
            Arc::new(Route {
                name: route.name().into(),
                severities: route.severity.clone(),
                sources: route.sources.clone(),
                details: route.details.clone().into_iter().collect(),
                to: names(&route.to),
                also: names(&route.also),
                fallback_after: route.fallback_after_s.duration(),
                repeat: Backoff { first: route.repeat_s.duration(), most: route.repeat_max_s.duration() },
                group: route.group_by.as_ref().map(|by| Group { by: by.clone(), wait: route.group_wait_s.duration() }),
                budget: route.budget.budget(),
                reserve: route.reserve.budget(),
                window: route.storm_window_s.duration(),
                reserve_window: route.reserve_window_s.duration(),
                quiet: route.quiet.iter().filter_map(|quiet| quiet.quiet().ok()).collect(),
            })
        });
        Rules {
            channels,
            routes: routes.collect(),
            hold: self.hold_s.duration(),
            flap: (self.flap_changes > 0)
                .then(|| Flap { changes: self.flap_changes, window: self.flap_window_s.duration() }),
            alerts_max: self.alerts_max,
        }
    }
}
