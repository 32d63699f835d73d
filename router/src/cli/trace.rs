//! `tapline trace`

use clap::Args;
use serde_json::Value;

use super::client::Client;
use super::tail::percent_encoded;
use super::{Failure, Source};
use crate::audit::{self, Trace};
use crate::config::Config;
use crate::ingest::timestamp;

#[derive(Args)]
#[command(after_help = "Examples:\n  tapline trace int-00000042\n  tapline trace 7c3f… --json\n  \
                  tapline trace int-00000042 --data-dir tapline-data")]
pub(super) struct TraceArgs {
    /// A trace id, intent id, client order id or broker order id.
    id: String,
    #[command(flatten)]
    source: Source,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl TraceArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        let trace: Trace = match &self.source.data_dir {
            None => Client::new(&self.source.url).get(&format!("/v1/trace/{}", percent_encoded(&self.id)))?,
            Some(dir) => {
                let config = Config { data_dir: dir.clone(), ..Config::default() };
                let contract = crate::router::contract(&config)?;
                let database = config.audit_database().unwrap_or_default();
                audit::trace(&database, &contract, &self.id)?
            }
        };
        if self.json {
            println!("{}", serde_json::to_string(&trace)?);
        } else {
            print!("{}", text(&trace));
        }
        if trace.steps.is_empty() { Err(Failure::Found) } else { Ok(()) }
    }
}

fn text(trace: &Trace) -> String {
    if trace.steps.is_empty() {
        return format!("nothing is known of `{}`: no audit row has it as a join key\n", trace.id);
    }
    let mut out = String::new();
    for (key, ids) in &trace.ids {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        out.push_str(&format!("{key:<16} {}\n", ids.join(", ")));
    }
    out.push('\n');
    for (at, step) in trace.steps.iter().enumerate() {
        let since =
            if at == 0 { timestamp::to_text(step.ts) } else { format!("+{}", duration(step.since_previous_ns)) };
        let fields: Vec<String> = step
            .fields
            .iter()
            .filter(|(name, _)| !trace.ids.contains_key(*name) && *name != "details")
            .map(|(name, value)| match value {
                Value::String(text) => format!("{name}={text}"),
                other => format!("{name}={other}"),
            })
            .collect();
        out.push_str(&format!("{since:>30}  {:<12} {:<16} {}\n", step.component, step.event, fields.join(" ")));
    }
    let steps = trace.steps.len();
    let plural = if steps == 1 { "" } else { "s" };
    out.push_str(&format!("\n{steps} step{plural}, {} from first to last", duration(trace.total_ns)));
    if trace.truncated {
        out.push_str("; there is more than can be shown");
    }
    out.push('\n');
    out
}

fn duration(ns: i64) -> String {
    match ns.unsigned_abs() {
        0..10_000 => format!("{ns} ns"),
        10_000..10_000_000 => format!("{:.1} µs", ns as f64 / 1e3),
        10_000_000..10_000_000_000 => format!("{:.1} ms", ns as f64 / 1e6),
        _ => format!("{:.2} s", ns as f64 / 1e9),
    }
}
