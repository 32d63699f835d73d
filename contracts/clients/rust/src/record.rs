//! An event on its way: one slot of fixed size, so that queues need no allocation.
//!
//! A header, then the payload of the fields that are present, in the order of the event's schema:
//!
//! | kind | bytes |
//! |---|---|
//! | int, float | 8, little endian |
//! | bool | 1 |
//! | text, json | 1 for the length, then UTF-8 |
//!
//! A text that does not fit is cut at a character boundary and the record is marked
//! [`truncated`](Record::truncated); the queue counts it. Nothing is ever allocated for it. Only
//! the bytes in use are written, the rest of the slot stays uninitialised and is never read.
//!
//! Reading trusts nothing but the slot's size: a record may have come from a file, or from memory
//! shared with another process.

mod encode;
mod fields;
pub mod json;

use std::fmt;
use std::mem::MaybeUninit;

pub use encode::RecordWriter;
pub use fields::{Fields, Value};

use crate::Component;
use crate::clock::Stamp;
use crate::schema::{EVENTS, EventSchema, Lane};

/// With the queue's own stamp of 8 bytes a slot is 256 bytes, four cache lines. An order event with
/// its five ids of 16 bytes takes about 180.
pub(crate) const RECORD_BYTES: usize = 248;
const HEADER_BYTES: usize = 32;
/// Below 256, so that a text's length is one byte.
pub(crate) const PAYLOAD_BYTES: usize = RECORD_BYTES - HEADER_BYTES;

const _: () = assert!(size_of::<Record>() == RECORD_BYTES && PAYLOAD_BYTES <= u8::MAX as usize);

/// A text was cut.
const TRUNCATED: u8 = 1;
/// `ts_ns` is still the processor's counter. Never set in a record that a drain has.
const TICKS: u8 = 2;

#[derive(Clone, Copy)]
#[repr(C)]
pub struct Record {
    ts_ns: u64,
    seq: u64,
    /// Bit `i`: field `i` of the event's schema is in the payload.
    present: u64,
    tail: Tail,
    payload: [MaybeUninit<u8>; PAYLOAD_BYTES],
}

/// The end of the header: one word, written by one store.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Tail {
    event: u16,
    component: u8,
    flags: u8,
    /// Bytes of the payload in use; those are initialised.
    len: u8,
    _spare: [u8; 3],
}

impl Record {
    /// Index into [`EVENTS`].
    pub fn event(&self) -> u16 {
        self.tail.event
    }

    /// None for bytes that no client of this contract wrote.
    pub fn schema(&self) -> Option<&'static EventSchema> {
        EVENTS.get(usize::from(self.tail.event))
    }

    /// The component whose queue it went through.
    pub fn component(&self) -> Option<Component> {
        Component::from_index(self.tail.component)
    }

    /// UTC, ns since 1970.
    pub fn ts_ns(&self) -> u64 {
        self.ts_ns
    }

    /// Position in its queue, from 1; a hole is an event that was dropped, and counted. Records come
    /// out of a queue in this order, but for the metric lane, where producers on several threads may
    /// overtake each other by a few places.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// A text was cut to fit into the slot.
    pub fn truncated(&self) -> bool {
        self.tail.flags & TRUNCATED != 0
    }

    /// The fields that are set. Ends early on a damaged record, never panics.
    pub fn fields(&self) -> Fields<'_> {
        Fields::new(self.schema(), self.present, self.payload())
    }

    fn payload(&self) -> &[u8] {
        let len = usize::from(self.tail.len).min(PAYLOAD_BYTES);
        // SAFETY: the first `len` bytes of the payload were initialised by whoever made the record:
        // `encode_into` and `from_bytes`, the only two, set `len` to what they wrote.
        unsafe { std::slice::from_raw_parts(self.payload.as_ptr().cast(), len) }
    }

    /// Gives it its time in ns, as it leaves the queue.
    pub(crate) fn settle_time(&mut self) {
        self.settle_time_by(|ticks| Stamp::Ticks(ticks).ns());
    }

    /// The same by another process's clock.
    pub(crate) fn settle_time_by(&mut self, ns: impl FnOnce(u64) -> u64) {
        if self.tail.flags & TICKS != 0 {
            self.ts_ns = ns(self.ts_ns);
            self.tail.flags &= !TICKS;
        }
    }

    /// Makes the slot a copy, leaving what is not in use as it is: in shared memory a copy of bytes
    /// that nobody has written would show what this process had there.
    pub(crate) fn copy_to(&self, slot: &mut MaybeUninit<Record>) {
        let to = slot.as_mut_ptr();
        let payload = self.payload();
        // SAFETY: field by field through a pointer to the whole of it, and no more payload than there
        // is; see `encode_into`.
        unsafe {
            (&raw mut (*to).ts_ns).write(self.ts_ns);
            (&raw mut (*to).seq).write(self.seq);
            (&raw mut (*to).present).write(self.present);
            (&raw mut (*to).tail).write(self.tail);
            std::ptr::copy_nonoverlapping(payload.as_ptr(), (&raw mut (*to).payload).cast(), payload.len());
        }
    }

    /// Makes the slot what `word` gives of each of a record's words, whoever wrote them. Asks for those
    /// in use only.
    #[inline(always)]
    pub(crate) fn copy_from(slot: &mut MaybeUninit<Record>, word: impl Fn(usize) -> u64) {
        const HEADER_WORDS: usize = HEADER_BYTES / 8;
        let to = slot.as_mut_ptr().cast::<u64>();
        // SAFETY: `at` stays below a record's words. The header has no bit pattern that one of its
        // fields would not take, and it is written before its `len` is looked at.
        unsafe {
            for at in 0..HEADER_WORDS {
                to.add(at).write(word(at));
            }
            let used = usize::from((*slot.as_ptr()).tail.len).min(PAYLOAD_BYTES);
            for at in HEADER_WORDS..HEADER_WORDS + used.div_ceil(8) {
                to.add(at).write(word(at));
            }
        }
    }

    /// Whether a client of this contract may have written it: an event of the lane, all of whose
    /// fields can be read.
    pub(crate) fn is_whole(&self, component: Component, lane: Lane) -> bool {
        self.schema().is_some_and(|schema| schema.lane == lane)
            && self.component() == Some(component)
            && self.tail.flags & !(TRUNCATED | TICKS) == 0
            && usize::from(self.tail.len) <= PAYLOAD_BYTES
            && self.fields().are_whole()
    }

    /// For a file: header and the payload in use. Read back by [`Record::from_bytes`].
    pub(crate) fn write_bytes(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.ts_ns.to_le_bytes());
        out.extend_from_slice(&self.seq.to_le_bytes());
        out.extend_from_slice(&self.present.to_le_bytes());
        out.extend_from_slice(&self.tail.event.to_le_bytes());
        out.extend_from_slice(&[self.tail.component, self.tail.flags, self.tail.len, 0, 0, 0]);
        out.extend_from_slice(self.payload());
    }

    /// None where the length is not that of a record; anything else is taken as it is.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Record> {
        let (header, payload) = bytes.split_at_checked(HEADER_BYTES)?;
        if payload.len() != usize::from(header[28]) || payload.len() > PAYLOAD_BYTES {
            return None;
        }
        let word = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().expect("eight header bytes"));
        let mut record = Record {
            ts_ns: word(0),
            seq: word(8),
            present: word(16),
            tail: Tail {
                event: u16::from_le_bytes([header[24], header[25]]),
                component: header[26],
                flags: header[27],
                len: header[28],
                _spare: [0; 3],
            },
            payload: [MaybeUninit::uninit(); PAYLOAD_BYTES],
        };
        for (slot, byte) in record.payload.iter_mut().zip(payload) {
            slot.write(*byte);
        }
        Some(record)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.write_json(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            mut bytes in proptest::collection::vec(any::<u8>(), HEADER_BYTES..=RECORD_BYTES),
            event in 0u16..80,
        ) {
            bytes[24..26].copy_from_slice(&event.to_le_bytes());
            bytes[28] = (bytes.len() - HEADER_BYTES) as u8;
            let record = Record::from_bytes(&bytes).unwrap();
            for (index, _) in record.fields() {
                prop_assert!(index < 64);
            }
            let whole = record.fields().are_whole();
            let all = record.fields().count() == record.present.count_ones() as usize;
            prop_assert!(all || !whole);
            let mut out = Vec::new();
            record.write_json(&mut out);
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&out).is_ok());
        }

        #[test]
        fn any_length_is_checked(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(record) = Record::from_bytes(&bytes) {
                let mut again = Vec::new();
                record.write_bytes(&mut again);
                prop_assert_eq!(again.len(), bytes.len());
            }
        }
    }
}
