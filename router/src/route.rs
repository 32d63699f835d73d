//! Where an event goes. No I/O here: names become bits once, rows get their bits.

use std::collections::BTreeMap;

use tapline_contract::{Contract, Sensitivity};

use crate::batch::Row;
use crate::config::{Config, SinkKind};

/// Destinations by name and number. The number is the bit in a row's set.
#[derive(Clone, Debug)]
pub struct Destinations {
    names: Vec<String>,
    by_name: BTreeMap<String, u8>,
    /// Where an event goes that no plugin has sent elsewhere.
    default: u64,
    /// Destinations that hold the audit tables: every event that has a table goes there, whatever
    /// plugins decide.
    tables: u64,
    /// Of those, the ones that have no table for anything else.
    audit_only: u64,
    notices: [u64; 3],
    /// By number: the most sensitive fields that a destination may see.
    clearances: Vec<Sensitivity>,
}

/// How urgent a plugin's notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

impl Destinations {
    pub fn new(config: &Config) -> Self {
        let names: Vec<String> = config.sinks.keys().cloned().collect();
        let by_name: BTreeMap<String, u8> =
            names.iter().enumerate().map(|(bit, name)| (name.clone(), bit as u8)).collect();
        let set =
            |list: &[String]| list.iter().filter_map(|name| by_name.get(name)).fold(0u64, |set, &bit| set | 1 << bit);
        let of_kind = |is: fn(SinkKind) -> bool| {
            config.sinks.iter().filter(|(_, sink)| is(sink.kind)).fold(0, |set, (name, _)| set | 1 << by_name[name])
        };
        let notices = &config.notices;
        Destinations {
            default: set(&config.route.default),
            notices: [set(&notices.info), set(&notices.warning), set(&notices.critical)],
            clearances: config.sinks.values().map(|sink| sink.clearance.into()).collect(),
            tables: of_kind(SinkKind::holds_tables),
            audit_only: of_kind(|kind| kind.holds_tables() && !kind.takes_logs()),
            by_name,
            names,
        }
    }

    /// These destinations, and no rules of their own.
    pub fn named(names: &[String]) -> Self {
        let by_name = names.iter().enumerate().map(|(bit, name)| (name.clone(), bit as u8)).collect();
        Destinations {
            names: names.to_vec(),
            by_name,
            default: 0,
            tables: 0,
            audit_only: 0,
            notices: [0; 3],
            clearances: Vec::new(),
        }
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn number(&self, name: &str) -> Option<u8> {
        self.by_name.get(name).copied()
    }

    /// The set of these names; names that are no destination are left out.
    pub fn set<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> u64 {
        names.into_iter().filter_map(|name| self.number(name)).fold(0, |set, bit| set | 1 << bit)
    }

    /// Those of a chosen set that can take the row: without a table of its own it has no place in the tables.
    pub fn among(&self, contract: &Contract, row: &Row, set: u64) -> u64 {
        let has_table = row.event.is_some_and(|event| contract.event_at(event).table.is_some());
        if has_table { set } else { set & !self.audit_only }
    }

    /// All destinations of a notice: whoever is told, the tables, and where everything goes.
    pub fn of_notice(&self, severity: Severity) -> u64 {
        self.for_notice(severity) | self.tables | self.default
    }

    /// What any of a set of destinations may see.
    pub fn clearance(&self, set: u64) -> Sensitivity {
        let cleared = self.clearances.iter().enumerate().filter(|(number, _)| set >> number & 1 == 1);
        cleared.map(|(_, clearance)| *clearance).max().unwrap_or(Sensitivity::Public)
    }

    /// Those that hold the audit tables.
    pub fn tables(&self) -> u64 {
        self.tables
    }

    pub fn for_notice(&self, severity: Severity) -> u64 {
        self.notices[severity as usize]
    }

    /// The destinations of a row. What has an audit table goes to all that hold it in any case, and nothing
    /// else goes to those that hold nothing else.
    pub fn of(&self, contract: &Contract, row: &Row) -> u64 {
        let chosen = if row.send == 0 { self.default } else { row.send };
        match row.event.is_some_and(|event| contract.event_at(event).table.is_some()) {
            true => chosen | row.also | self.tables,
            false => (chosen | row.also) & !self.audit_only,
        }
    }
}
