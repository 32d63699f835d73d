//! Writing a record, on the hot path: small copies in line, no zero fill, no call to `memcpy` for
//! the texts that events really carry (ids, symbols, codes).

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use super::{PAYLOAD_BYTES, Record, TICKS, TRUNCATED, Tail};
use crate::clock::Stamp;
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
    /// Makes the slot the event's record. True if a text had to be cut.
    #[inline(always)]
    pub(crate) fn encode_into<E: Event>(
        slot: &mut MaybeUninit<Record>,
        event: &E,
        component: Component,
        stamp: Stamp,
        seq: u64,
    ) -> bool {
        let record = slot.as_mut_ptr();
        // SAFETY: field by field through a pointer to the whole of it, so that the rest of the
        // payload stays unwritten. All other fields are set, which makes it a record: its payload
        // need not be initialised beyond `len`.
        unsafe {
            let mut writer = RecordWriter {
                payload: (&raw mut (*record).payload).cast(),
                used: 0,
                present: 0,
                truncated: false,
                record: PhantomData,
            };
            event.encode(&mut writer);
            let RecordWriter { used, present, truncated, .. } = writer;
            let (ts, unit) = match stamp {
                Stamp::Ticks(ticks) => (ticks, TICKS),
                Stamp::Ns(ns) => (ns, 0),
            };
            (&raw mut (*record).ts_ns).write(ts);
            (&raw mut (*record).seq).write(seq);
            (&raw mut (*record).present).write(present);
            (&raw mut (*record).tail).write(Tail {
                event: E::ID,
                component: component as u8,
                flags: unit | if truncated { TRUNCATED } else { 0 },
                len: used as u8,
                _spare: [0; 3],
            });
            truncated
        }
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
        if value.len() >= PAYLOAD_BYTES - self.used {
            self.truncated = true;
            // SAFETY: `used` bytes of the payload are in use.
            let used = unsafe { cut_text(self.payload, self.used, value) };
            self.present |= u64::from(used > self.used) << bit;
            self.used = used;
            return;
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

/// Writes as much of the text as there is room for, nothing if there is none. Bytes in use from then
/// on. By value, so that the writer itself stays in registers.
///
/// # Safety
/// `payload` is a record's, of which `used` bytes are in use.
#[cold]
#[inline(never)]
unsafe fn cut_text(payload: *mut u8, used: usize, value: &str) -> usize {
    let room = PAYLOAD_BYTES - used;
    if room == 0 {
        return used;
    }
    let kept = &value[..value.floor_char_boundary(room - 1)];
    // SAFETY: `kept.len() + 1 <= room`.
    unsafe {
        let to = payload.add(used);
        to.write(kept.len() as u8);
        std::ptr::copy_nonoverlapping(kept.as_ptr(), to.add(1), kept.len());
    }
    used + 1 + kept.len()
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
        if len > SHORT_TEXT {
            std::ptr::copy_nonoverlapping(from, to, len);
        } else if len > 16 {
            ends::<u128>(from, to, len);
        } else if len >= 8 {
            ends::<u64>(from, to, len);
        } else if len >= 4 {
            ends::<u32>(from, to, len);
        } else if len >= 2 {
            ends::<u16>(from, to, len);
        } else if len == 1 {
            to.write(from.read());
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
