//! The bytes of a JSON string that need a second look: `"`, `\` and the control characters
//! (RFC 8259, section 7). Most strings of telemetry have none, so what counts is how fast they are
//! passed over.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The place of the first special byte from `at` on; the text's length where there is none.
#[inline]
pub fn next(text: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = text.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        let found = marks_of_16(chunk);
        if found != 0 {
            return at + found.trailing_zeros() as usize;
        }
        at += 16;
    }
    if let Some(chunk) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let found = marks_of_8(*chunk);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

/// Whether a text has none. The last bytes are looked at together with some before them, so that no
/// length is slow.
#[inline]
pub fn has_none(text: &[u8]) -> bool {
    if let (Some(_), Some(last)) = (text.first_chunk::<16>(), text.last_chunk::<16>()) {
        let (chunks, _) = text.as_chunks::<16>();
        return chunks.iter().fold(marks_of_16(last), |found, chunk| found | marks_of_16(chunk)) == 0;
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        return marks_of_8(*first) | marks_of_8(*last) == 0;
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let both = u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
        return marks_of_8(both.to_le_bytes()) == 0;
    }
    !text.iter().any(|byte| is_special(*byte))
}

#[inline]
fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..0x20)
}

/// The highest bit of each special byte. A borrow can also mark bytes above a special one, never below.
#[inline]
fn marks_of_8(chunk: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(chunk);
    let zeros = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
    let control = word.wrapping_sub(LOW * 0x20) & !word & HIGH;
    zeros(word ^ (LOW * u64::from(b'"'))) | zeros(word ^ (LOW * u64::from(b'\\'))) | control
}

/// Bit i is set where byte i is special. Every x86-64 processor has these instructions (SSE2).
#[cfg(target_arch = "x86_64")]
#[inline]
fn marks_of_16(chunk: &[u8; 16]) -> u32 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_max_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    };
    let word = u128::from_le_bytes(*chunk);
    // SAFETY: SSE2 is part of the x86-64 baseline that this is compiled for.
    unsafe {
        let bytes = _mm_set_epi64x((word >> 64) as i64, word as i64);
        let last_control = _mm_set1_epi8(0x1f);
        let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
        let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
        let control = _mm_cmpeq_epi8(_mm_max_epu8(bytes, last_control), last_control);
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control)) as u32
    }
}

/// Bit i is set where byte i is special, except that bytes behind the first one may be marked too.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn marks_of_16(chunk: &[u8; 16]) -> u32 {
    let word = u128::from_le_bytes(*chunk);
    let low = marks_of_8((word as u64).to_le_bytes());
    let high = marks_of_8(((word >> 64) as u64).to_le_bytes());
    // Only the first mark is looked at.
    match (low, high) {
        (0, 0) => 0,
        (0, high) => 1 << (8 + high.trailing_zeros() / 8),
        (low, _) => 1 << (low.trailing_zeros() / 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_the_first(text in proptest::collection::vec(any::<u8>(), 0..70), at in 0usize..75) {
            let plainly = text.iter().enumerate().skip(at).find(|(_, byte)| is_special(**byte));
            prop_assert_eq!(next(&text, at), plainly.map_or(text.len().max(at), |(at, _)| at));
        }

        #[test]
        fn finds_the_only_one(length in 0usize..70, at in any::<prop::sample::Index>(), byte in prop::sample::select(b"\"\\\x00\x1f\n".to_vec())) {
            let mut text = vec![b'a'; length];
            prop_assert!(has_none(&text));
            prop_assert_eq!(next(&text, 0), length);
            if length > 0 {
                let at = at.index(length);
                text[at] = byte;
                prop_assert!(!has_none(&text));
                prop_assert_eq!(next(&text, 0), at);
            }
        }

        #[test]
        fn has_none_agrees(text in proptest::collection::vec(0x18u8..0xff, 0..40)) {
            prop_assert_eq!(has_none(&text), next(&text, 0) == text.len());
        }
    }
}
