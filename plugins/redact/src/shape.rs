//! A close look at a candidate: is there a secret, and from where to where?
//!
//! Each family of shapes has a file. A look costs time only at candidates, so it is written to be
//! right rather than fast: neighbours, lengths, checksums. Where a text can be read both ways, the
//! reading that leaks less wins, except that an id announced by an allowed key is left alone.

mod join;
mod number;
mod token;

pub(crate) use token::Custom;

use crate::key::{Keys, Says};
use crate::mask::{MASKED, Mode};
use crate::scan::Start;

/// A part of a text to be covered, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) cover: Cover,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cover {
    Label(&'static str),
    Mode(Mode),
}

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing; later candidates count as before.
    Nothing,
    /// Nothing up to here.
    PassOver(usize),
    Secret(Span),
}

/// The families that can be switched on and off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// JSON web tokens, whole or cut short.
    Jwt,
    /// What follows `Bearer` or `Basic`.
    Bearer,
    /// Tokens that services give a form of their own: Telegram, Slack, AWS, GitHub, GitLab, Google,
    /// Stripe and the like.
    ApiToken,
    /// Private keys in PEM form.
    PrivateKey,
    /// Payment cards, by prefix, length and check digit.
    Card,
    /// Taiwanese identity numbers (with check digit) and US social security numbers.
    NationalId,
    /// IPv4 addresses except those that every machine has (127.0.0.1, 0.0.0.0), and IPv6 addresses of
    /// at least three groups.
    Ip,
    Email,
    /// `key=value` and `key: value` where the key announces a secret, also in JSON within text and
    /// in addresses (`user:password@host`).
    KeyValue,
}

/// The shapes in use.
#[derive(Debug)]
pub(crate) struct Shapes {
    enabled: Vec<Shape>,
    starts: Vec<Start>,
    custom: Vec<Custom>,
    pub(crate) keys: Keys,
}

/// What covers the families. A covered text is looked at again by the host, or by a second run: no
/// label may itself look like a secret.
pub(crate) const LABELS: [&str; 10] = [
    MASKED,
    "[masked-jwt]",
    "[masked-credentials]",
    "[masked-token]",
    "[masked-private-key]",
    "[masked-card]",
    "[masked-id]",
    "[masked-ip]",
    "[masked-email]",
    "[masked-custom]",
];

// === impl Shape ===

impl Shape {
    pub(crate) const ALL: [Shape; 9] = [
        Shape::Jwt,
        Shape::Bearer,
        Shape::ApiToken,
        Shape::PrivateKey,
        Shape::Card,
        Shape::NationalId,
        Shape::Ip,
        Shape::Email,
        Shape::KeyValue,
    ];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Shape::Jwt => "[masked-jwt]",
            Shape::Bearer => "[masked-credentials]",
            Shape::ApiToken => "[masked-token]",
            Shape::PrivateKey => "[masked-private-key]",
            Shape::Card => "[masked-card]",
            Shape::NationalId => "[masked-id]",
            Shape::Ip => "[masked-ip]",
            Shape::Email => "[masked-email]",
            Shape::KeyValue => MASKED,
        }
    }
}

// === impl Shapes ===

impl Shapes {
    pub(crate) fn new(enabled: Vec<Shape>, custom: Vec<Custom>, keys: Keys) -> Self {
        let starts = token::starts().chain(custom.iter().map(Custom::start)).collect();
        Shapes { enabled, starts, custom, keys }
    }

    /// The starts that the scan has to report.
    pub(crate) fn starts(&self) -> &[Start] {
        &self.starts
    }

    pub(crate) fn has(&self, shape: Shape) -> bool {
        self.enabled.contains(&shape)
    }

    /// Look at a candidate in a text of an event of this name.
    pub(crate) fn look(&mut self, text: &str, place: usize, event: &str) -> Look {
        let bytes = text.as_bytes();
        let look = match bytes[place] {
            b':' => match self.look_at_colons(bytes, place) {
                Look::Nothing => self.look_at_join(text, place, event),
                address => address,
            },
            b'=' => self.look_at_join(text, place, event),
            b'@' => self.look_at_host(bytes, place),
            b'0'..=b'9' => self.look_at_number(bytes, place),
            _ => self.look_at_token(bytes, place),
        };
        match look {
            Look::Secret(span) if self.is_kept(text, span.from, event) => Look::PassOver(span.to),
            look => look,
        }
    }

    /// Whether an allowed key stands right before: `intent_id=…`, `"order_key": "…`.
    fn is_kept(&mut self, text: &str, from: usize, event: &str) -> bool {
        let before = text.as_bytes()[..from].trim_ascii_end();
        let join = before.iter().rposition(|b| !matches!(b, b'"' | b'\'' | b'\\' | b' '));
        let Some(join) = join.filter(|&at| matches!(before[at], b':' | b'=')) else {
            return false;
        };
        join::key_before(text, join).is_some_and(|key| self.keys.say(key, event) == Says::Keep)
    }
}

/// A span with the family's label.
fn secret(shape: Shape, from: usize, to: usize) -> Look {
    Look::Secret(Span { from, to, cover: Cover::Label(shape.label()) })
}

/// Where a run of such bytes that begins at `from` ends.
fn run_end(bytes: &[u8], from: usize, fits: impl Fn(u8) -> bool) -> usize {
    let run = bytes.get(from..).unwrap_or_default();
    from + run.iter().position(|&byte| !fits(byte)).unwrap_or(run.len())
}

/// Where a run of such bytes that ends at `to` begins.
fn run_begin(bytes: &[u8], to: usize, fits: impl Fn(u8) -> bool) -> usize {
    bytes[..to].iter().rposition(|&byte| !fits(byte)).map_or(0, |before| before + 1)
}

/// Letters, digits and `_`: what makes two words one.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
