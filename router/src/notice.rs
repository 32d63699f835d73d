//! What plugins say beside their verdicts: notices and events of their own become rows.
//!
//! They enter behind the chain (a plugin never sees what plugins made) on streams of component
//! `plugin`, and are counted like everything else. So do the receipts of what was told, as audit events of
//! component `router`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tapline_contract::{Contract, Kind, Lane, Level};
use tapline_host::{NewEvent, Notice, NoticeState, Severity as HostSeverity, Value};

use crate::batch::{Batch, Cell, ComponentRef, Row, Span};
use crate::chain::Effects;
use crate::clock;
use crate::encode;
use crate::ingest::Components;
use crate::ledger::{Ledger, StreamId};
use crate::route::{Destinations, Severity};

/// Numbers rows, and makes rows of what plugins say.
pub struct Inbound {
    contract: Arc<Contract>,
    destinations: Arc<Destinations>,
    ledger: Arc<Ledger>,
    /// By lane: guard for plugins' notices, audit for receipts, log for plugins' events.
    ways: [Way; 3],
    run: Arc<str>,
    position: Arc<AtomicU64>,
}

/// A stream of rows that are made here.
struct Way {
    component: ComponentRef,
    stream: StreamId,
    seq: u64,
}

/// What kind of notice it is, in the words of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoticeCode {
    pub severity: &'static str,
    pub state: &'static str,
}

impl NoticeCode {
    pub fn of(notice: &Notice) -> Self {
        NoticeCode {
            severity: match notice.severity {
                HostSeverity::Info => "info",
                HostSeverity::Warning => "warning",
                HostSeverity::Critical => "critical",
            },
            state: match notice.state {
                NoticeState::Firing => "firing",
                NoticeState::Resolved => "resolved",
            },
        }
    }
}

impl Inbound {
    pub fn new(
        contract: Arc<Contract>,
        components: &Components,
        destinations: Arc<Destinations>,
        ledger: Arc<Ledger>,
        run: &str,
    ) -> Self {
        let way = |component: &str, lane: Lane| {
            let component = components.intern(component);
            Way { component, stream: ledger.stream(&components.name(component), lane, run), seq: 0 }
        };
        Inbound {
            ways: [way("plugin", Lane::Guard), way("router", Lane::Audit), way("plugin", Lane::Log)],
            contract,
            destinations,
            ledger,
            run: run.into(),
            position: Arc::default(),
        }
    }

    /// Gives each row the router's own running number.
    pub fn number(&self, batch: &mut Batch) {
        batch.origin = self.run.clone();
        let rows = batch.len() as u64;
        let first = self.position.fetch_add(rows, Relaxed) + 1;
        for (row, position) in batch.rows_mut().iter_mut().zip(first..) {
            row.position = position;
        }
    }

    /// Notices go on the guard lane, receipts on the audit lane, events on the log lane.
    pub fn collect(&mut self, lane: Lane, effects: &Effects, batch: &mut Batch) {
        match lane {
            Lane::Guard => {
                for (plugin, notice) in &effects.notices {
                    self.notice(plugin, notice, batch);
                }
            }
            Lane::Audit => {
                for event in &effects.receipts {
                    self.event(None, event, Lane::Audit, batch);
                }
            }
            _ => {
                for (plugin, event) in &effects.events {
                    self.event(Some(plugin), event, Lane::Log, batch);
                }
            }
        }
        self.ledger.get(self.ways[lane as usize].stream).take_in(batch.len() as u64);
        self.number(batch);
    }

    fn notice(&mut self, plugin: &str, notice: &Notice, batch: &mut Batch) {
        let (level, severity) = match notice.severity {
            HostSeverity::Info => (Level::Info, Severity::Info),
            HostSeverity::Warning => (Level::Warning, Severity::Warning),
            HostSeverity::Critical => (Level::Critical, Severity::Critical),
        };
        let NoticeCode { severity: code, state } = NoticeCode::of(notice);
        let row = self.row("notice", Lane::Guard, level, batch);
        batch.rows_mut()[row].send = match self.destinations.set(notice.to.iter().map(String::as_str)) {
            0 => self.destinations.for_notice(severity),
            named => named,
        };
        let mut details = Vec::new();
        for (key, text) in &notice.details {
            self.text(batch, row, key, text, &mut details);
        }
        for (field, text) in [
            ("plugin", plugin),
            ("notice_key", &notice.key),
            ("notice_state", state),
            ("severity", code),
            ("summary", &notice.summary),
        ] {
            self.text(batch, row, field, text, &mut details);
        }
        finish_details(batch, row, details);
    }

    fn event(&mut self, plugin: Option<&str>, event: &NewEvent, lane: Lane, batch: &mut Batch) {
        let row = self.row(&event.event, lane, level(event.level), batch);
        let mut details = Vec::new();
        if let Some(plugin) = plugin {
            self.text(batch, row, "plugin", plugin, &mut details);
        }
        for (name, value) in &event.fields {
            let field = self.contract.field(name);
            let kind = field.map(|field| self.contract.field_at(field).kind);
            let cell = match (kind, value) {
                (Some(Kind::Int), Value::Int(value)) => Cell::Int(*value),
                (Some(Kind::Float), Value::Float(value)) if value.is_finite() => Cell::Float(*value),
                (Some(Kind::Float), Value::Int(value)) => Cell::Float(*value as f64),
                (Some(Kind::Bool), Value::Bool(value)) => Cell::Bool(*value),
                (Some(Kind::Text), Value::Text(text)) => Cell::Text(batch.push_text(text)),
                _ => {
                    let mut json = Vec::new();
                    match value {
                        Value::Text(text) => encode::string(text, &mut json),
                        Value::Int(value) => json.extend_from_slice(value.to_string().as_bytes()),
                        Value::Float(value) if value.is_finite() => {
                            json.extend_from_slice(value.to_string().as_bytes())
                        }
                        Value::Float(_) => json.extend_from_slice(b"null"),
                        Value::Bool(value) => json.extend_from_slice(value.to_string().as_bytes()),
                    }
                    add_detail(name, &json, &mut details);
                    continue;
                }
            };
            batch.put(row, field.expect("a kind has a field"), cell);
        }
        finish_details(batch, row, details);
    }

    fn row(&mut self, event: &str, lane: Lane, level: Level, batch: &mut Batch) -> usize {
        let way = &mut self.ways[lane as usize];
        way.seq += 1;
        let (component, stream, seq) = (way.component, way.stream, way.seq);
        let id = self.contract.event(event);
        let name = if id.is_some() { Span::default() } else { batch.push_text(event) };
        let run = batch.push_text(&self.run);
        batch.push_row(Row {
            ts_ns: clock::now_ns(),
            event: id,
            name,
            component,
            level,
            lane,
            run,
            seq: Some(seq),
            numbered: true,
            position: 0,
            stream,
            send: 0,
            also: 0,
            gone: false,
        })
    }

    /// A text goes into its field's column, or into the details where the contract has none.
    fn text(&self, batch: &mut Batch, row: usize, name: &str, text: &str, details: &mut Vec<u8>) {
        match self.contract.field(name).filter(|field| self.contract.field_at(*field).kind == Kind::Text) {
            Some(field) => {
                let span = batch.push_text(text);
                batch.put(row, field, Cell::Text(span));
            }
            None => {
                let mut json = Vec::new();
                encode::string(text, &mut json);
                add_detail(name, &json, details);
            }
        }
    }
}

fn add_detail(name: &str, json: &[u8], details: &mut Vec<u8>) {
    details.push(if details.is_empty() { b'{' } else { b',' });
    encode::string(name, details);
    details.push(b':');
    details.extend_from_slice(json);
}

fn finish_details(batch: &mut Batch, row: usize, mut details: Vec<u8>) {
    if details.is_empty() {
        return;
    }
    details.push(b'}');
    let span = batch.push_text(&String::from_utf8_lossy(&details));
    batch.set_details(row, Cell::Json(span));
}

fn level(number: u8) -> Level {
    match number {
        0 => Level::Trace,
        1 => Level::Debug,
        2 => Level::Info,
        3 => Level::Warning,
        4 => Level::Error,
        _ => Level::Critical,
    }
}
