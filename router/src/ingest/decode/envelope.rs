//! What a line says of the event as a whole: which one, of whom, when, how grave.

use hashbrown::HashMap;
use tapline_contract::{Lane, Level, UnknownEvent};

use super::line::Entry;
use super::text::{raw, scalar_text};
use super::{Decoded, Decoder, Rejection};
use crate::batch::ComponentRef;
use crate::ingest::schema_counts::SchemaCount;
use crate::ingest::timestamp;

/// Where the envelope's members are among the entries; of a key that comes twice, the last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Envelope {
    pub(super) ts: [Option<u16>; 4],
    pub(super) level: Option<u16>,
    /// The level could be read.
    pub(super) has_level: bool,
    pub(super) event: Option<u16>,
    pub(super) component: Option<u16>,
    pub(super) run: Option<u16>,
    pub(super) seq: Option<u16>,
    pub(super) message: bool,
}

/// So many names of events and components are remembered, none longer than this.
pub(super) const NAMES_MAX: usize = 1024;
pub(super) const NAME_BYTES_MAX: usize = 64;

impl Decoder {
    pub(super) fn envelope(&mut self, text: &str, now_ns: i64) -> Result<Decoded, Rejection> {
        let envelope = self.envelope;
        let found = |entries: &[Entry], at: Option<u16>| at.map(|at| entries[usize::from(at)]);
        // The event comes first: its definition decides what the other keys mean.
        let name = found(&self.entries, envelope.event).and_then(|entry| scalar_text(text, entry));
        let event = match name.as_deref() {
            Some("") | None => {
                if !envelope.message {
                    return Err(Rejection::new(
                        "missing_event",
                        "the line has neither `event` nor `message`, so nobody could tell what it says",
                    ));
                }
                None
            }
            Some(name) => match self.known_events.get(name) {
                Some(event) => *event,
                None => {
                    let event = self.contract.recognise(name).map(|(id, form)| {
                        let forms = &self.contract.event_at(id).forms;
                        let form = form.and_then(|form| forms.iter().position(|other| other.name == form.name));
                        (id, form.map(|form| form as u16))
                    });
                    remember(&mut self.known_events, name, event);
                    event
                }
            },
        };
        let mut unknown_event = false;
        let (event, form) = event.map_or((None, None), |(id, form)| (Some(id), form));
        let definition = event.map(|id| self.contract.event_at(id));
        if definition.is_none() {
            if self.contract.policy.unknown_event == UnknownEvent::Reject {
                return Err(Rejection::new(
                    "unknown_event",
                    format!("the contract has no event `{}` and refuses unknown ones", name.as_deref().unwrap_or("")),
                ));
            }
            unknown_event = true;
        }
        let component = match found(&self.entries, envelope.component).and_then(|entry| scalar_text(text, entry)) {
            Some(name) => match self.known_components.get(&*name) {
                Some(component) => *component,
                None => {
                    let component = self.components.intern(&name);
                    remember(&mut self.known_components, &name, component);
                    component
                }
            },
            None => match definition {
                Some(event) => ComponentRef(event.component.0),
                None => self.components.unknown,
            },
        };
        if component == self.components.unknown {
            self.tally.add(SchemaCount::UnknownComponent, 0, 1);
        }
        if unknown_event {
            self.tally.add(SchemaCount::UnknownEvent, component.0, 1);
        }
        let own_level = definition.map_or(Level::Info, |event| event.level);
        let level = match found(&self.entries, envelope.level) {
            None => own_level,
            Some(entry) => match level_of(text, entry) {
                Some(level) => {
                    self.envelope.has_level = true;
                    level
                }
                None => {
                    self.tally.add(SchemaCount::BadLevel, 0, 1);
                    own_level
                }
            },
        };
        let ts = match envelope.ts.into_iter().flatten().next().map(|at| self.entries[usize::from(at)]) {
            None => None,
            Some(entry) => {
                let time = time_of(text, entry);
                if time.is_none() {
                    self.tally.add(SchemaCount::BadTimestamp, 0, 1);
                }
                time
            }
        };
        let seq = found(&self.entries, envelope.seq).and_then(|entry| raw(text, entry.raw).parse().ok());
        let lane = definition.map_or(Lane::Log, |event| event.lane);
        Ok(Decoded { event, form, component, lane, level, ts_ns: ts.unwrap_or(now_ns), has_ts: ts.is_some(), seq })
    }
}

fn remember<V>(known: &mut HashMap<Box<str>, V>, name: &str, value: V) {
    if name.len() > NAME_BYTES_MAX {
        return;
    }
    if known.len() >= NAMES_MAX {
        known.clear();
    }
    known.insert(name.into(), value);
}

fn level_of(text: &str, entry: Entry) -> Option<Level> {
    let text = scalar_text(text, entry)?;
    let known = match text.as_bytes().first()? {
        b'i' if *text == *"info" => Level::Info,
        b'd' if *text == *"debug" => Level::Debug,
        b'w' if *text == *"warning" => Level::Warning,
        _ => match text.to_ascii_lowercase().as_str() {
            "trace" | "notset" | "5" => Level::Trace,
            "debug" | "10" => Level::Debug,
            "info" | "notice" | "information" | "20" => Level::Info,
            "warn" | "warning" | "30" => Level::Warning,
            "error" | "err" | "exception" | "40" => Level::Error,
            "critical" | "crit" | "fatal" | "alert" | "emergency" | "emerg" | "panic" | "50" => Level::Critical,
            _ => return None,
        },
    };
    Some(known)
}

fn time_of(text: &str, entry: Entry) -> Option<i64> {
    let raw = raw(text, entry.raw);
    match raw.as_bytes()[0] {
        b'0'..=b'9' | b'-' => match raw.parse::<i64>() {
            Ok(whole) => timestamp::from_integer(whole),
            Err(_) => raw.parse().ok().and_then(timestamp::from_seconds),
        },
        b'"' => timestamp::from_text(&scalar_text(text, entry)?),
        _ => None,
    }
}
