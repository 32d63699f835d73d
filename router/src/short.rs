//! Copying text that is nearly always short.

use crate::batch::Span;

/// A text of up to so many bytes is short; as many bytes behind it make its copy fast.
pub const SHORT: usize = 32;

/// Appends a part of `text` to `out`. Most parts are short: a copy of fixed length, cut afterwards,
/// costs less than a call of memcpy.
#[inline]
pub fn append(text: &[u8], span: Span, out: &mut Vec<u8>) {
    let len = span.len as usize;
    let rest = &text[span.start as usize..];
    match rest.first_chunk::<SHORT>() {
        Some(chunk) if len <= SHORT => {
            let end = out.len() + len;
            out.extend_from_slice(chunk);
            out.truncate(end);
        }
        _ => out.extend_from_slice(&rest[..len]),
    }
}
