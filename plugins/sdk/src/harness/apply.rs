//! What a plugin gave back, checked by the router's rules and applied.

use serde_json::{Map, Value, json};

use super::Outcome;
use crate::Level;
use crate::bindings::tapline::plugin::types as raw;

pub(super) fn apply(
    plan: &raw::Plan,
    events: &[Value],
    rows: &[usize],
    output: raw::Output,
) -> Result<Outcome, String> {
    let mut outcome = Outcome {
        events: events.to_vec(),
        verdicts: vec!["keep".into(); events.len()],
        notices: output.notices.into_iter().map(notice).collect(),
        made: output.events.into_iter().map(made).collect::<Result<_, _>>()?,
    };
    if !output.verdicts.is_empty() && output.verdicts.len() != rows.len() {
        return Err(format!("{} verdicts for {} rows", output.verdicts.len(), rows.len()));
    }
    for (&verdict, &row) in output.verdicts.iter().zip(rows) {
        let declared = plan.verdicts.get(verdict as usize);
        outcome.verdicts[row] = verdict_text(declared.ok_or_else(|| format!("verdict {verdict} was not declared"))?);
    }
    let mut edited = Vec::new();
    for edit in output.edits {
        let want = plan.writes.get(edit.target as usize);
        let want = want.ok_or_else(|| format!("an edit of write {}, undeclared", edit.target))?;
        if edited.contains(&edit.target) {
            return Err(format!("two edits of `{}`", want.field));
        }
        edited.push(edit.target);
        for (row, value) in
            cells(want, rows.len(), edit.change).map_err(|why| format!("the edit of `{}`: {why}", want.field))?
        {
            let event = outcome.events[rows[row]].as_object_mut();
            let event = event.ok_or("an event that is no object was edited")?;
            match value {
                Some(value) => event.insert(want.field.clone(), value),
                None => event.remove(&want.field),
            };
        }
    }
    Ok(outcome)
}

type Cell = (usize, Option<Value>);

fn cells(want: &raw::Want, rows: usize, change: raw::Change) -> Result<Vec<Cell>, String> {
    let (numbers, column): (Vec<usize>, raw::Column) = match change {
        raw::Change::Clear => return Ok((0..rows).map(|row| (row, None)).collect()),
        raw::Change::Replace(column) => ((0..rows).collect(), column),
        raw::Change::Some(sparse) => {
            if let Some(pair) = sparse.rows.windows(2).find(|pair| pair[1] <= pair[0]) {
                return Err(format!("row {} after row {}", pair[1], pair[0]));
            }
            if let Some(row) = sparse.rows.iter().find(|row| **row as usize >= rows) {
                return Err(format!("row {row} of {rows}"));
            }
            (sparse.rows.iter().map(|row| *row as usize).collect(), sparse.column)
        }
    };
    let values = values(want, column.data)?;
    if values.len() != numbers.len() {
        return Err(format!("{} values for {} rows", values.len(), numbers.len()));
    }
    if !column.present.is_empty() && column.present.len() != values.len().div_ceil(8) {
        return Err(format!("a bitmap of {} bytes for {} rows", column.present.len(), values.len()));
    }
    let present = |row: usize| column.present.is_empty() || column.present[row / 8] & (1 << (row % 8)) != 0;
    Ok(values.into_iter().enumerate().map(|(entry, value)| (numbers[entry], present(entry).then_some(value))).collect())
}

fn values(want: &raw::Want, data: raw::Data) -> Result<Vec<Value>, String> {
    match (data, want.kind) {
        (raw::Data::Packed(text), raw::Kind::Text) => {
            let mut start = 0;
            text.ends
                .iter()
                .map(|&end| {
                    let bytes = text.bytes.get(start..end as usize).ok_or("ends beyond the bytes")?;
                    start = end as usize;
                    let text = std::str::from_utf8(bytes).map_err(|_| "text that is not UTF-8")?;
                    Ok(Value::from(text))
                })
                .collect()
        }
        (raw::Data::Strings(texts), raw::Kind::Text) => Ok(texts.into_iter().map(Value::from).collect()),
        (raw::Data::Ints(values), raw::Kind::Int) => Ok(values.into_iter().map(Value::from).collect()),
        (raw::Data::Floats(values), raw::Kind::Float) => Ok(values.into_iter().map(Value::from).collect()),
        (raw::Data::Booleans(values), raw::Kind::Boolean) => {
            Ok(values.into_iter().map(|value| Value::from(value != 0)).collect())
        }
        _ => Err("a column of another kind than declared".into()),
    }
}

fn verdict_text(verdict: &raw::Verdict) -> String {
    match verdict {
        raw::Verdict::Keep => "keep".into(),
        raw::Verdict::Drop(reason) => format!("drop:{reason}"),
        raw::Verdict::Send(to) => format!("send:{}", to.join(",")),
        raw::Verdict::Also(to) => format!("also:{}", to.join(",")),
    }
}

fn notice(notice: raw::Notice) -> Value {
    let details: Map<String, Value> = notice.details.into_iter().map(|(name, value)| (name, value.into())).collect();
    json!({
        "key": notice.key,
        "state": match notice.state {
            raw::NoticeState::Firing => "firing",
            raw::NoticeState::Resolved => "resolved",
        },
        "severity": match notice.severity {
            raw::Severity::Info => "info",
            raw::Severity::Warning => "warning",
            raw::Severity::Critical => "critical",
        },
        "summary": notice.summary,
        "details": details,
        "to": notice.to,
    })
}

fn made(event: raw::NewEvent) -> Result<Value, String> {
    let level = Level::ALL.get(event.level as usize);
    let level = level.ok_or_else(|| format!("event `{}` has level {}", event.event, event.level))?;
    let mut made = Map::new();
    made.insert("event".into(), event.event.into());
    made.insert("level".into(), level.name().into());
    for (field, value) in event.fields {
        let value = match value {
            raw::Value::Text(value) => value.into(),
            raw::Value::Int(value) => value.into(),
            raw::Value::Float(value) => value.into(),
            raw::Value::Boolean(value) => value.into(),
        };
        made.insert(field, value);
    }
    Ok(made.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Plan;

    fn check(change: raw::Change) -> Result<Outcome, String> {
        let mut plan = Plan::default();
        plan.write_text("desk");
        let events = [json!({}), json!({ "desk": "old" })];
        let output = raw::Output {
            verdicts: vec![],
            edits: vec![raw::Edit { target: 0, change }],
            notices: vec![],
            events: vec![],
        };
        apply(&plan.into_raw().unwrap(), &events, &[0, 1], output)
    }

    fn packed(ends: &[u32], bytes: &[u8], present: &[u8]) -> raw::Column {
        let text = raw::PackedText { ends: ends.to_vec(), bytes: bytes.to_vec() };
        raw::Column { present: present.to_vec(), data: raw::Data::Packed(text) }
    }

    #[test]
    fn edits_set_and_remove() {
        let outcome = check(raw::Change::Replace(packed(&[2, 2], b"fx", &[0b01]))).unwrap();
        assert_eq!(outcome.events, [json!({ "desk": "fx" }), json!({})]);
        let outcome = check(raw::Change::Clear).unwrap();
        assert_eq!(outcome.events, [json!({}), json!({})]);
    }

    #[test]
    fn lies_are_refused_as_the_router_does() {
        let sparse = |rows: &[u32], column| raw::Change::Some(raw::Sparse { rows: rows.to_vec(), column });
        for (change, why) in [
            (raw::Change::Replace(packed(&[2], b"fx", &[])), "1 values for 2 rows"),
            (raw::Change::Replace(packed(&[2, 9], b"fx", &[])), "beyond"),
            (raw::Change::Replace(packed(&[1, 2], b"\xff\xff", &[])), "UTF-8"),
            (sparse(&[1, 1], packed(&[1, 2], b"fx", &[])), "row 1 after row 1"),
            (sparse(&[7], packed(&[2], b"fx", &[])), "row 7 of 2"),
        ] {
            let error = check(change).unwrap_err();
            assert!(error.contains(why) && error.contains("`desk`"), "{error}");
        }
    }
}
