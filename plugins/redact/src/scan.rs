//! One fast pass over the text of a whole column, looking for places where a secret could be.
//!
//! Real text hardly ever holds a secret, so what counts is how fast it is passed over. The scan looks
//! at 16 bytes at a time and reports *candidates*; [`crate::shape`] then looks closely. Nothing may
//! be missed here; reporting too much costs only time. A candidate is
//!
//! * the first byte of a *start*: three bytes that a known secret has at a fixed place (`eyJ` of a
//!   JWT). The bytes are looked up by their two halves in tables of 16, as in Hyperscan's Teddy;
//! * `=`, `:` or `@`, which join a key with a value, a user with a host;
//! * a digit that ends a run of four or more (cards and identity numbers), or that follows a digit and
//!   a full stop (addresses).
//!
//! The column is scanned without regard to its rows; a run that reaches over the end of a row is one
//! more harmless candidate.

#[cfg(not(target_arch = "wasm32"))]
mod portable;
#[cfg(all(target_arch = "wasm32", not(target_feature = "simd128")))]
mod portable;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

/// Three bytes by which a secret may be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) bytes: [u8; 3],
    /// Letters match in either case.
    pub(crate) any_case: bool,
}

/// Finds candidates; made once from the starts.
#[derive(Debug)]
pub(crate) struct Scanner {
    tables: Tables,
}

/// For each of the three bytes: the starts that fit its low and its high half, one bit a start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tables {
    low: [[u8; 16]; 3],
    high: [[u8; 16]; 3],
}

/// Sixteen bytes at once.
pub(crate) trait Lane: Copy {
    fn load(bytes: &[u8; 16]) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn equal(self, byte: u8) -> Self;
    fn low_half(self) -> Self;
    fn high_half(self) -> Self;
    /// Byte i of the answer is `self[index[i]]`; every index is below 16.
    fn look_up(self, index: Self) -> Self;
    /// All ones where the byte is an ASCII digit.
    fn digits(self) -> Self;
    /// Bit i is set where byte i is not zero.
    fn any_bits(self) -> u16;
    /// Bit i is the highest bit of byte i.
    fn high_bits(self) -> u16;
}

/// A step looks at 64 bytes, and at two more for the starts.
const STEP: usize = 64;
const WINDOW: usize = STEP + 2;

// === impl Tables ===

impl Tables {
    /// Give the start the bit where it does the least harm. Starts that share a bit are also found in
    /// mixtures (`eyJ` and `rer` make `eer`): candidates that cost time and no more, so those are put
    /// together whose mixtures are rare in text.
    fn add(&mut self, start: Start) {
        let with = |bit: u8| {
            let mut tables = *self;
            for (place, byte) in start.bytes.into_iter().enumerate() {
                let other = if start.any_case && byte.is_ascii_alphabetic() { byte ^ 0x20 } else { byte };
                for byte in [byte, other] {
                    tables.low[place][usize::from(byte & 15)] |= bit;
                    tables.high[place][usize::from(byte >> 4)] |= bit;
                }
            }
            (tables, tables.rate(bit) - self.rate(bit))
        };
        let best = (0..8).map(|bit| with(1 << bit)).min_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((tables, _)) = best {
            *self = tables;
        }
    }

    /// How often three bytes of text carry this bit, roughly.
    fn rate(&self, bit: u8) -> f32 {
        let place = |place: usize| -> f32 {
            let fits = |byte: &u8| {
                self.low[place][usize::from(byte & 15)] & self.high[place][usize::from(byte >> 4)] & bit != 0
            };
            (0..128).filter(fits).map(share_of_text).sum()
        };
        place(0) * place(1) * place(2)
    }
}

/// A byte's share of log text, roughly.
fn share_of_text(byte: u8) -> f32 {
    match byte {
        b' ' => 0.12,
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 0.06,
        b'h' | b'l' | b'd' | b'c' | b'u' | b'm' | b'p' => 0.03,
        b'a'..=b'z' | b'0'..=b'9' | b'_' => 0.015,
        b'.' | b'-' | b':' | b'=' | b',' | b'"' => 0.01,
        b'A'..=b'Z' => 0.005,
        _ => 0.001,
    }
}

// === impl Scanner ===

impl Scanner {
    pub(crate) fn new(starts: impl IntoIterator<Item = Start>) -> Self {
        let mut tables = Tables::default();
        for start in starts {
            tables.add(start);
        }
        Scanner { tables }
    }

    /// Call `found` with every candidate's place, in ascending order. `found` answers with the place
    /// from which on it wants to hear more, so that what is dealt with isn't reported again.
    #[inline]
    pub(crate) fn scan(&self, bytes: &[u8], found: impl FnMut(usize) -> usize) {
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        run::<wasm::V128>(&self.tables, bytes, found);
        #[cfg(all(target_arch = "wasm32", not(target_feature = "simd128")))]
        run::<portable::Bytes>(&self.tables, bytes, found);
        #[cfg(target_arch = "x86_64")]
        x86::run(&self.tables, bytes, found);
        #[cfg(not(any(target_arch = "wasm32", target_arch = "x86_64")))]
        run::<portable::Bytes>(&self.tables, bytes, found);
    }
}

#[inline(always)]
fn run<L: Lane>(tables: &Tables, bytes: &[u8], mut found: impl FnMut(usize) -> usize) {
    let look = Look::<L>::new(tables);
    let mut before = Runs::default();
    let mut deaf_until = 0;
    let mut at = 0;
    let mut tail;
    while at < bytes.len() {
        let window: &[u8; WINDOW] = match bytes[at..].first_chunk() {
            Some(window) => window,
            None => {
                // The last bytes, filled up with zeros, which are no candidates.
                let rest = &bytes[at..];
                tail = [0; WINDOW];
                tail[..rest.len()].copy_from_slice(rest);
                &tail
            }
        };
        let mut candidates = look.step(window, &mut before);
        while candidates != 0 {
            let place = at + candidates.trailing_zeros() as usize;
            candidates &= candidates - 1;
            if place >= deaf_until && place < bytes.len() {
                deaf_until = found(place);
            }
        }
        at += STEP;
    }
}

/// The tables as lanes.
struct Look<L> {
    low: [L; 3],
    high: [L; 3],
}

/// What the step before saw in its last bytes, as the high bits of a mask.
#[derive(Default)]
struct Runs {
    digits: u64,
    stops: u64,
}

// === impl Look ===

impl<L: Lane> Look<L> {
    #[inline(always)]
    fn new(tables: &Tables) -> Self {
        let lanes = |half: &[[u8; 16]; 3]| [L::load(&half[0]), L::load(&half[1]), L::load(&half[2])];
        Look { low: lanes(&tables.low), high: lanes(&tables.high) }
    }

    /// One bit for each candidate among 64 bytes.
    #[inline(always)]
    fn step(&self, window: &[u8; WINDOW], before: &mut Runs) -> u64 {
        let (mut others, mut digits, mut stops) = (0_u64, 0_u64, 0_u64);
        for quarter in 0..4 {
            let at = quarter * 16;
            let first = L::load(part(window, at));
            let start = self
                .fits(0, first)
                .and(self.fits(1, L::load(part(window, at + 1))))
                .and(self.fits(2, L::load(part(window, at + 2))));
            let joins = first.equal(b':').or(first.equal(b'=')).or(first.equal(b'@'));
            others |= u64::from(start.or(joins).any_bits()) << at;
            digits |= u64::from(first.digits().high_bits()) << at;
            stops |= u64::from(first.equal(b'.').high_bits()) << at;
        }
        let back = |mask: u64, before: u64, by: u32| (mask << by) | (before >> (64 - by));
        let four =
            digits & back(digits, before.digits, 1) & back(digits, before.digits, 2) & back(digits, before.digits, 3);
        let address = digits & back(stops, before.stops, 1) & back(digits, before.digits, 2);
        *before = Runs { digits, stops };
        others | four | address
    }

    #[inline(always)]
    fn fits(&self, place: usize, bytes: L) -> L {
        self.low[place].look_up(bytes.low_half()).and(self.high[place].look_up(bytes.high_half()))
    }
}

#[inline(always)]
fn part(window: &[u8; WINDOW], at: usize) -> &[u8; 16] {
    window[at..].first_chunk().expect("the window reaches 16 bytes beyond every place asked for")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const JWT: Start = Start { bytes: *b"eyJ", any_case: false };
    const BEARER: Start = Start { bytes: *b"rer", any_case: true };

    fn scan(scanner: &Scanner, bytes: &[u8]) -> Vec<usize> {
        let mut places = Vec::new();
        scanner.scan(bytes, |place| {
            places.push(place);
            0
        });
        places
    }

    /// The same by the book, byte by byte.
    fn plainly(starts: &[Start], bytes: &[u8]) -> Vec<usize> {
        let digit = |place: usize| bytes[place].is_ascii_digit();
        (0..bytes.len())
            .filter(|&place| {
                let start = bytes.get(place..place + 3).is_some_and(|three| {
                    starts
                        .iter()
                        .any(|start| three == start.bytes || start.any_case && three.eq_ignore_ascii_case(&start.bytes))
                });
                start
                    || b":=@".contains(&bytes[place])
                    || place >= 3 && (place - 3..=place).all(digit)
                    || place >= 2 && digit(place) && bytes[place - 1] == b'.' && digit(place - 2)
            })
            .collect()
    }

    #[test]
    fn quiet_text_has_no_candidate() {
        let scanner = Scanner::new([JWT, BEARER]);
        assert!(
            scan(&scanner, b"latency budget exceeded on hot path, degrading: 17".strip_suffix(b": 17").unwrap())
                .is_empty()
        );
    }

    #[test]
    fn what_is_dealt_with_is_not_reported_again() {
        let scanner = Scanner::new([]);
        let mut places = Vec::new();
        scanner.scan(b"12345678 1234", |place| {
            places.push(place);
            8
        });
        assert_eq!(places, [3, 12]);
    }

    proptest! {
        /// Candidates are those of the plain definition, wherever they lie in a step.
        #[test]
        fn agrees_with_the_plain_definition(text in "[0-9.:=@eyJrREB é]{0,200}") {
            let starts = [JWT, BEARER];
            let scanner = Scanner::new(starts);
            let found = scan(&scanner, text.as_bytes());
            let plain = plainly(&starts, text.as_bytes());
            prop_assert!(plain.iter().all(|place| found.contains(place)), "{plain:?} in {found:?}");
        }

        #[test]
        fn every_implementation_finds_the_same(text in "[0-9.:=@eyJrREB é]{0,200}") {
            let scanner = Scanner::new([JWT, BEARER]);
            let mut slow = Vec::new();
            run::<portable::Bytes>(&scanner.tables, text.as_bytes(), |place| { slow.push(place); 0 });
            prop_assert_eq!(scan(&scanner, text.as_bytes()), slow);
        }
    }
}
