//! What dead runs left in the spill folder, as streams of those runs.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::file::{Head, SUFFIX, SpillFile};
use super::pop_files;
use crate::schema::Lane;
use crate::stream::{DropReason, Stream, StreamCounts};
use crate::{Component, Record};

/// One queue of a dead run. Its files go as they are drained.
#[derive(Debug)]
pub(crate) struct LeftStream {
    head: Head,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    files: VecDeque<SpillFile>,
    counts: StreamCounts,
}

/// Files of the service in this environment that no living process holds.
///
/// Another service's files are left to it, and so are those of another contract: their numbers mean
/// other events. An unreadable folder is an empty one here; spilling into it will say why.
pub(crate) fn left_behind(dir: &Path, service: &str, env: &str) -> Vec<LeftStream> {
    let paths = spill_files(dir);
    let mut streams: Vec<(Head, VecDeque<SpillFile>)> = Vec::new();
    for (head, file) in paths
        .iter()
        .filter_map(|path| SpillFile::open_left(path).ok().flatten())
        .filter(|(head, _)| head.service == service && head.env == env)
    {
        match streams.last_mut() {
            Some((of, files)) if *of == head => files.push_back(file),
            _ => streams.push((head, VecDeque::from([file]))),
        }
    }
    streams
        .into_iter()
        .map(|(head, files)| {
            let records = files.iter().map(SpillFile::records).sum();
            let counts = StreamCounts { emitted: records, spilled: records, ..StreamCounts::default() };
            LeftStream { head, state: Mutex::new(State { files, counts }) }
        })
        .collect()
}

/// All files of one queue of a dead run, from their first record on. None while somebody holds one.
pub(crate) fn left_by(dir: &Path, head: &Head) -> Option<VecDeque<SpillFile>> {
    let mut paths = spill_files(dir);
    paths.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&head.file_stem())));
    let mut files = VecDeque::new();
    for path in paths {
        match SpillFile::open_whole(&path) {
            Ok(Some((of, file))) if of == *head => files.push_back(file),
            Ok(Some(_)) => {}
            Ok(None) if SpillFile::is_held(&path) => return None,
            Ok(None) | Err(_) => {}
        }
    }
    Some(files)
}

/// Oldest first.
fn spill_files(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = dir.read_dir() else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == SUFFIX))
        .collect();
    // Names begin with the run and end with a number.
    paths.sort();
    paths
}

impl Stream for LeftStream {
    fn component(&self) -> Component {
        self.head.component
    }

    fn lane(&self) -> Lane {
        self.head.lane
    }

    fn run(&self) -> &str {
        &self.head.run
    }

    fn pop(&self, into: &mut Vec<Record>, max: usize) -> usize {
        let mut state = self.state.lock().unwrap_or_else(|e| e.into_inner());
        let State { files, counts } = &mut *state;
        let before = into.len();
        let damaged = pop_files(files, &mut Vec::new(), into, max);
        let popped = into.len() - before;
        counts.popped += popped as u64;
        counts.dropped_by[DropReason::SpillDamaged as usize] += damaged;
        counts.spilled = files.iter().map(SpillFile::records).sum();
        popped
    }

    fn counts(&self) -> StreamCounts {
        self.state.lock().unwrap_or_else(|e| e.into_inner()).counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::tests::numbered;

    /// A file of run `run` with three records, as a process that died leaves it.
    fn leave(dir: &Path, run: &str, number: u32) -> std::path::PathBuf {
        let head = Head::for_test(run);
        let mut file = SpillFile::create(dir, &head, number).unwrap();
        let first = u64::from(number) * 3 + 1;
        let records: Vec<_> = (first..first + 3).map(numbered).collect();
        file.push(records.iter()).unwrap();
        drop(file);
        dir.read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_string_lossy().contains(run))
            .unwrap()
    }

    fn seqs(stream: &LeftStream, max: usize) -> Vec<u64> {
        let mut out = Vec::new();
        stream.pop(&mut out, max);
        out.iter().map(Record::seq).collect()
    }

    #[test]
    fn the_next_run_takes_over_from_where_the_last_drain_was() {
        let dir = tempfile::tempdir().unwrap();
        leave(dir.path(), "a", 0);
        leave(dir.path(), "a", 1);
        let first = left_behind(dir.path(), "test", "test");
        assert!(left_behind(dir.path(), "test", "test").is_empty(), "in use");
        assert_eq!(seqs(&first[0], 1), [1]);
        drop(first);
        let second = left_behind(dir.path(), "test", "test");
        assert_eq!(second[0].run(), "a");
        assert_eq!(second.len(), 1);
        assert_eq!(second[0].counts().emitted, 5);
        assert_eq!(seqs(&second[0], 10), [2, 3, 4, 5, 6]);
        assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn another_service_and_another_contract_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = leave(dir.path(), "a", 0);
        assert!(left_behind(dir.path(), "other", "test").is_empty());
        let mut bytes = std::fs::read(&path).unwrap();
        // The contract's hash is the second line.
        let at = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(left_behind(dir.path(), "test", "test").is_empty());
        assert!(path.exists());
    }

    #[test]
    fn a_torn_end_and_a_damaged_middle_cost_only_what_they_must() {
        let dir = tempfile::tempdir().unwrap();
        let path = leave(dir.path(), "a", 0);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
        let left = left_behind(dir.path(), "test", "test");
        assert_eq!(seqs(&left[0], 10), [1, 2]);
        drop(left);

        std::fs::write(&path, &whole).unwrap();
        let left = left_behind(dir.path(), "test", "test");
        let mut damaged = whole.clone();
        let last = damaged.len() - 1;
        damaged[last] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        assert_eq!(seqs(&left[0], 10), [1, 2]);
        let counts = left[0].counts();
        assert_eq!(counts.dropped_by[DropReason::SpillDamaged as usize], 1);
        assert_eq!(counts.emitted, counts.popped + counts.dropped());
    }

    #[test]
    fn files_that_are_no_spill_files_do_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in [("a", &b""[..]), ("b", b"\n\n\n"), ("c", &[255; 100])] {
            std::fs::write(dir.path().join(format!("{name}.{SUFFIX}")), bytes).unwrap();
        }
        assert!(left_behind(dir.path(), "test", "test").is_empty());
        assert!(left_behind(&dir.path().join("none"), "test", "test").is_empty());
    }
}
