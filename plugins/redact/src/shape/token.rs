//! Secrets that are known by how they begin.

use super::{Look, Shape, Shapes, is_word, run_begin, run_end, secret};
use crate::scan::Start;

/// A token with a fixed beginning and a least length.
struct Prefixed {
    prefix: &'static str,
    /// Where in the prefix the three bytes are that the scan looks for: the rarest ones.
    start: usize,
    /// Characters behind the prefix.
    least: usize,
    chars: Chars,
    /// The prefix is too common within words to count there.
    word: bool,
}

/// What a token is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Chars {
    /// Letters, digits, `_` and `-`.
    Token,
    /// The same and `/`, `+`, `.`, `=`.
    Base64,
    /// Capitals and digits.
    Upper,
    Digits,
}

/// A token of the operator's own.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Custom {
    /// How it begins; three bytes or more.
    pub(crate) prefix: String,
    /// Characters behind the prefix, at least.
    pub(crate) least: usize,
    #[serde(default = "Chars::token")]
    pub(crate) chars: Chars,
}

const fn prefixed(prefix: &'static str, start: usize, least: usize, chars: Chars) -> Prefixed {
    Prefixed { prefix, start, least, chars, word: false }
}

const PREFIXED: [Prefixed; 18] = [
    prefixed("xox", 0, 10, Chars::Token),
    prefixed("xapp-", 0, 10, Chars::Token),
    prefixed("hooks.slack.com/services/", 4, 10, Chars::Base64),
    Prefixed { prefix: "AKIA", start: 1, least: 16, chars: Chars::Upper, word: true },
    Prefixed { prefix: "ASIA", start: 1, least: 16, chars: Chars::Upper, word: true },
    prefixed("ghp_", 0, 20, Chars::Token),
    prefixed("gho_", 0, 20, Chars::Token),
    prefixed("ghu_", 0, 20, Chars::Token),
    prefixed("ghs_", 0, 20, Chars::Token),
    prefixed("ghr_", 0, 20, Chars::Token),
    prefixed("github_pat_", 5, 20, Chars::Token),
    prefixed("glpat-", 0, 16, Chars::Token),
    prefixed("AIza", 0, 30, Chars::Token),
    prefixed("sk_live_", 1, 10, Chars::Token),
    prefixed("sk_test_", 1, 10, Chars::Token),
    prefixed("rk_live_", 1, 10, Chars::Token),
    Prefixed { prefix: "sk-", start: 0, least: 20, chars: Chars::Token, word: true },
    prefixed("npm_", 0, 30, Chars::Token),
];

const JWT: Start = Start { bytes: *b"eyJ", any_case: false };
/// The end of `bearer`: rarer than its beginning, which heartbeats have too.
const BEARER: Start = Start { bytes: *b"rer", any_case: true };
const BASIC: Start = Start { bytes: *b"sic", any_case: true };
const PEM: Start = Start { bytes: *b"--B", any_case: false };
const PEM_HEAD: &[u8] = b"-----BEGIN ";

/// `{"` in base64 is `eyJ`; with this much behind it there is no doubt, even where a log line cut
/// the token short of its dots.
const JWT_LEAST: usize = 20;

/// Words that follow `bearer` in prose about it.
const ABOUT_BEARER: [&str; 12] = [
    "token",
    "tokens",
    "auth",
    "authentication",
    "authorization",
    "scheme",
    "header",
    "headers",
    "credentials",
    "realm",
    "format",
    "type",
];

pub(super) fn starts() -> impl Iterator<Item = Start> {
    let prefixed = PREFIXED.iter().map(|token| three(token.prefix.as_bytes(), token.start));
    [JWT, BEARER, BASIC, PEM].into_iter().chain(prefixed)
}

fn three(prefix: &[u8], start: usize) -> Start {
    let bytes = prefix[start..].first_chunk().copied();
    Start { bytes: bytes.expect("every prefix has three bytes from its start on"), any_case: false }
}

// === impl Shapes ===

impl Start {
    fn fits(self, three: [u8; 3]) -> bool {
        three == self.bytes || self.any_case && three.eq_ignore_ascii_case(&self.bytes)
    }
}

impl Shapes {
    pub(super) fn look_at_token(&self, bytes: &[u8], place: usize) -> Look {
        // Most candidates are mixtures of two starts: said here, in a few instructions.
        let Some(&three) = bytes[place..].first_chunk() else {
            return Look::Nothing;
        };
        if !self.starts.iter().any(|start| start.fits(three)) {
            return Look::Nothing;
        }
        let found = [
            self.has(Shape::Jwt).then(|| jwt(bytes, place)),
            self.has(Shape::Bearer).then(|| bearer(bytes, place)),
            self.has(Shape::Bearer).then(|| basic(bytes, place)),
            self.has(Shape::PrivateKey).then(|| private_key(bytes, place)),
        ];
        if let Some(look) = found.into_iter().flatten().find(|look| *look != Look::Nothing) {
            return look;
        }
        if self.has(Shape::ApiToken) {
            for token in &PREFIXED {
                let Some(from) = place.checked_sub(token.start) else {
                    continue;
                };
                if !bytes[from..].starts_with(token.prefix.as_bytes()) {
                    continue;
                }
                if token.word && bytes[..from].last().is_some_and(|b| is_word(*b) || *b == b'-') {
                    continue;
                }
                let begin = from + token.prefix.len();
                let end = run_end(bytes, begin, |byte| token.chars.have(byte));
                if end - begin >= token.least {
                    return secret(Shape::ApiToken, from, end);
                }
            }
        }
        for custom in &self.custom {
            if bytes[place..].starts_with(custom.prefix.as_bytes()) {
                let begin = place + custom.prefix.len();
                let end = run_end(bytes, begin, |byte| custom.chars.have(byte));
                if end - begin >= custom.least {
                    let cover = super::Cover::Label("[masked-custom]");
                    return Look::Secret(super::Span { from: place, to: end, cover });
                }
            }
        }
        Look::Nothing
    }
}

fn jwt(bytes: &[u8], place: usize) -> Look {
    if !bytes[place..].starts_with(&JWT.bytes) {
        return Look::Nothing;
    }
    let end = run_end(bytes, place, |byte| Chars::Base64.have(byte));
    if end - place < JWT_LEAST {
        return Look::Nothing;
    }
    // A full stop at the end belongs to the sentence.
    let end = run_begin(bytes, end, |byte| byte == b'.');
    secret(Shape::Jwt, place, end)
}

fn bearer(bytes: &[u8], place: usize) -> Look {
    let Some(word) = place.checked_sub(3).and_then(|from| bytes.get(from..place + 3)) else {
        return Look::Nothing;
    };
    if !word.eq_ignore_ascii_case(b"bearer") {
        return Look::Nothing;
    }
    let Some((from, to)) = credentials(bytes, place + 3) else {
        return Look::Nothing;
    };
    let value = &bytes[from..to];
    let is_about = ABOUT_BEARER.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()));
    if value.len() < 4 || is_about {
        return Look::Nothing;
    }
    secret(Shape::Bearer, from, to)
}

fn basic(bytes: &[u8], place: usize) -> Look {
    let Some(from) = place.checked_sub(2) else {
        return Look::Nothing;
    };
    let is_word_begin = !bytes[..from].last().is_some_and(|b| is_word(*b));
    let is_basic = bytes.get(from..place + 3).is_some_and(|word| word.eq_ignore_ascii_case(b"basic"));
    if !is_word_begin || !is_basic {
        return Look::Nothing;
    }
    let Some((from, to)) = credentials(bytes, place + 3) else {
        return Look::Nothing;
    };
    // "basic validation" is prose: base64 of a name and a password has a digit, padding or capitals
    // within the word.
    let value = &bytes[from..to];
    let is_encoded = value[1..].iter().any(|b| b.is_ascii_uppercase()) && value.iter().any(|b| b.is_ascii_lowercase())
        || value.iter().any(|b| b.is_ascii_digit() || matches!(b, b'=' | b'+'));
    if value.len() < 8 || !is_encoded {
        return Look::Nothing;
    }
    secret(Shape::Bearer, from, to)
}

/// What follows the name of a scheme: separators, then the credentials.
fn credentials(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut begin = run_end(bytes, from, |b| matches!(b, b' ' | b'\t' | b':' | b'=' | b'"' | b'\'' | b'\\' | b'+'));
    if bytes[begin..].starts_with(b"%20") {
        begin += 3;
    }
    let end = run_end(bytes, begin, |b| Chars::Base64.have(b) || b == b'~');
    let end = run_begin(bytes, end, |b| b == b'.').max(begin);
    (begin > from && end > begin).then_some((begin, end))
}

fn private_key(bytes: &[u8], place: usize) -> Look {
    let Some(from) = place.checked_sub(3) else {
        return Look::Nothing;
    };
    if !bytes[from..].starts_with(PEM_HEAD) {
        return Look::Nothing;
    }
    let head_end = run_end(bytes, from + PEM_HEAD.len(), |b| b != b'-');
    if !find(&bytes[from..head_end], b"PRIVATE KEY") {
        return Look::PassOver(head_end);
    }
    // A key whose end was cut off reaches to the end of the text.
    let end = (head_end..bytes.len())
        .find(|&at| bytes[at..].starts_with(b"-----END"))
        .map_or(bytes.len(), |end| run_end(bytes, run_end(bytes, end + 5, |b| b != b'-'), |b| b == b'-'));
    secret(Shape::PrivateKey, from, end)
}

fn find(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

// === impl Chars ===

impl Chars {
    fn token() -> Self {
        Chars::Token
    }

    pub(super) fn have(self, byte: u8) -> bool {
        match self {
            Chars::Token => is_word(byte) || byte == b'-',
            Chars::Base64 => is_word(byte) || matches!(byte, b'-' | b'/' | b'+' | b'.' | b'='),
            Chars::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Chars::Digits => byte.is_ascii_digit(),
        }
    }
}

// === impl Custom ===

impl Custom {
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.prefix.len() < 3 || !self.prefix.is_ascii() {
            return Err(format!(
                "custom: the prefix `{}` is too short to be found quickly; give three ASCII characters or more",
                self.prefix
            ));
        }
        if self.prefix.starts_with(|c: char| c.is_ascii_digit() || matches!(c, ':' | '=' | '@')) {
            return Err(format!("custom: the prefix `{}` must begin with a letter", self.prefix));
        }
        Ok(())
    }

    pub(super) fn start(&self) -> Start {
        three(self.prefix.as_bytes(), 0)
    }
}
