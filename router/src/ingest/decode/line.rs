//! The members of a line, before anybody looks at what they say.

use super::envelope::Envelope;
use super::text::{moved, raw};
use super::{Decoder, Rejection};
use crate::batch::Span;
use crate::ingest::key::Key;
use crate::ingest::object::{Broken, DEPTH_MAX, Member, Members};

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) key_span: Span,
    /// The raw JSON text of the value.
    pub(super) raw: Span,
    /// A string without escapes or control characters.
    pub(super) plain: bool,
}

/// More members than this are no event.
const MEMBERS_MAX: usize = 10_000;

impl Decoder {
    /// Fills `entries`, and `extra` with what had to be unescaped.
    pub(super) fn parse(&mut self, text: &str) -> Result<(), Rejection> {
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
}

fn broken(broken: Broken) -> Rejection {
    match broken {
        Broken::Expected(what, at) => Rejection::new("not_json", format!("not JSON: expected {what} at byte {at}")),
        Broken::TooDeep(at) => Rejection::new("too_deep", format!("nested more than {DEPTH_MAX} deep, at byte {at}")),
    }
}
