//! Events to columns: the rows that are subscribed to, the fields that are declared.

use serde_json::Value;

use crate::Level;
use crate::bindings::tapline::plugin::types as raw;

/// The indexes of the events that meet a subscription.
pub(super) fn subscribed(plan: &raw::Plan, events: &[Value]) -> Vec<usize> {
    let matches = |event: &Value| {
        let is_in = |names: &[String], field: &str| {
            names.is_empty() || names.iter().any(|name| event[field] == **name)
        };
        plan.subscribe.is_empty()
            || plan.subscribe.iter().any(|wanted| {
                is_in(&wanted.components, "component")
                    && is_in(&wanted.events, "event")
                    && wanted
                        .min_level
                        .is_none_or(|min| level(event).is_some_and(|is| is >= min.into()))
            })
    };
    (0..events.len())
        .filter(|&row| matches(&events[row]))
        .collect()
}

pub(super) fn batch(plan: &raw::Plan, events: &[Value], rows: &[usize]) -> raw::Batch {
    raw::Batch {
        rows: rows.len() as u32,
        ts_ns: rows
            .iter()
            .map(|&row| events[row]["ts"].as_u64().unwrap_or(0))
            .collect(),
        columns: plan
            .reads
            .iter()
            .map(|want| column(want, events, rows))
            .collect(),
    }
}

fn column(want: &raw::Want, events: &[Value], rows: &[usize]) -> raw::Column {
    let cells = rows.iter().map(|&row| &events[row]);
    match want.kind {
        raw::Kind::Text => {
            let mut text = raw::PackedText {
                ends: Vec::new(),
                bytes: Vec::new(),
            };
            let present = bitmap(cells.map(|event| {
                let cell = as_text(&event[&want.field]);
                text.bytes
                    .extend_from_slice(cell.as_deref().unwrap_or_default().as_bytes());
                text.ends.push(text.bytes.len() as u32);
                cell.is_some()
            }));
            raw::Column {
                present,
                data: raw::Data::Packed(text),
            }
        }
        raw::Kind::Int => {
            let is_level = want.field == "level";
            let values: Vec<Option<i64>> = cells
                .map(|event| {
                    if is_level {
                        level(event)
                    } else {
                        event[&want.field].as_i64()
                    }
                })
                .collect();
            let present = bitmap(values.iter().map(Option::is_some));
            let values = values.into_iter().map(Option::unwrap_or_default).collect();
            raw::Column {
                present,
                data: raw::Data::Ints(values),
            }
        }
        raw::Kind::Float => {
            let values: Vec<Option<f64>> = cells.map(|event| event[&want.field].as_f64()).collect();
            let present = bitmap(values.iter().map(Option::is_some));
            let values = values.into_iter().map(Option::unwrap_or_default).collect();
            raw::Column {
                present,
                data: raw::Data::Floats(values),
            }
        }
        raw::Kind::Boolean => {
            let values: Vec<Option<bool>> =
                cells.map(|event| event[&want.field].as_bool()).collect();
            let present = bitmap(values.iter().map(Option::is_some));
            let values = values
                .into_iter()
                .map(|value| value.unwrap_or_default().into())
                .collect();
            raw::Column {
                present,
                data: raw::Data::Booleans(values),
            }
        }
    }
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

/// Empty when every row is present, as the router sends it.
fn bitmap(present: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut bits = Vec::new();
    let mut all = true;
    for (row, present) in present.enumerate() {
        if row % 8 == 0 {
            bits.push(0);
        }
        all &= present;
        bits[row / 8] |= u8::from(present) << (row % 8);
    }
    if all { Vec::new() } else { bits }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, Subscription};
    use serde_json::json;

    #[test]
    fn a_subscription_needs_all_its_parts() {
        let mut plan = Plan::default();
        plan.subscribe(
            Subscription::new()
                .component("risk")
                .min_level(Level::Error),
        );
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

    #[test]
    fn absent_values_make_a_bitmap() {
        assert!(bitmap([true, true].into_iter()).is_empty());
        assert_eq!(bitmap((0..9).map(|row| row != 1)), [0b1111_1101, 1]);
    }
}
