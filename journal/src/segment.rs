//! A segment's file: its name, its head, and the way through its records.
//!
//! The head has 64 bytes: `TAPLJNL1`, the number of the first record (8), the chain's link before it (32),
//! the position of the first audited row (8), zeros (4), and the CRC-32 of all that (4).

use std::io;

use crate::chain::Hash;
use crate::disk::DiskFile;
use crate::record::{self, NotWhole, Record};

pub(crate) const HEADER: usize = 64;
const MAGIC: &[u8; 8] = b"TAPLJNL1";
const ENDING: &str = ".seg";
/// Read from the disk at once.
const WINDOW: usize = 256 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) first: u64,
    pub(crate) link: Hash,
    pub(crate) position: u64,
}

pub(crate) fn name(first: u64) -> String {
    format!("{first:020}{ENDING}")
}

pub(crate) fn first_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(ENDING)?;
    (digits.len() == 20).then(|| digits.parse().ok()).flatten()
}

impl Header {
    pub(crate) fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.first.to_le_bytes());
        bytes[16..48].copy_from_slice(&self.link);
        bytes[48..56].copy_from_slice(&self.position.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..60]);
        bytes[60..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<HEADER>()?;
        let is_whole = bytes.starts_with(MAGIC) && crc32fast::hash(&bytes[..60]).to_le_bytes() == bytes[60..];
        let number = |at: usize| bytes[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let link = *bytes[16..].first_chunk::<32>()?;
        is_whole.then_some(Header { first: number(8), link, position: number(48) })
    }
}

/// Walks over a segment's records, in a window of bounded size.
pub(crate) struct Scan<F> {
    file: F,
    pub(crate) header: Header,
    /// The next record's number, and where it stands in the file.
    pub(crate) next: u64,
    pub(crate) at: u64,
    window: Vec<u8>,
    /// Where the window stands in the file.
    window_at: u64,
}

impl<F: DiskFile> Scan<F> {
    /// `None` where the file does not begin as a segment.
    pub(crate) fn open(file: F) -> io::Result<Option<Self>> {
        let mut bytes = [0; HEADER];
        let read = file.read_at(0, &mut bytes)?;
        let header = Header::from_bytes(&bytes[..read]);
        Ok(header.map(|header| Scan {
            file,
            header,
            next: header.first,
            at: HEADER as u64,
            window: Vec::new(),
            window_at: HEADER as u64,
        }))
    }

    /// The next whole record; `None` where there is none, be it the end or damage.
    pub(crate) fn next(&mut self) -> io::Result<Option<Record>> {
        let mut wanted = WINDOW;
        let mut is_fresh = false;
        loop {
            let begin = (self.at - self.window_at) as usize;
            match record::read(&self.window[begin..], self.next) {
                Ok((record, length)) => {
                    self.at += length as u64;
                    self.next += 1;
                    return Ok(Some(record));
                }
                // The file may have been written further since the window was read.
                Err(NotWhole::Damaged) if is_fresh => return Ok(None),
                Err(_) => {
                    let had = self.window.len() - begin;
                    while wanted <= had {
                        wanted *= 2;
                    }
                    self.window.resize(wanted, 0);
                    let read = self.file.read_at(self.at, &mut self.window)?;
                    self.window.truncate(read);
                    self.window_at = self.at;
                    if is_fresh && read <= had {
                        return Ok(None);
                    }
                    is_fresh = true;
                }
            }
        }
    }

    pub(crate) fn into_file(self) -> F {
        self.file
    }
}
