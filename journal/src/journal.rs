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
mod tests {
    use super::*;
    use crate::chain::leaf;
    use crate::reader::Step;
    use crate::seal::Seal;
    use crate::simulated::{Faults, Simulated};
    use crate::survey::Found;
    use proptest::prelude::*;

    const BUDGET: Budget = Budget { segment_bytes: 600, total_bytes: 1 << 20 };

    #[derive(Clone, Debug)]
    enum Act {
        Append(Class, u8),
        Commit,
        Release(u8),
        /// The machine loses power, now or within the next few operations on the disk.
        Crash {
            after: u8,
            seed: u64,
        },
        /// The next operations fail, without a crash.
        Fail {
            after: u8,
            count: u8,
        },
    }

    fn step() -> impl Strategy<Value = Act> {
        let class = prop::sample::select(vec![Class::Log, Class::Audit, Class::Guard]);
        prop_oneof![
            8 => (class, any::<u8>()).prop_map(|(class, length)| Act::Append(class, length)),
            4 => Just(Act::Commit),
            1 => any::<u8>().prop_map(Act::Release),
            1 => (0u8..12, any::<u64>()).prop_map(|(after, seed)| Act::Crash { after, seed }),
            1 => (0u8..6, 1u8..4).prop_map(|(after, count)| Act::Fail { after, count }),
        ]
    }

    fn payload(number: u64, length: u8) -> Vec<u8> {
        (0..u64::from(length)).map(|at| (number.wrapping_mul(31) + at) as u8).collect()
    }

    /// What the journal must still have: class and payload by number.
    type Model = std::collections::BTreeMap<u64, (Class, Vec<u8>)>;

    fn holds(journal: &Journal<Simulated>, model: &Model, durable: u64) -> Result<(), TestCaseError> {
        let mut found = Model::new();
        let mut reader = journal.reader(journal.oldest());
        let mut link = None;
        while let Some(step) = reader.read_next().map_err(|error| TestCaseError::fail(error.to_string()))? {
            let Step::Record(record) = step else {
                return Err(TestCaseError::fail(format!("{step:?}")));
            };
            if let Some(audited) = record.audited {
                prop_assert!(link.is_none_or(|link| link == audited.link_before), "the chain is broken");
                link = audited.links().last();
            }
            found.insert(record.number, (record.class, record.body));
        }
        for (number, record) in model.range(journal.oldest()..durable) {
            prop_assert_eq!(found.get(number), Some(record), "record {}", number);
        }
        for (number, record) in &found {
            prop_assert_eq!(model.get(number), Some(record), "record {} was never taken", number);
        }
        Ok(())
    }

    /// Seals, heads and records say the same of the chain.
    fn is_proved(journal: &Journal<Simulated>, disk: &Simulated) -> Result<(), TestCaseError> {
        let mut seals = std::collections::BTreeMap::new();
        let mut leaves = Vec::new();
        let mut position = None;
        let mut sealed: Option<Seal> = None;
        let mut wrong = Vec::new();
        let found = crate::survey(disk, |found| match found {
            Found::Seal(seal) => {
                if let Some(before) = &sealed
                    && before.end().position != seal.position
                {
                    wrong.push(format!("{before:?} is followed by {seal:?}"));
                }
                sealed = Some(seal.clone());
                seals.insert(seal.segment, seal);
            }
            Found::Segment { first, position: begin, .. } => {
                leaves.clear();
                position = Some(begin);
                sealed = seals.get(&first).cloned();
            }
            Found::Record(record) => {
                if let Some(audited) = record.audited {
                    if position != Some(audited.position) {
                        wrong.push(format!("{position:?} is followed by {}", audited.position));
                    }
                    position = Some(audited.position + audited.leaves.len() as u64);
                    leaves.extend_from_slice(&audited.leaves);
                }
                if let Some(seal) = sealed.take_if(|seal| seal.segment + seal.records == record.number + 1)
                    && (seal.root != crate::merkle_root(&leaves) || seal.rows != leaves.len() as u64)
                {
                    wrong.push(format!("{seal:?} has another root"));
                }
            }
            other => wrong.push(format!("{other:?}")),
        });
        prop_assert!(found.is_ok());
        prop_assert!(wrong.is_empty(), "{:?}", wrong);
        prop_assert!(position.is_none_or(|position| position == journal.end().position));
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 8 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

        /// Whatever is lost with the power or fails on the disk, a record that was said to be safe is there,
        /// as it was, until it is let go.
        #[test]
        fn what_is_safe_stays_safe(steps in prop::collection::vec(step(), 1..60)) {
            let disk = Simulated::default();
            let (mut journal, _) = Journal::open(disk.clone(), BUDGET).expect("an empty disk");
            let mut model = Model::new();
            let mut safe = 0_u64;
            for (at, step) in steps.into_iter().enumerate() {
                match step {
                    Act::Append(class, length) => {
                        let payload = payload(at as u64, length);
                        let leaves = vec![leaf(&payload); usize::from(length % 4)];
                        if let Ok(Appended { number, .. }) = journal.append(class, leaves, &payload) {
                            model.insert(number, (class, payload));
                        }
                    }
                    Act::Commit => {
                        let _ = journal.commit();
                    }
                    Act::Release(back) => {
                        let _ = journal.release(safe.saturating_sub(u64::from(back)));
                    }
                    Act::Crash { after, seed } => {
                        disk.set(Faults { power_lost_after: Some(u64::from(after)), ..Faults::default() });
                        let _ = journal.commit();
                        safe = safe.max(journal.durable());
                        let oldest = journal.oldest();
                        disk.power_on(seed);
                        let (reopened, recovery) = Journal::open(disk.clone(), BUDGET).expect("a disk that works");
                        journal = reopened;
                        prop_assert!(recovery.missing.is_empty(), "{:?}", recovery);
                        prop_assert!(journal.durable() >= safe, "{} < {safe}", journal.durable());
                        prop_assert!(journal.oldest() <= oldest.max(safe));
                        model.retain(|number, _| *number < journal.durable());
                        safe = journal.durable();
                    }
                    Act::Fail { after, count } => {
                        disk.set(Faults { fail_after: Some(u64::from(after)), fail_count: u64::from(count), ..Faults::default() });
                    }
                }
                safe = safe.max(journal.durable());
                disk.set_if_calm();
                holds(&journal, &model, safe)?;
                prop_assert!(journal.bytes() <= BUDGET.total_bytes);
            }
            // A disk that works again is enough: nobody has to lend a hand.
            disk.set(Faults::default());
            prop_assert!(journal.commit().is_ok());
            prop_assert_eq!(journal.durable(), journal.end().number);
            is_proved(&journal, &disk)?;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Bytes that somebody, or a bad disk, has changed are found, never believed: what is read is what was
        /// written, and the journal goes on behind it.
        #[test]
        fn damage_is_found_and_never_believed(
            at: prop::sample::Index, file: prop::sample::Index, xor in 1_u8.., cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let disk = crate::Folder::open(folder.path()).expect("a folder");
            let (mut journal, _) = Journal::open(disk.clone(), BUDGET).expect("an empty folder");
            let mut written = Vec::new();
            for number in 0..40 {
                let body = payload(number, 60);
                journal.append(Class::Audit, vec![leaf(&body)], &body).expect("room");
                journal.commit().expect("a disk that works");
                written.push(body);
            }
            drop(journal);
            let files: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().map(|entry| entry.path()).collect();
            let path = &files[file.index(files.len())];
            let mut bytes = std::fs::read(path).expect("a file");
            let at = at.index(bytes.len());
            bytes[at] ^= xor;
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len() + 1));
            }
            std::fs::write(path, &bytes).expect("a file");
            crate::survey(&disk, |_| ()).expect("it can be looked at");
            let (mut journal, _) = Journal::open(disk, BUDGET).expect("it opens");
            let mut reader = journal.reader(journal.oldest());
            while let Some(step) = reader.read_next().expect("it can be read") {
                if let Step::Record(record) = step {
                    prop_assert_eq!(&record.body, &written[record.number as usize]);
                }
            }
            journal.append(Class::Audit, Vec::new(), b"behind it").expect("room");
            prop_assert!(journal.commit().is_ok());
        }
    }
}
