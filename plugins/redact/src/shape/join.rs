//! Secrets known by what they are joined to: a key, a bot's number, a host.

use super::{Cover, LABELS, Look, Shape, Shapes, Span, is_word, run_begin, run_end, secret};
use crate::key::Says;
use crate::mask::is_placeholder;

/// Keys are names; what is longer is something else.
const KEY_LENGTH_MAX: usize = 64;

/// A Telegram bot token: the bot's number, a colon, and so many characters.
const TELEGRAM_SECRET: usize = 30;

/// Schemes in front of the credentials proper.
const SCHEMES: [&[u8]; 7] = [b"bearer", b"basic", b"token", b"digest", b"apikey", b"negotiate", b"bot"];

impl Shapes {
    /// At a `:` or `=`.
    pub(super) fn look_at_join(&mut self, text: &str, place: usize, event: &str) -> Look {
        let bytes = text.as_bytes();
        if self.has(Shape::ApiToken)
            && let Some((from, to)) = telegram(bytes, place)
        {
            return secret(Shape::ApiToken, from, to);
        }
        if !self.has(Shape::KeyValue) {
            return Look::Nothing;
        }
        let Some(key) = key_before(text, place) else {
            return Look::Nothing;
        };
        let Says::Cover(mode) = self.keys.say(key, event) else {
            return Look::Nothing;
        };
        let Some((from, to)) = value_behind(bytes, place) else {
            return Look::Nothing;
        };
        if text.get(from..to).is_none_or(is_placeholder) {
            return Look::PassOver(to);
        }
        Look::Secret(Span { from, to, cover: Cover::Mode(mode) })
    }

    /// At an `@`.
    pub(super) fn look_at_host(&self, bytes: &[u8], place: usize) -> Look {
        if self.has(Shape::KeyValue)
            && let Some((from, to)) = password_in_address(bytes, place)
        {
            return secret(Shape::KeyValue, from, to);
        }
        if self.has(Shape::Email)
            && let Some((from, to)) = email(bytes, place)
        {
            return secret(Shape::Email, from, to);
        }
        Look::Nothing
    }
}

/// The name in front of a join, quotes and spaces between left out.
pub(super) fn key_before(text: &str, join: usize) -> Option<&str> {
    let bytes = text.as_bytes();
    let end = run_begin(bytes, join, |b| matches!(b, b' ' | b'\t' | b'"' | b'\'' | b'\\' | b']'));
    let begin = run_begin(bytes, end, |b| is_word(b) || matches!(b, b'-' | b'.'));
    if begin == end || end - begin > KEY_LENGTH_MAX || join - end > 8 {
        return None;
    }
    // Names are made of letters: times and numbers are joined by colons too.
    let letters = bytes[begin..end].iter().filter(|b| !b.is_ascii_digit() && **b != b'.').count();
    if letters * 2 < end - begin {
        return None;
    }
    // A label ends in a bracket and is no key: `[masked-token]: …`.
    if bytes[end] == b']' && begin > 0 && text.get(begin - 1..=end).is_some_and(|word| LABELS.contains(&word)) {
        return None;
    }
    text.get(begin..end)
}

/// The value behind a join: within quotes, or up to where the next thing begins.
fn value_behind(bytes: &[u8], join: usize) -> Option<(usize, usize)> {
    let mut from = join + 1;
    // `==`, `:=`, `=>` and the like are joins as well; `::` and `://` are not.
    match (bytes[join], bytes.get(from)) {
        (b':', Some(b':' | b'/')) => return None,
        (b'=', Some(b'=' | b'>')) | (b':', Some(b'=')) => from += 1,
        _ => {}
    }
    from = run_end(bytes, from, |b| matches!(b, b' ' | b'\t'));
    if matches!(bytes.get(from), Some(b'[' | b'(' | b'{')) {
        return Some((from, bracketed(bytes, from)));
    }
    let (mut from, mut to) = delimited(bytes, from)?;
    // The scheme of an `Authorization` isn't the secret; what follows is.
    if SCHEMES.iter().any(|scheme| bytes[from..to].eq_ignore_ascii_case(scheme)) {
        let next = run_end(bytes, to, |b| b == b' ');
        if next > to
            && let Some((_, end)) = delimited(bytes, next)
        {
            (from, to) = (next, end);
        }
    } else if let Some(scheme) = SCHEMES.iter().find(|scheme| {
        bytes[from..to].get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
            && bytes[from..to].get(scheme.len()) == Some(&b' ')
    }) {
        from = run_end(&bytes[..to], from + scheme.len(), |b| b == b' ');
    }
    (to > from).then_some((from, to))
}

/// A value that begins at `from`.
fn delimited(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    // Python's b'…', r"…" and Rust's b"…".
    let prefix = run_end(bytes, from, |b| matches!(b, b'b' | b'B' | b'r' | b'u' | b'f'));
    let is_prefixed = prefix - from <= 2 && matches!(bytes.get(prefix), Some(b'\'' | b'"'));
    let begin = if is_prefixed { prefix } else { from };
    let quote = run_end(bytes, begin, |b| b == b'\\');
    if let Some(&mark) = bytes.get(quote).filter(|b| matches!(b, b'"' | b'\'' | b'`')) {
        let from = quote + 1;
        let slashes = quote - begin;
        let to = closing(bytes, from, mark, slashes);
        return (to > from).then_some((from, to));
    }
    let mut to = from;
    while let Some(&byte) = bytes.get(to) {
        let is_end = match byte {
            b'"' | b'\'' | b'`' | b'<' => true,
            b if b.is_ascii_whitespace() => true,
            b',' | b';' | b'&' | b'|' => ends_here(bytes, to + 1),
            b')' | b']' | b'}' | b'>' => closes_here(bytes, to + 1),
            _ => false,
        };
        if is_end {
            break;
        }
        to += 1;
    }
    // A full stop or the like at the very end belongs to the sentence.
    let to = run_begin(bytes, to, |b| matches!(b, b'.' | b'!' | b'?' | b':')).max(from);
    (to > from).then_some((from, to))
}

/// Where a value in brackets ends: at the bracket that closes the first one, or at the end of the
/// text. Brackets within quotes count too: that covers more, never less.
fn bracketed(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    bytes.len()
}

/// Where a quoted value ends: at the same mark with as many backslashes, or at the end of the text.
fn closing(bytes: &[u8], from: usize, mark: u8, slashes: usize) -> usize {
    let mut at = from;
    while at < bytes.len() {
        let run = run_end(bytes, at, |b| b == b'\\');
        if bytes.get(run) == Some(&mark) && run - at <= slashes {
            return at;
        }
        // An escaped character counts as part of the value.
        at = (run + 1).max(at + 1);
    }
    bytes.len()
}

/// Whether a comma before `at` ends a value: a space, an end or a new key follows. Otherwise it is
/// part of the value, since passwords hold commas.
fn ends_here(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at) {
        None => true,
        Some(b) if b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'{' | b'[') => true,
        _ => {
            let end = run_end(bytes, at, |b| is_word(b) || matches!(b, b'-' | b'.'));
            end > at && matches!(bytes.get(end), Some(b'=' | b':'))
        }
    }
}

/// Whether a closing bracket before `at` ends a value.
fn closes_here(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at) {
        None => true,
        Some(b) => {
            b.is_ascii_whitespace() || matches!(b, b',' | b';' | b')' | b']' | b'}' | b'>' | b'.' | b'"' | b'\'')
        }
    }
}

fn telegram(bytes: &[u8], colon: usize) -> Option<(usize, usize)> {
    if bytes[colon] != b':' {
        return None;
    }
    let from = run_begin(bytes, colon, |b| b.is_ascii_digit());
    let to = run_end(bytes, colon + 1, |b| is_word(b) || b == b'-');
    let is_token = (8..=11).contains(&(colon - from)) && to - (colon + 1) >= TELEGRAM_SECRET;
    is_token.then_some((from, to))
}

/// `scheme://user:password@host`: the password.
fn password_in_address(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let begin = run_begin(bytes, at, |b| !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'<' | b'>'));
    let before = &bytes[begin..at];
    // The first `://`: a password may hold slashes and colons.
    let user = begin + before.windows(3).position(|three| three == b"://")? + 3;
    let from = user + bytes[user..at].iter().position(|b| *b == b':')? + 1;
    // A slash before any colon ends the authority: `http://host/a:b@c` has no password.
    if bytes[user..from].contains(&b'/') || from == at {
        return None;
    }
    // A later `@` in the same word is the one before the host.
    let rest = &bytes[at + 1..];
    let word = run_end(rest, 0, |b| !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'/' | b'?'));
    let at = rest[..word].iter().rposition(|b| *b == b'@').map_or(at, |later| at + 1 + later);
    let value = std::str::from_utf8(&bytes[from..at]).ok()?;
    (!is_placeholder(value)).then_some((from, at))
}

fn email(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let is_local = |b: u8| is_word(b) || matches!(b, b'.' | b'%' | b'+' | b'-');
    let from = run_begin(bytes, at, is_local);
    let from = run_end(&bytes[..at], from, |b| matches!(b, b'.' | b'-'));
    let to = run_end(bytes, at + 1, |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    let to = run_begin(bytes, to, |b| matches!(b, b'.' | b'-')).max(at + 1);
    let domain = &bytes[at + 1..to];
    let last = &domain[domain.iter().rposition(|b| *b == b'.')? + 1..];
    let is_name = last.len() >= 2 && last.iter().all(u8::is_ascii_alphabetic);
    (from < at && is_name && domain.first() != Some(&b'.')).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_stands_before_the_join() {
        for (text, key) in [
            ("password=x", Some("password")),
            ("\"api_key\" : 1", Some("api_key")),
            ("\\\"token\\\":\\\"x", Some("token")),
            ("headers['Authorization'] = x", Some("Authorization")),
            ("db.password: x", Some("db.password")),
            ("é=x", None),
            ("=x", None),
        ] {
            let join = text.find(['=', ':']).unwrap();
            assert_eq!(key_before(text, join), key, "{text}");
        }
    }

    #[test]
    fn the_value_ends_where_the_next_thing_begins() {
        for (text, value) in [
            ("k=hunter2 next", "hunter2"),
            ("k=a,b c", "a,b"),
            ("k=a,user=b", "a"),
            ("k=a&b=c", "a"),
            ("k: 'a b' x", "a b"),
            ("k=b'a b'", "a b"),
            ("k=\\\"a b\\\" x", "a b"),
            ("k=\"a \\\" b\" x", "a \\\" b"),
            ("k=(a) b", "(a)"),
            ("k=a) b", "a"),
            ("k=\"open", "open"),
            ("k: Bearer a.b", "a.b"),
            ("k: \"Bearer a.b\"", "a.b"),
            ("k == a", "a"),
            ("k=a.", "a"),
            ("k={'a': [1, 2]} b", "{'a': [1, 2]}"),
            ("k=[open", "[open"),
        ] {
            let join = text.find(['=', ':']).unwrap();
            let (from, to) = value_behind(text.as_bytes(), join).unwrap();
            assert_eq!(&text[from..to], value, "{text}");
        }
        assert_eq!(value_behind(b"k::x", 1), None);
        assert_eq!(value_behind(b"https://x", 5), None);
        assert_eq!(value_behind(b"k=", 1), None);
    }

    #[test]
    fn addresses_carry_passwords() {
        let check = |text: &str| {
            let at = text.find('@').unwrap();
            password_in_address(text.as_bytes(), at).map(|(from, to)| text[from..to].to_string())
        };
        assert_eq!(check("amqp://bot:s3/c@r@t@mq:5672/x"), Some("s3/c@r@t".into()));
        assert_eq!(check("postgres://u:p@db/x"), Some("p".into()));
        assert_eq!(check("https://host/a:b@c"), None);
        assert_eq!(check("https://user@host"), None);
    }
}
