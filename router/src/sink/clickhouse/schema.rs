//! The live tables against the contract.

use std::collections::BTreeMap;

use ::clickhouse::Client;
use ::clickhouse::error::Error;
use tapline_contract::generate::clickhouse::{self as ddl, Cluster};
use tapline_contract::{Contract, Table};

use super::Server;
use super::ttl::{Kept, kept};

#[derive(Debug, thiserror::Error)]
pub(super) enum SchemaError {
    #[error("{0}")]
    Server(#[from] Error),
    #[error("{}", .0.join("; "))]
    Differs(Vec<String>),
}

/// A server, and what it should have.
pub(super) struct Comparison<'a> {
    pub(super) client: &'a Client,
    pub(super) server: &'a Server,
    pub(super) contract: &'a Contract,
    /// The audit tables, and that of plain logs where any are sent.
    pub(super) tables: Vec<&'a Table>,
}

/// A table as the server has it.
struct Live {
    name: String,
    /// Types by name; none where there is no such table.
    columns: BTreeMap<String, String>,
    engine: String,
    ddl: String,
}

impl Comparison<'_> {
    /// Makes the tables what the contract says, where it may, and says what differs.
    pub(super) async fn run(&self) -> Result<(), SchemaError> {
        let mut wrong = self.differences().await?;
        if !wrong.is_empty() && self.server.migrate {
            self.migrate().await?;
            wrong = self.differences().await?;
        }
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(SchemaError::Differs(wrong)),
        }
    }

    /// Adds tables and columns; nothing that is there is changed.
    async fn migrate(&self) -> Result<(), Error> {
        let cluster = self.server.cluster.as_ref();
        let mut databases: Vec<&str> = self.tables.iter().map(|table| split(&table.name).0).collect();
        databases.dedup();
        for database in databases {
            self.client.query_raw(&ddl::database(database, cluster)).execute().await?;
        }
        for table in &self.tables {
            for statement in ddl::create(self.contract, table, cluster) {
                self.client.query_raw(&statement).execute().await?;
            }
            for name in self.names(table) {
                let existing: Vec<String> = self.look(&name).await?.columns.into_keys().collect();
                for statement in ddl::missing_columns(self.contract, table, &name, &existing, cluster) {
                    tracing::info!(table = name, %statement, "the contract has a column that the table lacks");
                    self.client.query_raw(&statement).execute().await?;
                }
            }
        }
        Ok(())
    }

    async fn differences(&self) -> Result<Vec<String>, Error> {
        let mut wrong = Vec::new();
        for table in &self.tables {
            let store = Cluster::store(self.server.cluster.as_ref(), table);
            for name in self.names(table) {
                let live = self.look(&name).await?;
                match live.columns.is_empty() {
                    true => wrong.push(self.missing(&name)),
                    false if name == store => live.stored_otherwise(self.contract, table, &mut wrong),
                    false => live.led_otherwise(self.contract, table, &mut wrong),
                }
            }
        }
        Ok(wrong)
    }

    /// Of the table that keeps the rows, and of the one that leads to it, where there is one.
    fn names(&self, table: &Table) -> Vec<String> {
        let mut names = vec![Cluster::store(self.server.cluster.as_ref(), table)];
        if Cluster::is_distributed(self.server.cluster.as_ref()) {
            names.push(table.name.clone());
        }
        names
    }

    fn missing(&self, name: &str) -> String {
        let by_hand = match &self.server.cluster {
            None => "contracts/migrations/clickhouse".to_owned(),
            Some(Cluster { name, distributed }) => {
                let more = if *distributed { " --distributed" } else { "" };
                format!("what `tapline schema clickhouse --cluster '{name}'{more}` prints")
            }
        };
        format!("there is no table {name}, or its columns may not be seen: apply {by_hand}, or set migrate = true")
    }

    async fn look(&self, name: &str) -> Result<Live, Error> {
        let columns =
            "SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {table:String}";
        let table = "SELECT engine, create_table_query FROM system.tables WHERE database = {database:String} AND name = {table:String}";
        let columns = self.pairs(columns, name).await?;
        let (engine, ddl) = self.pairs(table, name).await?.pop().unwrap_or_default();
        Ok(Live { name: name.to_owned(), columns: columns.into_iter().collect(), engine, ddl })
    }

    /// Two columns of a system table about a table.
    async fn pairs(&self, sql: &str, name: &str) -> Result<Vec<(String, String)>, Error> {
        let (database, table) = split(name);
        self.client.query_raw(sql).param("database", database).param("table", table).fetch_all().await
    }
}

impl Live {
    fn other_columns(&self, contract: &Contract, table: &Table, wrong: &mut Vec<String>) {
        let name = &self.name;
        for column in &table.columns {
            let wanted = ddl::column_type(contract, table, column);
            match self.columns.get(&column.name) {
                None => wrong.push(format!("table {name} has no column {}, which should be {wanted}", column.name)),
                Some(found) if *found != wanted => {
                    wrong.push(format!("column {} of table {name} is {found}, and should be {wanted}", column.name));
                }
                Some(_) => {}
            }
        }
    }

    /// What differs in a table that leads to others.
    fn led_otherwise(&self, contract: &Contract, table: &Table, wrong: &mut Vec<String>) {
        self.other_columns(contract, table, wrong);
        if self.engine != "Distributed" {
            wrong.push(format!("table {} is a {}, and should be Distributed", self.name, self.engine));
        }
    }

    /// What differs in a table that keeps rows.
    fn stored_otherwise(&self, contract: &Contract, table: &Table, wrong: &mut Vec<String>) {
        self.other_columns(contract, table, wrong);
        let name = &self.name;
        match kept(&self.ddl) {
            Kept::Days(days) if days < u64::from(table.ttl_days) => wrong.push(format!(
                "table {name} keeps its rows for {days} days, the contract wants {}: change its TTL, or the contract, which asks for a reason",
                table.ttl_days
            )),
            Kept::Unclear(ttl) => wrong.push(format!(
                "nobody can tell for how long table {name} keeps its rows: state its TTL `{ttl}` as `… + INTERVAL {} DAY`",
                table.ttl_days
            )),
            Kept::Days(_) | Kept::Forever => {}
        }
        if let Some(setting) = self.forgets_tokens() {
            wrong.push(format!(
                "table {name} ({}) would take an insert twice that is made again: set {setting} = 10000",
                self.engine
            ));
        }
        if !self.engine.ends_with("MergeTree") {
            wrong.push(format!("table {name} is a {}, and should be a MergeTree; for Distributed tables say `cluster` and `distributed`", self.engine));
        }
    }

    /// The setting that makes it remember which inserts it has, where it does not.
    fn forgets_tokens(&self) -> Option<&'static str> {
        let is_replicated = self.engine.starts_with("Replicated") || self.engine.starts_with("Shared");
        let setting = match (is_replicated, self.engine.ends_with("MergeTree")) {
            (true, _) => "replicated_deduplication_window",
            (false, true) => "non_replicated_deduplication_window",
            (false, false) => return None,
        };
        let set = self.ddl.split_once(&format!(" {setting} = ")).map(|(_, value)| value.split([',', ' ']).next());
        match set {
            Some(value) => (value == Some("0")).then_some(setting),
            // Only replicas remember without being told to.
            None => (!is_replicated).then_some(setting),
        }
    }
}

fn split(name: &str) -> (&str, &str) {
    name.split_once('.').unwrap_or(("default", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_forgets_tokens_is_told_what_to_set() {
        let forgets = |engine: &str, settings: &str| {
            let ddl = format!("CREATE TABLE audit.x (`ts` Int64) ENGINE = {engine} ORDER BY ts SETTINGS {settings}");
            Live { name: "audit.x".into(), columns: BTreeMap::new(), engine: engine.into(), ddl }.forgets_tokens()
        };
        let (plain, replicated) = ("non_replicated_deduplication_window", "replicated_deduplication_window");
        assert_eq!(forgets("MergeTree", "index_granularity = 8192"), Some(plain));
        assert_eq!(
            forgets("MergeTree", "non_replicated_deduplication_window = 0, index_granularity = 8192"),
            Some(plain)
        );
        assert_eq!(forgets("MergeTree", "non_replicated_deduplication_window = 100, index_granularity = 8192"), None);
        assert_eq!(forgets("ReplicatedMergeTree", "index_granularity = 8192"), None);
        assert_eq!(forgets("SharedMergeTree", "replicated_deduplication_window = 0"), Some(replicated));
    }
}
