//! What is put in place of a secret.

use sha2::{Digest, Sha256};

/// How a value is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// All of it: `[masked]`.
    Full,
    /// Every digit becomes `*`: what kind of value it is stays visible.
    Digits,
    /// A keyed hash: equal values stay equal, so lines can still be joined, and nobody without the
    /// key can try out values.
    Hash,
}

pub(crate) const MASKED: &str = "[masked]";

/// HMAC-SHA-256 with a key of the operator's.
#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    inner: Sha256,
    outer: Sha256,
}

/// 16 hex digits keep the values of any firm apart; the whole hash would be longer than most values.
const HASH_BYTES: usize = 8;

// === impl Hasher ===

impl Hasher {
    pub(crate) fn new(key: &[u8]) -> Self {
        const BLOCK: usize = 64;
        let mut block = [0; BLOCK];
        if key.len() > BLOCK {
            block[..32].copy_from_slice(&Sha256::digest(key));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let keyed = |pad: u8| Sha256::new().chain_update(block.map(|byte| byte ^ pad));
        Hasher { inner: keyed(0x36), outer: keyed(0x5c) }
    }

    fn hmac(&self, value: &[u8]) -> [u8; 32] {
        let inner = self.inner.clone().chain_update(value).finalize();
        self.outer.clone().chain_update(inner).finalize().into()
    }

    /// `h:` and hex digits.
    pub(crate) fn cover(&self, value: &str, out: &mut String) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        out.push_str("h:");
        for byte in &self.hmac(value.as_bytes())[..HASH_BYTES] {
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// Whether a value is what [`Hasher::cover`] makes: hashing it again would undo joins.
pub(crate) fn is_hash(value: &str) -> bool {
    value
        .strip_prefix("h:")
        .is_some_and(|hex| hex.len() == HASH_BYTES * 2 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

/// Stars in place of digits, in place; whether there was one. Without a branch, so that it runs over
/// many bytes at a time.
pub(crate) fn cover_digits(bytes: &mut [u8]) -> bool {
    let mut any = false;
    for byte in bytes {
        let digit = byte.is_ascii_digit();
        any |= digit;
        *byte = if digit { b'*' } else { *byte };
    }
    any
}

/// Whether nothing of a value is left to be seen: it is empty, or somebody has covered it before.
pub(crate) fn is_covered(value: &str) -> bool {
    let bare = value.trim_matches(|c| matches!(c, '*' | '<' | '>' | '[' | ']' | '(' | ')'));
    bare.is_empty()
        || bare.eq_ignore_ascii_case("redacted")
        || bare.eq_ignore_ascii_case("masked")
        || crate::shape::LABELS.contains(&value)
        || is_hash(value)
}

/// The same, or a word that stands for no value at all: `password: None`.
pub(crate) fn is_placeholder(value: &str) -> bool {
    const NOTHING: [&str; 6] = ["none", "null", "nil", "undefined", "true", "false"];
    is_covered(value) || NOTHING.iter().any(|word| value.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 4231, cases 2 and 6 (a key longer than a block).
    #[test]
    fn hmac_is_the_standards() {
        assert_eq!(
            hex(&Hasher::new(b"Jefe").hmac(b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(&Hasher::new(&[0xaa; 131]).hmac(b"Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn a_hash_is_known_as_one() {
        let mut hash = String::new();
        Hasher::new(b"key").cover("ACC-1", &mut hash);
        assert!(is_hash(&hash) && is_placeholder(&hash), "{hash}");
        assert!(!is_hash("h:xyz"));
    }

    #[test]
    fn digits_are_covered_and_nothing_else() {
        let mut bytes = "ACC-01 é".as_bytes().to_vec();
        assert!(cover_digits(&mut bytes));
        assert_eq!(bytes, "ACC-** é".as_bytes());
        assert!(!cover_digits(&mut bytes));
    }

    #[test]
    fn a_placeholder_is_no_secret_and_a_disguised_one_is() {
        for placeholder in ["None", "***", "***REDACTED***", "<redacted>", "[masked]", "[masked-jwt]"] {
            assert!(is_placeholder(placeholder), "{placeholder}");
        }
        for secret in ["hunter2", "[masked-hunter2]", "REDACTEDx", "***x***"] {
            assert!(!is_placeholder(secret), "{secret}");
        }
    }
}
