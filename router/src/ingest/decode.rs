//! A JSON line becomes a row.
//!
//! The line is copied into the batch's arena once, and its values are places in there. What the
//! contract does not know is kept in `details`; a value of the wrong type is converted where that
//! loses nothing, else kept in `details` too. So a line is refused only where it is not an event at
//! all, and the refusal says why.

mod definition;
mod details;
mod envelope;
mod line;
mod text;
mod value;

use std::sync::Arc;

use hashbrown::HashMap;
use tapline_contract::{Contract, EventId, FieldId, Kind, Lane, Level};

use super::codes;
use super::component::Components;
use super::habit::Habit;
use super::key::{Key, Keys};
use super::rejection::Rejection;
use super::repair::repair;
use super::schema_counts::{SchemaCounts, Tally};
use crate::batch::{Batch, ComponentRef, Row, Span};
use crate::ledger::StreamId;
use envelope::Envelope;
use line::Entry;
use text::{moved, text_value};

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
}

fn trim(line: &[u8]) -> &[u8] {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    line.strip_prefix(BOM).unwrap_or(line).trim_ascii()
}

#[cfg(test)]
mod tests;
