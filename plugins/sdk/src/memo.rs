//! Remembers an answer for each distinct text.
//!
//! Events repeat themselves: a few dozen strategies, symbols and reasons make up millions of rows. A
//! plugin works out its answer once for each and finds it again in a few nanoseconds, without hashing
//! byte by byte and without allocating.

/// Answers by text. Bounded: when full it starts again empty, so a flood of distinct texts costs time
/// but no memory.
#[derive(Debug)]
pub struct Memo<V> {
    slots: Vec<Slot<V>>,
    used: usize,
    limit: usize,
    /// By how much a hash is shifted to become a slot number.
    shift: u32,
}

#[derive(Clone, Copy, Debug)]
struct Slot<V> {
    key: Key,
    value: V,
}

/// A text of at most [`LENGTH_MAX`] bytes: its first and last words, which overlap in shorter texts.
/// Together with the length they say all of it. No text has the length of an empty slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    words: [u64; 4],
    length: u32,
}

/// Longer texts are worked out anew each time: names and codes are shorter.
const LENGTH_MAX: usize = 32;

const FREE: Key = Key {
    words: [0; 4],
    length: u32::MAX,
};

// === impl Memo ===

impl<V: Copy + Default> Memo<V> {
    /// Remembers up to `limit` texts.
    pub fn new(limit: usize) -> Self {
        let limit = limit.max(1);
        let slots = (limit * 2).next_power_of_two();
        Memo {
            slots: vec![
                Slot {
                    key: FREE,
                    value: V::default()
                };
                slots
            ],
            used: 0,
            limit,
            shift: 64 - slots.trailing_zeros(),
        }
    }

    /// The answer for a text: the remembered one, or what `work_out` says.
    #[inline]
    pub fn get(&mut self, text: &str, work_out: impl FnOnce(&str) -> V) -> V {
        let Some(key) = Key::of(text.as_bytes()) else {
            return work_out(text);
        };
        let mut place = (key.hash() >> self.shift) as usize & (self.slots.len() - 1);
        loop {
            let Some(slot) = self.slots.get(place) else {
                return work_out(text);
            };
            if slot.key == key {
                return slot.value;
            }
            if slot.key.length == FREE.length {
                return self.learn(place, key, work_out(text));
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    #[cold]
    fn learn(&mut self, place: usize, key: Key, value: V) -> V {
        if self.used == self.limit {
            self.forget();
            return value;
        }
        self.slots[place] = Slot { key, value };
        self.used += 1;
        value
    }

    fn forget(&mut self) {
        self.slots.fill(Slot {
            key: FREE,
            value: V::default(),
        });
        self.used = 0;
    }
}

// === impl Key ===

impl Key {
    #[inline]
    fn of(text: &[u8]) -> Option<Key> {
        let word = |at: usize| {
            text[at..]
                .first_chunk()
                .map_or(0, |word| u64::from_le_bytes(*word))
        };
        let half = |at: usize| {
            text[at..]
                .first_chunk()
                .map_or(0, |half| u64::from(u32::from_le_bytes(*half)))
        };
        let words = match text.len() {
            0 => [0; 4],
            n @ 1..4 => {
                let byte = |at: usize| u64::from(text[at]);
                [byte(0) | byte(n / 2) << 8 | byte(n - 1) << 16, 0, 0, 0]
            }
            n @ 4..8 => [half(0), half(n - 4), 0, 0],
            n @ 8..=16 => [word(0), word(n - 8), 0, 0],
            n @ 17..=LENGTH_MAX => [word(0), word(8), word(n - 16), word(n - 8)],
            _ => return None,
        };
        Some(Key {
            words,
            length: text.len() as u32,
        })
    }

    #[inline]
    fn hash(&self) -> u64 {
        // Odd constants with well-mixed bits; the high bits of a product depend on all low ones.
        let [a, b, c, d] = self.words;
        let mixed = a.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ b.wrapping_add(u64::from(self.length))
                .wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
            ^ c.wrapping_mul(0x1656_67b1_9e37_79f9)
            ^ d.wrapping_mul(0x27d4_eb2f_1656_67c5);
        (mixed ^ (mixed >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn works_out_once() {
        let mut memo = Memo::new(4);
        assert_eq!(memo.get("TXFD6", |_| 7), 7);
        assert_eq!(memo.get("TXFD6", |_| panic!("known already")), 7);
    }

    #[test]
    fn a_full_memo_starts_again_and_stays_right() {
        let mut memo = Memo::new(4);
        for n in 0..1000_u32 {
            assert_eq!(memo.get(&n.to_string(), |_| n), n);
        }
        assert_eq!(memo.slots.len(), 8);
    }

    proptest! {
        /// Texts of every length that differ anywhere have answers of their own.
        #[test]
        fn never_confuses_two_texts(texts in prop::collection::vec("[ab\u{e9}]{0,40}", 1..60)) {
            let mut memo = Memo::new(1000);
            let mut plain: HashMap<&str, usize> = HashMap::new();
            for (n, text) in texts.iter().enumerate() {
                let known = *plain.entry(text).or_insert(n);
                if text.len() <= LENGTH_MAX {
                    prop_assert_eq!(memo.get(text, |_| n), known);
                }
            }
        }
    }
}
