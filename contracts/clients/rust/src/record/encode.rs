//! Writing a record, on the hot path: small copies in line, no zero fill, no call to `memcpy` for
//! the texts that events really carry (ids, symbols, codes).

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use super::{PAYLOAD_BYTES, Record, TRUNCATED};
use crate::{Component, Event};

/// Up to this length a text is copied by two overlapping moves, above it by `memcpy`.
const SHORT_TEXT: usize = 32;

/// Takes the fields of one event, in the order of its schema. A field that finds no room is left
/// out (a number) or cut (a text), and the record marked.
#[derive(Debug)]
pub struct RecordWriter<'r> {
    payload: *mut u8,
    used: usize,
    present: u64,
    truncated: bool,
    record: PhantomData<&'r mut Record>,
}

impl Record {
    /// The event as a record. Its `seq` is the queue's to give.
    #[inline(always)]
    pub(crate) fn encode<E: Event>(event: &E, component: Component, ts_ns: u64) -> Record {
        let mut record = Record {
            ts_ns,
            seq: 0,
            present: 0,
            event: E::ID,
            component: component as u8,
            flags: 0,
            len: 0,
            _spare: [0; 3],
            payload: [MaybeUninit::uninit(); PAYLOAD_BYTES],
        };
        let mut writer = RecordWriter {
            payload: record.payload.as_mut_ptr().cast(),
            used: 0,
            present: 0,
            truncated: false,
            record: PhantomData,
        };
        event.encode(&mut writer);
        let RecordWriter {
            used,
            present,
            truncated,
            ..
        } = writer;
        record.present = present;
        record.len = used as u8;
        record.flags = if truncated { TRUNCATED } else { 0 };
        record
    }
}

impl RecordWriter<'_> {
    #[inline(always)]
    pub fn int(&mut self, bit: u32, value: i64) {
        self.number(bit, value.to_le_bytes());
    }

    #[inline(always)]
    pub fn int_opt(&mut self, bit: u32, value: Option<i64>) {
        if let Some(value) = value {
            self.int(bit, value);
        }
    }

    #[inline(always)]
    pub fn float(&mut self, bit: u32, value: f64) {
        self.number(bit, value.to_le_bytes());
    }

    #[inline(always)]
    pub fn float_opt(&mut self, bit: u32, value: Option<f64>) {
        if let Some(value) = value {
            self.float(bit, value);
        }
    }

    #[inline(always)]
    pub fn bool(&mut self, bit: u32, value: bool) {
        self.number(bit, [u8::from(value)]);
    }

    #[inline(always)]
    pub fn bool_opt(&mut self, bit: u32, value: Option<bool>) {
        if let Some(value) = value {
            self.bool(bit, value);
        }
    }

    /// A required text. An empty one is a field that nobody set: it is left out, so that a missing
    /// join key looks like one.
    #[inline(always)]
    pub fn text(&mut self, bit: u32, value: &str) {
        if !value.is_empty() {
            self.text_opt(bit, Some(value));
        }
    }

    #[inline(always)]
    pub fn text_opt(&mut self, bit: u32, value: Option<&str>) {
        let Some(value) = value else { return };
        let room = PAYLOAD_BYTES - self.used;
        if value.len() >= room {
            return self.cut_text(bit, value);
        }
        // SAFETY: one byte and `value.len()` more lie within the payload, see above.
        unsafe {
            let to = self.payload.add(self.used);
            to.write(value.len() as u8);
            copy(value.as_ptr(), to.add(1), value.len());
        }
        self.used += 1 + value.len();
        self.present |= 1 << bit;
    }

    /// As much as there is room for. With no room at all the field is left out.
    #[cold]
    #[inline(never)]
    fn cut_text(&mut self, bit: u32, value: &str) {
        self.truncated = true;
        let room = PAYLOAD_BYTES - self.used;
        if room == 0 {
            return;
        }
        let kept = &value[..value.floor_char_boundary(room - 1)];
        // SAFETY: `kept.len() + 1 <= room`.
        unsafe {
            let to = self.payload.add(self.used);
            to.write(kept.len() as u8);
            std::ptr::copy_nonoverlapping(kept.as_ptr(), to.add(1), kept.len());
        }
        self.used += 1 + kept.len();
        self.present |= 1 << bit;
    }

    #[inline(always)]
    fn number<const N: usize>(&mut self, bit: u32, bytes: [u8; N]) {
        if self.used + N > PAYLOAD_BYTES {
            self.truncated = true;
            return;
        }
        // SAFETY: `N` bytes from `used` on lie within the payload, see above.
        unsafe { self.payload.add(self.used).cast::<[u8; N]>().write(bytes) };
        self.used += N;
        self.present |= 1 << bit;
    }
}

/// Copies `len` bytes by two moves that may overlap.
///
/// # Safety
/// As for `ptr::copy_nonoverlapping`.
#[inline(always)]
unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    /// The first and the last `size_of::<T>()` bytes of `len`.
    #[inline(always)]
    unsafe fn ends<T: Copy>(from: *const u8, to: *mut u8, len: usize) {
        let last = len - size_of::<T>();
        // SAFETY: the caller has `len >= size_of::<T>()`, so both moves stay within `len`.
        unsafe {
            let head = from.cast::<T>().read_unaligned();
            let tail = from.add(last).cast::<T>().read_unaligned();
            to.cast::<T>().write_unaligned(head);
            to.add(last).cast::<T>().write_unaligned(tail);
        }
    }
    // SAFETY: each arm's moves stay within `len` bytes, which the caller vouches for.
    unsafe {
        match len {
            8..=16 => ends::<u64>(from, to, len),
            17..=SHORT_TEXT => ends::<u128>(from, to, len),
            4..=7 => ends::<u32>(from, to, len),
            2..=3 => ends::<u16>(from, to, len),
            1 => to.write(from.read()),
            0 => {}
            _ => std::ptr::copy_nonoverlapping(from, to, len),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_every_length() {
        let from: Vec<u8> = (0..=255).collect();
        for len in 0..200 {
            let mut to = vec![0u8; 201];
            // SAFETY: both are longer than `len`.
            unsafe { copy(from.as_ptr(), to.as_mut_ptr(), len) };
            assert_eq!(to[..len], from[..len]);
            assert!(to[len..].iter().all(|b| *b == 0), "{len}");
        }
    }
}
