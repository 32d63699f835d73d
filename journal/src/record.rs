//! One record on disk.
//!
//! | bytes | what |
//! |--:|---|
//! | 4 | CRC-32 of everything behind it |
//! | 4 | length of the payload |
//! | 8 | number, counted up without gaps over all segments |
//! | 1 | class |
//! | 3 | zeros |
//! | 4 | number of audited rows, *n* |
//! | | the payload |
//!
//! All numbers are little-endian. The payload of a record with audited rows begins with the position of its
//! first row (8), the chain's link before it (32), and the rows' leaves (32 each).

use crate::chain::{Hash, link};

/// What a record is worth when there is no room for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    Log = 0,
    Metric = 1,
    Audit = 2,
    Guard = 3,
}

/// The audited rows of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// Of the first row; the others follow without gaps.
    pub position: u64,
    /// The chain's link before the first row.
    pub link_before: Hash,
    pub leaves: Vec<Hash>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub number: u64,
    pub class: Class,
    /// `None` where no row is audited.
    pub audited: Option<Audited>,
    pub body: Vec<u8>,
}

pub(crate) const HEAD: usize = 24;

/// A longer payload is refused: a length beyond it, read from a disk, is damage.
pub const PAYLOAD_MAX: usize = 16 << 20;

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotWhole {
    /// They end before it does.
    Short,
    /// They say something that can't be.
    Damaged,
}

// === impl Class ===

impl Class {
    fn from_byte(byte: u8) -> Option<Class> {
        [Class::Log, Class::Metric, Class::Audit, Class::Guard].into_iter().find(|class| *class as u8 == byte)
    }
}

// === impl Audited ===

impl Audited {
    /// The chain's link behind each row.
    pub fn links(&self) -> impl Iterator<Item = Hash> {
        self.leaves.iter().scan(self.link_before, |before, leaf| {
            *before = link(before, leaf);
            Some(*before)
        })
    }

    fn bytes(rows: usize) -> usize {
        if rows == 0 { 0 } else { 40 + 32 * rows }
    }
}

pub(crate) fn payload_bytes(rows: usize, body: &[u8]) -> usize {
    Audited::bytes(rows) + body.len()
}

pub(crate) fn write(number: u64, class: Class, audited: Option<&Audited>, body: &[u8], out: &mut Vec<u8>) {
    let begin = out.len();
    let rows = audited.map_or(0, |audited| audited.leaves.len());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(payload_bytes(rows, body) as u32).to_le_bytes());
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&[class as u8, 0, 0, 0]);
    out.extend_from_slice(&(rows as u32).to_le_bytes());
    if let Some(audited) = audited.filter(|_| rows > 0) {
        out.extend_from_slice(&audited.position.to_le_bytes());
        out.extend_from_slice(&audited.link_before);
        out.extend_from_slice(audited.leaves.as_flattened());
    }
    out.extend_from_slice(body);
    let crc = crc32fast::hash(&out[begin + 4..]);
    out[begin..begin + 4].copy_from_slice(&crc.to_le_bytes());
}

/// The record with which `bytes` begin, and its length there.
pub(crate) fn read(bytes: &[u8], expected: u64) -> Result<(Record, usize), NotWhole> {
    let head = bytes.first_chunk::<HEAD>().ok_or(NotWhole::Short)?;
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (crc, length, rows) = (word(0), word(4) as usize, word(20) as usize);
    if length > PAYLOAD_MAX {
        return Err(NotWhole::Damaged);
    }
    let end = HEAD + length;
    let whole = bytes.get(..end).ok_or(NotWhole::Short)?;
    if crc32fast::hash(&whole[4..]) != crc {
        return Err(NotWhole::Damaged);
    }
    let number = u64::from(word(8)) | u64::from(word(12)) << 32;
    let class = Class::from_byte(head[16]).filter(|_| number == expected).ok_or(NotWhole::Damaged)?;
    let (audited, body) = split(&whole[HEAD..], rows).ok_or(NotWhole::Damaged)?;
    Ok((Record { number, class, audited, body: body.to_vec() }, end))
}

fn split(payload: &[u8], rows: usize) -> Option<(Option<Audited>, &[u8])> {
    if rows == 0 {
        return Some((None, payload));
    }
    let (position, rest) = payload.split_first_chunk::<8>()?;
    let (link_before, rest) = rest.split_first_chunk::<32>()?;
    let (leaves, body) = rest.split_at_checked(rows.checked_mul(32)?)?;
    let leaves = leaves.as_chunks::<32>().0.to_vec();
    Some((Some(Audited { position: u64::from_le_bytes(*position), link_before: *link_before, leaves }), body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn audited() -> impl Strategy<Value = Option<Audited>> {
        let some = (any::<u64>(), any::<Hash>(), prop::collection::vec(any::<Hash>(), 1..4))
            .prop_map(|(position, link_before, leaves)| Audited { position, link_before, leaves });
        prop::option::of(some)
    }

    proptest! {
        #[test]
        fn a_record_is_read_as_it_was_written(
            number: u64, audited in audited(), body in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut bytes = Vec::new();
            write(number, Class::Audit, audited.as_ref(), &body, &mut bytes);
            let (record, length) = read(&bytes, number).unwrap();
            prop_assert_eq!(record, Record { number, class: Class::Audit, audited, body });
            prop_assert_eq!(length, bytes.len());
        }

        /// One changed bit, or any missing end, and it is no record.
        #[test]
        fn no_bit_may_change(
            audited in audited(), body in prop::collection::vec(any::<u8>(), 0..60),
            at: prop::sample::Index, bit in 0..8, cut: prop::sample::Index,
        ) {
            let mut bytes = Vec::new();
            write(7, Class::Log, audited.as_ref(), &body, &mut bytes);
            prop_assert!(read(&bytes[..cut.index(bytes.len())], 7).is_err());
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            prop_assert!(read(&bytes, 7).is_err());
        }
    }
}
