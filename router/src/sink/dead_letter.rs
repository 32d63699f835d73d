//! Dead letters: events that could not be processed or delivered, kept on disk until somebody looks.
//!
//! One JSON line an event, with the destination or plugin that failed and the reason. The file is
//! only readable by its owner, secret fields are left out as everywhere, and it is never deleted by
//! the router.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tapline_contract::{Contract, Sensitivity};

use crate::audit::PlacedRow;
use crate::batch::Batch;
use crate::clock;
use crate::encode::Encoder;
use crate::ingest::Components;
use crate::replace::replace;

/// Where they lie in the data dir.
pub const DEAD_LETTERS: &str = "dead-letters.ndjson";

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeadLetter<'a> {
    /// When it was put here, ns since 1970, UTC.
    pub dead_ts: i64,
    /// The destination or plugin that failed.
    #[serde(borrow)]
    pub by: Cow<'a, str>,
    #[serde(borrow)]
    pub reason: Cow<'a, str>,
    #[serde(borrow)]
    pub message: Cow<'a, str>,
    #[serde(borrow)]
    pub event: &'a serde_json::value::RawValue,
    /// The row, where an audit table refused it: redriven, it goes to its own place in the hash chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed: Option<PlacedRow>,
}

impl DeadLetter<'_> {
    /// Hands over each letter of a file and its line, the oldest first, until `take` has had enough; without the
    /// file there are none. How many lines are no letter, such as a torn one.
    pub fn each(path: &Path, mut take: impl FnMut(&DeadLetter<'_>, &str) -> ControlFlow<()>) -> io::Result<u64> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            opened => opened?,
        };
        let mut unreadable = 0;
        for line in BufReader::new(file).split(b'\n') {
            let line = line?;
            let letter =
                std::str::from_utf8(&line).ok().and_then(|text| Some((serde_json::from_str(text).ok()?, text)));
            match letter {
                Some((letter, text)) => {
                    if take(&letter, text).is_break() {
                        break;
                    }
                }
                None => unreadable += u64::from(!line.trim_ascii().is_empty()),
            }
        }
        Ok(unreadable)
    }
}

/// One that is kept, and its line in the file.
pub struct KeptLetter {
    pub line: String,
    pub by: String,
    /// As JSON.
    pub event: String,
    pub placed: Option<PlacedRow>,
}

pub struct DeadLetters {
    path: PathBuf,
    inner: Mutex<Inner>,
}

struct Inner {
    file: Option<File>,
    encoder: Encoder,
}

impl DeadLetters {
    /// Opens lazily: a data dir without dead letters has no such file.
    pub fn new(path: &Path, contract: Arc<Contract>, components: Arc<Components>) -> Self {
        let encoder = Encoder::new(contract, components, Sensitivity::Pii);
        DeadLetters { path: path.to_owned(), inner: Mutex::new(Inner { file: None, encoder }) }
    }

    /// Those of a choice by what failed and why, the oldest first.
    pub fn choose(&self, is_chosen: impl Fn(&str, &str) -> bool) -> io::Result<Vec<KeptLetter>> {
        let _inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut chosen = Vec::new();
        DeadLetter::each(&self.path, |letter, line| {
            if is_chosen(&letter.by, &letter.reason) {
                chosen.push(KeptLetter {
                    line: line.to_owned(),
                    by: letter.by.to_string(),
                    event: letter.event.get().to_owned(),
                    placed: letter.placed.clone(),
                });
            }
            ControlFlow::Continue(())
        })?;
        Ok(chosen)
    }

    /// Takes lines out of the file, each once; the old file stays whole until the new one is. All else stays as it
    /// is, what is no letter too.
    pub fn remove(&self, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone: HashMap<&[u8], usize> = HashMap::new();
        for line in lines {
            *gone.entry(line.as_bytes()).or_default() += 1;
        }
        let bytes = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let mut kept = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match gone.get_mut(line) {
                Some(times) if *times > 0 => *times -= 1,
                _ => {
                    kept.extend_from_slice(line);
                    kept.push(b'\n');
                }
            }
        }
        replace(&self.path, &kept)?;
        // It is the old file.
        inner.file = None;
        Ok(())
    }

    /// Appends rows, and returns when they are on disk. `placed`: what an audit table should have taken of the
    /// only one.
    pub fn keep(
        &self,
        batch: &Batch,
        rows: impl Iterator<Item = usize>,
        by: &str,
        reason: &str,
        message: &str,
        placed: Option<&PlacedRow>,
    ) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { file, encoder } = &mut *inner;
        let (mut lines, mut event) = (Vec::new(), Vec::new());
        for row in rows {
            event.clear();
            encoder.object(batch, row, &mut event);
            let event: &serde_json::value::RawValue = serde_json::from_slice(&event)?;
            let letter = DeadLetter {
                dead_ts: clock::now_ns(),
                by: by.into(),
                reason: reason.into(),
                message: message.into(),
                event,
                placed: placed.cloned(),
            };
            serde_json::to_writer(&mut lines, &letter)?;
            lines.push(b'\n');
        }
        let open = match file {
            Some(open) => open,
            None => file.insert(OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?),
        };
        let before = open.metadata()?.len();
        let written = open.write_all(&lines).and_then(|()| open.sync_data());
        if written.is_err() {
            // A torn line would spoil the file for whoever reads it next.
            let _ = open.set_len(before);
            *file = None;
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_no_letters_are_counted_and_stay_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(DEAD_LETTERS);
        let contract = Arc::new(Contract::embedded().clone());
        let letters = DeadLetters::new(&path, contract.clone(), Arc::new(Components::new(&contract)));
        assert!(letters.choose(|_, _| true).unwrap().is_empty(), "there is no file yet");
        let letter =
            |by| format!("{{\"dead_ts\":1,\"by\":\"{by}\",\"reason\":\"r\",\"message\":\"m\",\"event\":{{}}}}");
        // Torn, and a byte that is in no text.
        let others = [&b"{\"dead_ts\":1,\"by\":"[..], b"{\"dead_ts\":\xff}"];
        let lines = [others[0], letter("a").as_bytes(), letter("b").as_bytes(), others[1]].join(&b'\n');
        fs::write(&path, lines).unwrap();
        let mut found = Vec::new();
        let each = DeadLetter::each(&path, |letter, _| {
            found.push(letter.by.to_string());
            ControlFlow::Continue(())
        });
        assert_eq!((found, each.unwrap()), (vec!["a".to_owned(), "b".to_owned()], 2));
        let chosen = letters.choose(|by, _| by == "a").unwrap();
        letters.remove(&chosen.into_iter().map(|letter| letter.line).collect::<Vec<_>>()).unwrap();
        let left = [others[0], letter("b").as_bytes(), others[1], b""].join(&b'\n');
        assert_eq!(fs::read(&path).unwrap(), left);
    }
}
