//! `[sinks.…]`: a destination, its kind and how it is reached.

use std::path::PathBuf;

use serde::Deserialize;
use tapline_contract::Sensitivity;
use tapline_contract::generate::clickhouse::Cluster;

use super::Secret;
use crate::sink::ElasticsearchFlavour;

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
    /// Certificates in PEM that are trusted instead of the public authorities.
    pub ca_file: Option<PathBuf>,
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

impl SinkConfig {
    /// Everything else as by default.
    pub(super) fn new(kind: SinkKind, path: Option<&str>, clearance: Clearance) -> Self {
        SinkConfig {
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
            ca_file: None,
            timeout_s: default_timeout_s(),
            migrate: false,
            cluster: None,
            distributed: false,
            api_key: Secret::default(),
            flavour: ElasticsearchFlavour::default(),
            data_stream: default_data_stream(),
        }
    }

    /// The tables' cluster, where there is one.
    pub fn cluster(&self) -> Option<Cluster> {
        Some(Cluster { name: self.cluster.clone()?, distributed: self.distributed })
    }

    pub(super) fn wrong_cluster(&self) -> Option<&'static str> {
        match self.cluster() {
            None if self.distributed => Some("distributed is for a cluster; name it with `cluster`"),
            Some(_) if self.kind != SinkKind::Clickhouse => Some("cluster is for clickhouse"),
            cluster => cluster?.problem(),
        }
    }
}
