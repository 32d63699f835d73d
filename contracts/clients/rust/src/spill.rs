//! The file that takes what a filling audit queue can't hold: bounded, in order, gone once drained.
//!
//! Only the client's own thread writes it and only drains read it, both under the lock of the queue
//! it belongs to; an emitting thread never comes here. While a run lives it holds a lock on its
//! files. A file without one is what a dead run left, and the next run of the same service takes it
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

pub(crate) use file::Head;
use file::{FRAME_BYTES_MAX, SpillFile};
pub(crate) use left::{LeftStream, left_behind};

use crate::Record;

/// Records written by one call: 64 KiB at most.
const BATCH: usize = 256;

/// Where spill files go and how large one may get.
#[derive(Clone, Debug)]
pub(crate) struct SpillPlace {
    pub(crate) dir: PathBuf,
    /// For each component.
    pub(crate) budget_bytes: u64,
}

/// Why a full queue is not being relieved, if it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum SpillState {
    Ready = 0,
    Full = 1,
    Failed = 2,
}

/// The spill of one queue. Makes its file when there is something to put into it.
#[derive(Debug)]
pub(crate) struct Spill {
    place: Arc<SpillPlace>,
    head: Head,
    file: Option<SpillFile>,
    /// Taken from the queue, but the file refused them: they stay here, in order, until it does.
    stuck: VecDeque<Record>,
}

impl Spill {
    pub(crate) fn new(place: Arc<SpillPlace>, head: Head) -> Spill {
        Spill {
            place,
            head,
            file: None,
            stuck: VecDeque::new(),
        }
    }

    /// Waiting to be drained.
    pub(crate) fn records(&self) -> u64 {
        self.file.as_ref().map_or(0, SpillFile::records) + self.stuck.len() as u64
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

    /// Puts up to a batch of records into the file, while it has room. How many were taken; 0 ends
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

    /// The oldest records, up to `max`. How many were lost to damage.
    pub(crate) fn pop(&mut self, into: &mut Vec<Record>, max: usize) -> u64 {
        let before = into.len();
        let mut damaged = 0;
        if let Some(file) = &mut self.file {
            damaged = file.pop(into, max);
            if file.records() == 0 {
                // Removes it.
                self.file = None;
            }
        }
        if self.file.is_none() {
            let rest = max - (into.len() - before);
            into.extend(self.stuck.drain(..rest.min(self.stuck.len())));
        }
        damaged
    }

    /// Records that the file's budget leaves room for.
    fn room(&self) -> usize {
        let used = self.file.as_ref().map_or(0, SpillFile::bytes);
        (self.place.budget_bytes.saturating_sub(used) / FRAME_BYTES_MAX) as usize
    }

    /// True when nothing is stuck any more.
    fn write_stuck(&mut self) -> bool {
        if self.stuck.is_empty() {
            return true;
        }
        if self.file.is_none() {
            self.file = SpillFile::create(&self.place.dir, &self.head).ok();
        }
        let Some(file) = &mut self.file else {
            return false;
        };
        let written = file.push(self.stuck.iter()).is_ok();
        if written {
            self.stuck.clear();
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::tests::numbered;

    fn spill(dir: &std::path::Path, budget_bytes: u64) -> Spill {
        let place = SpillPlace {
            dir: dir.to_owned(),
            budget_bytes,
        };
        Spill::new(Arc::new(place), Head::for_test("run-1"))
    }

    fn push(spill: &mut Spill, seqs: std::ops::RangeInclusive<u64>) -> usize {
        let mut records = seqs.map(numbered);
        spill.push(|| records.next())
    }

    fn seqs(spill: &mut Spill, max: usize) -> Vec<u64> {
        let mut out = Vec::new();
        assert_eq!(spill.pop(&mut out, max), 0);
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
        let size: u64 = dir
            .path()
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert!(size <= 10_000, "{size}");
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
