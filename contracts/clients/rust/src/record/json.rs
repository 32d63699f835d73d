//! A record as JSON, written by hand into a buffer that the caller keeps: the shipper's inner loop.

use std::io::Write;

use super::{Record, Value};

impl Record {
    /// One object: `ts`, `level`, `component`, `lane`, `event`, `seq`, then the event's fields.
    /// A float that is not finite is `null`.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        self.write_json_members(out);
        out.push(b'}');
    }

    /// The same without the braces, so that a drain can put `run`, `host` and the like before it.
    pub(crate) fn write_json_members(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\"ts\":");
        write_number(self.ts_ns(), out);
        if let Some(schema) = self.schema() {
            let component = self.component().unwrap_or(schema.component);
            for (key, name) in [
                ("level", schema.level.name()),
                ("component", component.name()),
                ("lane", schema.lane.name()),
                ("event", schema.name),
            ] {
                // Names of the contract need no escaping.
                out.extend_from_slice(b",\"");
                out.extend_from_slice(key.as_bytes());
                out.extend_from_slice(b"\":\"");
                out.extend_from_slice(name.as_bytes());
                out.push(b'"');
            }
        }
        out.extend_from_slice(b",\"seq\":");
        write_number(self.seq(), out);
        let Some(schema) = self.schema() else { return };
        for (index, value) in self.fields() {
            let Some(field) = schema.field(index) else {
                return;
            };
            out.extend_from_slice(b",\"");
            out.extend_from_slice(field.name.as_bytes());
            out.extend_from_slice(b"\":");
            match value {
                Value::Text(text) => write_text(text, out),
                Value::Int(int) => write_number(int, out),
                Value::Float(float) => write_float(float, out),
                Value::Bool(true) => out.extend_from_slice(b"true"),
                Value::Bool(false) => out.extend_from_slice(b"false"),
                Value::Json(json) if is_json(json.as_bytes()) => {
                    // A line break between tokens is legal JSON and would end the line.
                    out.extend(json.bytes().map(|b| if b < b' ' { b' ' } else { b }));
                }
                // Cut, or never JSON: kept as a text, so that it costs no line.
                Value::Json(json) => write_text(json, out),
            }
        }
    }
}

/// A JSON string, quotes included.
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut done = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= b' ' && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[done..at]);
        done = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(b'"');
}

/// Shortest text that reads back as the same number; `null` where JSON has none for it.
pub fn write_float(value: f64, out: &mut Vec<u8>) {
    if value.is_finite() {
        // `Debug` keeps the `.0` of a whole number and uses an exponent where it is shorter.
        write!(out, "{value:?}").expect("a Vec takes every byte");
    } else {
        out.extend_from_slice(b"null");
    }
}

fn write_number(value: impl std::fmt::Display, out: &mut Vec<u8>) {
    write!(out, "{value}").expect("a Vec takes every byte");
}

/// Whether the bytes are one JSON value, nested no deeper than [`MAX_DEPTH`].
fn is_json(bytes: &[u8]) -> bool {
    let mut scan = Scan { bytes, at: 0 };
    scan.value(0) && scan.at == bytes.len()
}

/// A slot holds less than 256 bytes; deeper nesting is an attack on somebody's parser.
const MAX_DEPTH: usize = 32;

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn value(&mut self, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        self.blanks();
        let valid = match self.peek() {
            Some(b'{') => self.list(b'}', |scan| {
                scan.blanks();
                scan.string() && {
                    scan.blanks();
                    scan.eat(b':') && scan.value(depth + 1)
                }
            }),
            Some(b'[') => self.list(b']', |scan| scan.value(depth + 1)),
            Some(b'"') => self.string(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => self.number(),
        };
        self.blanks();
        valid
    }

    /// From the opening bracket to `end`.
    fn list(&mut self, end: u8, mut item: impl FnMut(&mut Self) -> bool) -> bool {
        self.at += 1;
        self.blanks();
        if self.eat(end) {
            return true;
        }
        loop {
            if !item(self) {
                return false;
            }
            self.blanks();
            if self.eat(end) {
                return true;
            }
            if !self.eat(b',') {
                return false;
            }
        }
    }

    fn string(&mut self) -> bool {
        if !self.eat(b'"') {
            return false;
        }
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => return true,
                0..b' ' => return false,
                b'\\' => match self.peek() {
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
                    Some(b'u') => {
                        let hex = self.bytes.get(self.at + 1..self.at + 5);
                        if !hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
                            return false;
                        }
                        self.at += 5;
                    }
                    _ => return false,
                },
                _ => {}
            }
        }
        false
    }

    fn number(&mut self) -> bool {
        self.eat(b'-');
        let whole = if self.eat(b'0') { 1 } else { self.digits() };
        if whole == 0 || (self.eat(b'.') && self.digits() == 0) {
            return false;
        }
        if self.eat(b'e') || self.eat(b'E') {
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            return self.digits() > 0;
        }
        true
    }

    fn digits(&mut self) -> usize {
        let from = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - from
    }

    fn word(&mut self, word: &[u8]) -> bool {
        let found = self.bytes[self.at..].starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_written_as_serde_reads_them(text in ".*|[\\x00-\\x7f]{0,40}") {
            let mut out = Vec::new();
            write_text(&text, &mut out);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }

        #[test]
        fn floats_come_back_bit_for_bit(float in any::<f64>()) {
            let mut out = Vec::new();
            write_float(float, &mut out);
            let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
            // serde_json reads without its slower exact mode: the last bit may differ.
            prop_assert_eq!(value.is_null(), !float.is_finite());
            if float.is_finite() {
                let text = std::str::from_utf8(&out).unwrap();
                prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), float.to_bits());
            }
        }

        #[test]
        fn what_counts_as_json_is_what_serde_takes(
            text in r#"[\[\]{}",:0-9eE+\-. \\untrfalsx\n]{0,24}"#
        ) {
            let by_serde = serde_json::from_str::<serde_json::Value>(&text);
            // A number beyond f64 and a lone surrogate are JSON, serde only cannot hold them.
            let cannot_hold = |error: &serde_json::Error| {
                let error = error.to_string();
                error.contains("out of range") || error.contains("surrogate") || error.contains("hex")
            };
            match by_serde {
                Ok(_) => prop_assert!(is_json(text.as_bytes())),
                Err(error) if cannot_hold(&error) => {}
                Err(_) => prop_assert!(!is_json(text.as_bytes())),
            }
        }
    }

    #[test]
    fn json_is_told_from_what_looks_like_it() {
        for good in ["{}", " [1, -2.5e3, {\"a\": [null]}] ", "\"\\u00e9\"", "0"] {
            assert!(is_json(good.as_bytes()), "{good}");
        }
        let deep = "[".repeat(40) + &"]".repeat(40);
        for bad in ["", "{", "[1,]", "01", "1.", "\"\n\"", "nul", "{}x", "{1:2}", &deep] {
            assert!(!is_json(bad.as_bytes()), "{bad}");
        }
    }
}
