//! Events become notices: whoever has to be told is told by the `[notify]` section's channels.
//!
//! A plugin's notice is taken as it is. Any other event that is sent here (a HALT, say) fires under its own
//! name and what it is about; a change of mode back from HALT ends it.

use std::sync::Arc;

use tapline_contract::{Contract, FieldId, Level};
use tapline_notices::{Handle, Notice, Severity, State, Time};

use super::{Delivery, Kept, LateRefusal, Refusal, Sink, SinkError};
use crate::batch::{Batch, Cell};
use crate::encode::Encoder;
use crate::ingest::Components;

pub struct NotifySink {
    handle: Handle,
    contract: Arc<Contract>,
    components: Arc<Components>,
    encoder: Encoder,
    known: Known,
    /// Place in line of the last notice.
    place: u64,
}

/// Fields with a meaning of their own, where the contract has them.
struct Known {
    key: Option<FieldId>,
    state: Option<FieldId>,
    severity: Option<FieldId>,
    summary: Option<FieldId>,
    plugin: Option<FieldId>,
    message: Option<FieldId>,
    new_mode: Option<FieldId>,
    /// What an event is about, the first that it has.
    about: Vec<FieldId>,
}

impl NotifySink {
    pub fn new(handle: Handle, contract: Arc<Contract>, components: Arc<Components>, encoder: Encoder) -> Self {
        let field = |name: &str| contract.field(name);
        let known = Known {
            key: field("notice_key"),
            state: field("notice_state"),
            severity: field("severity"),
            summary: field("summary"),
            plugin: field("plugin"),
            message: field("message"),
            new_mode: field("new_mode"),
            about: ["strategy_id", "conn_id", "symbol"].iter().filter_map(|name| field(name)).collect(),
        };
        NotifySink { handle, contract, components, encoder, known, place: 0 }
    }

    fn notice(&self, batch: &Batch, row: usize) -> Notice {
        let head = &batch.rows()[row];
        let text = |field: Option<FieldId>| match batch.get(row, field?) {
            Cell::Text(span) if span.len > 0 => Some(batch.text(span)),
            _ => None,
        };
        let event = batch.event_name(&self.contract, row);
        let component = self.components.name(head.component);
        let known = &self.known;
        let severity = match text(known.severity) {
            Some("critical") => Severity::Critical,
            Some("warning") => Severity::Warning,
            Some("info") => Severity::Info,
            _ if head.level == Level::Critical || text(known.new_mode) == Some("HALT") => Severity::Critical,
            _ if head.level >= Level::Warning => Severity::Warning,
            _ => Severity::Info,
        };
        let has_ended =
            text(known.state) == Some("resolved") || text(known.new_mode).is_some_and(|mode| mode != "HALT");
        let about = known.about.iter().find_map(|field| text(Some(*field)));
        let key = text(known.key).map_or_else(|| format!("{event}/{}", about.unwrap_or(&component)), str::to_owned);
        let summary = text(known.summary).or(text(known.message)).map_or_else(
            || match (text(known.new_mode), about) {
                (Some(mode), _) => format!("{event}: {mode}"),
                (None, Some(about)) => format!("{event} of {about}"),
                (None, None) => format!("{event} of {component}"),
            },
            str::to_owned,
        );
        let (mut details, mut runbook, mut dashboard) = (Vec::new(), None, None);
        let mut add = |name: &str, value: String| match name {
            "runbook" => runbook = Some(value),
            "dashboard" => dashboard = Some(value),
            _ => details.push((name.to_owned(), value)),
        };
        add("component", component.to_string());
        for (field, cells) in batch.fields().filter(|(field, _)| self.encoder.is_cleared(*field)) {
            let told = [known.key, known.state, known.severity, known.summary, known.message];
            if told.contains(&Some(field)) {
                continue;
            }
            let name = &self.contract.field_at(field).name;
            match cells.get(row).copied().unwrap_or_default() {
                Cell::Absent => {}
                Cell::Bool(value) => add(name, value.to_string()),
                Cell::Int(value) => add(name, value.to_string()),
                Cell::Float(value) => add(name, value.to_string()),
                Cell::Text(span) | Cell::Json(span) => add(name, batch.text(span).to_owned()),
            }
        }
        if let Cell::Json(span) = batch.details(row)
            && let Ok(serde_json::Value::Object(members)) = serde_json::from_str(batch.text(span))
        {
            for (name, value) in members {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                add(&name, text);
            }
        }
        Notice {
            source: text(known.plugin).unwrap_or(event).to_owned(),
            key,
            state: if has_ended { State::Resolved } else { State::Firing },
            severity,
            summary,
            details,
            runbook,
            dashboard,
            to: Vec::new(),
            at: Time(head.ts_ns.max(0) as u64),
            since: None,
        }
    }
}

impl Sink for NotifySink {
    fn take(&mut self, delivery: &Delivery) -> Result<Vec<Refusal>, SinkError> {
        for row in delivery.rows() {
            let notice = self.notice(delivery.batch(), row);
            self.place = self.handle.notify(notice).map_err(|full| SinkError {
                operation: "hand a notice to",
                what: "the board of notices".to_owned(),
                source: full.into(),
            })?;
        }
        Ok(Vec::new())
    }

    /// From here on the board answers for them; a notice that comes again only counts there. What the board
    /// knows is on disk a moment later, and a page waits for no disk: see `kept`.
    fn commit(&mut self) -> Result<Vec<LateRefusal>, SinkError> {
        Ok(Vec::new())
    }

    fn mark(&self) -> Option<u64> {
        Some(self.place)
    }

    fn kept(&self) -> Option<Kept> {
        let handle = self.handle.clone();
        Some(Box::new(move || handle.kept()))
    }

    fn is_remote(&self) -> bool {
        true
    }
}
