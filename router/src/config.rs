//! The router's configuration: TOML, checked once, early, all that is wrong at a time.
//!
//! `config/default.toml` is the reference: every key with its default and what it means. A section
//! that a file writes replaces the default of that section; unknown keys are refused by name.

mod chain;
mod check;
mod error;
mod secret;
mod sink;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tapline_notices::NotifyConfig;
use tapline_notices::calendar::CalendarConfig;

pub use chain::{ChainEntry, OnFault};
pub use error::ConfigError;
pub use secret::{Missing as MissingSecret, Secret};
pub use sink::{Clearance, Compress, SinkConfig, SinkKind};

/// The reference, and what `tapline run` uses where nothing else is said.
pub const DEFAULT_TOML: &str = include_str!("config/default.toml");

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub data_dir: PathBuf,
    pub contract: Option<PathBuf>,
    pub env: Option<String>,
    pub stop_timeout_s: u64,
    pub listen: Listen,
    pub limits: Limits,
    pub queues: Queues,
    pub journal: JournalConfig,
    pub log: Log,
    pub chain: Vec<ChainEntry>,
    pub sinks: BTreeMap<String, SinkConfig>,
    pub route: Route,
    pub notices: Notices,
    pub watch: WatchConfig,
    /// When the market is open.
    pub calendar: CalendarConfig,
    /// Channels, routes, budgets: `notices/src/config/reference.toml`.
    pub notify: NotifyConfig,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    pub http: Option<SocketAddr>,
    pub unix: Option<PathBuf>,
    pub tcp: Option<SocketAddr>,
    pub shared: Option<PathBuf>,
    pub allow_remote: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub line_bytes_max: usize,
    pub body_bytes_max: usize,
    pub connections_max: usize,
    pub sql_rows_max: usize,
    pub sql_timeout_s: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Queues {
    pub input_batches: usize,
    pub sink_batches: usize,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalConfig {
    pub path: PathBuf,
    pub budget_mib: u64,
    pub segment_mib: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

/// What the router tells of itself, through `[notify]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchConfig {
    pub expect_scrape_within_s: f64,
    pub audit_stalled_after_s: f64,
}

impl WatchConfig {
    /// Zero: nobody is expected.
    pub fn expect_scrape_within(&self) -> Duration {
        Duration::try_from_secs_f64(self.expect_scrape_within_s).unwrap_or_default()
    }

    pub fn audit_stalled_after(&self) -> Duration {
        Duration::try_from_secs_f64(self.audit_stalled_after_s).unwrap_or_default()
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Route {
    pub default: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notices {
    pub info: Vec<String>,
    pub warning: Vec<String>,
    pub critical: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        let entry = |plugin: &str, on_fault| ChainEntry { on_fault, ..ChainEntry::new(plugin, toml::Table::new()) };
        let sinks = [
            ("audit", SinkConfig::new(SinkKind::Sqlite, Some("audit.db"), Clearance::Pii)),
            ("logs", SinkConfig::new(SinkKind::File, Some("logs/events.ndjson"), Clearance::Pii)),
            ("alerts", SinkConfig::new(SinkKind::File, Some("logs/alerts.ndjson"), Clearance::Public)),
            (
                "pager",
                SinkConfig {
                    sync: true,
                    ..SinkConfig::new(SinkKind::File, Some("logs/pager.ndjson"), Clearance::Public)
                },
            ),
            ("console", SinkConfig::new(SinkKind::Console, None, Clearance::Public)),
        ];
        Config {
            data_dir: "tapline-data".into(),
            contract: None,
            env: None,
            stop_timeout_s: 8,
            listen: Listen::default(),
            limits: Limits::default(),
            queues: Queues::default(),
            journal: JournalConfig::default(),
            log: Log::default(),
            chain: vec![
                entry("redact", OnFault::DeadLetter),
                entry("enrich", OnFault::Pass),
                entry("route", OnFault::Pass),
            ],
            sinks: sinks.into_iter().map(|(name, sink)| (name.to_owned(), sink)).collect(),
            route: Route::default(),
            notices: Notices::default(),
            watch: WatchConfig::default(),
            calendar: CalendarConfig::default(),
            notify: NotifyConfig::default(),
        }
    }
}

impl Default for Listen {
    fn default() -> Self {
        Listen {
            http: Some(([127, 0, 0, 1], 7311).into()),
            unix: Some("tapline.sock".into()),
            tcp: None,
            shared: None,
            allow_remote: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            line_bytes_max: 1 << 20,
            body_bytes_max: 64 << 20,
            connections_max: 1024,
            sql_rows_max: 10_000,
            sql_timeout_s: 10,
        }
    }
}

impl Default for WatchConfig {
    fn default() -> Self {
        WatchConfig { expect_scrape_within_s: 0.0, audit_stalled_after_s: 10.0 }
    }
}

impl Default for Queues {
    fn default() -> Self {
        Queues { input_batches: 8, sink_batches: 8 }
    }
}

impl Default for JournalConfig {
    fn default() -> Self {
        JournalConfig { path: "journal".into(), budget_mib: 1024, segment_mib: 16 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log { level: "info".into(), format: LogFormat::Text }
    }
}

impl Default for Route {
    fn default() -> Self {
        Route { default: vec!["logs".into()] }
    }
}

impl Default for Notices {
    fn default() -> Self {
        Notices {
            info: vec!["alerts".into()],
            warning: vec!["alerts".into()],
            critical: vec!["alerts".into(), "pager".into(), "console".into()],
        }
    }
}

impl Config {
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut config = Self::parse_in(folder, &text, &path.display().to_string())?;
        config.lies_in(folder);
        Ok(config)
    }

    /// The files that a configuration names are meant relative to its own folder, wherever the router is
    /// started.
    fn lies_in(&mut self, folder: &Path) {
        if let Some(contract) = &mut self.contract {
            *contract = folder.join(&*contract);
        }
        self.notify.lies_in(folder);
        for sink in self.sinks.values_mut() {
            let secrets = [&mut sink.password, &mut sink.verify_password, &mut sink.api_key];
            for file in secrets.map(|secret| &mut secret.file).into_iter().chain([&mut sink.ca_file]).flatten() {
                *file = folder.join(&*file);
            }
        }
        for entry in self.chain.iter_mut().filter(|entry| entry.is_file()) {
            // Its name does not follow from where the configuration lies.
            entry.name = Some(entry.name());
            entry.plugin = folder.join(&entry.plugin).display().to_string();
        }
    }

    /// `origin` is how messages call the text, e.g. its path.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ConfigError> {
        Self::parse_in(Path::new(""), text, origin)
    }

    fn parse_in(folder: &Path, text: &str, origin: &str) -> Result<Self, ConfigError> {
        let mut config: Config = toml::from_str(text).map_err(|error| ConfigError::syntax(origin, text, &error))?;
        let wrong = |what| ConfigError::Wrong { origin: origin.to_owned(), wrong: vec![what] };
        config.calendar = config.calendar.read(folder).map_err(wrong)?;
        config.notify.calendar = config.calendar.clone();
        config.check(origin)?;
        Ok(config)
    }

    /// Where a relative path of the configuration lies.
    pub fn in_data_dir(&self, path: &Path) -> PathBuf {
        self.data_dir.join(path)
    }

    /// Where queues in shared memory are looked for.
    pub fn shared_folder(&self) -> Option<PathBuf> {
        let folder = self.listen.shared.as_ref()?;
        Some(if folder == Path::new("auto") {
            tapline_client::shared::default_folder()
        } else {
            self.in_data_dir(folder)
        })
    }

    /// The file of the audit tables, where there is one.
    pub fn audit_database(&self) -> Option<PathBuf> {
        let sink = self.sinks.values().find(|sink| sink.kind == SinkKind::Sqlite)?;
        Some(self.in_data_dir(sink.path.as_deref()?))
    }

    /// The file of a destination's audit tables, where it has them in one.
    pub fn database_of(&self, sink: &str) -> Option<PathBuf> {
        let sink = self.sinks.get(sink).filter(|sink| sink.kind == SinkKind::Sqlite)?;
        Some(self.in_data_dir(sink.path.as_deref()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        Config::parse(text, "tapline.toml").unwrap_err().to_string()
    }

    #[test]
    fn the_reference_says_the_defaults() {
        assert_eq!(Config::parse(DEFAULT_TOML, "default.toml").unwrap(), Config::default());
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(Config::parse("", "x").unwrap(), Config::default());
    }

    #[test]
    fn unknown_keys_are_refused_by_name_and_line() {
        let message = message("data_dir = \"x\"\n[listen]\nhtpp = \"127.0.0.1:1\"\n");
        assert!(message.contains("tapline.toml:3"), "{message}");
        assert!(message.contains("`htpp`"), "{message}");
        assert!(message.contains("did you mean \"http\"?"), "{message}");
    }

    #[test]
    fn a_calendar_that_is_missing_or_broken_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tapline.toml");
        std::fs::write(&path, "[calendar]\nfile = \"market.toml\"\n").unwrap();
        let message = |path: &Path| Config::load(path).unwrap_err().to_string();
        assert!(message(&path).contains("calendar.file"), "{}", message(&path));
        std::fs::write(folder.path().join("market.toml"), "[sessions.day]\nopen = \"9\"\nclose = \"13:45\"\n").unwrap();
        let said = message(&path);
        assert!(said.contains("calendar.sessions.day.open") && said.contains("calendar.sessions.day.zone"), "{said}");
        let good = "zone = \"Asia/Taipei\"\n[sessions.day]\nopen = \"08:45\"\nclose = \"13:45\"\n";
        std::fs::write(folder.path().join("market.toml"), good).unwrap();
        let config = Config::load(&path).unwrap();
        assert!(config.notify.calendar.calendar().unwrap().has("day"), "notices go by the same");
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let message =
            message("[route]\ndefault = [\"log\"]\n[sinks.logs]\ntype = \"file\"\n[queues]\ninput_batches = 0\n");
        assert!(message.contains("did you mean \"logs\"?"), "{message}");
        assert!(message.contains("path is missing"), "{message}");
        assert!(message.contains("input_batches"), "{message}");
    }

    #[test]
    fn a_cluster_is_named_and_of_clickhouse() {
        let sink = |keys: &str| message(&format!("[sinks.there]\nurl = \"http://127.0.0.1:8123\"\n{keys}\n"));
        let text = sink("type = \"clickhouse\"\ndistributed = true");
        assert!(text.contains("name it with `cluster`"), "{text}");
        let text = sink("type = \"clickhouse\"\ncluster = \"a' b\"");
        assert!(text.contains("sinks.there: a cluster is a name of `remote_servers`"), "{text}");
        let text = sink("type = \"elasticsearch\"\ncluster = \"trading\"");
        assert!(text.contains("cluster is for clickhouse"), "{text}");
    }
}
