//! `tapline schema`

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use tapline_contract::Contract;
use tapline_contract::generate::clickhouse::{self, Cluster};
use tapline_contract::generate::sqlite;

use super::Failure;
use crate::config::Config;
use crate::router;

#[derive(Subcommand)]
pub(super) enum Schema {
    /// Audit tables and plain logs, with roles; for one server or for a cluster.
    Clickhouse(ClickHouse),
    /// The audit tables, in a file attached as `audit`.
    Sqlite(Source),
}

#[derive(Args)]
pub(super) struct Source {
    /// A contract in place of the built-in one.
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  tapline schema clickhouse | clickhouse-client --multiquery\n  \
                        tapline schema clickhouse --cluster trading                    # one shard, replicated\n  \
                        tapline schema clickhouse --cluster '{cluster}' --distributed  # several shards\n\n\
                        The servers need the macros `shard` and `replica`. All statements can be run again.")]
pub(super) struct ClickHouse {
    /// Made on all servers of this cluster, of replicated tables; a name of `remote_servers`, or a macro.
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// The cluster has several shards: tables that lead to all of them have the tables' names.
    #[arg(long, requires = "cluster")]
    distributed: bool,
    #[command(flatten)]
    source: Source,
}

impl Schema {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Schema::Clickhouse(clickhouse) => clickhouse.run(),
            Schema::Sqlite(source) => {
                let contract = source.contract()?;
                print!("{}", sqlite::tables(&contract));
                Ok(())
            }
        }
    }
}

impl Source {
    fn contract(self) -> Result<Arc<Contract>, Failure> {
        let config = Config { contract: self.contract, ..Config::default() };
        router::contract(&config).map_err(|error| Failure::Usage(error.to_string()))
    }
}

impl ClickHouse {
    fn run(self) -> Result<(), Failure> {
        let contract = self.source.contract()?;
        let cluster = self.cluster.map(|name| Cluster { name, distributed: self.distributed });
        if let Some(problem) = cluster.as_ref().and_then(Cluster::problem) {
            return Err(Failure::Usage(format!("--cluster: {problem}")));
        }
        let cluster = cluster.as_ref();
        println!(
            "{}\n{}\n{}",
            clickhouse::audit_tables(&contract, cluster),
            clickhouse::roles(&contract, cluster),
            clickhouse::logs(&contract, cluster).trim_end()
        );
        Ok(())
    }
}
