//! Raw contract → checked, indexed [`Contract`].
//!
//! Every rule of the contract is enforced here or in one of the files below, each of which resolves
//! one kind of declaration. All report into the same findings and carry on, so that one run shows
//! everything.

mod events;
mod fields;
mod logs;
mod metrics;
mod names;
mod tables;

use crate::error::ContractErrors;
use crate::model::{Budget, Contract, Retention};
use crate::nearest::did_you_mean;
use crate::print;
use crate::raw::{Findings, RawContract};
pub(crate) use fields::UNKNOWN;
pub(crate) use metrics::OTHER;
use names::Names;

/// An audit row is kept for at least this long: the retention that a regulator asks for is counted
/// in years, and a shorter one has been introduced by accident before.
pub(crate) const AUDIT_DAYS_MIN: u32 = 365;

/// What an audit table keeps where neither it nor `[retention]` says otherwise: five years.
pub(crate) const AUDIT_DAYS_DEFAULT: u32 = 1825;

/// Declarations are numbered with 16 bits, and a batch has a column for each field: a contract that
/// is larger than this was made by a program gone wrong.
const DECLARATIONS_MAX: usize = 4096;

impl Contract {
    /// Reads, resolves and checks a contract; gives all mistakes at once.
    pub fn parse(toml_text: &str) -> Result<Self, ContractErrors> {
        let findings = Findings::new(toml_text);
        let raw = RawContract::read(toml_text, &findings);
        check_sizes(&raw, &findings);
        let mut contract = resolve(raw, &findings);
        let errors = findings.into_sorted();
        if !errors.is_empty() {
            return Err(ContractErrors(errors));
        }
        // Only now do all numbers in it point at something.
        contract.hash = print::hash(&contract);
        Ok(contract)
    }
}

fn resolve(raw: RawContract, findings: &Findings) -> Contract {
    let (components, component_by_name) = fields::components(raw.components, findings);
    let (fields, field_by_name) = fields::dictionary(raw.fields, findings);
    let names = Names { findings, components: &component_by_name, fields: &field_by_name, dictionary: &fields };
    let envelope = names.fields("contract.envelope", &raw.envelope);

    let audit_days = raw.audit_days.as_ref().map_or(AUDIT_DAYS_DEFAULT, |d| d.value);
    if let Some(days) = raw.audit_days.filter(|d| d.value < AUDIT_DAYS_MIN) {
        findings.add(
            days.line,
            "retention.audit_days",
            format!("audit rows are kept for at least {AUDIT_DAYS_MIN} days"),
            Some("a single table can keep less, with a ttl_override_reason".to_owned()),
        );
    }
    let (tables, table_by_name) = tables::resolve(raw.tables, audit_days, &names);
    let (events, event_by_name) = events::resolve(raw.events, &envelope, &table_by_name, &names);
    tables::check_against_events(&tables, &events, &fields, findings);
    tables::check_overrides(&tables, &events, findings);
    let log_table = logs::table(&envelope, raw.log_days, &names);
    let (metrics, metric_by_name) = metrics::resolve(raw.metrics, &names);

    for (budget, line) in &raw.budgets {
        check_budget(budget, *line, &metric_by_name, findings);
    }

    Contract {
        name: raw.name,
        version: raw.version,
        doc: raw.doc,
        policy: raw.policy,
        retention: Retention { log_days: raw.log_days, audit_days },
        components,
        fields,
        envelope,
        events,
        tables,
        log_table,
        metrics,
        budgets: raw.budgets.into_iter().map(|(budget, _)| budget).collect(),
        notes: raw.notes,
        hash: String::new(),
        component_by_name,
        field_by_name,
        event_by_name,
        table_by_name,
        metric_by_name,
    }
}

fn check_sizes(raw: &RawContract, findings: &Findings) {
    for (what, count) in [
        ("components", raw.components.len()),
        ("fields", raw.fields.len()),
        ("events", raw.events.len()),
        ("tables", raw.tables.len()),
        ("forms", raw.events.iter().map(|event| event.forms.len()).max().unwrap_or(0)),
    ] {
        if count > DECLARATIONS_MAX {
            findings.add(None, what, format!("{count} {what}; {DECLARATIONS_MAX} is the limit"), None);
        }
    }
}

fn check_budget(budget: &Budget, line: usize, metrics: &std::collections::HashMap<String, usize>, findings: &Findings) {
    let path = format!("budgets.{}", budget.name);
    if let Some(metric) = budget.metric.as_ref().filter(|m| !metrics.contains_key(*m)) {
        findings.add(
            line,
            path.clone(),
            format!("no metric {metric:?} is declared"),
            did_you_mean(metric, metrics.keys().map(String::as_str)),
        );
    }
    if budget.limit <= 0.0 {
        findings.add(line, path, "the limit must be above 0", None);
    }
}
