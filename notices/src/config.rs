//! The `[notify]` section: channels, routes, and how much is too much. `config/reference.toml` has every
//! key with its default and what it means.

mod channels;
mod check;
mod routes;
mod secrets;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

pub use channels::{
    AlertmanagerConfig, ChannelConfig, ChannelKind, Common, EmailConfig, EncryptionConfig, PagerDutyConfig,
    SlackConfig, WebhookConfig,
};
pub use routes::{BudgetConfig, QuietConfig, RouteConfig};

pub(crate) use secrets::check_url;

use crate::calendar::CalendarConfig;
use crate::secret::Secret;

/// Every key with its default.
pub const REFERENCE_TOML: &str = include_str!("config/reference.toml");

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotifyConfig {
    pub state_file: PathBuf,
    pub queue: usize,
    pub alerts_max: usize,
    pub hold_s: Seconds,
    pub flap_changes: usize,
    pub flap_window_s: Seconds,
    pub test_at_start: bool,
    pub host: Option<String>,
    pub channels: BTreeMap<String, ChannelConfig>,
    pub routes: Vec<RouteConfig>,
    pub heartbeat: Option<HeartbeatConfig>,
    /// The installation's, which stands in a section of its own.
    #[serde(skip)]
    pub calendar: CalendarConfig,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatConfig {
    pub url: Option<String>,
    pub url_file: Option<PathBuf>,
    pub url_env: Option<String>,
    #[serde(default)]
    pub method: Method,
    #[serde(default = "HeartbeatConfig::every")]
    pub every_s: Seconds,
    #[serde(default = "HeartbeatConfig::timeout")]
    pub timeout_s: Seconds,
    pub ca_file: Option<PathBuf>,
    #[serde(default)]
    pub allow_plain_http: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    #[default]
    Get,
    Post,
}

/// A length of time in seconds; fractions are possible.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Seconds(pub f64);

impl Seconds {
    pub fn duration(self) -> Duration {
        Duration::try_from_secs_f64(self.0).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Number;
        impl serde::de::Visitor<'_> for Number {
            type Value = f64;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a number of seconds")
            }

            fn visit_i64<E>(self, value: i64) -> Result<f64, E> {
                Ok(value as f64)
            }

            fn visit_u64<E>(self, value: u64) -> Result<f64, E> {
                Ok(value as f64)
            }

            fn visit_f64<E>(self, value: f64) -> Result<f64, E> {
                Ok(value)
            }
        }
        from.deserialize_any(Number).map(Seconds)
    }
}

impl Default for NotifyConfig {
    fn default() -> Self {
        NotifyConfig {
            state_file: "notify.json".into(),
            queue: 10_000,
            alerts_max: 10_000,
            hold_s: Seconds(60.0),
            flap_changes: 6,
            flap_window_s: Seconds(600.0),
            test_at_start: false,
            host: None,
            channels: BTreeMap::new(),
            routes: Vec::new(),
            heartbeat: None,
            calendar: CalendarConfig::default(),
        }
    }
}

impl HeartbeatConfig {
    fn every() -> Seconds {
        Seconds(60.0)
    }

    fn timeout() -> Seconds {
        Seconds(10.0)
    }

    pub(crate) fn address(&self) -> Result<Secret, String> {
        secrets::read_or_text("url", self.url.as_deref(), &self.url_file, &self.url_env)
    }
}

impl NotifyConfig {
    /// The files that it names are meant relative to the folder in which the configuration lies.
    pub fn lies_in(&mut self, folder: &Path) {
        let channels = self.channels.values_mut().flat_map(ChannelConfig::files);
        let heartbeat = self.heartbeat.iter_mut().flat_map(|beat| [&mut beat.url_file, &mut beat.ca_file]);
        for file in channels.chain(heartbeat).flatten() {
            *file = folder.join(&*file);
        }
    }

    /// The name by which a pager knows where an alert comes from.
    pub(crate) fn host(&self) -> String {
        let name = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let host = self.host.clone().or_else(name).unwrap_or_default();
        match host.trim() {
            "" => "tapline".to_owned(),
            host => host.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
