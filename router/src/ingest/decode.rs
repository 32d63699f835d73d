//! A JSON line becomes a row.
//!
//! The line is copied into the batch's arena once, and its values are places in there. What the
//! contract does not know is kept in `details`; a value of the wrong type is converted where that
//! loses nothing, else kept in `details` too. So a line is refused only where it is not an event at
//! all, and the refusal says why.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use tapline_contract::{
    Constant, Contract, Event, EventId, FieldId, Form, Kind, Lane, Level, MissingField, RENAMED_PREFIX, UnknownEvent,
    UnknownField,
};

use super::codes;
use super::component::Components;
use super::habit::Habit;
use super::key::{Key, Keys};
use super::object::{Broken, DEPTH_MAX, Member, Members};
use super::repair::repair;
use super::schema_counts::{SchemaCount, SchemaCounts, Tally};
use super::timestamp;
use crate::batch::{Batch, Cell, ComponentRef, Row, Span};
use crate::ledger::StreamId;

/// Why a line is not an event: a code for the ledger, and a sentence for whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub reason: &'static str,
    pub message: String,
}

impl Rejection {
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Rejection { reason, message: message.into() }
    }
}

/// What the envelope of a line says, until its row is placed.
#[derive(Clone, Copy, Debug)]
pub struct Decoded {
    pub event: Option<EventId>,
    /// Which of the event's other forms the line has (index into `Event::forms`).
    pub form: Option<u16>,
    pub component: ComponentRef,
    pub lane: Lane,
    pub level: Level,
    pub ts_ns: i64,
    /// The time is the producer's own, not that of arrival.
    pub has_ts: bool,
    pub seq: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: Key,
    key_span: Span,
    /// The raw JSON text of the value.
    raw: Span,
    /// A string without escapes or control characters.
    plain: bool,
}

/// Where the envelope's members are among the entries; of a key that comes twice, the last.
#[derive(Clone, Copy, Debug, Default)]
struct Envelope {
    ts: [Option<u16>; 4],
    level: Option<u16>,
    /// The level could be read.
    has_level: bool,
    event: Option<u16>,
    component: Option<u16>,
    run: Option<u16>,
    seq: Option<u16>,
    message: bool,
}

/// More members than this are no event.
const MEMBERS_MAX: usize = 10_000;

/// So many names of events and components are remembered, none longer than this.
const NAMES_MAX: usize = 1024;
const NAME_BYTES_MAX: usize = 64;

/// One per connection or worker: it learns how its producer writes.
pub struct Decoder {
    contract: Arc<Contract>,
    components: Arc<Components>,
    counts: Arc<SchemaCounts>,
    tally: Tally,
    keys: Keys,
    habit: Habit,
    /// By field.
    kinds: Box<[Kind]>,
    /// By field: whether its values are a closed set.
    closed: Box<[bool]>,
    /// Of those, the ones that the row has.
    settled: Vec<FieldId>,
    /// What the names of earlier lines were found to be.
    known_components: HashMap<Box<str>, ComponentRef>,
    known_events: HashMap<Box<str>, Option<(EventId, Option<u16>)>>,
    message: Option<FieldId>,
    /// The producer speaks our protocol: it numbers events by queue, and says its lane.
    numbered: bool,
    entries: Vec<Entry>,
    envelope: Envelope,
    /// Text that is not in the line as it stands: unescaped strings and keys.
    extra: String,
    unknown: Vec<Entry>,
}

impl Decoder {
    pub fn new(contract: Arc<Contract>, components: Arc<Components>, counts: Arc<SchemaCounts>) -> Self {
        Decoder {
            components,
            counts,
            tally: Tally::default(),
            keys: Keys::new(&contract),
            habit: Habit::default(),
            kinds: contract.fields.iter().map(|field| field.kind).collect(),
            closed: codes::closed_sets(&contract),
            settled: Vec::new(),
            known_components: HashMap::new(),
            known_events: HashMap::new(),
            message: contract.field("message"),
            numbered: false,
            entries: Vec::new(),
            envelope: Envelope::default(),
            extra: String::new(),
            unknown: Vec::new(),
            contract,
        }
    }

    /// For producers of our own protocol.
    pub fn numbered(mut self) -> Self {
        self.keys.set("lane", Key::Lane);
        self.numbered = true;
        self
    }

    /// Reads a line (without its newline) and places it as a row of the batch that `place` chooses
    /// for its lane. `stream` opens the ledger's stream. A refused line leaves no trace in a batch.
    pub fn decode<'b>(
        &mut self,
        line: &[u8],
        now_ns: i64,
        stream: &mut dyn FnMut(&Decoded, &str) -> StreamId,
        place: impl FnOnce(Lane) -> &'b mut Batch,
    ) -> Result<Decoded, Rejection> {
        let line = trim(line);
        if line.is_empty() {
            return Err(Rejection::new("empty_line", "the line is empty"));
        }
        let repaired;
        let text = match std::str::from_utf8(line) {
            Ok(text) if self.parse(text).is_ok() => text,
            sound => {
                let first = sound.map_or_else(
                    |error| Err(Rejection::new("not_json", format!("not UTF-8 at byte {}", error.valid_up_to()))),
                    |text| self.parse(text),
                );
                match repair(line, &mut self.tally) {
                    Some(text) => {
                        repaired = text;
                        self.parse(&repaired)?;
                        &repaired
                    }
                    None => {
                        first?;
                        unreachable!("a line that parses needs no repair")
                    }
                }
            }
        };
        let decoded = self.envelope(text, now_ns)?;
        let batch = place(decoded.lane);
        self.place(text, &decoded, stream, batch)?;
        Ok(decoded)
    }

    /// Adds what was tallied to the shared counts; to be called once a chunk.
    pub fn flush(&mut self) {
        self.counts.take(&mut self.tally);
    }

    /// Fills `entries`, and `extra` with what had to be unescaped.
    fn parse(&mut self, text: &str) -> Result<(), Rejection> {
        self.entries.clear();
        self.extra.clear();
        let bytes = text.as_bytes();
        if bytes[0] != b'{' {
            let what = match bytes[0] {
                b'[' => "an array",
                b'"' => "a string",
                b'0'..=b'9' | b'-' => "a number",
                _ => return Err(Rejection::new("not_json", "the line is not a JSON object")),
            };
            return Err(Rejection::new("not_object", format!("the line is {what}, an event is a JSON object")));
        }
        let mut members = Members::new(text);
        let mut envelope = Envelope::default();
        self.habit.begin();
        loop {
            let begin = members.at();
            let entry = if let Some(gap) = self.habit.pass(&bytes[begin..]) {
                let (raw, plain) = members.value_behind(gap.bytes as usize).map_err(broken)?;
                Entry { key: gap.meaning, key_span: moved(gap.key, begin as u32), raw, plain }
            } else {
                let Some(member) = members.next().map_err(broken)? else { break };
                self.unexpected(text, begin, member)
            };
            let here = Some(self.entries.len() as u16);
            match entry.key {
                Key::Field(field) | Key::Alias(field) => envelope.message |= Some(field) == self.message,
                Key::Ts(rank) => envelope.ts[usize::from(rank)] = here,
                Key::Level => envelope.level = here,
                Key::Event => envelope.event = here,
                Key::Component => envelope.component = here,
                Key::Run => envelope.run = here,
                Key::Seq => envelope.seq = here,
                Key::Unknown | Key::Lane | Key::Details | Key::Reserved(_) => {}
            }
            self.entries.push(entry);
            if self.entries.len() > MEMBERS_MAX {
                return Err(Rejection::new(
                    "too_many_members",
                    format!("the line has more than {MEMBERS_MAX} members"),
                ));
            }
        }
        self.envelope = envelope;
        Ok(())
    }

    /// A member whose key was not the one expected there; the next time it is.
    fn unexpected(&mut self, text: &str, begin: usize, member: Member) -> Entry {
        let Member { key, value, value_is_plain: plain, .. } = member;
        if !member.key_is_plain {
            let key_span = self.unescaped_key(text, member);
            let key = self.keys.get(&self.extra.as_bytes()[key_span.start as usize - text.len()..]);
            return Entry { key, key_span, raw: value, plain };
        }
        let meaning = self.keys.get(raw(text, key).as_bytes());
        let gap = &text.as_bytes()[begin..value.start as usize];
        self.habit.learn(gap, Span { start: key.start - begin as u32, len: key.len }, meaning);
        Entry { key: meaning, key_span: key, raw: value, plain }
    }

    /// The text of a key with escapes, placed behind the line's own text.
    #[cold]
    fn unescaped_key(&mut self, text: &str, member: Member) -> Span {
        let inside = raw(text, member.key);
        let quoted = format!("\"{inside}\"");
        let key = serde_json::from_str::<String>(&quoted).unwrap_or_else(|_| inside.to_owned());
        let start = (text.len() + self.extra.len()) as u32;
        self.extra.push_str(&key);
        Span { start, len: key.len() as u32 }
    }

    fn envelope(&mut self, text: &str, now_ns: i64) -> Result<Decoded, Rejection> {
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

    fn place(
        &mut self,
        text: &str,
        decoded: &Decoded,
        stream: &mut dyn FnMut(&Decoded, &str) -> StreamId,
        batch: &mut Batch,
    ) -> Result<(), Rejection> {
        let mark = batch.arena_bytes();
        let base = batch.push_text(text).start;
        // Unescaped text follows the line, so that places in either count from the same base.
        batch.arena_mut().push_str(&self.extra);
        let contract = self.contract.clone();
        let definition = decoded.event.map(|id| contract.event_at(id));
        let form = decoded.form.and_then(|form| definition.map(|event| &event.forms[usize::from(form)]));

        let envelope = self.envelope;
        let run = match envelope.run.map(|at| self.entries[usize::from(at)]) {
            Some(entry) => text_value(batch, base, entry),
            None => Span::default(),
        };
        let name = match envelope.event.map(|at| self.entries[usize::from(at)]) {
            Some(entry) if entry.raw.len > 2 => text_value(batch, base, entry),
            _ => batch.push_text("log"),
        };
        let stream = stream(decoded, batch.text(run));
        let row = batch.push_row(Row {
            ts_ns: decoded.ts_ns,
            event: decoded.event,
            name,
            component: decoded.component,
            level: decoded.level,
            lane: decoded.lane,
            run,
            seq: decoded.seq,
            numbered: self.numbered,
            position: 0,
            stream,
            send: 0,
            also: 0,
            gone: false,
        });

        self.settled.clear();
        let mut unknown = std::mem::take(&mut self.unknown);
        unknown.clear();
        let renaming = definition.filter(|event| form.is_some() || !event.renames.is_empty());
        let mut ts_used = false;
        for at in 0..self.entries.len() {
            let entry = self.entries[at];
            let renamed = renaming.and_then(|event| event.renamed(form, batch.text(moved(entry.key_span, base))));
            let key = renamed.map_or(entry.key, Key::Field);
            let kept = match key {
                Key::Field(field) => self.put(batch, row, field, base, entry, false),
                Key::Alias(field) => self.put(batch, row, field, base, entry, true),
                Key::Event | Key::Component | Key::Run | Key::Lane => true,
                Key::Level => envelope.has_level,
                Key::Seq => decoded.seq.is_some(),
                Key::Ts(_) => {
                    // One time is the event's; any other stays visible in `details`.
                    let first =
                        !ts_used && envelope.ts.into_iter().flatten().next() == Some(at as u16) && decoded.has_ts;
                    ts_used |= first;
                    first
                }
                Key::Details | Key::Reserved(_) | Key::Unknown => false,
            };
            if !kept {
                unknown.push(Entry { key, ..entry });
            }
        }
        let result = self.put_details(batch, row, base, &unknown);
        self.unknown = unknown;
        if let Some(form) = form {
            self.speak_ours(batch, row, form);
        }
        // A form's own spelling of values goes first.
        for field in &self.settled {
            codes::settle(&contract, batch, row, *field, &mut self.tally);
        }
        let result = result.and_then(|()| definition.map_or(Ok(()), |event| self.check_required(batch, row, event)));
        if result.is_err() {
            batch.pop_row(mark);
        }
        result
    }

    /// Puts a value into its field's column; false where it has to go to `details` instead.
    fn put(&mut self, batch: &mut Batch, row: usize, field: FieldId, base: u32, entry: Entry, alias: bool) -> bool {
        if alias && !batch.get(row, field).is_absent() {
            return false;
        }
        let place = moved(entry.raw, base);
        let kind = self.kinds[usize::from(field.0)];
        if kind == Kind::Text && entry.plain {
            self.set(batch, row, field, Cell::Text(inside(place)));
            return true;
        }
        let raw = batch.text(place);
        let cell = match (kind, raw.as_bytes()[0]) {
            (_, b'n') => Cell::Absent,
            (Kind::Text, b'"') => Cell::Text(text_value(batch, base, entry)),
            (Kind::Int, b'0'..=b'9' | b'-') => match raw.parse() {
                Ok(value) => Cell::Int(value),
                Err(_) => match raw.parse::<f64>() {
                    Ok(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
                        self.converted(field, Cell::Int(value as i64))
                    }
                    _ => return self.conflict(field),
                },
            },
            (Kind::Float, b'0'..=b'9' | b'-') => match raw.parse::<f64>() {
                Ok(value) if value.is_finite() && !loses_digits(raw, value) => Cell::Float(value),
                _ => return self.conflict(field),
            },
            (Kind::Bool, b't') => Cell::Bool(true),
            (Kind::Bool, b'f') => Cell::Bool(false),
            (Kind::Bool, b'0' | b'1') if raw.len() == 1 => self.converted(field, Cell::Bool(raw == "1")),
            (Kind::Json, _) if is_sound(raw) => Cell::Json(place),
            // Numbers and booleans can be read as text without loss.
            (Kind::Text, b'0'..=b'9' | b'-' | b't' | b'f') => self.converted(field, Cell::Text(place)),
            (Kind::Int | Kind::Float | Kind::Bool, b'"') => {
                let inner = &raw[1..raw.len() - 1];
                match (kind, inner) {
                    (Kind::Int, _) if inner.parse::<i64>().is_ok_and(|value| value.to_string() == inner) => {
                        self.converted(field, Cell::Int(inner.parse().unwrap_or_default()))
                    }
                    (Kind::Float, _) => match inner.parse::<f64>() {
                        Ok(value) if value.is_finite() => self.converted(field, Cell::Float(value)),
                        _ => return self.conflict(field),
                    },
                    (Kind::Bool, "true" | "True") => self.converted(field, Cell::Bool(true)),
                    (Kind::Bool, "false" | "False") => self.converted(field, Cell::Bool(false)),
                    _ => return self.conflict(field),
                }
            }
            _ => return self.conflict(field),
        };
        self.set(batch, row, field, cell);
        true
    }

    /// The last of a key's values counts.
    #[inline]
    fn set(&mut self, batch: &mut Batch, row: usize, field: FieldId, cell: Cell) {
        if self.closed[usize::from(field.0)] {
            self.settled.push(field);
        }
        let before = std::mem::replace(batch.cell_mut(row, field), cell);
        if !before.is_absent() {
            self.tally.add(SchemaCount::DuplicateKey, 0, 1);
        }
    }

    fn converted(&mut self, field: FieldId, cell: Cell) -> Cell {
        self.tally.add(SchemaCount::Converted, field.0, 1);
        cell
    }

    fn conflict(&mut self, field: FieldId) -> bool {
        self.tally.add(SchemaCount::TypeConflict, field.0, 1);
        false
    }

    fn put_details(&mut self, batch: &mut Batch, row: usize, base: u32, unknown: &[Entry]) -> Result<(), Rejection> {
        if unknown.is_empty() {
            return Ok(());
        }
        let mut details: Vec<(String, String)> = Vec::with_capacity(unknown.len());
        let mut seen: HashMap<String, usize> = HashMap::new();
        let tally = &mut self.tally;
        let mut add = |details: &mut Vec<(String, String)>, key: String, value: String| match seen.get(&key) {
            Some(&at) => {
                tally.add(SchemaCount::DuplicateKey, 0, 1);
                details[at].1 = value;
            }
            None => {
                seen.insert(key.clone(), details.len());
                details.push((key, value));
            }
        };
        let (mut fields, mut reserved) = (0, Vec::new());
        for entry in unknown {
            let key = batch.text(moved(entry.key_span, base));
            let value = batch.text(moved(entry.raw, base));
            if entry.key == Key::Details && value.starts_with('{') && is_sound(value) {
                let inner: BTreeMap<String, &serde_json::value::RawValue> =
                    serde_json::from_str(value).unwrap_or_default();
                for (key, value) in inner {
                    add(&mut details, key, value.get().to_owned());
                }
                continue;
            }
            fields += 1;
            if self.contract.policy.unknown_field == UnknownField::Reject && entry.key == Key::Unknown {
                return Err(Rejection::new(
                    "unknown_field",
                    format!("the contract has no field `{key}` and refuses unknown ones"),
                ));
            }
            // A reserved name that a producer uses for something of its own keeps its value.
            let prefix = match entry.key {
                Key::Reserved(name) => {
                    reserved.push(name);
                    RENAMED_PREFIX
                }
                _ => "",
            };
            add(&mut details, format!("{prefix}{key}"), sound_value(value));
        }
        self.tally.add(SchemaCount::UnknownField, batch.rows()[row].component.0, fields);
        for name in reserved {
            self.tally.add(SchemaCount::ReservedKey, name, 1);
        }
        let mut object = String::with_capacity(64);
        object.push('{');
        for (at, (key, value)) in details.iter().enumerate() {
            if at > 0 {
                object.push(',');
            }
            object.push_str(&json_string(key));
            object.push(':');
            object.push_str(value);
        }
        object.push('}');
        let span = batch.push_text(&object);
        batch.set_details(row, Cell::Json(span));
        Ok(())
    }

    /// Another program's form of an event: its spelling of values becomes ours, and what it means
    /// without saying so is said.
    fn speak_ours(&self, batch: &mut Batch, row: usize, form: &Form) {
        for (field, _) in &form.values {
            let theirs = match batch.get(row, *field) {
                Cell::Text(span) => batch.text(span).to_owned(),
                Cell::Int(value) => value.to_string(),
                _ => continue,
            };
            if let Some(ours) = form.value(*field, &theirs) {
                let span = batch.push_text(ours);
                batch.put(row, *field, Cell::Text(span));
            }
        }
        for (field, constant) in &form.constants {
            if !batch.get(row, *field).is_absent() {
                continue;
            }
            let cell = match constant {
                Constant::Text(text) => Cell::Text(batch.push_text(text)),
                Constant::Int(value) => Cell::Int(*value),
                Constant::Float(value) => Cell::Float(*value),
                Constant::Bool(value) => Cell::Bool(*value),
            };
            batch.put(row, *field, cell);
        }
    }

    fn check_required(&mut self, batch: &Batch, row: usize, event: &Event) -> Result<(), Rejection> {
        for field in event.fields.iter().filter(|field| field.required) {
            let missing = match batch.get(row, field.field) {
                Cell::Absent => true,
                Cell::Text(span) => span.len == 0,
                _ => false,
            };
            if missing {
                let join = self.contract.field_at(field.field).join;
                if self.contract.policy.missing_field == MissingField::Reject {
                    return Err(Rejection::new(
                        "missing_field",
                        format!(
                            "event `{}` needs the field `{}`, and the contract refuses it without",
                            event.name,
                            self.contract.field_at(field.field).name
                        ),
                    ));
                }
                let id = batch.rows()[row].event.map_or(0, |event| event.0);
                self.tally.add(if join { SchemaCount::NullJoinKey } else { SchemaCount::MissingField }, id, 1);
            }
        }
        Ok(())
    }
}

/// A whole number that a double can't hold exactly.
fn loses_digits(raw: &str, value: f64) -> bool {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.abs() > EXACT && raw.parse::<i128>().is_ok_and(|whole| value as i128 != whole)
}

fn raw(text: &str, span: Span) -> &str {
    &text[span.start as usize..(span.start + span.len) as usize]
}

fn moved(span: Span, base: u32) -> Span {
    Span { start: span.start + base, len: span.len }
}

/// A string's text, without its quotes.
fn inside(place: Span) -> Span {
    Span { start: place.start + 1, len: place.len.saturating_sub(2) }
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

fn trim(line: &[u8]) -> &[u8] {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    line.strip_prefix(BOM).unwrap_or(line).trim_ascii()
}

fn broken(broken: Broken) -> Rejection {
    match broken {
        Broken::Expected(what, at) => Rejection::new("not_json", format!("not JSON: expected {what} at byte {at}")),
        Broken::TooDeep(at) => Rejection::new("too_deep", format!("nested more than {DEPTH_MAX} deep, at byte {at}")),
    }
}

/// A JSON string's text as a place in the arena; what is no string is taken as it stands.
fn text_value(batch: &mut Batch, base: u32, entry: Entry) -> Span {
    let place = moved(entry.raw, base);
    if entry.plain {
        return inside(place);
    }
    let raw = batch.text(place);
    if !raw.starts_with('"') {
        return place;
    }
    match serde_json::from_str::<String>(raw) {
        Ok(text) => batch.push_text(&text),
        // Escapes that are none (a lone surrogate, `\x`): the text as it was written.
        Err(_) => inside(place),
    }
}

/// Whether raw JSON text from a lenient parser can be handed on to strict ones.
fn is_sound(raw: &str) -> bool {
    let plain = raw.bytes().all(|byte| byte >= 0x20);
    match raw.as_bytes()[0] {
        b'"' => {
            plain && memchr::memchr(b'\\', raw.as_bytes()).is_none()
                || serde_json::from_str::<&serde_json::value::RawValue>(raw).is_ok()
                    && serde_json::from_str::<String>(raw).is_ok()
        }
        b'{' | b'[' => serde_json::from_str::<serde_json::Value>(raw).is_ok(),
        _ => true,
    }
}

fn sound_value(raw: &str) -> String {
    if is_sound(raw) {
        return raw.to_owned();
    }
    let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
    json_string(inner)
}

fn json_string(text: &str) -> String {
    serde_json::to_string(text).expect("text always has a JSON form")
}

/// The text of a string, number or boolean; nothing for null, arrays and objects.
fn scalar_text(text: &str, entry: Entry) -> Option<Cow<'_, str>> {
    let raw = raw(text, entry.raw);
    match raw.as_bytes()[0] {
        b'"' if entry.plain => Some(Cow::Borrowed(&raw[1..raw.len() - 1])),
        b'"' => Some(serde_json::from_str::<String>(raw).map_or(Cow::Borrowed(&raw[1..raw.len() - 1]), Cow::Owned)),
        b'n' | b'{' | b'[' => None,
        _ => Some(Cow::Borrowed(raw)),
    }
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

#[cfg(test)]
mod tests;
