//! Remembers an answer for each distinct text.
//!
//! Events repeat themselves: a few dozen strategies, symbols and reasons make up millions of rows. A
//! plugin works out its answer once for each and finds it again in a few nanoseconds, without hashing
//! byte by byte and without allocating.

/// Answers by text. Bounded: when full it starts again empty, so a flood of distinct texts costs time
/// but no memory.
#[derive(Debug)]
pub struct Memo<V> {
    /// Texts of up to 16 bytes: nearly all names and codes.
    short: Table<2, V>,
    /// Texts of 17 to 32 bytes. Longer ones are worked out anew each time.
    long: Table<4, V>,
}

/// Texts of up to `WORDS` times 8 bytes.
#[derive(Debug)]
struct Table<const WORDS: usize, V> {
    slots: Vec<Slot<WORDS, V>>,
    used: usize,
    limit: usize,
    /// By how much a hash is shifted to become a slot number.
    shift: u32,
}

/// Words that overlap in shorter texts; together with the length they say all of the text. No text
/// has the length of a free slot.
#[derive(Clone, Copy, Debug)]
struct Slot<const WORDS: usize, V> {
    words: [u64; WORDS],
    length: u32,
    value: V,
}

const FREE: u32 = u32::MAX;

// === impl Memo ===

impl<V: Copy + Default> Memo<V> {
    /// Remembers up to `limit` texts of either kind.
    pub fn new(limit: usize) -> Self {
        Memo { short: Table::new(limit), long: Table::new(limit) }
    }

    /// The answer for a text: the remembered one, or what `work_out` says.
    #[inline]
    pub fn get(&mut self, text: &str, work_out: impl FnOnce(&str) -> V) -> V {
        let bytes = text.as_bytes();
        match bytes.len() {
            8..=16 => {
                let words = [word(bytes, 0), word(bytes, bytes.len() - 8)];
                self.short.get(words, text, work_out)
            }
            4..8 => {
                let words = [half(bytes, 0), half(bytes, bytes.len() - 4)];
                self.short.get(words, text, work_out)
            }
            0..4 => {
                let word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
                self.short.get([word, 0], text, work_out)
            }
            17..=32 => {
                let (front, back) = (word(bytes, 8), word(bytes, bytes.len() - 16));
                let words = [word(bytes, 0), front, back, word(bytes, bytes.len() - 8)];
                self.long.get(words, text, work_out)
            }
            _ => work_out(text),
        }
    }
}

#[inline]
fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}

#[inline]
fn half(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |half| u64::from(u32::from_le_bytes(*half)))
}

// === impl Table ===

impl<const WORDS: usize, V: Copy + Default> Table<WORDS, V> {
    fn new(limit: usize) -> Self {
        let limit = limit.max(1);
        let slots = (limit * 2).next_power_of_two();
        Table { slots: vec![Self::free(); slots], used: 0, limit, shift: 64 - slots.trailing_zeros() }
    }

    fn free() -> Slot<WORDS, V> {
        Slot { words: [0; WORDS], length: FREE, value: V::default() }
    }

    #[inline]
    fn get(&mut self, words: [u64; WORDS], text: &str, work_out: impl FnOnce(&str) -> V) -> V {
        let length = text.len() as u32;
        let mask = self.slots.len() - 1;
        let mut place = (hash(words, length) >> self.shift) as usize & mask;
        while let Some(slot) = self.slots.get(place) {
            // All at once: one branch instead of three.
            let differs = (0..WORDS)
                .fold(u64::from(slot.length ^ length), |differs, word| differs | (slot.words[word] ^ words[word]));
            if differs == 0 {
                return slot.value;
            }
            if slot.length == FREE {
                let value = work_out(text);
                self.learn(place, Slot { words, length, value });
                return value;
            }
            place = (place + 1) & mask;
        }
        work_out(text)
    }

    #[cold]
    fn learn(&mut self, place: usize, slot: Slot<WORDS, V>) {
        if self.used == self.limit {
            self.slots.fill(Self::free());
            self.used = 0;
            return;
        }
        self.slots[place] = slot;
        self.used += 1;
    }
}

/// The high bits count: in a product they depend on all lower ones.
#[inline]
fn hash<const WORDS: usize>(words: [u64; WORDS], length: u32) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed =
        words.into_iter().fold(u64::from(length), |mixed, word| (mixed.rotate_left(29) ^ word).wrapping_mul(ODD));
    (mixed ^ (mixed >> 32)).wrapping_mul(ODD)
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
        assert_eq!(memo.short.slots.len(), 8);
    }

    proptest! {
        /// Texts of every length that differ anywhere have answers of their own.
        #[test]
        fn never_confuses_two_texts(texts in prop::collection::vec("[ab\u{e9}]{0,40}", 1..60)) {
            let mut memo = Memo::new(1000);
            let mut plain: HashMap<&str, usize> = HashMap::new();
            for (n, text) in texts.iter().enumerate() {
                let known = *plain.entry(text).or_insert(n);
                if text.len() <= 32 {
                    prop_assert_eq!(memo.get(text, |_| n), known);
                }
            }
        }
    }
}
