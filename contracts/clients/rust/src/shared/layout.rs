//! What lies where in a ring file. Another process reads it: a change here is a new [`VERSION`].
//!
//! | from | bytes | what | written by |
//! |---|---|---|---|
//! | 0 | 8 KiB | head: magic, version, length, CRC, JSON | the owner, once |
//! | 8 KiB | | [`OwnerWords`]: claims, losses, clock | the owner |
//! | 64 KiB | | [`ReaderWords`]: how far it is | the reader; the owner reads `released` |
//! | 128 KiB | 256 a slot | the rings' slots | the owner |
//!
//! The reader maps its own words for writing and all else for reading. 64 KiB, so that its words
//! are pages of their own on every machine. Numbers are in the byte order of the machine, which is
//! part of the magic.

use std::sync::atomic::AtomicU64;

use crate::Record;
use crate::losses::LossWords;
use crate::ring::{Padded, Slot};
use crate::schema::Lane;

pub(super) const VERSION: u32 = 1;
/// As it stands in memory; on a machine of the other byte order it reads differently.
pub(super) const MAGIC: u64 = u64::from_le_bytes(*b"TAPLring");
pub(super) const HEAD_BYTES: usize = 8 * 1024;
pub(super) const OWNER_FROM: usize = HEAD_BYTES;
pub(super) const READER_FROM: usize = 64 * 1024;
pub(super) const READER_BYTES: usize = 64 * 1024;
pub(super) const SLOTS_FROM: usize = READER_FROM + READER_BYTES;
pub(super) const SLOT_BYTES: usize = size_of::<Slot<Record>>();

/// A slot as its reader sees it: words that may change at any moment, whoever writes them.
#[repr(C, align(64))]
pub(super) struct SlotWords {
    pub(super) stamp: AtomicU64,
    pub(super) record: [AtomicU64; size_of::<Record>() / 8],
}

#[repr(C)]
pub(super) struct OwnerWords {
    pub(super) lanes: [OwnerLane; Lane::COUNT],
    /// The overflow of the audit lane: claimed, and taken by the owner's keeper.
    pub(super) overflow_claim: Padded<AtomicU64>,
    pub(super) overflow_released: Padded<AtomicU64>,
    pub(super) anchors: AnchorWords,
}

#[repr(C)]
pub(super) struct OwnerLane {
    pub(super) claim: Padded<AtomicU64>,
    pub(super) losses: LossWords,
}

/// The owner's clock: counter value, UTC ns, ns per tick with 32 fractional bits. Two, by turns.
#[derive(Debug)]
#[repr(C, align(128))]
pub(super) struct AnchorWords {
    pub(super) generation: AtomicU64,
    pub(super) anchors: [[AtomicU64; 3]; 2],
}

#[repr(C)]
pub(super) struct ReaderWords {
    pub(super) lanes: [ReaderLane; Lane::COUNT],
}

#[repr(C, align(128))]
pub(super) struct ReaderLane {
    /// Ring positions passed, from the start: the one word of the reader's that the owner uses.
    pub(super) released: Padded<AtomicU64>,
    /// What the reader had counted by then. Two, by turns: a reader that is killed while it writes
    /// leaves the other one whole.
    pub(super) notes: [[AtomicU64; NOTE_WORDS]; 2],
}

pub(super) const NOTE_WORDS: usize = 8;

const _: () = {
    assert!(SLOT_BYTES == 256 && size_of::<SlotWords>() == SLOT_BYTES);
    assert!(OWNER_FROM + size_of::<OwnerWords>() <= READER_FROM);
    assert!(size_of::<ReaderWords>() <= READER_BYTES);
    assert!(OWNER_FROM.is_multiple_of(align_of::<OwnerWords>()));
    assert!(SLOTS_FROM.is_multiple_of(align_of::<SlotWords>()));
};

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;

    /// Readers of this version rely on every one of these.
    #[test]
    fn everything_is_where_version_1_has_it() {
        assert_eq!(VERSION, 1);
        assert_eq!((size_of::<OwnerLane>(), size_of::<ReaderLane>(), size_of::<LossWords>()), (256, 256, 128));
        assert_eq!(offset_of!(OwnerLane, losses), 128);
        assert_eq!(offset_of!(OwnerWords, overflow_claim), 1024);
        assert_eq!(offset_of!(OwnerWords, overflow_released), 1152);
        assert_eq!(offset_of!(OwnerWords, anchors), 1280);
        assert_eq!(offset_of!(AnchorWords, anchors), 8);
        assert_eq!(offset_of!(ReaderLane, notes), 128);
        assert_eq!(offset_of!(LossWords, truncated), 56);
        assert_eq!(offset_of!(LossWords, spilled), 72);
        assert_eq!(offset_of!(SlotWords, record), 8);
        assert_eq!(&MAGIC.to_le_bytes(), b"TAPLring");
    }
}
