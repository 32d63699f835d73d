//! JSON text: the fields that the contract does not know.
//!
//! The text is walked, not parsed into a tree: what needs no change is never copied, what changes is
//! written anew, and the rest stays byte for byte as it was. A key that announces a secret covers its
//! value whatever its type, at any depth; other strings, numbers and keys are looked at as free text.
//! Nothing recurses, so depth can't hurt. What turns out not to be JSON is treated as free text.
//!
//! The candidates of the whole column are found in one pass beforehand; a string without any is only
//! stepped over.

use std::borrow::Cow;

use crate::key::Says;
use crate::mask::{MASKED, Mode, is_placeholder};
use crate::text::TextMasker;

/// The covered form of a JSON text, if it held a secret. `candidates` are its places of interest,
/// counted from `begin`.
pub(crate) fn mask_json_at(
    masker: &mut TextMasker,
    text: &str,
    event: &str,
    candidates: &[u32],
    begin: usize,
) -> Option<String> {
    let mut walk = Walk { masker, text, event, candidates, begin, at: 0, copied: 0, out: String::new() };
    match walk.run() {
        Some(()) => walk.finish(),
        None => walk.masker.mask(text, event),
    }
}

/// The same for a text by itself.
pub(crate) fn mask_json(masker: &mut TextMasker, text: &str, event: &str) -> Option<String> {
    let mut candidates = Vec::new();
    masker.candidates(text.as_bytes(), &mut candidates);
    mask_json_at(masker, text, event, &candidates, 0)
}

struct Walk<'a> {
    masker: &'a mut TextMasker,
    text: &'a str,
    event: &'a str,
    /// Candidates that are not behind yet.
    candidates: &'a [u32],
    begin: usize,
    at: usize,
    /// Up to here the text is in `out`, as it was or covered.
    copied: usize,
    out: String,
}

/// A quoted string's place, with its quotes.
#[derive(Clone, Copy)]
struct Quoted {
    from: usize,
    to: usize,
    /// Whether it holds a backslash.
    escaped: bool,
}

impl Walk<'_> {
    /// `None` when the text is not JSON.
    fn run(&mut self) -> Option<()> {
        // For each open container, whether it is an object.
        let mut open: Vec<bool> = Vec::new();
        loop {
            self.skip_space();
            let mut says = Says::Nothing;
            match (open.last(), self.peek()) {
                (Some(true), Some(b'}')) | (Some(false), Some(b']')) => {
                    self.at += 1;
                    open.pop();
                    if self.end_of_value(&mut open)? {
                        return Some(());
                    }
                    continue;
                }
                (Some(true), Some(b'"')) => {
                    says = self.key()?;
                    self.skip_space();
                    self.expect(b':')?;
                    self.skip_space();
                }
                (Some(true), _) => return None,
                _ => {}
            }
            match (self.peek()?, says) {
                (_, Says::Cover(mode)) => self.cover_value(mode)?,
                (b'{', _) => {
                    self.at += 1;
                    open.push(true);
                    continue;
                }
                (b'[', _) => {
                    self.at += 1;
                    open.push(false);
                    continue;
                }
                (b'"', Says::Keep) => drop(self.string()?),
                (b'"', _) => {
                    let string = self.string()?;
                    if let Some(covered) = self.masked(string)? {
                        self.put(string.from, string.to, &quoted(&covered));
                    }
                }
                (_, says) => {
                    let (from, to) = self.scalar()?;
                    let places = self.candidates_within(from, to);
                    if says != Says::Keep && !places.is_empty() {
                        let (text, begin) = (&self.text[from..to], self.begin + from);
                        let covered = self.masker.mask_at(text, self.event, places, begin);
                        if let Some(covered) = covered {
                            self.put(from, to, &quoted(&covered));
                        }
                    }
                }
            }
            if self.end_of_value(&mut open)? {
                return Some(());
            }
        }
    }

    /// Behind a value: a comma, a closing bracket (left to be seen), or the end of it all.
    fn end_of_value(&mut self, open: &mut [bool]) -> Option<bool> {
        self.skip_space();
        match (open.last(), self.peek()) {
            (None, None) => Some(true),
            (Some(_), Some(b',')) => {
                self.at += 1;
                self.skip_space();
                // Nothing may follow a comma but another entry.
                (!matches!(self.peek(), None | Some(b']' | b'}' | b','))).then_some(false)
            }
            (Some(true), Some(b'}')) | (Some(false), Some(b']')) => Some(false),
            _ => None,
        }
    }

    /// A key, covered itself where it looks like a secret.
    fn key(&mut self) -> Option<Says> {
        let string = self.string()?;
        let key = value_of(self.text, string)?;
        let says = self.masker.shapes().keys.say(&key, self.event);
        if says == Says::Keep {
            return Some(says);
        }
        let Some(covered) = self.masked(string)? else {
            return Some(says);
        };
        self.put(string.from, string.to, &quoted(&covered));
        // What is left of the key counts too: whoever reads the line next sees only that.
        match says {
            Says::Nothing => Some(self.masker.shapes().keys.say(&covered, self.event)),
            says => Some(says),
        }
    }

    /// The value of a key that announces a secret.
    fn cover_value(&mut self, mode: Mode) -> Option<()> {
        match self.peek()? {
            b'"' => {
                let string = self.string()?;
                let value = value_of(self.text, string)?;
                if !value.is_empty() && !is_placeholder(&value) {
                    let mut covered = String::new();
                    self.masker.cover(&value, mode, &mut covered);
                    self.put(string.from, string.to, &quoted(&covered));
                }
            }
            b'{' | b'[' => {
                let from = self.at;
                self.skip_container()?;
                let masked = format!("\"{MASKED}\"");
                self.put(from, self.at, &masked);
            }
            _ => {
                let (from, to) = self.scalar()?;
                let value = &self.text[from..to];
                // `null` says that there is none.
                if value != "null" {
                    let mut covered = String::new();
                    let mode = if value.starts_with(['t', 'f']) { Mode::Full } else { mode };
                    self.masker.cover(value, mode, &mut covered);
                    self.put(from, to, &quoted(&covered));
                }
            }
        }
        Some(())
    }

    /// The covered form of a string, if it held a secret.
    fn masked(&mut self, string: Quoted) -> Option<Option<String>> {
        let (from, to) = (string.from + 1, string.to - 1);
        let places = self.candidates_within(from, to);
        if string.escaped {
            // An escape may hide anything, also from the candidates.
            let value = value_of(self.text, string)?;
            return Some(self.masker.mask(&value, self.event));
        }
        if places.is_empty() {
            return Some(None);
        }
        let text = &self.text[from..to];
        Some(self.masker.mask_at(text, self.event, places, self.begin + from))
    }

    /// The candidates within; those before are done with.
    fn candidates_within<'c>(&mut self, from: usize, to: usize) -> &'c [u32]
    where
        Self: 'c,
    {
        let before = |limit: usize, places: &[u32]| {
            let end = places.iter().position(|&place| place as usize >= limit);
            end.unwrap_or(places.len())
        };
        self.candidates = &self.candidates[before(self.begin + from, self.candidates)..];
        &self.candidates[..before(self.begin + to, self.candidates)]
    }

    /// Step over a string.
    fn string(&mut self) -> Option<Quoted> {
        let from = self.at;
        self.expect(b'"')?;
        let mut escaped = false;
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
            if self.peek() == Some(b'"') {
                self.at += 1;
                return Some(Quoted { from, to: self.at, escaped });
            }
            escaped = true;
            self.at += 2;
        }
    }

    /// Step over a number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Option<(usize, usize)> {
        let from = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.')) {
            self.at += 1;
        }
        let scalar = &self.text[from..self.at];
        let is_json =
            matches!(scalar, "true" | "false" | "null") || scalar.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        is_json.then_some((from, self.at))
    }

    /// Step over an object or an array, whatever is in it.
    fn skip_container(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        let fits = self.peek() == Some(byte);
        self.at += usize::from(fits);
        fits.then_some(())
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn put(&mut self, from: usize, to: usize, new: &str) {
        self.out.push_str(&self.text[self.copied..from]);
        self.out.push_str(new);
        self.copied = to;
    }

    fn finish(mut self) -> Option<String> {
        if self.copied == 0 {
            return None;
        }
        self.out.push_str(&self.text[self.copied..]);
        Some(self.out)
    }
}

fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// A string's value; borrowed where nothing is escaped.
fn value_of(text: &str, string: Quoted) -> Option<Cow<'_, str>> {
    if string.escaped {
        serde_json::from_str(text.get(string.from..string.to)?).ok().map(Cow::Owned)
    } else {
        text.get(string.from + 1..string.to - 1).map(Cow::Borrowed)
    }
}
