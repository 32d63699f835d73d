//! Events to columns: the rows that are subscribed to, the fields that are declared.

use serde_json::Value;

use crate::bindings::tapline::plugin::types as raw;
use crate::{BatchBuilder, Level};

/// The indexes of the events that meet a subscription.
pub(super) fn subscribed(plan: &raw::Plan, events: &[Value]) -> Vec<usize> {
    let matches = |event: &Value| {
        let is_in = |names: &[String], field: &str| names.is_empty() || names.iter().any(|name| event[field] == **name);
        plan.subscribe.is_empty()
            || plan.subscribe.iter().any(|wanted| {
                is_in(&wanted.components, "component")
                    && is_in(&wanted.events, "event")
                    && wanted.min_level.is_none_or(|min| level(event).is_some_and(|is| is >= min.into()))
            })
    };
    (0..events.len()).filter(|&row| matches(&events[row])).collect()
}

pub(super) fn batch(plan: &raw::Plan, events: &[Value], rows: &[usize]) -> raw::Batch {
    let ts_ns = rows.iter().map(|&row| events[row]["ts"].as_u64().unwrap_or(0));
    let mut batch = BatchBuilder::new(ts_ns.collect());
    for want in &plan.reads {
        let cells = rows.iter().map(|&row| (&events[row], &events[row][&want.field]));
        match want.kind {
            raw::Kind::Text => batch.text(cells.map(|(_, value)| as_text(value))),
            raw::Kind::Int if want.field == "level" => batch.ints(cells.map(|(event, _)| level(event))),
            raw::Kind::Int => batch.ints(cells.map(|(_, value)| value.as_i64())),
            raw::Kind::Float => batch.floats(cells.map(|(_, value)| value.as_f64())),
            raw::Kind::Boolean => batch.booleans(cells.map(|(_, value)| value.as_bool())),
        }
    }
    batch.build()
}

/// Every kind of value can be read as text.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A level by its name, or by its number.
fn level(event: &Value) -> Option<i64> {
    match &event["level"] {
        Value::String(name) => Level::parse(name).ok().map(|level| level as i64),
        number => number.as_i64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, Subscription};
    use serde_json::json;

    #[test]
    fn a_subscription_needs_all_its_parts() {
        let mut plan = Plan::default();
        plan.subscribe(Subscription::new().component("risk").min_level(Level::Error));
        plan.subscribe(Subscription::new().event("fill"));
        let plan = plan.into_raw().unwrap();
        let events = [
            json!({ "component": "risk", "level": "error" }),
            json!({ "component": "risk", "level": "info" }),
            json!({ "component": "order", "event": "fill" }),
            json!({ "component": "order", "level": "critical" }),
        ];
        assert_eq!(subscribed(&plan, &events), [0, 2]);
    }
}
