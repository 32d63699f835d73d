//! Plays the router natively, so that a plugin's tests and benchmarks need no wasm.
//!
//! [`Harness`] selects subscribed rows, projects the declared fields into columns, calls the plugin
//! and applies what comes back under the same rules as the router. An answer that the router would
//! refuse is an error here too, so a plugin that passes natively doesn't surprise as wasm.

mod apply;
mod bench;
mod case;
mod project;

pub use bench::{Timing, bench};
pub use case::{Case, Suite, check_cases};

use serde_json::Value;

use crate::Plugin;
use crate::bindings::tapline::plugin::types as raw;
use crate::guest::Instance;

/// A plugin under test with the router's side of its plan.
#[derive(Debug)]
pub struct Harness<P> {
    instance: Instance<P>,
    plan: raw::Plan,
}

/// What a call led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The events as they go on: edits applied, dropped ones still in their place.
    pub events: Vec<Value>,
    /// For each event `keep`, `drop:reason`, `send:a,b` or `also:a,b`.
    pub verdicts: Vec<String>,
    /// Objects with `key`, `state`, `severity`, `summary`, `details`, `to`.
    pub notices: Vec<Value>,
    /// Events that the plugin made.
    pub made: Vec<Value>,
}

// === impl Harness ===

impl<P: Plugin> Harness<P> {
    /// Configure the plugin. `Value::Null` stands for no config at all.
    pub fn new(config: Value) -> Result<Self, String> {
        let config = if config.is_null() { String::new() } else { config.to_string() };
        let (instance, plan) = Instance::configure(&config)?;
        Ok(Harness { instance, plan })
    }

    /// The declared plan, to be looked at.
    pub fn plan(&self) -> &raw::Plan {
        &self.plan
    }

    /// Give it events: JSON objects with `component`, `event`, `level` (a name) and `ts`
    /// (nanoseconds) where they matter.
    pub fn process(&mut self, events: &[Value]) -> Result<Outcome, String> {
        let rows = project::subscribed(&self.plan, events);
        let batch = project::batch(&self.plan, events, &rows);
        let output = self.instance.process(batch)?;
        apply::apply(&self.plan, events, &rows, output)
    }

    /// Let time pass. Verdicts and edits of a tick are refused, as the router does.
    pub fn tick(&mut self, now_ns: u64) -> Result<Outcome, String> {
        let output = self.instance.tick(now_ns)?;
        if !output.verdicts.is_empty() || !output.edits.is_empty() {
            return Err("a tick gave verdicts or edits: there are no rows to apply them to".into());
        }
        apply::apply(&self.plan, &[], &[], output)
    }

    pub fn save(&self) -> Vec<u8> {
        self.instance.save()
    }

    pub fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.instance.restore(state)
    }
}
