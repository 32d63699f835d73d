//! `tapline check` of a contract: every mistake, and what is allowed but will hurt.
//!
//! Mistakes are what [`Contract::parse`] refuses. Warnings are about contracts that work: a series
//! count that a scrape will feel, a warning without a reason, an event of the router's own that has
//! nowhere to go.

use std::fmt;

use crate::error::ContractError;
use crate::model::{Contract, Event, Level, Metric, Sensitivity};

/// More series than this from one metric are felt by every scrape and query.
const SERIES_MAX: u64 = 10_000;

/// What the router itself has to say, and what is lost in a contract without it.
const ROUTER_EVENTS: [(&str, &str); 4] = [
    ("notice", "alerts of plugins reach their destinations, but leave no row"),
    ("delivery", "pages leave no receipt"),
    ("plugin_lifecycle", "what is done with plugins leaves no row"),
    ("config_change", "changes of configuration leave no row"),
];

/// Fields of which one says why something was worth a warning.
const REASONS: [&str; 6] = ["reason_code", "reason", "error", "trigger", "summary", "message"];

/// Endings of field names that promise a unit.
const UNIT_ENDINGS: [(&str, &str); 7] = [
    ("_ns", "nanoseconds"),
    ("_us", "microseconds"),
    ("_ms", "milliseconds"),
    ("_s", "seconds"),
    ("_bytes", "bytes"),
    ("_bps", "basis_points"),
    ("_ratio", "ratio"),
];

/// What came of checking a contract.
#[derive(Clone, Debug)]
pub struct Report {
    /// Absent where there are mistakes.
    pub contract: Option<Contract>,
    pub mistakes: Vec<ContractError>,
    pub warnings: Vec<ContractError>,
}

/// Reads a contract and says everything that there is to say about it.
pub fn check(toml_text: &str) -> Report {
    match Contract::parse(toml_text) {
        Ok(contract) => {
            let warnings = warnings(&contract);
            Report { contract: Some(contract), mistakes: Vec::new(), warnings }
        }
        Err(errors) => Report { contract: None, mistakes: errors.0, warnings: Vec::new() },
    }
}

/// What is no mistake and most likely not meant.
pub fn warnings(contract: &Contract) -> Vec<ContractError> {
    let mut warnings = Vec::new();
    let mut warn = |path: String, problem: String, help: &str| {
        warnings.push(ContractError { line: None, path, problem, help: Some(help.to_owned()) });
    };
    for (event, loss) in ROUTER_EVENTS {
        if contract.event(event).is_none() {
            warn(
                format!("events.{event}"),
                format!("not declared: {loss}"),
                "take it over from the contract that is built in",
            );
        }
    }
    for (index, component) in contract.components.iter().enumerate() {
        let used = contract.events.iter().any(|e| usize::from(e.component.0) == index)
            || contract.metrics.iter().any(|m| usize::from(m.owner.0) == index);
        if !used && component.name != crate::resolve::UNKNOWN {
            warn(
                format!("components.{}", component.name),
                "no event and no metric is its own".to_owned(),
                "leave it out, or declare what it emits",
            );
        }
    }
    for event in &contract.events {
        if event.level >= Level::Warning && !has_reason(contract, event) {
            warn(
                format!("events.{}", event.name),
                format!("level {}, but no field says why", event.level),
                "add reason_code: an expected case and a real one look the same without it",
            );
        }
    }
    for field in &contract.fields {
        let promised = UNIT_ENDINGS.iter().find(|(ending, _)| field.name.ends_with(ending));
        if let Some((ending, unit)) = promised
            && field.unit.as_deref() != Some(*unit)
        {
            warn(
                format!("fields.{}", field.name),
                format!("the name ends in {ending}, the unit is not {unit}"),
                "give the unit, or another name",
            );
        }
    }
    if !contract.fields.iter().any(|f| f.sensitivity == Sensitivity::Secret) {
        warn(
            "fields".to_owned(),
            "no field is marked as secret".to_owned(),
            "declare password, token, api_key… with sensitivity = \"secret\", so that they are masked by name",
        );
    }
    if !contract.fields.iter().any(|f| f.join) {
        warn(
            "fields".to_owned(),
            "no field is a join key".to_owned(),
            "mark trace_id and the like with join = true: `tapline trace` follows them",
        );
    }
    for metric in &contract.metrics {
        let series = series(metric);
        if series > SERIES_MAX {
            warn(
                format!("metrics.{}", metric.name),
                format!("up to {series} series"),
                "lower the caps or leave a label out",
            );
        }
    }
    warnings
}

fn has_reason(contract: &Contract, event: &Event) -> bool {
    event.fields.iter().any(|f| REASONS.contains(&contract.field_at(f.field).name.as_str()))
}

/// How many series the metric can grow to, `_other` and buckets included.
fn series(metric: &Metric) -> u64 {
    let combinations =
        metric.labels.iter().fold(1_u64, |product, label| product.saturating_mul(u64::from(label.cap) + 1));
    combinations.saturating_mul(metric.buckets.len() as u64 + 1)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.mistakes {
            writeln!(f, "mistake: {mistake}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        match &self.contract {
            Some(contract) => write!(
                f,
                "contract {} {} ({}): {} events, {} fields, {} tables, {} metrics",
                contract.name,
                contract.version,
                contract.hash,
                contract.events.len(),
                contract.fields.len(),
                contract.tables.len(),
                contract.metrics.len()
            ),
            None => write!(f, "the contract can't be used"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::TRADING_TOML;
    use crate::tests::SMALL;

    fn warnings(text: &str) -> String {
        check(text).to_string()
    }

    #[test]
    fn the_embedded_contract_has_nothing_to_complain_about() {
        let report = check(TRADING_TOML);
        assert!(report.mistakes.is_empty() && report.warnings.is_empty(), "{report}");
    }

    #[test]
    fn a_small_contract_is_told_what_it_lacks() {
        let text = warnings(SMALL);
        assert!(text.contains("events.delivery: not declared: pages leave no receipt"), "{text}");
        assert!(text.contains("components.order: no event and no metric is its own"), "{text}");
        assert!(text.contains("no field is a join key"), "{text}");
    }

    #[test]
    fn warnings_name_what_will_hurt() {
        let text = warnings(&format!(
            "{SMALL}[fields.wait_ms]\nkind = 'float'\ndoc = 'x'\n\
             [events.late]\ncomponent = 'order'\nlane = 'log'\nlevel = 'warning'\ndoc = 'x'\n\
             [metrics.x]\ntype = 'gauge'\nowner = 'order'\nhelp = 'x'\nlabels.a.cap = 200\nlabels.b.cap = 200\n"
        ));
        for words in [
            "fields.wait_ms: the name ends in _ms",
            "events.late: level warning, but no field says why",
            "metrics.x: up to 40401 series",
        ] {
            assert!(text.contains(words), "{words}\nnot in\n{text}");
        }
    }

    #[test]
    fn mistakes_come_before_everything_else() {
        let report = check("[contract]\nname = 1\n");
        assert!(report.contract.is_none() && !report.mistakes.is_empty());
        assert!(report.to_string().contains("mistake: line 2: contract.name: expected a text"), "{report}");
    }
}
