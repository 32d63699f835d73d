//! The live tables against the contract.

use std::collections::BTreeMap;

use ::clickhouse::Client;
use ::clickhouse::error::Error;
use tapline_contract::{Contract, Table, generate};

use super::Server;

/// For how long rows of each table must be kept, days.
pub(super) struct Retention(BTreeMap<String, u32>);

impl Retention {
    pub(super) fn of(contract: &Contract) -> Self {
        Retention(contract.tables.iter().map(|table| (table.name.clone(), table.ttl_days)).collect())
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum SchemaError {
    #[error("{0}")]
    Server(#[from] Error),
    #[error("{}", .0.join("; "))]
    Differs(Vec<String>),
}

pub(super) async fn compare(
    client: &Client,
    server: &Server,
    contract: &Contract,
    retention: &Retention,
) -> Result<(), SchemaError> {
    let mut wrong = differences(client, server, contract, retention).await?;
    if !wrong.is_empty() && server.migrate {
        migrate(client, server, contract).await?;
        wrong = differences(client, server, contract, retention).await?;
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(SchemaError::Differs(wrong)),
    }
}

/// Adds tables and columns; nothing that is there is changed.
async fn migrate(client: &Client, server: &Server, contract: &Contract) -> Result<(), Error> {
    // The database may not be there yet, and a session in it is refused then.
    let anywhere = client.clone().with_database("default");
    for statement in statements(&generate::clickhouse::tables(contract)) {
        anywhere.query_raw(&statement).execute().await?;
    }
    for table in &contract.tables {
        let existing: Vec<String> = columns(client, server, table).await?.into_keys().collect();
        for statement in generate::clickhouse::missing_columns(contract, table, &existing) {
            tracing::info!(table = table.name, %statement, "the contract has a column that the table lacks");
            anywhere.query_raw(statement.trim_end_matches(';')).execute().await?;
        }
    }
    Ok(())
}

fn statements(script: &str) -> Vec<String> {
    let lines: Vec<&str> = script.lines().filter(|line| !line.starts_with("--")).collect();
    let statements = lines.join("\n");
    statements
        .split(";\n")
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| text.trim_end_matches(';').to_owned())
        .collect()
}

/// A table's columns and their types.
async fn columns(client: &Client, server: &Server, table: &Table) -> Result<BTreeMap<String, String>, Error> {
    let sql = "SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {table:String}";
    let found: Vec<(String, String)> = client
        .clone()
        .with_database("default")
        .query_raw(sql)
        .param("database", &server.database)
        .param("table", bare(table))
        .fetch_all()
        .await?;
    Ok(found.into_iter().collect())
}

async fn differences(
    client: &Client,
    server: &Server,
    contract: &Contract,
    retention: &Retention,
) -> Result<Vec<String>, Error> {
    let mut wrong = Vec::new();
    for table in &contract.tables {
        let live = columns(client, server, table).await?;
        let name = format!("{}.{}", server.database, bare(table));
        if live.is_empty() {
            wrong.push(format!(
                "there is no table {name}, or its columns may not be seen: apply contracts/migrations/clickhouse, or set migrate = true"
            ));
            continue;
        }
        for column in &table.columns {
            let wanted = generate::clickhouse::column_type(contract, table, column);
            match live.get(&column.name) {
                None => wrong.push(format!("table {name} has no column {}, which should be {wanted}", column.name)),
                Some(found) if *found != wanted => {
                    wrong.push(format!("column {} of table {name} is {found}, and should be {wanted}", column.name));
                }
                Some(_) => {}
            }
        }
        if let Some(days) = shorter(client, server, table, retention).await? {
            wrong.push(format!(
                "table {name} keeps its rows for {days} days, the contract wants {}: change its TTL, or the contract, which asks for a reason",
                table.ttl_days
            ));
        }
    }
    Ok(wrong)
}

/// The days for which the table keeps its rows, where those are fewer than they should be. A table without
/// a TTL keeps them for ever.
async fn shorter(client: &Client, server: &Server, table: &Table, retention: &Retention) -> Result<Option<u32>, Error> {
    let sql =
        "SELECT create_table_query FROM system.tables WHERE database = {database:String} AND name = {table:String}";
    let found: Vec<String> = client
        .clone()
        .with_database("default")
        .query_raw(sql)
        .param("database", &server.database)
        .param("table", bare(table))
        .fetch_all()
        .await?;
    let days = found.first().and_then(|ddl| ttl_days(ddl));
    Ok(days.filter(|days| retention.0.get(&table.name).is_some_and(|wanted| days < wanted)))
}

fn ttl_days(ddl: &str) -> Option<u32> {
    let ttl = &ddl[ddl.find(" TTL ")?..];
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let number = |mark: &str| ttl.split_once(mark).and_then(|(_, rest)| digits(rest).parse::<u32>().ok());
    number("toIntervalDay(")
        .or_else(|| number("toIntervalMonth(").map(|months| months * 30))
        .or_else(|| number("toIntervalYear(").map(|years| years * 365))
        .or_else(|| number("INTERVAL "))
}

fn bare(table: &Table) -> &str {
    table.name.rsplit('.').next().unwrap_or(&table.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_a_ttl() {
        let ddl = |ttl: &str| {
            format!("CREATE TABLE a.b (`ts` DateTime64(9)) ENGINE = MergeTree ORDER BY ts{ttl} SETTINGS x = 1")
        };
        assert_eq!(ttl_days(&ddl(" TTL toDateTime(ts) + toIntervalDay(1825)")), Some(1825));
        assert_eq!(ttl_days(&ddl(" TTL toDateTime(ts) + INTERVAL 90 DAY")), Some(90));
        assert_eq!(ttl_days(&ddl(" TTL ts + toIntervalYear(5)")), Some(1825));
        assert_eq!(ttl_days(&ddl("")), None);
    }

    #[test]
    fn a_script_is_its_statements() {
        let found = statements(&generate::clickhouse::tables(Contract::embedded()));
        assert_eq!(found.len(), Contract::embedded().tables.len() + 1);
        assert!(found[0].starts_with("CREATE DATABASE") && found.iter().all(|text| !text.ends_with(';')));
    }
}
