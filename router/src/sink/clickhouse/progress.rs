//! How far inserts are: on disk before each goes out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::replace::replace;

/// Records below `first` have arrived. Those up to and with `last` were sent together, and may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sent {
    first: u64,
    last: Option<u64>,
}

pub(super) struct Progress {
    path: PathBuf,
    sent: Sent,
    /// The insert of before the start that is to be made again as it was.
    again: Option<u64>,
}

impl Progress {
    pub(super) fn load(path: &Path) -> io::Result<Self> {
        let sent: Sent = match fs::read(path) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Sent::default(),
            Err(error) => return Err(error),
        };
        Ok(Progress { path: path.to_owned(), sent, again: sent.last })
    }

    /// The record that comes next.
    pub(super) fn next(&self) -> u64 {
        self.sent.first
    }

    /// Where the next insert has to end, where it is one that was made before.
    pub(super) fn in_flight(&self) -> Option<u64> {
        self.again
    }

    pub(super) fn begin(&mut self, first: u64, last: u64) -> io::Result<()> {
        let sent = Sent { first, last: Some(last) };
        if sent == self.sent {
            return Ok(());
        }
        replace(&self.path, &serde_json::to_vec(&sent)?)?;
        self.sent = sent;
        Ok(())
    }

    /// It has arrived. The next `begin` says so on disk; until then it would only be made again.
    pub(super) fn end(&mut self) {
        self.again = None;
        if let Some(last) = self.sent.last {
            self.sent.first = last + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_on_its_way_is_made_again_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress");
        let mut progress = Progress::load(&path).unwrap();
        assert_eq!((progress.next(), progress.in_flight()), (0, None));
        progress.begin(3, 7).unwrap();
        let mut again = Progress::load(&path).unwrap();
        assert_eq!((again.next(), again.in_flight()), (3, Some(7)));
        again.end();
        assert_eq!((again.next(), again.in_flight()), (8, None));
    }
}
