//! Sixteen bytes in an x86 register. The byte look-up is SSSE3's, which the build doesn't presume:
//! it is asked for at run time. Natively only, for tests and for the figure beside the wasm one.

use core::arch::x86_64::{
    __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
    _mm_set1_epi8, _mm_setzero_si128, _mm_shuffle_epi8, _mm_srli_epi16, _mm_sub_epi8,
};

use super::{Lane, Tables, portable};

#[derive(Clone, Copy)]
struct Sse(__m128i);

pub(super) fn run(tables: &Tables, bytes: &[u8], found: impl FnMut(usize) -> usize) {
    if std::arch::is_x86_feature_detected!("ssse3") {
        // SAFETY: the processor has just said that it knows these instructions.
        unsafe { run_ssse3(tables, bytes, found) }
    } else {
        super::run::<portable::Bytes>(tables, bytes, found);
    }
}

#[target_feature(enable = "ssse3")]
fn run_ssse3(tables: &Tables, bytes: &[u8], found: impl FnMut(usize) -> usize) {
    super::run::<Sse>(tables, bytes, found);
}

/// Use intrinsics.
macro_rules! sse {
    ($value:expr) => {
        // SAFETY: SSE2 is part of every x86-64; SSSE3's look-up is reached only from `run_ssse3`,
        // behind the question whether the processor has it.
        unsafe { $value }
    };
}

impl Sse {
    #[inline(always)]
    fn splat(byte: u8) -> Self {
        Sse(sse!(_mm_set1_epi8(byte as i8)))
    }
}

impl Lane for Sse {
    #[inline(always)]
    fn load(bytes: &[u8; 16]) -> Self {
        // SAFETY: the reference is valid for 16 bytes; the instruction needs no alignment.
        Sse(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Sse(sse!(_mm_and_si128(self.0, other.0)))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Sse(sse!(_mm_or_si128(self.0, other.0)))
    }

    #[inline(always)]
    fn equal(self, byte: u8) -> Self {
        Sse(sse!(_mm_cmpeq_epi8(self.0, Sse::splat(byte).0)))
    }

    #[inline(always)]
    fn low_half(self) -> Self {
        self.and(Sse::splat(15))
    }

    #[inline(always)]
    fn high_half(self) -> Self {
        Sse(sse!(_mm_srli_epi16(self.0, 4))).low_half()
    }

    #[inline(always)]
    fn look_up(self, index: Self) -> Self {
        Sse(sse!(_mm_shuffle_epi8(self.0, index.0)))
    }

    #[inline(always)]
    fn digits(self) -> Self {
        let offset = sse!(_mm_sub_epi8(self.0, Sse::splat(b'0').0));
        Sse(sse!(_mm_cmpeq_epi8(_mm_min_epu8(offset, Sse::splat(9).0), offset)))
    }

    #[inline(always)]
    fn any_bits(self) -> u16 {
        !(sse!(_mm_movemask_epi8(_mm_cmpeq_epi8(self.0, _mm_setzero_si128()))) as u16)
    }

    #[inline(always)]
    fn high_bits(self) -> u16 {
        sse!(_mm_movemask_epi8(self.0)) as u16
    }
}
