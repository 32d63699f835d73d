//! The databases that hold the audit tables, as the configuration names them.

use std::path::PathBuf;
use std::time::Duration;

use tapline_contract::Contract;

use crate::audit::{self, TrailError};
use crate::cli::Failure;
use crate::config::{Config, SinkConfig};
use crate::sink::{Authorities, ClickHouseLogin};

/// Every destination that holds the audit tables, SQLite first, or the one that was named.
pub(super) fn databases<'a>(
    config: &Config,
    contract: &'a Contract,
    only: Option<&str>,
) -> Result<Vec<audit::Database<'a>>, Failure> {
    let sinks = config.sinks.iter().filter(|(_, sink)| sink.kind.holds_tables());
    let mut sinks: Vec<_> = sinks.filter(|(name, _)| only.is_none_or(|only| only == *name)).collect();
    sinks.sort_by_key(|(name, _)| config.database_of(name).is_none());
    let databases: Vec<audit::Database<'a>> = sinks
        .into_iter()
        .map(|(name, sink)| {
            let path = config.database_of(name);
            let sink = sink.clone();
            audit::Database { name: name.clone(), open: Box::new(move || open(&sink, path, contract)) }
        })
        .collect();
    match (databases.is_empty(), only) {
        (false, _) => Ok(databases),
        (true, Some(name)) => Err(Failure::Usage(format!("no destination `{name}` holds the audit tables"))),
        (true, None) => {
            Err(Failure::Usage("the configuration has no destination of type \"sqlite\" or \"clickhouse\"".into()))
        }
    }
}

fn open<'a>(
    sink: &SinkConfig,
    path: Option<PathBuf>,
    contract: &'a Contract,
) -> Result<Box<dyn audit::Trail + 'a>, TrailError> {
    if let Some(path) = path {
        return Ok(Box::new(audit::SqliteTrail::open(&path, contract)?));
    }
    let url = sink.url.as_deref().unwrap_or_default();
    let (user, password) = match sink.verify_user.is_empty() {
        true => (&sink.user, &sink.password),
        false => (&sink.verify_user, &sink.verify_password),
    };
    let failed = |what: String| TrailError::Server { url: url.to_owned(), what };
    let login = ClickHouseLogin {
        url: url.to_owned(),
        user: user.clone(),
        password: password.read().map_err(|error| failed(error.to_string()))?,
        authorities: Authorities::read(sink.ca_file.as_deref()).map_err(|error| failed(error.to_string()))?,
    };
    Ok(Box::new(audit::ClickHouseTrail::new(&login, Duration::from_secs(sink.timeout_s), contract)?))
}
