//! What a producer writes between the values of its lines.
//!
//! A program writes its lines in a few shapes: `{"ts":`, then `,"level":` and so on, always the same
//! bytes, spaces included. Here they are remembered with what followed them the last time, so that a
//! key is nearly always passed over with one comparison: no search for its end, no look into a table.

use hashbrown::HashMap;

use super::key::Key;
use crate::batch::Span;

/// More than any program uses. A producer that makes keys up fills this again and again, which costs
/// time and no more.
const GAPS_MAX: usize = 512;
/// A longer one is not remembered.
const GAP_BYTES_MAX: usize = 64;

/// So many of its bytes are compared at once.
const HEAD: usize = 16;

/// The gap before the first value stands behind this one.
const BEGIN: u16 = 0;
/// No gap.
const NONE: u16 = u16::MAX;

pub struct Habit {
    gaps: Vec<Gap>,
    by_text: HashMap<Box<[u8]>, u16>,
    /// The gap that was passed last, and the one that stood behind it the last time.
    last: u16,
    expected: u16,
}

struct Gap {
    /// From behind a value up to the next one: separator, key, colon and the spaces between them.
    text: Box<[u8]>,
    /// Its first bytes, and ones where it has any: most gaps are short, and two such words are compared
    /// sooner than a library is called.
    head: u128,
    mask: u128,
    passed: Passed,
    next: u16,
}

/// A gap that was met again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Passed {
    pub bytes: u32,
    /// The key's place in the gap.
    pub key: Span,
    pub meaning: Key,
}

impl Default for Habit {
    fn default() -> Self {
        let begin = Gap::new(b"", Span::default(), Key::Unknown);
        Habit { gaps: vec![begin], by_text: HashMap::new(), last: BEGIN, expected: NONE }
    }
}

impl Habit {
    /// A new line begins.
    #[inline]
    pub fn begin(&mut self) {
        self.last = BEGIN;
        self.expected = self.gaps[usize::from(BEGIN)].next;
    }

    /// Passes over the gap that is expected, where `rest` begins with it.
    #[inline]
    pub fn pass(&mut self, rest: &[u8]) -> Option<Passed> {
        let gap = self.gaps.get(usize::from(self.expected))?;
        if !gap.begins(rest) {
            return None;
        }
        self.last = self.expected;
        self.expected = gap.next;
        Some(gap.passed)
    }

    /// Another gap stood there than was expected.
    pub fn learn(&mut self, text: &[u8], key: Span, meaning: Key) {
        if text.len() > GAP_BYTES_MAX {
            (self.last, self.expected) = (NONE, NONE);
            return;
        }
        let id = self.by_text.get(text).copied().unwrap_or_else(|| self.add(text, key, meaning));
        if let Some(last) = self.gaps.get_mut(usize::from(self.last)) {
            last.next = id;
        }
        self.last = id;
        self.expected = self.gaps[usize::from(id)].next;
    }

    fn add(&mut self, text: &[u8], key: Span, meaning: Key) -> u16 {
        if self.gaps.len() >= GAPS_MAX {
            *self = Habit { last: NONE, ..Habit::default() };
        }
        let id = self.gaps.len() as u16;
        self.by_text.insert(text.into(), id);
        self.gaps.push(Gap::new(text, key, meaning));
        id
    }
}

impl Gap {
    fn new(text: &[u8], key: Span, meaning: Key) -> Self {
        let mut head = [0; HEAD];
        let bytes = text.len().min(HEAD);
        head[..bytes].copy_from_slice(&text[..bytes]);
        Gap {
            text: text.into(),
            head: u128::from_le_bytes(head),
            mask: u128::MAX.checked_shr(8 * (HEAD - bytes) as u32).unwrap_or(0),
            passed: Passed { bytes: text.len() as u32, key, meaning },
            next: NONE,
        }
    }

    #[inline]
    fn begins(&self, rest: &[u8]) -> bool {
        let Some(head) = rest.first_chunk::<HEAD>() else { return rest.starts_with(&self.text) };
        if (u128::from_le_bytes(*head) ^ self.head) & self.mask != 0 {
            return false;
        }
        self.text.len() <= HEAD || rest[HEAD..].starts_with(&self.text[HEAD..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_gap_is_met_where_the_text_begins_with_it(gap in "[ab]{0,40}", rest in "[ab]{0,50}", is_met: bool) {
            let rest = if is_met { format!("{gap}{rest}") } else { rest };
            let known = Gap::new(gap.as_bytes(), Span::default(), Key::Unknown);
            prop_assert_eq!(known.begins(rest.as_bytes()), rest.starts_with(&gap));
        }
    }

    fn learn(habit: &mut Habit, text: &str, meaning: Key) {
        habit.learn(text.as_bytes(), Span { start: 1, len: 1 }, meaning);
    }

    #[test]
    fn a_shape_is_learnt_once() {
        let mut habit = Habit::default();
        habit.begin();
        assert_eq!(habit.pass(b"\"a\":1"), None);
        learn(&mut habit, "\"a\":", Key::Level);
        assert_eq!(habit.pass(b",\"b\":1"), None);
        learn(&mut habit, ",\"b\":", Key::Seq);

        habit.begin();
        assert_eq!(habit.pass(b"\"a\":1").map(|gap| gap.meaning), Some(Key::Level));
        assert_eq!(habit.pass(b",\"b\":1").map(|gap| gap.meaning), Some(Key::Seq));
        // A line that goes on differently: from here the new way is expected.
        habit.begin();
        assert!(habit.pass(b"\"a\":1").is_some());
        assert_eq!(habit.pass(b",\"c\":1"), None);
        learn(&mut habit, ",\"c\":", Key::Run);
        habit.begin();
        assert!(habit.pass(b"\"a\":1").is_some());
        assert_eq!(habit.pass(b",\"c\":1").map(|gap| gap.meaning), Some(Key::Run));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut habit = Habit::default();
        for n in 0..10 * GAPS_MAX {
            habit.begin();
            learn(&mut habit, &format!("\"{n}\":"), Key::Unknown);
            learn(&mut habit, &" ".repeat(GAP_BYTES_MAX + 1), Key::Unknown);
        }
        assert!(habit.gaps.len() <= GAPS_MAX && habit.by_text.len() < GAPS_MAX);
        habit.begin();
        learn(&mut habit, "\"a\":", Key::Level);
        habit.begin();
        assert_eq!(habit.pass(b"\"a\":").map(|gap| gap.meaning), Some(Key::Level));
    }
}
