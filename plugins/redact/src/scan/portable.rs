//! Sixteen bytes as an array, for targets without the instructions: the compiler makes of it what
//! it can.

use super::Lane;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes([u8; 16]);

impl Bytes {
    fn map(self, with: impl Fn(u8) -> u8) -> Self {
        Bytes(self.0.map(with))
    }

    fn zip(self, other: Self, with: impl Fn(u8, u8) -> u8) -> Self {
        Bytes(std::array::from_fn(|i| with(self.0[i], other.0[i])))
    }

    fn bits(self, is_set: impl Fn(u8) -> bool) -> u16 {
        self.0.iter().enumerate().fold(0, |bits, (i, &byte)| bits | (u16::from(is_set(byte)) << i))
    }
}

impl Lane for Bytes {
    fn load(bytes: &[u8; 16]) -> Self {
        Bytes(*bytes)
    }

    fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    fn equal(self, byte: u8) -> Self {
        self.map(|b| if b == byte { 0xff } else { 0 })
    }

    fn low_half(self) -> Self {
        self.map(|b| b & 15)
    }

    fn high_half(self) -> Self {
        self.map(|b| b >> 4)
    }

    fn look_up(self, index: Self) -> Self {
        index.map(|i| self.0[usize::from(i & 15)])
    }

    fn digits(self) -> Self {
        self.map(|b| if b.is_ascii_digit() { 0xff } else { 0 })
    }

    fn any_bits(self) -> u16 {
        self.bits(|b| b != 0)
    }

    fn high_bits(self) -> u16 {
        self.bits(|b| b & 0x80 != 0)
    }
}
