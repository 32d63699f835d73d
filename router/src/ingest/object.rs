//! Cuts a JSON object into its members, without looking into their values.
//!
//! Lines of telemetry are flat, and most of the router's time at full load goes into reading them: with a
//! library's lazy iterator, which has to be ready for deep documents, decoding was 56 % of it. What is
//! nested, escaped or odd is handed on to serde_json by the decoder; here it is only skipped, with its
//! brackets counted.

use crate::batch::Span;
use crate::special;

/// Deeper nesting than this is no telemetry but an attack on somebody's stack.
pub const DEPTH_MAX: u32 = 64;

/// A member of an object: places in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Without the quotes.
    pub key: Span,
    /// The key has no escapes and no control characters: its text is what it says.
    pub key_is_plain: bool,
    /// The value's JSON text, with its quotes where it is a string.
    pub value: Span,
    /// A string, as the key.
    pub value_is_plain: bool,
}

/// Why a text is no object: what was expected, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    Expected(&'static str, usize),
    TooDeep(usize),
}

/// Walks over `text`, which begins with `{`.
pub struct Members<'t> {
    bytes: &'t [u8],
    at: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    First,
    Next,
    Ended,
}

impl<'t> Members<'t> {
    pub fn new(text: &'t str) -> Self {
        Members { bytes: text.as_bytes(), at: 1, state: State::First }
    }

    /// The next member; `None` at the end of the object, behind which nothing may follow.
    #[inline]
    pub fn next(&mut self) -> Result<Option<Member>, Broken> {
        self.skip_space();
        match (self.state, self.peek()) {
            (State::Ended, _) => return Ok(None),
            (_, Some(b'}')) => {
                self.at += 1;
                self.state = State::Ended;
                self.skip_space();
                return if self.at == self.bytes.len() { Ok(None) } else { Err(self.expected("the end of the line")) };
            }
            (State::First, _) => self.state = State::Next,
            (State::Next, Some(b',')) => {
                self.at += 1;
                self.skip_space();
            }
            (State::Next, _) => return Err(self.expected("`,` or `}`")),
        }
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key in quotes"));
        }
        let key_start = self.at + 1;
        let key_is_plain = self.string()?;
        let key = span(key_start, self.at - 1);
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.expected("`:`"));
        }
        self.at += 1;
        self.skip_space();
        let value_start = self.at;
        let value_is_plain = self.value()?;
        Ok(Some(Member { key, key_is_plain, value: span(value_start, self.at), value_is_plain }))
    }

    /// Where the walk is: behind the last value.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The value behind a gap that is known to be in order: a separator where one is due, a key, a colon.
    #[inline]
    pub fn value_behind(&mut self, gap: usize) -> Result<(Span, bool), Broken> {
        self.at += gap;
        self.state = State::Next;
        self.skip_space();
        let start = self.at;
        let is_plain = self.value()?;
        Ok((span(start, self.at), is_plain))
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn expected(&self, what: &'static str) -> Broken {
        Broken::Expected(what, self.at)
    }

    #[inline]
    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Past a value; whether it is a plain string.
    #[inline(always)]
    fn value(&mut self) -> Result<bool, Broken> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'0'..=b'9' | b'-') => self.number().map(|()| false),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'{' | b'[') => self.container().map(|()| false),
            _ => Err(self.expected("a value")),
        }
    }

    fn word(&mut self, word: &'static [u8]) -> Result<bool, Broken> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.expected("true, false or null"));
        }
        self.at += word.len();
        Ok(false)
    }

    /// Past a string that begins here; whether it is plain.
    #[inline(always)]
    fn string(&mut self) -> Result<bool, Broken> {
        let mut plain = true;
        let mut at = self.at + 1;
        loop {
            at = special::next(self.bytes, at);
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(plain);
                }
                Some(b'\\') => {
                    plain = false;
                    at += 2;
                }
                Some(_) => {
                    plain = false;
                    at += 1;
                }
                None => return Err(Broken::Expected("the end of a string", self.bytes.len())),
            }
        }
    }

    /// RFC 8259, section 6.
    fn number(&mut self) -> Result<(), Broken> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.expected("a digit")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.at_least_one_digit()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.at_least_one_digit()?;
        }
        Ok(())
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn at_least_one_digit(&mut self) -> Result<(), Broken> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.expected("a digit"));
        }
        self.digits();
        Ok(())
    }

    /// Past an object or array, by its brackets alone; the decoder has it checked in full.
    fn container(&mut self) -> Result<(), Broken> {
        // The line's own object is the first level.
        let mut depth = 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.string()?;
                    continue;
                }
                Some(b'{' | b'[') => {
                    depth += 1;
                    if depth > DEPTH_MAX {
                        return Err(Broken::TooDeep(self.at));
                    }
                }
                Some(b'}' | b']') => {
                    depth -= 1;
                    if depth == 1 {
                        self.at += 1;
                        return Ok(());
                    }
                }
                Some(_) => {}
                None => return Err(self.expected("a closing bracket")),
            }
            self.at += 1;
        }
    }
}

#[inline]
fn span(start: usize, end: usize) -> Span {
    Span { start: start as u32, len: (end - start) as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The members as texts, or nothing where the text is broken.
    fn members(text: &str) -> Option<Vec<(String, String)>> {
        let mut walk = Members::new(text);
        let of = |span: Span| text[span.start as usize..(span.start + span.len) as usize].to_owned();
        let mut found = Vec::new();
        loop {
            match walk.next() {
                Ok(Some(member)) => {
                    assert_eq!(member.key_is_plain, !of(member.key).bytes().any(|b| b == b'\\' || b < 0x20));
                    found.push((of(member.key), of(member.value)));
                }
                Ok(None) => return Some(found),
                Err(_) => return None,
            }
        }
    }

    #[test]
    fn finds_members_as_they_stand() {
        let found = members(r#" {"a" : 1.5e3 ,"b\n":"x\"}y", "c":[{"d":"]"}],"e":null}"#.trim_start()).unwrap();
        let want = [("a", "1.5e3"), ("b\\n", r#""x\"}y""#), ("c", r#"[{"d":"]"}]"#), ("e", "null")];
        assert_eq!(found, want.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(members("{ }"), Some(Vec::new()));
    }

    #[test]
    fn depth_is_bounded() {
        let text = format!("{{\"a\":{}{}}}", "[".repeat(63), "]".repeat(63));
        assert!(members(&text).is_some());
        let text = format!("{{\"a\":{}", "[".repeat(1 << 20));
        assert_eq!(Members::new(&text).next(), Err(Broken::TooDeep(5 + 63)));
    }

    proptest! {
        /// On flat objects this and serde_json agree on what is JSON.
        #[test]
        fn agrees_with_a_library(text in r#"\{( ?"[a-z\\"]{0,3}" ?: ?("[a-z\\"n]{0,4}"|-?[0-9.eE+-]{1,5}|null|true|fals|\[1\]) ?,?){0,4}\} ?"#) {
            let ours = members(&text);
            let theirs = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text);
            // Escapes are looked at later, by the decoder.
            if !text.contains('\\') {
                prop_assert_eq!(ours.is_some(), theirs.is_ok(), "{}", text);
            } else if theirs.is_ok() {
                prop_assert!(ours.is_some());
            }
        }

        #[test]
        fn any_text_ends(text in ".{0,60}") {
            let text = format!("{{{text}");
            let _ = members(&text);
        }
    }
}
