//! Raw JSON text of keys and values, as places in the line or in the arena.

use std::borrow::Cow;

use super::line::Entry;
use crate::batch::{Batch, Span};

#[inline]
pub(super) fn raw(text: &str, span: Span) -> &str {
    &text[span.start as usize..(span.start + span.len) as usize]
}

#[inline]
pub(super) fn moved(span: Span, base: u32) -> Span {
    Span { start: span.start + base, len: span.len }
}

/// A string's text, without its quotes.
#[inline]
pub(super) fn inside(place: Span) -> Span {
    Span { start: place.start + 1, len: place.len.saturating_sub(2) }
}

/// A JSON string's text as a place in the arena; what is no string is taken as it stands.
#[inline]
pub(super) fn text_value(batch: &mut Batch, base: u32, entry: Entry) -> Span {
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

/// The text of a string, number or boolean; nothing for null, arrays and objects.
#[inline]
pub(super) fn scalar_text(text: &str, entry: Entry) -> Option<Cow<'_, str>> {
    let raw = raw(text, entry.raw);
    match raw.as_bytes()[0] {
        b'"' if entry.plain => Some(Cow::Borrowed(&raw[1..raw.len() - 1])),
        b'"' => Some(serde_json::from_str::<String>(raw).map_or(Cow::Borrowed(&raw[1..raw.len() - 1]), Cow::Owned)),
        b'n' | b'{' | b'[' => None,
        _ => Some(Cow::Borrowed(raw)),
    }
}

/// Whether raw JSON text from a lenient parser can be handed on to strict ones.
pub(super) fn is_sound(raw: &str) -> bool {
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
