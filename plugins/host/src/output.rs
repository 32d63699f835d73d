//! A plugin's answer, checked. What leaves this file is safe to apply by index, without looking again.

use crate::bindings::tapline::plugin::types as wit;
use crate::plan::{Plan, Resolver, Want, is_code};

mod column;

use column::Shape;
pub use column::Values;

/// Bounds of what one call may ask for beside edits. They stop a plugin from flooding the alert path
/// and the lanes behind the chain.
const NOTICES_MAX: usize = 64;
const EVENTS_MAX: usize = 256;
const NAME_BYTES_MAX: usize = 128;
const SUMMARY_BYTES_MAX: usize = 1024;
const DETAILS_MAX: usize = 32;
const DESTINATIONS_MAX: usize = 16;
const EVENT_FIELDS_MAX: usize = 64;
const EVENT_TEXT_BYTES_MAX: usize = 64 << 10;
const LEVEL_MAX: u8 = 5;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// One index into [`Plan::verdicts`] a row; empty means `keep` for every row.
    pub verdicts: Vec<u8>,
    /// At most one for each of [`Plan::writes`].
    pub edits: Vec<Edit>,
    pub notices: Vec<Notice>,
    pub events: Vec<NewEvent>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Index into [`Plan::writes`]; the values are of that kind.
    pub target: usize,
    pub rows: Rows,
    /// One for each of `rows`. `None` removes the field from all of them.
    pub values: Option<Values>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    All,
    /// Strictly ascending, within the batch.
    Some(Vec<u32>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub key: String,
    pub state: NoticeState,
    pub severity: Severity,
    pub summary: String,
    pub details: Vec<(String, String)>,
    /// Destinations that exist; empty means the default for the severity.
    pub to: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeState {
    Firing,
    Resolved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    pub event: String,
    pub level: u8,
    pub fields: Vec<(String, Value)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
}

// === impl Output ===

impl Output {
    /// The first thing that breaks a rule refuses the whole answer: a plugin that lies once is not
    /// believed elsewhere.
    pub(crate) fn check(raw: wit::Output, plan: &Plan, rows: u32, resolver: &dyn Resolver) -> Result<Self, String> {
        check_verdicts(&raw.verdicts, plan, rows)?;
        let edits = check_edits(raw.edits, plan, rows)?;
        at_most("notices", raw.notices.len(), NOTICES_MAX)?;
        at_most("events", raw.events.len(), EVENTS_MAX)?;
        let notices = raw.notices.into_iter().map(|n| Notice::check(n, resolver));
        Ok(Self {
            verdicts: raw.verdicts,
            edits,
            notices: notices.collect::<Result<_, _>>()?,
            events: raw.events.into_iter().map(NewEvent::check).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn check_tick(raw: wit::Output, plan: &Plan, resolver: &dyn Resolver) -> Result<Self, String> {
        if !raw.verdicts.is_empty() || !raw.edits.is_empty() {
            return Err("a tick has no rows, but answers with verdicts or edits".into());
        }
        Self::check(raw, plan, 0, resolver)
    }
}

fn check_verdicts(verdicts: &[u8], plan: &Plan, rows: u32) -> Result<(), String> {
    if verdicts.is_empty() {
        return Ok(());
    }
    if verdicts.len() != rows as usize {
        return Err(format!("{} verdicts for {rows} rows", verdicts.len()));
    }
    let highest = verdicts.iter().copied().fold(0, u8::max);
    if usize::from(highest) >= plan.verdicts.len() {
        return Err(format!("verdict {highest}, but only {} are declared", plan.verdicts.len()));
    }
    Ok(())
}

fn check_edits(raw: Vec<wit::Edit>, plan: &Plan, rows: u32) -> Result<Vec<Edit>, String> {
    // Also bounds the work: no more edits than declared writes.
    at_most("edits", raw.len(), plan.writes.len())?;
    let mut seen = [false; 256];
    let mut edits = Vec::with_capacity(raw.len());
    for edit in raw {
        let target = edit.target as usize;
        let Some(want) = plan.writes.get(target) else {
            return Err(format!("edit of target {target}, but only {} are declared", plan.writes.len()));
        };
        if std::mem::replace(&mut seen[target], true) {
            return Err(format!("two edits of `{}`", want.field));
        }
        let checked = Edit::check(target, edit.change, want, rows);
        edits.push(checked.map_err(|e| format!("edit of `{}`: {e}", want.field))?);
    }
    Ok(edits)
}

fn at_most(what: &str, count: usize, max: usize) -> Result<(), String> {
    if count > max { Err(format!("{count} {what}; the most is {max}")) } else { Ok(()) }
}

fn no_longer(what: &str, text: &str, max: usize) -> Result<(), String> {
    at_most(&format!("bytes of {what}"), text.len(), max)
}

// === impl Edit ===

impl Edit {
    fn check(target: usize, change: wit::Change, want: &Want, rows: u32) -> Result<Self, String> {
        let (rows, values) = match change {
            wit::Change::Clear => (Rows::All, None),
            wit::Change::Replace(column) => {
                let shape = Shape { want, entries: rows as usize };
                (Rows::All, Some(shape.check(column)?))
            }
            wit::Change::Some(sparse) => {
                check_ascending(&sparse.rows, rows)?;
                let shape = Shape { want, entries: sparse.rows.len() };
                (Rows::Some(sparse.rows), Some(shape.check(sparse.column)?))
            }
        };
        Ok(Self { target, rows, values })
    }
}

fn check_ascending(picked: &[u32], rows: u32) -> Result<(), String> {
    if let Some(pair) = picked.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(format!("row {} after row {}", pair[1], pair[0]));
    }
    match picked.last() {
        Some(last) if *last >= rows => Err(format!("row {last} of a batch of {rows}")),
        _ => Ok(()),
    }
}

// === impl Notice ===

impl Notice {
    fn check(raw: wit::Notice, resolver: &dyn Resolver) -> Result<Self, String> {
        if raw.key.is_empty() {
            return Err("a notice without a key".into());
        }
        no_longer("a notice's key", &raw.key, NAME_BYTES_MAX)?;
        no_longer("a notice's summary", &raw.summary, SUMMARY_BYTES_MAX)?;
        at_most("details of a notice", raw.details.len(), DETAILS_MAX)?;
        at_most("destinations of a notice", raw.to.len(), DESTINATIONS_MAX)?;
        for (name, value) in &raw.details {
            no_longer("a detail's name", name, NAME_BYTES_MAX)?;
            no_longer("a detail's value", value, SUMMARY_BYTES_MAX)?;
        }
        raw.to.iter().try_for_each(|d| resolver.destination(d))?;
        Ok(Self {
            key: raw.key,
            state: match raw.state {
                wit::NoticeState::Firing => NoticeState::Firing,
                wit::NoticeState::Resolved => NoticeState::Resolved,
            },
            severity: match raw.severity {
                wit::Severity::Info => Severity::Info,
                wit::Severity::Warning => Severity::Warning,
                wit::Severity::Critical => Severity::Critical,
            },
            summary: raw.summary,
            details: raw.details,
            to: raw.to,
        })
    }
}

// === impl NewEvent ===

impl NewEvent {
    fn check(raw: wit::NewEvent) -> Result<Self, String> {
        if !is_code(&raw.event) {
            return Err(format!("event name {:.80?} is not a code of a-z, 0-9, _", raw.event));
        }
        if raw.level > LEVEL_MAX {
            return Err(format!("event level {}; levels go from 0 to {LEVEL_MAX}", raw.level));
        }
        at_most("fields of an event", raw.fields.len(), EVENT_FIELDS_MAX)?;
        let fields = raw.fields.into_iter().map(|(name, value)| {
            if name.is_empty() {
                return Err("an event's field without a name".into());
            }
            no_longer("an event's field name", &name, NAME_BYTES_MAX)?;
            Ok((name, Value::check(value)?))
        });
        Ok(Self { event: raw.event, level: raw.level, fields: fields.collect::<Result<_, String>>()? })
    }
}

// === impl Value ===

impl Value {
    fn check(raw: wit::Value) -> Result<Self, String> {
        match raw {
            wit::Value::Text(text) => {
                no_longer("an event's text", &text, EVENT_TEXT_BYTES_MAX)?;
                Ok(Value::Text(text))
            }
            wit::Value::Int(n) => Ok(Value::Int(n)),
            wit::Value::Float(x) if x.is_finite() => Ok(Value::Float(x)),
            wit::Value::Float(x) => Err(format!("the float {x}, which JSON and SQL can't hold")),
            wit::Value::Boolean(b) => Ok(Value::Bool(b)),
        }
    }
}

#[cfg(test)]
mod tests;
