//! Free text: find what must be covered, write the text anew.

use tapline_plugin::TextColumn;

use crate::mask::{Hasher, MASKED, Mode, cover_digits};
use crate::scan::Scanner;
use crate::shape::{Cover, Look, Shapes, Span};

/// Finds secrets in text and covers them.
#[derive(Debug)]
pub(crate) struct TextMasker {
    scanner: Scanner,
    shapes: Shapes,
    hasher: Option<Hasher>,
}

/// What is covered is looked at again until nothing more is found, since a covered text reads
/// differently. Two rounds are usual; more than this many were never seen.
const ROUNDS_MAX: usize = 8;

// === impl TextMasker ===

impl TextMasker {
    pub(crate) fn new(shapes: Shapes, hasher: Option<Hasher>) -> Self {
        TextMasker { scanner: Scanner::new(shapes.starts().iter().copied()), shapes, hasher }
    }

    pub(crate) fn shapes(&mut self) -> &mut Shapes {
        &mut self.shapes
    }

    /// Go over a column; `covered` gets the new text of each row that held a secret, in row order.
    pub(crate) fn mask_column(
        &mut self,
        column: TextColumn<'_>,
        events: TextColumn<'_>,
        mut covered: impl FnMut(usize, &str),
    ) {
        if column.presence().none() {
            return;
        }
        let ends = column.ends();
        let end = |row: usize| ends.get(row).map_or(usize::MAX, |end| *end as usize);
        let mut row = 0;
        let TextMasker { scanner, shapes, hasher } = self;
        scanner.scan(column.bytes(), |place| {
            while end(row) <= place {
                row += 1;
            }
            let begin = if row == 0 { 0 } else { end(row - 1) };
            let Some(text) = column.get(row).filter(|text| place - begin < text.len()) else {
                return place + 1;
            };
            let event = events.get(row).unwrap_or_default();
            match shapes.look(text, place - begin, event) {
                Look::Nothing => place + 1,
                Look::PassOver(to) => (begin + to).max(place + 1),
                Look::Secret(_) => {
                    // One is enough to know: the row is done as a whole, by itself.
                    let mut masker = Round { scanner, shapes, hasher: hasher.as_ref(), event };
                    if let Some(text) = masker.settle(text) {
                        covered(row, &text);
                    }
                    end(row)
                }
            }
        });
    }

    /// Every candidate in the text of a column, in order.
    pub(crate) fn candidates(&self, bytes: &[u8], places: &mut Vec<u32>) {
        places.clear();
        self.scanner.scan(bytes, |place| {
            places.push(place as u32);
            place + 1
        });
    }

    /// The covered form of a text of which the candidates are known, counted from `begin`.
    pub(crate) fn mask_at(&mut self, text: &str, event: &str, candidates: &[u32], begin: usize) -> Option<String> {
        let mut deaf_until = 0;
        let is_secret = candidates.iter().any(|&place| {
            let place = place as usize - begin;
            if place < deaf_until || place >= text.len() {
                return false;
            }
            match self.shapes.look(text, place, event) {
                Look::Nothing => false,
                Look::PassOver(to) => {
                    deaf_until = to;
                    false
                }
                Look::Secret(_) => true,
            }
        });
        if is_secret { self.mask(text, event) } else { None }
    }

    /// The covered form of one text, if it held a secret.
    pub(crate) fn mask(&mut self, text: &str, event: &str) -> Option<String> {
        let TextMasker { scanner, shapes, hasher } = self;
        Round { scanner, shapes, hasher: hasher.as_ref(), event }.settle(text)
    }

    /// A value as a whole, covered as its key demands.
    pub(crate) fn cover(&self, value: &str, mode: Mode, out: &mut String) {
        cover(value, mode, self.hasher.as_ref(), out);
    }
}

struct Round<'a> {
    scanner: &'a Scanner,
    shapes: &'a mut Shapes,
    hasher: Option<&'a Hasher>,
    event: &'a str,
}

impl Round<'_> {
    /// Cover until nothing changes any more.
    fn settle(&mut self, text: &str) -> Option<String> {
        let mut covered = self.cover_once(text)?;
        for _ in 1..ROUNDS_MAX {
            match self.cover_once(&covered) {
                Some(again) if again != covered => covered = again,
                _ => break,
            }
        }
        (covered != text).then_some(covered)
    }

    fn cover_once(&mut self, text: &str) -> Option<String> {
        let mut spans = Vec::new();
        let Round { scanner, shapes, hasher, event } = self;
        scanner.scan(text.as_bytes(), |place| note(shapes.look(text, place, event), place, &mut spans));
        if spans.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        write_covered(text, &spans, *hasher, &mut out);
        Some(out)
    }
}

/// Keep a span; the answer is the place from which on candidates count again.
fn note(look: Look, place: usize, spans: &mut Vec<Span>) -> usize {
    match look {
        Look::Nothing => place + 1,
        Look::PassOver(end) => end.max(place + 1),
        Look::Secret(span) => {
            // A span may reach back (a name before its `@`), but not into the one before it.
            let from = spans.last().map_or(span.from, |last| span.from.max(last.to));
            spans.push(Span { from, ..span });
            span.to.max(place + 1)
        }
    }
}

fn write_covered(text: &str, spans: &[Span], hasher: Option<&Hasher>, out: &mut String) {
    let mut done = 0;
    for span in spans {
        // Spans begin and end at ASCII characters; should one ever not, the rest is covered whole.
        let (Some(before), Some(value)) = (text.get(done..span.from), text.get(span.from..span.to)) else {
            out.push_str(MASKED);
            return;
        };
        out.push_str(before);
        match span.cover {
            Cover::Label(label) => out.push_str(label),
            Cover::Mode(mode) => cover(value, mode, hasher, out),
        }
        done = span.to;
    }
    out.push_str(text.get(done..).unwrap_or(MASKED));
}

fn cover(value: &str, mode: Mode, hasher: Option<&Hasher>, out: &mut String) {
    match (mode, hasher) {
        (Mode::Digits, _) => {
            let mut bytes = value.as_bytes().to_vec();
            cover_digits(&mut bytes);
            out.push_str(std::str::from_utf8(&bytes).unwrap_or(MASKED));
        }
        (Mode::Hash, Some(hasher)) => hasher.cover(value, out),
        (Mode::Full | Mode::Hash, _) => out.push_str(MASKED),
    }
}
