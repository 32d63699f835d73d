//! Reading behind the writer, from another thread: safe records, in order, as they come.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::disk::Disk;
use crate::journal::JournalError;
use crate::record::Record;
use crate::segment::{Scan, name};

/// What the writer lets readers know.
#[derive(Debug, Default)]
pub(crate) struct Published(Mutex<View>);

#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    /// The first record's number of each segment.
    pub(crate) segments: Vec<u64>,
    /// Records below this number are safe.
    pub(crate) durable: u64,
}

impl Published {
    pub(crate) fn set(&self, view: View) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = view;
    }

    fn durable(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).durable
    }

    /// The segment that `number` is in, and where it ends; the oldest where it is older than all.
    fn segment_of(&self, number: u64) -> Option<(u64, u64)> {
        let view = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = view.segments.partition_point(|first| *first <= number).saturating_sub(1);
        let first = *view.segments.get(at)?;
        Some((first, view.segments.get(at + 1).copied().unwrap_or(view.durable)))
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Record(Record),
    /// Records from, and up to but without, that should be there and are not: damage, or let go already.
    Missing(u64, u64),
}

pub struct Reader<D: Disk> {
    disk: D,
    published: Arc<Published>,
    next: u64,
    scan: Option<Scan<D::File>>,
}

impl<D: Disk> Reader<D> {
    pub(crate) fn new(disk: D, published: Arc<Published>, next: u64) -> Self {
        Reader { disk, published, next, scan: None }
    }

    /// The number of the record that comes next.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Goes to another record.
    pub fn seek(&mut self, number: u64) {
        if number < self.next {
            self.scan = None;
        }
        self.next = number;
    }

    /// The next safe record; `None` when there is none yet.
    pub fn read_next(&mut self) -> Result<Option<Step>, JournalError> {
        if self.next >= self.published.durable() {
            return Ok(None);
        }
        let Some((first, end)) = self.published.segment_of(self.next) else { return Ok(None) };
        if self.next < first {
            return Ok(Some(self.missing(first)));
        }
        let file = name(first);
        let failed = |source: io::Error| JournalError::Io { operation: "read", file: file.clone(), source };
        if self.scan.as_ref().is_none_or(|scan| scan.header.first != first || scan.next > self.next) {
            self.scan = self.disk.open(&file).and_then(Scan::open).map_err(failed)?;
        }
        if let Some(scan) = &mut self.scan {
            while let Some(record) = scan.next().map_err(failed)? {
                if record.number >= self.next && record.number < end {
                    self.next = record.number + 1;
                    return Ok(Some(Step::Record(record)));
                }
                if record.number >= end {
                    break;
                }
            }
        }
        Ok(Some(self.missing(end)))
    }

    fn missing(&mut self, end: u64) -> Step {
        let from = self.next;
        self.next = end;
        self.scan = None;
        Step::Missing(from, end)
    }
}
