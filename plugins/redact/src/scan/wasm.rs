//! Sixteen bytes in a wasm vector (`simd128`).

use core::arch::wasm32::{
    i8x16_bitmask, i8x16_eq, i8x16_ne, i8x16_swizzle, u8x16_lt, u8x16_shr, u8x16_splat, u8x16_sub, v128, v128_and,
    v128_load, v128_or,
};

use super::Lane;

#[derive(Clone, Copy)]
pub(crate) struct V128(v128);

impl Lane for V128 {
    #[inline(always)]
    fn load(bytes: &[u8; 16]) -> Self {
        // SAFETY: the reference is valid for 16 bytes; the instruction needs no alignment.
        V128(unsafe { v128_load(bytes.as_ptr().cast()) })
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        V128(v128_and(self.0, other.0))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        V128(v128_or(self.0, other.0))
    }

    #[inline(always)]
    fn equal(self, byte: u8) -> Self {
        V128(i8x16_eq(self.0, u8x16_splat(byte)))
    }

    #[inline(always)]
    fn low_half(self) -> Self {
        V128(v128_and(self.0, u8x16_splat(15)))
    }

    #[inline(always)]
    fn high_half(self) -> Self {
        V128(u8x16_shr(self.0, 4))
    }

    #[inline(always)]
    fn look_up(self, index: Self) -> Self {
        V128(i8x16_swizzle(self.0, index.0))
    }

    #[inline(always)]
    fn digits(self) -> Self {
        V128(u8x16_lt(u8x16_sub(self.0, u8x16_splat(b'0')), u8x16_splat(10)))
    }

    #[inline(always)]
    fn any_bits(self) -> u16 {
        i8x16_bitmask(i8x16_ne(self.0, u8x16_splat(0)))
    }

    #[inline(always)]
    fn high_bits(self) -> u16 {
        i8x16_bitmask(self.0)
    }
}
