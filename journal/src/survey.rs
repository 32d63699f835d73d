//! Looking at a journal without touching it, be its router running or not: what `verify` walks over.

use std::io;

use crate::disk::Disk;
use crate::record::Record;
use crate::seal::{self, Seal};
use crate::segment::{Scan, first_of, name};

#[derive(Debug)]
pub enum Found {
    /// A closed segment's seal; all of them come first.
    Seal(Seal),
    /// Bytes behind the last whole line of the seals: being written, or damage.
    TornSeal,
    Segment {
        first: u64,
        position: u64,
        link: crate::Hash,
    },
    /// A segment was let go while this was looking: what follows need not follow what was before.
    Gone,
    /// A file that does not begin as a segment.
    NoSegment {
        first: u64,
    },
    Record(Record),
    /// A segment ends in front of this record, though the next one begins behind it. In the last segment
    /// nothing is said: there it is what is being written.
    Missing {
        from: u64,
        to: u64,
    },
}

pub fn survey<D: Disk>(disk: &D, mut found: impl FnMut(Found)) -> io::Result<()> {
    let (seals, _, is_torn) = seal::read(disk)?;
    seals.into_iter().for_each(|seal| found(Found::Seal(seal)));
    if is_torn {
        found(Found::TornSeal);
    }
    let mut firsts: Vec<u64> = disk.names()?.iter().filter_map(|name| first_of(name)).collect();
    firsts.sort_unstable();
    for (at, first) in firsts.iter().copied().enumerate() {
        let end = firsts.get(at + 1).copied();
        let file = match disk.open(&name(first)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                found(Found::Gone);
                continue;
            }
            other => other?,
        };
        let Some(mut scan) = Scan::open(file)?.filter(|scan| scan.header.first == first) else {
            found(Found::NoSegment { first });
            continue;
        };
        found(Found::Segment { first, position: scan.header.position, link: scan.header.link });
        let mut next = first;
        while let Some(record) = scan.next()?.filter(|record| end.is_none_or(|end| record.number < end)) {
            next = record.number + 1;
            found(Found::Record(record));
        }
        if let Some(to) = end.filter(|end| next < *end) {
            found(Found::Missing { from: next, to });
        }
    }
    Ok(())
}
