//! How far the reader of one lane is, and how that outlives it.

use std::sync::atomic::{Ordering, fence};

use super::layout::{NOTE_WORDS, ReaderLane};

/// Totals since the owner's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Positions of the ring.
    pub(super) passed: u64,
    /// 1: the spill files were read, too.
    pub(super) spill_read: u64,
    /// Positions of the overflow ring, from where the owner's keeper was when it died.
    pub(super) aside: u64,
    pub(super) records: u64,
    pub(super) torn: u64,
    pub(super) damaged: u64,
    /// The highest one read.
    pub(super) seq: u64,
}

impl Progress {
    /// Whether it came later than the other one of the same reader.
    pub(super) fn is_past(&self, other: &Progress) -> bool {
        let of = |p: &Progress| (p.passed, p.spill_read, p.aside, p.records, p.seq);
        of(self) > of(other)
    }

    fn words(&self) -> [u64; NOTE_WORDS - 1] {
        [self.passed, self.spill_read, self.aside, self.records, self.torn, self.damaged, self.seq]
    }

    /// 0 for words that are all 0: a lane that was never read.
    fn check(words: [u64; NOTE_WORDS - 1]) -> u64 {
        words.iter().fold(0u64, |sum, word| (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29))
    }
}

impl ReaderLane {
    /// Where the last reader released to. None if its words are damaged.
    ///
    /// The released position is the last thing to be written, so a note whose position is another
    /// one was not in force yet.
    pub(super) fn load(&self) -> Option<Progress> {
        let released = self.released.0.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        let notes = self.notes.iter().filter_map(|note| {
            let all: [u64; NOTE_WORDS] = std::array::from_fn(|at| note[at].load(Ordering::Relaxed));
            let (words, check) = (all[..NOTE_WORDS - 1].try_into().ok()?, all[NOTE_WORDS - 1]);
            let [passed, spill_read, aside, records, torn, damaged, seq] = words;
            (Progress::check(words) == check && passed == released).then_some(Progress {
                passed,
                spill_read,
                aside,
                records,
                torn,
                damaged,
                seq,
            })
        });
        notes.reduce(|a, b| if b.is_past(&a) { b } else { a })
    }

    /// `before` is what is there now.
    pub(super) fn store(&self, progress: Progress, before: Progress) {
        // The one that is not in force.
        let in_force = self.notes.iter().position(|note| {
            note.iter().zip(before.words()).all(|(word, value)| word.load(Ordering::Relaxed) == value)
        });
        let note = &self.notes[usize::from(in_force == Some(0))];
        let words = progress.words();
        for (word, value) in note.iter().zip(words) {
            word.store(value, Ordering::Relaxed);
        }
        note[NOTE_WORDS - 1].store(Progress::check(words), Ordering::Release);
        // Release: the owner writes over what was read only now.
        self.released.0.store(progress.passed, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::Padded;

    fn lane() -> ReaderLane {
        ReaderLane { released: Padded(Default::default()), notes: Default::default() }
    }

    #[test]
    fn the_next_reader_finds_what_the_last_one_released() {
        let lane = lane();
        let mut before = Progress::default();
        assert_eq!(lane.load(), Some(before));
        for n in 1..10 {
            let next = Progress { passed: n * 3, records: n * 3, seq: n * 4, ..before };
            lane.store(next, before);
            assert_eq!(lane.load(), Some(next));
            before = next;
        }
        // After the ring: its position stays.
        let spilled = Progress { records: before.records + 5, seq: before.seq + 5, ..before };
        lane.store(spilled, before);
        assert_eq!(lane.load(), Some(spilled));
    }

    /// Killed at any store: it is either as before or as after.
    #[test]
    fn a_half_written_note_is_not_in_force() {
        let old = Progress { passed: 7, records: 6, torn: 1, seq: 8, ..Progress::default() };
        let new = Progress { passed: 9, records: 8, torn: 1, seq: 10, ..Progress::default() };
        for stores in 0..NOTE_WORDS {
            let lane = lane();
            lane.store(old, Progress::default());
            let free = usize::from(lane.notes[0][0].load(Ordering::Relaxed) == old.passed);
            let mut all = new.words().to_vec();
            all.push(Progress::check(new.words()));
            for (word, value) in lane.notes[free].iter().zip(&all).take(stores + 1) {
                word.store(*value, Ordering::Relaxed);
            }
            assert_eq!(lane.load(), Some(old), "{stores}");
            lane.released.0.store(new.passed, Ordering::Relaxed);
            assert_eq!(lane.load().is_some(), stores == NOTE_WORDS - 1);
        }
    }
}
