//! What a run amounts to: the router's ledger held against what the stack counted and what the tables
//! hold, and whether a planted value was seen.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::Serialize;
use tapline_contract::Contract;

use super::audit::AuditRows;
use super::leaks::Leak;
use super::stack::Report;
use crate::client::{Ledger, Totals};
use crate::figures::PluginFigures;

/// The object that `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verdict {
    #[serde(flatten)]
    pub(crate) totals: Totals,
    /// The ledger adds up, stream by stream, and agrees with the stack's own counts and the tables.
    pub(crate) balanced: bool,
    /// Places where a planted value was found.
    pub(crate) secrets_leaked: u64,
    pub(crate) plugins: Vec<PluginFigures>,
    /// Rows by audit table.
    pub(crate) tables: BTreeMap<String, u64>,
    pub(crate) seconds: f64,
    pub(crate) market: String,
    pub(crate) market_events: u64,
    /// As the stack counted them.
    pub(crate) stack_emitted: u64,
    pub(crate) leaks: Vec<Leak>,
    /// Where counts differ, in words.
    pub(crate) differences: Vec<String>,
}

impl Verdict {
    pub(crate) fn new(
        report: &Report,
        ledger: &Ledger,
        audit: &AuditRows,
        plugins: Vec<PluginFigures>,
        leaks: Vec<Leak>,
    ) -> Self {
        let mut differences = Vec::new();
        if !ledger.balanced {
            differences.push("the ledger does not add up".to_owned());
        }
        for name in &report.died {
            differences.push(format!("component {name} of the stack has died"));
        }
        if report.delivery.left > 0 {
            let why = report.delivery.trouble.as_deref().unwrap_or("no reason given");
            differences.push(format!("{} events never left the stack: {why}", report.delivery.left));
        }
        compare_streams(report, ledger, &mut differences);
        compare_tables(report, audit, &mut differences);
        Verdict {
            totals: ledger.totals.clone(),
            balanced: differences.is_empty(),
            secrets_leaked: leaks.len() as u64,
            plugins,
            tables: audit.tables.clone(),
            seconds: report.seconds,
            market: report.market.clone(),
            market_events: report.market_events,
            stack_emitted: report.emitted,
            leaks,
            differences,
        }
    }

    /// An error where anything is not as it has to be.
    pub(crate) fn check(&self) -> Result<()> {
        let mut wrong = self.differences.clone();
        wrong.extend(self.leaks.iter().map(|leak| format!("a planted {} was found in {}", leak.kind, leak.place)));
        if !wrong.is_empty() {
            bail!("the run is not in order:\n  {}", wrong.join("\n  "));
        }
        Ok(())
    }

    /// An error where the run has not touched all that a run of 20 seconds does: a check that had
    /// nothing to look at proves nothing.
    pub(crate) fn check_complete(&self) -> Result<()> {
        let mut missing = Vec::new();
        // What a single router delivers to itself has no receipts, and nobody uploads plugins here.
        let quiet = ["audit.delivery_log", "audit.plugin_log"];
        for (table, rows) in &self.tables {
            if *rows == 0 && !quiet.contains(&table.as_str()) {
                missing.push(format!("{table} has no row"));
            }
        }
        for plugin in self.plugins.iter().filter(|plugin| plugin.rows == 0) {
            missing.push(format!("plugin {} saw no event", plugin.name));
        }
        if self.plugins.len() < 3 {
            missing.push(format!("{} plugins are in the chain, not 3", self.plugins.len()));
        }
        if !missing.is_empty() {
            bail!("the run has not shown everything:\n  {}", missing.join("\n  "));
        }
        Ok(())
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

/// Every stream that the stack emitted on is in the ledger with the same count.
fn compare_streams(report: &Report, ledger: &Ledger, differences: &mut Vec<String>) {
    for stream in &report.streams {
        let seen: u64 = ledger
            .streams
            .iter()
            .filter(|other| other.run == report.run && other.component == stream.component && other.lane == stream.lane)
            .map(|other| other.totals.emitted)
            .sum();
        if seen != stream.emitted {
            differences.push(format!(
                "{} {}: the stack emitted {}, the ledger knows of {seen}",
                stream.component, stream.lane, stream.emitted
            ));
        }
    }
}

/// Every event that has an audit table is there as often as the stack emitted it.
fn compare_tables(report: &Report, audit: &AuditRows, differences: &mut Vec<String>) {
    let lost: u64 =
        report.dropped.iter().filter(|lost| lost.lane == "audit" || lost.lane == "guard").map(|lost| lost.events).sum();
    if lost > 0 {
        differences.push(format!("the stack's queues lost {lost} audit or guard events"));
    }
    let contract = Contract::embedded();
    for (event, emitted) in &report.events {
        let in_a_table = contract.event(event).is_some_and(|id| contract.event_at(id).table.is_some());
        let rows = audit.by_event.get(&(report.run.clone(), event.clone())).copied().unwrap_or(0);
        if in_a_table && rows != *emitted {
            differences.push(format!("{event}: the stack emitted {emitted}, the audit tables have {rows}"));
        }
    }
}
