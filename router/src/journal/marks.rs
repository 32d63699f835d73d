//! What the journal has of each numbered source, so that nothing is taken twice.
//!
//! A producer that was not told that its events are safe sends them again, to a router that may have been
//! killed and started anew in between. Its audit and guard events have numbers that only grow: those up to
//! the mark are there already. A request with a batch id is such a source too; its lines are the numbers.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tapline_contract::{Lane, Word};

use crate::replace::replace;

/// Sources remembered. The half that was silent longest makes room.
const MARKS_MAX: usize = 16_384;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Marks {
    /// What records below this number say is in here.
    pub as_of: u64,
    marks: HashMap<String, Mark>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Mark {
    /// The highest number.
    number: u64,
    /// The record that had it.
    record: u64,
}

/// A run's queue: its component and lane.
pub fn queue(run: &str, component: &str, lane: Lane) -> String {
    format!("{run}/{component}/{}", lane.word())
}

/// The lines of a request that go to a lane.
pub fn request(batch_id: &str, lane: Lane) -> String {
    format!("{batch_id}#{}", lane.word())
}

impl Marks {
    pub fn note(&mut self, source: &str, number: u64, record: u64) {
        match self.marks.get_mut(source) {
            Some(mark) => *mark = Mark { number: number.max(mark.number), record },
            None => {
                if self.marks.len() >= MARKS_MAX {
                    let mut records: Vec<u64> = self.marks.values().map(|mark| mark.record).collect();
                    let (_, middle, _) = records.select_nth_unstable(MARKS_MAX / 2);
                    let middle = *middle;
                    self.marks.retain(|_, mark| mark.record > middle);
                }
                self.marks.insert(source.to_owned(), Mark { number, record });
            }
        }
        self.as_of = self.as_of.max(record + 1);
    }

    /// Everything up to this number of the source is in the journal, or was and has gone on.
    pub fn get(&self, source: &str) -> u64 {
        self.marks.get(source).map_or(0, |mark| mark.number)
    }

    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// No file is no marks.
    pub fn load(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    pub fn store(&self, path: &Path) -> io::Result<()> {
        replace(path, &serde_json::to_vec(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_only_grow_and_come_back_from_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marks");
        let mut marks = Marks::load(&path).unwrap();
        let source = queue("r", "risk", Lane::Audit);
        marks.note(&source, 7, 3);
        marks.note(&source, 5, 4);
        marks.store(&path).unwrap();
        let marks = Marks::load(&path).unwrap();
        assert_eq!((marks.get(&source), marks.get("other"), marks.as_of), (7, 0, 5));
    }

    #[test]
    fn the_longest_silent_make_room() {
        let mut marks = Marks::default();
        for number in 0..MARKS_MAX as u64 + 1 {
            marks.note(&format!("{number}"), 1, number);
        }
        assert!(marks.marks.len() < MARKS_MAX);
        assert_eq!((marks.get("0"), marks.get(&MARKS_MAX.to_string())), (0, 1));
    }
}
