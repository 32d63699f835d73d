//! Correlation ids, and how those of one transaction travel together.
//!
//! A [`Lineage`] starts at the tick that triggered an intent and gains one id at each step, so that
//! every event of the transaction can be joined to the next: trace → intent → client order → broker
//! order. Ids are short texts kept inline: copying one allocates nothing.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Room for a kind, the run's tag and a 64-bit number.
const ID_BYTES: usize = 22;

/// A short text such as `t-k3f9a-1c2b`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    bytes: [u8; ID_BYTES],
    length: u8,
}

/// What an id identifies: its first letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    Trace,
    Intent,
    ClientOrder,
    BrokerOrder,
    Execution,
}

/// Makes ids that no other run of the stack makes.
#[derive(Clone, Copy, Debug)]
pub struct IdMint {
    /// Five letters and digits that tell this run from others in the same tables.
    tag: [u8; 5],
}

/// The ids of one transaction so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The tick that started it.
    pub trace: Id,
    /// What the strategy wanted.
    pub intent: Id,
    /// The order that came of it, once the order component took it.
    pub client_order: Option<Id>,
    /// The broker's name for that order, once the broker acknowledged it.
    pub broker_order: Option<Id>,
}

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

// === impl Id ===

impl Id {
    pub fn as_str(&self) -> &str {
        // Only ASCII is ever written, so this can't fail; an empty id would show a bug in tests.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(usize::from(self.length)) {
            *place = byte;
            self.length += 1;
        }
    }
}

impl std::ops::Deref for Id {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl IdKind ===

impl IdKind {
    fn letter(self) -> u8 {
        match self {
            IdKind::Trace => b't',
            IdKind::Intent => b'i',
            IdKind::ClientOrder => b'c',
            IdKind::BrokerOrder => b'b',
            IdKind::Execution => b'x',
        }
    }
}

// === impl IdMint ===

impl IdMint {
    /// A mint for a new run: its tag comes from the time, the process and a count.
    pub fn for_this_run() -> Self {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |past| past.as_nanos());
        let mixed =
            (nanos as u64) ^ (u64::from(std::process::id()) << 32) ^ (RUNS.fetch_add(1, Ordering::Relaxed) << 56);
        let mut dice = crate::market::dice::Dice::new(mixed);
        // The first character is a letter, so that no id reads as one long number.
        let tag = std::array::from_fn(|place| match place {
            0 => DIGITS[10 + (dice.roll() % 26) as usize],
            _ => DIGITS[(dice.roll() % 36) as usize],
        });
        IdMint { tag }
    }

    pub fn id(&self, kind: IdKind, mut number: u64) -> Id {
        let mut id = Id { bytes: [0; ID_BYTES], length: 0 };
        id.push(kind.letter());
        id.push(b'-');
        for byte in self.tag {
            id.push(byte);
        }
        id.push(b'-');
        let mut digits = [0u8; 13];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = DIGITS[(number % 36) as usize];
            number /= 36;
            if number == 0 {
                break;
            }
        }
        for digit in &digits[at..] {
            id.push(*digit);
        }
        id
    }

    /// What tells this run's ids from others.
    pub fn tag(&self) -> &str {
        std::str::from_utf8(&self.tag).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_texts_that_name_their_run() {
        let mint = IdMint { tag: *b"k3f9a" };
        assert_eq!(mint.id(IdKind::Trace, 0).as_str(), "t-k3f9a-0");
        assert_eq!(mint.id(IdKind::BrokerOrder, 1296).as_str(), "b-k3f9a-100");
        assert_eq!(mint.id(IdKind::Intent, u64::MAX).as_str(), "i-k3f9a-3w5e11264sgsf");
    }

    #[test]
    fn two_runs_differ() {
        let tags: std::collections::HashSet<String> =
            (0..50).map(|_| IdMint::for_this_run().tag().to_owned()).collect();
        assert_eq!(tags.len(), 50);
    }
}
