//! Who is told what, and how often.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::{NotifyConfig, Seconds};
use crate::calendar::{Calendar, time_of_day, time_zone, weekday};
use crate::{Backoff, Budget, ChannelName, Flap, Group, Hours, Quiet, Route, Rules, Severity};

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
    pub from: Option<String>,
    pub to: Option<String>,
    pub zone: Option<String>,
    #[serde(default)]
    pub days: Vec<String>,
    #[serde(default)]
    pub outside: Vec<String>,
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
    pub(super) fn quiet(&self, calendar: &Arc<Calendar>) -> Result<Quiet, String> {
        let hours = match (&self.from, &self.to, &self.zone) {
            (None, None, None) if self.days.is_empty() => None,
            (Some(from), Some(to), Some(zone)) => Some((from, to, zone)),
            _ => return Err("hours have from, to and zone".to_owned()),
        };
        match (hours, self.outside.is_empty()) {
            (Some((from, to, zone)), true) => Ok(Quiet::Hours(Hours {
                zone: time_zone(zone)?,
                days: self.days.iter().map(|day| weekday(day)).collect::<Result<_, _>>()?,
                from: time_of_day("from", from)?,
                to: time_of_day("to", to)?,
            })),
            (None, false) => {
                let unknown = self.outside.iter().find(|session| !calendar.has(session));
                match unknown {
                    Some(session) => Err(format!("outside: [calendar] has no session `{session}`")),
                    None => Ok(Quiet::Outside { calendar: calendar.clone(), sessions: self.outside.clone() }),
                }
            }
            (Some(_), false) => Err("either hours or outside; give two entries for both".to_owned()),
            (None, true) => Err("it says no time: give from, to and zone, or outside".to_owned()),
        }
    }
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
        let calendar = Arc::new(self.calendar.calendar().unwrap_or_default());
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
                quiet: route.quiet.iter().filter_map(|quiet| quiet.quiet(&calendar).ok()).collect(),
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
