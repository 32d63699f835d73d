//! The router's configuration: TOML, checked once, early, all that is wrong at a time.
//!
//! `config/default.toml` is the reference: every key with its default and what it means. A section
//! that a file writes replaces the default of that section; unknown keys are refused by name.

mod error;
mod secret;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tapline_contract::Sensitivity;
use tapline_contract::generate::clickhouse::Cluster;
use tapline_notices::NotifyConfig;
use tapline_notices::calendar::CalendarConfig;

use crate::sink::ElasticsearchFlavour;

pub use error::ConfigError;
pub use secret::{Missing as MissingSecret, Secret};

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

/// A plugin's place in the chain.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainEntry {
    /// A plugin that is built in (`redact`), or the path of a `.wasm` component.
    pub plugin: String,
    /// How it is called in metrics and logs; the plugin's name where it is not given.
    pub name: Option<String>,
    #[serde(default = "OnFault::dead_letter")]
    pub on_fault: OnFault,
    /// Lanes from which the plugin may drop events. A drop on any other is refused and counted.
    #[serde(default = "default_may_drop")]
    pub may_drop: Vec<String>,
    #[serde(default = "default_deadline_ms")]
    pub deadline_ms: u64,
    #[serde(default = "default_memory_mib")]
    pub memory_mib: u64,
    /// The plugin's own configuration.
    #[serde(default)]
    pub config: toml::Table,
}

/// What becomes of an event that breaks a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFault {
    /// It goes to the dead letters: nothing passes that the plugin has not seen.
    DeadLetter,
    /// It goes on as if the plugin were not there.
    Pass,
}

impl OnFault {
    fn dead_letter() -> Self {
        OnFault::DeadLetter
    }
}

fn default_may_drop() -> Vec<String> {
    vec!["log".into(), "metric".into()]
}

fn default_deadline_ms() -> u64 {
    50
}

fn default_memory_mib() -> u64 {
    64
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SinkConfig {
    #[serde(rename = "type")]
    pub kind: SinkKind,
    /// Relative to the data dir.
    pub path: Option<PathBuf>,
    #[serde(default)]
    pub clearance: Clearance,
    #[serde(default = "default_rotate_mib")]
    pub rotate_mib: u64,
    #[serde(default = "default_rotate_hours")]
    pub rotate_hours: u64,
    #[serde(default = "default_keep")]
    pub keep: usize,
    #[serde(default)]
    pub compress: Compress,
    #[serde(default)]
    pub sync: bool,
    /// Of a server.
    pub url: Option<String>,
    #[serde(default)]
    pub user: String,
    /// Never in the file itself.
    #[serde(default)]
    pub password: Secret,
    /// Who reads the audit tables back, to prove them: the router itself may not.
    #[serde(default)]
    pub verify_user: String,
    #[serde(default)]
    pub verify_password: Secret,
    #[serde(default = "default_timeout_s")]
    pub timeout_s: u64,
    /// Make missing tables and columns, or templates.
    #[serde(default)]
    pub migrate: bool,
    /// Of ClickHouse: the servers that have the tables between them.
    pub cluster: Option<String>,
    /// The cluster has several shards.
    #[serde(default)]
    pub distributed: bool,
    #[serde(default)]
    pub api_key: Secret,
    #[serde(default)]
    pub flavour: ElasticsearchFlavour,
    #[serde(default = "default_data_stream")]
    pub data_stream: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SinkKind {
    /// The audit tables, in SQLite.
    Sqlite,
    /// The audit tables, in ClickHouse.
    Clickhouse,
    /// Anything that takes Elasticsearch's `_bulk`.
    Elasticsearch,
    /// JSON lines.
    File,
    /// Whoever `[notify]` says is told.
    Notify,
    /// Standard output.
    Console,
}

impl SinkKind {
    /// Every event that has an audit table goes there.
    pub fn holds_tables(self) -> bool {
        matches!(self, SinkKind::Sqlite | SinkKind::Clickhouse)
    }

    /// Events without an audit table go there where they are routed to it.
    pub fn takes_logs(self) -> bool {
        self != SinkKind::Sqlite
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clearance {
    #[default]
    Public,
    Pii,
    Secret,
}

impl From<Clearance> for Sensitivity {
    fn from(clearance: Clearance) -> Self {
        match clearance {
            Clearance::Public => Sensitivity::Public,
            Clearance::Pii => Sensitivity::Pii,
            Clearance::Secret => Sensitivity::Secret,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compress {
    None,
    #[default]
    Gzip,
    Zstd,
}

fn default_rotate_mib() -> u64 {
    64
}

fn default_rotate_hours() -> u64 {
    24
}

fn default_data_stream() -> String {
    "logs-tapline-default".into()
}

fn default_timeout_s() -> u64 {
    30
}

fn default_keep() -> usize {
    14
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
        let sink = |kind, path: Option<&str>, clearance| SinkConfig {
            kind,
            path: path.map(PathBuf::from),
            clearance,
            rotate_mib: default_rotate_mib(),
            rotate_hours: default_rotate_hours(),
            keep: default_keep(),
            compress: Compress::default(),
            sync: false,
            url: None,
            user: String::new(),
            password: Secret::default(),
            verify_user: String::new(),
            verify_password: Secret::default(),
            timeout_s: default_timeout_s(),
            migrate: false,
            cluster: None,
            distributed: false,
            api_key: Secret::default(),
            flavour: ElasticsearchFlavour::default(),
            data_stream: default_data_stream(),
        };
        let sinks = [
            ("audit", sink(SinkKind::Sqlite, Some("audit.db"), Clearance::Pii)),
            ("logs", sink(SinkKind::File, Some("logs/events.ndjson"), Clearance::Pii)),
            ("alerts", sink(SinkKind::File, Some("logs/alerts.ndjson"), Clearance::Public)),
            ("pager", SinkConfig { sync: true, ..sink(SinkKind::File, Some("logs/pager.ndjson"), Clearance::Public) }),
            ("console", sink(SinkKind::Console, None, Clearance::Public)),
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
            for file in
                [&mut sink.password.file, &mut sink.verify_password.file, &mut sink.api_key.file].into_iter().flatten()
            {
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

    /// What TOML's types can't say; everything that is wrong, at once.
    pub fn check(&self, origin: &str) -> Result<(), ConfigError> {
        let mut wrong = Vec::new();
        let names: Vec<&str> = self.sinks.keys().map(String::as_str).collect();
        if names.len() > 64 {
            wrong.push(format!("sinks: {} destinations, at most 64 are possible", names.len()));
        }
        let lists = [
            ("route.default", &self.route.default),
            ("notices.info", &self.notices.info),
            ("notices.warning", &self.notices.warning),
            ("notices.critical", &self.notices.critical),
        ];
        for (key, list) in lists {
            // A default that names a destination which the file's own `sinks` does not have is no
            // mistake of the file's: it is left out (see `Destinations`).
            if list == list_of_defaults(key) {
                continue;
            }
            for name in list.iter().filter(|name| !self.sinks.contains_key(*name)) {
                wrong.push(error::unknown_name(key, "destination", name, &names));
            }
        }
        for (name, sink) in &self.sinks {
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
            {
                wrong.push(format!("sinks.{name}: a name has letters, digits, `_` and `-`"));
            }
            match (sink.kind, &sink.path) {
                (SinkKind::Console | SinkKind::Clickhouse | SinkKind::Elasticsearch | SinkKind::Notify, Some(_)) => {
                    wrong.push(format!("sinks.{name}: path is for files and sqlite"));
                }
                (SinkKind::File | SinkKind::Sqlite, None) => wrong.push(format!("sinks.{name}: path is missing")),
                _ => {}
            }
            match (sink.kind, &sink.url) {
                (SinkKind::Elasticsearch, None) => {
                    wrong.push(format!("sinks.{name}: url is missing, e.g. \"http://127.0.0.1:9200\""));
                }
                (SinkKind::Clickhouse, None) => {
                    wrong.push(format!("sinks.{name}: url is missing, e.g. \"http://127.0.0.1:8123\""));
                }
                (SinkKind::Clickhouse | SinkKind::Elasticsearch, Some(url))
                    if !url.starts_with("http://") && !url.starts_with("https://") =>
                {
                    wrong.push(format!("sinks.{name}: url `{url}` begins neither with http:// nor with https://"));
                }
                (SinkKind::Clickhouse | SinkKind::Elasticsearch, Some(_)) | (_, None) => {}
                (_, Some(_)) => wrong.push(format!("sinks.{name}: url is for servers")),
            }
            if sink.kind != SinkKind::Clickhouse && !sink.verify_user.is_empty() {
                wrong.push(format!("sinks.{name}: verify_user is for clickhouse"));
            }
            wrong.extend(sink.wrong_cluster().map(|problem| format!("sinks.{name}: {problem}")));
            if sink.kind == SinkKind::File && (sink.rotate_mib == 0 || sink.rotate_hours == 0) {
                wrong.push(format!("sinks.{name}: rotate_mib and rotate_hours are at least 1"));
            }
        }
        for (key, address) in [("http", self.listen.http), ("tcp", self.listen.tcp)] {
            if address.is_some_and(|address| !address.ip().is_loopback()) && !self.listen.allow_remote {
                wrong.push(format!(
                    "listen.{key}: not a loopback address. Whoever reaches it can send events and read the audit \
                     tables; set listen.allow_remote = true where the network in between keeps others out"
                ));
            }
        }
        let sqlite = self.sinks.values().filter(|sink| sink.kind == SinkKind::Sqlite).count();
        if sqlite > 1 {
            wrong.push(format!("sinks: {sqlite} of type \"sqlite\"; the audit tables are in one"));
        }
        for (key, seconds) in [
            ("expect_scrape_within_s", self.watch.expect_scrape_within_s),
            ("audit_stalled_after_s", self.watch.audit_stalled_after_s),
        ] {
            if !(0.0..=1e9).contains(&seconds) {
                wrong.push(format!("watch.{key}: from 0 to a thousand million seconds"));
            }
        }
        wrong.extend(self.calendar.calendar().err().into_iter().flatten());
        let is_used = self.sinks.values().any(|sink| sink.kind == SinkKind::Notify);
        if is_used {
            wrong.extend(self.notify.problems());
        } else if !self.notify.channels.is_empty() {
            wrong.push("notify: it has channels, and no destination of type \"notify\" leads to them: nobody would ever be told".into());
        }
        let tables: Vec<_> = self.sinks.values().filter(|sink| sink.kind.holds_tables()).collect();
        if tables.windows(2).any(|two| two[0].clearance != two[1].clearance) {
            wrong.push(
                "sinks: all that hold the audit tables have one clearance; the hash chain is over what they see".into(),
            );
        }
        let lanes = ["guard", "audit", "log", "metric"];
        let mut entries = std::collections::BTreeSet::new();
        for entry in &self.chain {
            for lane in entry.may_drop.iter().filter(|lane| !lanes.contains(&lane.as_str())) {
                wrong.push(error::unknown_name(&format!("chain.{}.may_drop", entry.plugin), "lane", lane, &lanes));
            }
            if entry.deadline_ms == 0 || entry.memory_mib == 0 {
                wrong.push(format!("chain.{}: deadline_ms and memory_mib are at least 1", entry.plugin));
            }
            if !entries.insert(entry.name()) {
                wrong
                    .push(format!("chain: two entries are called `{}`; give one of them another `name`", entry.name()));
            }
        }
        if self.queues.input_batches == 0 || self.queues.sink_batches == 0 {
            wrong.push("queues: input_batches and sink_batches are at least 1".into());
        }
        if self.journal.segment_mib == 0 || self.journal.budget_mib < 4 * self.journal.segment_mib {
            wrong.push("journal: segment_mib is at least 1, and budget_mib at least 4 times that".into());
        }
        if self.limits.line_bytes_max < 1024 {
            wrong.push("limits.line_bytes_max: at least 1024".into());
        }
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(ConfigError::Wrong { origin: origin.to_owned(), wrong }),
        }
    }
}

impl SinkConfig {
    /// The tables' cluster, where there is one.
    pub fn cluster(&self) -> Option<Cluster> {
        Some(Cluster { name: self.cluster.clone()?, distributed: self.distributed })
    }

    fn wrong_cluster(&self) -> Option<&'static str> {
        match self.cluster() {
            None if self.distributed => Some("distributed is for a cluster; name it with `cluster`"),
            Some(_) if self.kind != SinkKind::Clickhouse => Some("cluster is for clickhouse"),
            cluster => cluster?.problem(),
        }
    }
}

impl ChainEntry {
    /// A plugin with its own configuration, everything else as by default.
    pub fn new(plugin: &str, config: toml::Table) -> Self {
        ChainEntry {
            plugin: plugin.to_owned(),
            name: None,
            on_fault: OnFault::DeadLetter,
            may_drop: default_may_drop(),
            deadline_ms: default_deadline_ms(),
            memory_mib: default_memory_mib(),
            config,
        }
    }

    /// Whether `plugin` is a path and not the name of a built-in one.
    pub fn is_file(&self) -> bool {
        let path = Path::new(&self.plugin);
        path.extension().is_some() || path.components().count() > 1
    }

    /// How the entry is called in metrics and logs.
    pub fn name(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => Path::new(&self.plugin).file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }
}

fn list_of_defaults(key: &str) -> &'static Vec<String> {
    static DEFAULTS: std::sync::OnceLock<(Route, Notices)> = std::sync::OnceLock::new();
    let (route, notices) = DEFAULTS.get_or_init(|| (Route::default(), Notices::default()));
    match key {
        "route.default" => &route.default,
        "notices.info" => &notices.info,
        "notices.warning" => &notices.warning,
        _ => &notices.critical,
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
