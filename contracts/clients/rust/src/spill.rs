//! The files that take what a filling audit queue can't hold: bounded, in order, gone once drained.
//!
//! Only the client's own thread writes them and only drains read them, both under the lock of the
//! queue they belong to; an emitting thread never comes here. A new file is begun when the last one
//! has its size, and each goes as soon as it is drained, so that the budget is room for what waits,
//! not for what has gone. While a run lives it holds a lock on its files. A file without one is what a dead run left, and the next run of the same service takes it
//! over as a [`Stream`](crate::Stream) of the old run ([`left_behind`]).
//!
//! A file is a [`Head`], then frames of `length u16, crc32 u32, record`. A process that dies while
//! writing leaves a torn last frame, which is cut off; the first damaged frame anywhere else ends
//! the file's use, since nothing after it can be found, and what was in it is counted as lost.

mod file;
mod left;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use file::{FRAME_BYTES_MAX, HEAD_BYTES_MAX};
pub(crate) use file::{Head, SpillFile};
pub(crate) use left::{LeftStream, left_behind, left_by};

use crate::Record;

/// Records written by one call: 64 KiB at most.
const BATCH: usize = 256;

/// A queue's budget is cut into so many files...
const FILES: u64 = 8;
/// ...unless they became silly.
const FILE_BYTES_MIN: u64 = 64 * 1024;

/// Where spill files go and how large one may get.
#[derive(Clone, Debug)]
pub(crate) struct SpillPlace {
    pub(crate) dir: PathBuf,
    /// For each component.
    pub(crate) budget_bytes: u64,
}

impl SpillPlace {
    /// For queues in shared memory: the process that reads those reads their files too, so no later
    /// run may find them.
    pub(crate) fn shared(&self) -> SpillPlace {
        SpillPlace { dir: self.dir.join("shared"), budget_bytes: self.budget_bytes }
    }
}

/// Why a full queue is not being relieved, if it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum SpillState {
    Ready = 0,
    Full = 1,
    Failed = 2,
}

/// The spill of one queue. Makes a file when there is something to put into it.
#[derive(Debug)]
pub(crate) struct Spill {
    place: Arc<SpillPlace>,
    head: Head,
    /// Oldest first; only the last one is written to.
    files: VecDeque<SpillFile>,
    /// Number of the next file.
    next: u32,
    /// Taken from the queue, but not written yet because that failed: they stay here, in order.
    stuck: VecDeque<Record>,
    /// Read to their end, until the reader says that it has the records elsewhere.
    read: Vec<SpillFile>,
}

impl Spill {
    pub(crate) fn new(place: Arc<SpillPlace>, head: Head) -> Spill {
        Spill { place, head, files: VecDeque::new(), next: 0, stuck: VecDeque::new(), read: Vec::new() }
    }

    /// Waiting to be drained.
    pub(crate) fn records(&self) -> u64 {
        let in_files: u64 = self.files.iter().map(SpillFile::records).sum();
        in_files + self.stuck.len() as u64
    }

    pub(crate) fn state(&self) -> SpillState {
        if !self.stuck.is_empty() {
            SpillState::Failed
        } else if self.room() == 0 {
            SpillState::Full
        } else {
            SpillState::Ready
        }
    }

    /// Puts up to a batch of records on disk, while the budget has room. How many were taken; 0 ends
    /// it for now.
    pub(crate) fn push(&mut self, mut next: impl FnMut() -> Option<Record>) -> usize {
        if !self.write_stuck() {
            return 0;
        }
        let max = self.room().min(BATCH);
        self.stuck.extend(std::iter::from_fn(&mut next).take(max));
        let taken = self.stuck.len();
        self.write_stuck();
        taken
    }

    /// The oldest records, up to `max`. How many were lost to damage. A file that is empty now goes
    /// with [`forget_read`](Spill::forget_read).
    pub(crate) fn pop(&mut self, into: &mut Vec<Record>, max: usize) -> u64 {
        let before = into.len();
        let damaged = pop_files(&mut self.files, &mut self.read, into, max);
        if self.files.is_empty() {
            let rest = max - (into.len() - before);
            into.extend(self.stuck.drain(..rest.min(self.stuck.len())));
        }
        damaged
    }

    /// All records that were popped are safe elsewhere.
    pub(crate) fn forget_read(&mut self) {
        self.read.clear();
    }

    /// Records that the budget leaves room for.
    fn room(&self) -> usize {
        let mut used: u64 = self.files.iter().chain(&self.read).map(SpillFile::bytes).sum();
        if self.needs_file() {
            used += HEAD_BYTES_MAX;
        }
        (self.place.budget_bytes.saturating_sub(used) / FRAME_BYTES_MAX) as usize
    }

    fn needs_file(&self) -> bool {
        let full = (self.place.budget_bytes / FILES).max(FILE_BYTES_MIN);
        self.files.back().is_none_or(|file| file.bytes() >= full)
    }

    /// True when nothing is stuck any more.
    fn write_stuck(&mut self) -> bool {
        if self.stuck.is_empty() {
            return true;
        }
        if self.needs_file() {
            match SpillFile::create(&self.place.dir, &self.head, self.next) {
                Ok(file) => self.files.push_back(file),
                Err(_) => return false,
            }
            self.next += 1;
        }
        let Some(file) = self.files.back_mut() else {
            return false;
        };
        let written = file.push(self.stuck.iter()).is_ok();
        if written {
            self.stuck.clear();
        }
        written
    }
}

/// From the first of the files on; each goes to `read` when it is drained. How many records were lost
/// to damage.
pub(crate) fn pop_files(
    files: &mut VecDeque<SpillFile>,
    read: &mut Vec<SpillFile>,
    into: &mut Vec<Record>,
    max: usize,
) -> u64 {
    let before = into.len();
    let mut damaged = 0;
    while let Some(file) = files.front_mut() {
        damaged += file.pop(into, max - (into.len() - before));
        if file.records() > 0 {
            break;
        }
        read.extend(files.pop_front());
    }
    damaged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::tests::numbered;

    fn spill(dir: &std::path::Path, budget_bytes: u64) -> Spill {
        let place = SpillPlace { dir: dir.to_owned(), budget_bytes };
        Spill::new(Arc::new(place), Head::for_test("run-1"))
    }

    fn push(spill: &mut Spill, seqs: std::ops::RangeInclusive<u64>) -> usize {
        let mut records = seqs.map(numbered);
        spill.push(|| records.next())
    }

    fn seqs(spill: &mut Spill, max: usize) -> Vec<u64> {
        let mut out = Vec::new();
        assert_eq!(spill.pop(&mut out, max), 0);
        spill.forget_read();
        out.iter().map(Record::seq).collect()
    }

    #[test]
    fn gives_back_in_order_and_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut spill = spill(dir.path(), 1 << 20);
        assert_eq!(push(&mut spill, 1..=100), 100);
        assert_eq!(seqs(&mut spill, 60), (1..=60).collect::<Vec<_>>());
        assert_eq!(push(&mut spill, 101..=110), 10);
        assert_eq!(spill.records(), 50);
        assert_eq!(seqs(&mut spill, 100), (61..=110).collect::<Vec<_>>());
        assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn stays_within_its_budget() {
        let dir = tempfile::tempdir().unwrap();
        let mut spill = spill(dir.path(), 10_000);
        let taken = push(&mut spill, 1..=1_000);
        assert!((30..1_000).contains(&taken), "{taken}");
        while push(&mut spill, 1..=1_000) > 0 {}
        assert_eq!(spill.state(), SpillState::Full);
        let size: u64 = dir.path().read_dir().unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert!(size <= 10_000, "{size}");
    }

    #[test]
    fn room_comes_back_while_it_is_drained() {
        let dir = tempfile::tempdir().unwrap();
        let mut spill = spill(dir.path(), 200_000);
        let mut pushed = 0;
        while push(&mut spill, pushed + 1..=pushed + 256) > 0 {
            pushed = spill.records();
        }
        assert!(spill.files.len() > 1);
        let first = spill.files[0].records();
        assert_eq!(seqs(&mut spill, first as usize), (1..=first).collect::<Vec<_>>());
        assert_eq!(spill.state(), SpillState::Ready);
        assert!(push(&mut spill, pushed + 1..=pushed + 10) > 0);
        let rest = seqs(&mut spill, usize::MAX);
        assert!(rest.is_sorted() && rest[0] == first + 1);
        assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_can_not_be_written_loses_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let blocked = dir.path().join("blocked");
        std::fs::write(&blocked, "a file where the folder should be").unwrap();
        let mut spill = spill(&blocked, 1 << 20);
        assert_eq!(push(&mut spill, 1..=5), 5);
        assert_eq!(spill.state(), SpillState::Failed);
        assert_eq!(push(&mut spill, 6..=9), 0, "nothing more is taken");
        std::fs::remove_file(&blocked).unwrap();
        assert_eq!(push(&mut spill, 6..=9), 4);
        assert_eq!(spill.state(), SpillState::Ready);
        assert_eq!(seqs(&mut spill, 100), (1..=9).collect::<Vec<_>>());
    }
}
