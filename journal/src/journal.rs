//! Writing, finding the end again after a crash, and letting go of what all readers are past.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use crate::chain::{Hash, ORIGIN};
use crate::disk::{Disk, DiskFile};
use crate::reader::{Published, Reader, View};
use crate::record::{self, Audited, Class, HEAD, PAYLOAD_MAX};
use crate::seal::{Seal, Seals};
use crate::segment::{HEADER, Header, Scan, first_of, name};

/// Bytes on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// A segment is closed where it would grow beyond this.
    pub segment_bytes: u64,
    /// All segments together never take more.
    pub total_bytes: u64,
}

/// Where a journal stands: what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Of the next record.
    pub number: u64,
    /// Of the next audited row; the first ever is 1.
    pub position: u64,
    /// The chain behind the last audited row.
    pub link: Hash,
}

/// There is no room for this record: its class has used its share of the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal has {used} of {budget} bytes, a share that {class:?} records may not exceed")]
pub struct Full {
    pub class: Class,
    pub used: u64,
    pub budget: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error(transparent)]
    Full(#[from] Full),
    #[error("a record of {0} bytes; the most is {PAYLOAD_MAX}")]
    TooLong(usize),
    #[error("can't {operation} {file}: {source}")]
    Io { operation: &'static str, file: String, source: io::Error },
}

/// A record that was taken, and is safe once [`Journal::durable`] is above its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    pub number: u64,
    pub audited: Option<Audited>,
}

/// What was found when the journal was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Bytes behind the last whole record, cut off: what was being written when the machine died.
    pub cut_bytes: u64,
    /// Numbers that should be there and are not: from, and up to but without. Only damage does this.
    pub missing: Vec<(u64, u64)>,
}

pub struct Journal<D: Disk> {
    disk: D,
    budget: Budget,
    segments: VecDeque<Segment>,
    /// The last segment, while it is open for more.
    open: Option<D::File>,
    /// Records, written but for the disk.
    pending: Vec<u8>,
    /// Of the open segment's audited rows, the pending ones too.
    leaves: Vec<Hash>,
    /// With what is pending.
    end: End,
    /// The same, as it is on disk.
    durable: Durable,
    seals: Seals,
    published: Arc<Published>,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    first: u64,
    bytes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Durable {
    end: End,
    leaves: usize,
}

// === impl Budget ===

impl Budget {
    /// Where the sum of all segments ends for a class: the rest is kept for those that matter more.
    pub fn share(&self, class: Class) -> u64 {
        let hundredths = match class {
            Class::Log | Class::Metric => 70,
            Class::Audit => 95,
            Class::Guard => 100,
        };
        self.total_bytes / 100 * hundredths
    }
}

// === impl Journal ===

impl<D: Disk + Clone> Journal<D> {
    /// Reads what is safe, from a record on.
    pub fn reader(&self, from: u64) -> Reader<D> {
        Reader::new(self.disk.clone(), self.published.clone(), from)
    }
}

impl<D: Disk> Journal<D> {
    /// Opens a journal, or begins one where there is none.
    pub fn open(disk: D, budget: Budget) -> Result<(Self, Recovery), JournalError> {
        let failed = |operation, file: &str| {
            let file = file.to_owned();
            move |source| JournalError::Io { operation, file, source }
        };
        let mut firsts: Vec<u64> =
            disk.names().map_err(failed("list", "the segments"))?.iter().filter_map(|name| first_of(name)).collect();
        firsts.sort_unstable();
        let seals = Seals::open(&disk).map_err(failed("read", "the seals"))?;
        // Without any segment it goes on where the last one was closed.
        let begin = seals.last.as_ref().map_or(End { number: 0, position: 1, link: ORIGIN }, Seal::end);
        let mut recovery = Recovery::default();
        let mut journal = Journal {
            disk,
            budget,
            segments: VecDeque::new(),
            open: None,
            pending: Vec::new(),
            leaves: Vec::new(),
            end: begin,
            durable: Durable { end: begin, leaves: 0 },
            seals,
            published: Arc::default(),
        };
        let mut scans = Vec::new();
        for first in firsts {
            let file_name = name(first);
            let file = journal.disk.open(&file_name).map_err(failed("open", &file_name))?;
            let bytes = file.bytes().map_err(failed("look at", &file_name))?;
            let scan = Scan::open(file).map_err(failed("read", &file_name))?.filter(|scan| scan.header.first == first);
            scans.push((first, bytes, scan));
        }
        // The last one's head never reached the disk, and so did nothing in it: nobody was told that it is
        // safe. Another one's is damage, which shows as missing numbers below.
        while let Some((first, bytes, _)) = scans.pop_if(|(_, _, scan)| scan.is_none()) {
            journal.disk.remove(&name(first)).map_err(failed("remove", &name(first)))?;
            recovery.cut_bytes += bytes;
        }
        let mut scans: VecDeque<_> =
            scans.into_iter().filter_map(|(first, bytes, scan)| Some((first, bytes, scan?))).collect();
        while let Some((first, bytes, mut scan)) = scans.pop_front() {
            let file_name = name(first);
            if !journal.segments.is_empty() && first > journal.end.number {
                recovery.missing.push((journal.end.number, first));
            }
            journal.end = End { number: first, position: scan.header.position, link: scan.header.link };
            journal.leaves.clear();
            // What this one holds beyond the beginning of the next was begun anew there.
            let limit = scans.front().map_or(u64::MAX, |(next, ..)| *next);
            // So was what is behind its end by its seal.
            let seal = journal.seals.last.as_ref().filter(|seal| seal.segment == first);
            let limit = seal.map_or(limit, |seal| limit.min(seal.end().number));
            let mut whole = scan.at;
            while let Some(record) = scan.next().map_err(failed("read", &file_name))? {
                if record.number >= limit {
                    break;
                }
                journal.take_over(record.number, record.audited.as_ref());
                whole = scan.at;
            }
            journal.segments.push_back(Segment { first, bytes });
            if !scans.is_empty() {
                if journal.seals.last.as_ref().is_none_or(|seal| seal.segment < first) {
                    journal.seals.add(Seal::new(first, &journal.leaves, &journal.end));
                }
                continue;
            }
            let mut file = scan.into_file();
            if bytes > whole {
                recovery.cut_bytes += bytes - whole;
                file.truncate(whole).map_err(failed("cut", &file_name))?;
            }
            file.sync().map_err(failed("sync", &file_name))?;
            if let Some(segment) = journal.segments.back_mut() {
                segment.bytes = whole;
            }
            match &journal.seals.last {
                // Closed, and the machine died before the next one was begun.
                Some(seal) if seal.segment >= first => journal.leaves.clear(),
                _ => journal.open = Some(file),
            }
        }
        journal.disk.sync().map_err(failed("sync", "the folder"))?;
        journal.seals.write(&journal.disk).map_err(failed("write", "the seals"))?;
        journal.durable = Durable { end: journal.end, leaves: journal.leaves.len() };
        journal.publish();
        Ok((journal, recovery))
    }

    /// Goes on behind what others have of this journal already, where that is further: its folder was lost,
    /// or an older copy was put in its place. Says whether it was so.
    pub fn go_behind(&mut self, number: u64, position: u64, link: Hash) -> bool {
        let is_behind = number > self.end.number || position > self.end.position;
        if is_behind {
            self.close();
            let link = if position > self.end.position { link } else { self.end.link };
            self.end = End { number: number.max(self.end.number), position: position.max(self.end.position), link };
            self.durable = Durable { end: self.end, leaves: 0 };
            self.publish();
        }
        is_behind
    }

    /// Takes a record, with the leaves of the audited rows in it; it is safe after the next
    /// [`Journal::commit`].
    pub fn append(&mut self, class: Class, leaves: Vec<Hash>, body: &[u8]) -> Result<Appended, JournalError> {
        let payload = record::payload_bytes(leaves.len(), body);
        if payload > PAYLOAD_MAX {
            return Err(JournalError::TooLong(payload));
        }
        let bytes = (HEAD + payload) as u64;
        let used = self.bytes();
        let budget = self.budget.share(class);
        if used + bytes + HEADER as u64 > budget {
            return Err(Full { class, used, budget }.into());
        }
        let open_bytes = self.segments.back().map_or(0, |segment| segment.bytes) + self.pending.len() as u64;
        if self.open.is_some() && open_bytes > HEADER as u64 && open_bytes + bytes > self.budget.segment_bytes {
            // Where that fails the segment is given up, and what is not safe goes into the next one; the next
            // commit says so.
            if self.commit().is_ok() {
                self.close();
            }
        }
        let number = self.end.number;
        let audited =
            (!leaves.is_empty()).then_some(Audited { position: self.end.position, link_before: self.end.link, leaves });
        record::write(number, class, audited.as_ref(), body, &mut self.pending);
        self.take_over(number, audited.as_ref());
        Ok(Appended { number, audited })
    }

    /// Writes and syncs what was taken. Where that fails nothing is lost: what is not safe stays here, and
    /// the next commit begins a new segment with it, since a file whose sync has failed can't be trusted.
    pub fn commit(&mut self) -> Result<(), JournalError> {
        // Where this fails it is tried again, at the latest before the segment goes.
        let _ = self.seals.write(&self.disk);
        if self.durable.end.number == self.end.number {
            return Ok(());
        }
        let result = self.write();
        match &result {
            Ok(()) => {
                self.pending.clear();
                self.durable = Durable { end: self.end, leaves: self.leaves.len() };
            }
            Err(_) => self.abandon(),
        }
        self.publish();
        result
    }

    /// Records below this number are safe.
    pub fn durable(&self) -> u64 {
        self.durable.end.number
    }

    /// Where it stands, what is not safe yet included.
    pub fn end(&self) -> End {
        self.end
    }

    /// The oldest record that is still here.
    pub fn oldest(&self) -> u64 {
        self.segments.front().map_or(self.durable.end.number, |segment| segment.first)
    }

    /// Bytes of all segments, with what is not written yet.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum::<u64>() + self.pending.len() as u64
    }

    /// Bytes that were taken and are not safe yet.
    pub fn pending_bytes(&self) -> usize {
        self.pending.len()
    }

    /// Lets go of segments that hold nothing from `number` on. The last one stays. Their seals are on disk
    /// before they go.
    pub fn release(&mut self, number: u64) -> Result<(), JournalError> {
        let number = number.min(self.durable.end.number);
        if self.segments.get(1).is_none_or(|second| second.first > number) {
            return Ok(());
        }
        let failed = |operation, file: &str| {
            let file = file.to_owned();
            move |source| JournalError::Io { operation, file, source }
        };
        self.seals.write(&self.disk).map_err(failed("write", "the seals"))?;
        let mut result = Ok(());
        while self.segments.get(1).is_some_and(|second| second.first <= number) && result.is_ok() {
            let file = name(self.segments[0].first);
            result = self.disk.remove(&file).map_err(failed("remove", &file));
            if result.is_ok() {
                self.segments.pop_front();
            }
        }
        self.publish();
        result.and(self.disk.sync().map_err(failed("sync", "the folder")))
    }

    /// Whether a release up to `number` would let anything go.
    pub fn would_release(&self, number: u64) -> bool {
        self.segments.get(1).is_some_and(|second| second.first <= number.min(self.durable.end.number))
    }

    fn publish(&self) {
        let segments = self.segments.iter().map(|segment| segment.first).collect();
        self.published.set(View { segments, durable: self.durable.end.number });
    }

    fn take_over(&mut self, number: u64, audited: Option<&Audited>) {
        self.end.number = number + 1;
        if let Some(audited) = audited {
            self.end.position = audited.position + audited.leaves.len() as u64;
            self.end.link = audited.links().last().unwrap_or(audited.link_before);
            self.leaves.extend_from_slice(&audited.leaves);
        }
    }

    fn write(&mut self) -> Result<(), JournalError> {
        if self.open.is_none() {
            let begin = self.durable.end;
            let header = Header { first: begin.number, link: begin.link, position: begin.position };
            let file_name = name(header.first);
            let failed = |operation| {
                let file = file_name.clone();
                move |source| JournalError::Io { operation, file, source }
            };
            let mut file = match self.disk.create(&file_name) {
                // Left by a try that could not take it away again; nothing in it is safe.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    self.disk.remove(&file_name).and_then(|()| self.disk.create(&file_name))
                }
                created => created,
            }
            .map_err(failed("create"))?;
            let begun = file.append(&header.to_bytes()).and_then(|()| file.sync()).and_then(|()| self.disk.sync());
            if let Err(source) = begun {
                let _ = self.disk.remove(&file_name);
                return Err(failed("begin")(source));
            }
            self.segments.push_back(Segment { first: header.first, bytes: HEADER as u64 });
            self.open = Some(file);
        }
        let Some((file, segment)) = self.open.as_mut().zip(self.segments.back_mut()) else { return Ok(()) };
        let failed = |operation| {
            let file = name(segment.first);
            move |source| JournalError::Io { operation, file, source }
        };
        file.append(&self.pending).map_err(failed("write"))?;
        file.sync().map_err(failed("sync"))?;
        segment.bytes += self.pending.len() as u64;
        Ok(())
    }

    /// Nothing more goes into the open segment. Its seal covers what is safe in it.
    fn close(&mut self) {
        let Some(segment) = self.open.take().and(self.segments.back()) else { return };
        self.seals.add(Seal::new(segment.first, &self.leaves[..self.durable.leaves], &self.durable.end));
        self.leaves.drain(..self.durable.leaves);
        self.durable.leaves = 0;
    }

    /// The open segment can't be trusted beyond what was safe in it.
    fn abandon(&mut self) {
        let Some(segment) = self.open.as_ref().and(self.segments.back().copied()) else { return };
        if segment.first == self.durable.end.number {
            // Nothing of it was: the next one begins with the same record, and has its name.
            self.open = None;
            let _ = self.disk.remove(&name(segment.first)).and_then(|()| self.disk.sync());
            self.segments.pop_back();
        } else {
            // Where this fails too, recovery ignores what is behind the next segment's beginning.
            if let Some(file) = &mut self.open {
                let _ = file.truncate(segment.bytes).and_then(|()| file.sync());
            }
            self.close();
        }
    }
}

#[cfg(test)]
mod tests;
