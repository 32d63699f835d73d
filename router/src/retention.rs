//! Audit tables that the contract keeps for less than a year, for a reason that it gives: each begins and ends
//! as a row of the audit trail itself, once, however often the router starts.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tapline_contract::Contract;

use crate::intake::{Intake, Reader};
use crate::receipt::Receipt;
use crate::replace::replace;

/// What the audit trail knows of, in the data dir.
const FILE: &str = "retention.json";

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Overrides {
    /// The hash of the contract that they are from.
    contract: Option<String>,
    /// By table.
    tables: BTreeMap<String, Override>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Override {
    days: u32,
    reason: String,
}

/// Writes a row for what has changed since the last one, and notes it when the rows are safe.
pub async fn announce(intake: Arc<Intake>, data_dir: &Path) {
    let path = data_dir.join(FILE);
    let before = match load(&path) {
        Ok(before) => before,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "what was said of short retention can't be read, and is said again");
            Overrides::default()
        }
    };
    let now = Overrides::of(&intake.contract);
    let rows = now.rows(&before, &intake.contract);
    if rows.is_empty() {
        return;
    }
    let (receipt, safe) = Receipt::new();
    let mut reader = Reader::new(intake.clone(), "the contract".into(), None);
    reader.set_receipt(Some(receipt));
    for row in &rows {
        tracing::warn!(row = %row, "an audit table's retention differs from the rule, and the audit trail says so");
        if let Err(rejection) = reader.line(row.to_string().as_bytes()) {
            tracing::error!(reason = rejection.message, "the row about an audit table's retention was refused");
            return;
        }
    }
    intake.hand_over(reader.finish()).await;
    drop(reader);
    // Where they are not safe, the next start says it again.
    if safe.await.is_ok()
        && let Err(error) = now.store(&path)
    {
        tracing::warn!(path = %path.display(), %error, "short retention can't be noted; the next start says it again");
    }
}

fn load(path: &Path) -> io::Result<Overrides> {
    match fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Overrides::default()),
        Err(error) => Err(error),
    }
}

impl Overrides {
    fn of(contract: &Contract) -> Self {
        let tables = contract.tables.iter().filter_map(|table| {
            let reason = table.ttl_override_reason.clone()?;
            Some((table.name.clone(), Override { days: table.ttl_days, reason }))
        });
        Overrides { contract: Some(contract.hash.clone()), tables: tables.collect() }
    }

    fn store(&self, path: &Path) -> io::Result<()> {
        replace(path, &serde_json::to_vec(self)?)
    }

    /// An event for each table whose exception is new, another one, or no more.
    fn rows(&self, before: &Self, contract: &Contract) -> Vec<Value> {
        let row = |table: &str, level: &str, days: Option<u32>, reason: &str| {
            json!({
                "event": "config_change", "component": "router", "level": level,
                "config_name": format!("{table}.ttl_days"), "result": "ok", "reason": reason,
                "hash_before": before.contract, "hash_after": self.contract,
                "actor": format!("contract {} {}, router run by user {}", contract.name, contract.version, user()),
                "changed_keys": { "ttl_days": days },
            })
        };
        let news = self.tables.iter().filter(|(table, now)| before.tables.get(*table) != Some(now));
        let ended = before.tables.keys().filter(|table| !self.tables.contains_key(*table));
        let days = |name: &str| Some(contract.table_at(contract.table(name)?).ttl_days);
        news.map(|(table, now)| row(table, "warning", Some(now.days), &now.reason))
            .chain(ended.map(|table| row(table, "info", days(table), "the exception has ended")))
            .collect()
    }
}

/// Whoever runs the router, by number: a name may mean another one elsewhere.
fn user() -> u32 {
    // SAFETY: it only reads, and never fails.
    unsafe { libc::getuid() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(entries: &[(&str, u32, &str)]) -> Overrides {
        let one = |(table, days, reason): &(&str, u32, &str)| {
            ((*table).to_owned(), Override { days: *days, reason: (*reason).to_owned() })
        };
        Overrides { contract: Some("now".into()), tables: entries.iter().map(one).collect() }
    }

    #[test]
    fn a_change_is_said_once() {
        let contract = Contract::embedded();
        let said = |now: &Overrides, before: &Overrides| -> Vec<(String, Value, String)> {
            let of = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
            now.rows(before, contract)
                .iter()
                .map(|row| (of(row, "config_name"), row["changed_keys"]["ttl_days"].clone(), of(row, "reason")))
                .collect()
        };
        let none = Overrides::default();
        let trial = overrides(&[("audit.risk_log", 90, "a trial")]);
        let longer = overrides(&[("audit.risk_log", 120, "a trial"), ("audit.orders_log", 90, "a trial")]);
        assert_eq!(said(&trial, &none), [("audit.risk_log.ttl_days".into(), json!(90), "a trial".into())]);
        assert_eq!(said(&trial, &trial), []);
        assert_eq!(said(&longer, &trial).len(), 2);
        assert_eq!(
            said(&none, &trial),
            [("audit.risk_log.ttl_days".into(), json!(1825), "the exception has ended".into())]
        );
    }
}
