//! Dead letters: events that could not be processed or delivered, kept on disk until somebody looks.
//!
//! One JSON line an event, with the destination or plugin that failed and the reason. The file is
//! only readable by its owner, secret fields are left out as everywhere, and it is never deleted by
//! the router.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
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
        for line in self.lines()? {
            let Ok(letter) = serde_json::from_str::<DeadLetter<'_>>(&line) else { continue };
            if is_chosen(&letter.by, &letter.reason) {
                let (by, event) = (letter.by.to_string(), letter.event.get().to_owned());
                let placed = letter.placed;
                chosen.push(KeptLetter { line, by, event, placed });
            }
        }
        Ok(chosen)
    }

    /// Takes lines out of the file, each once; the old file stays whole until the new one is.
    pub fn remove(&self, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone: HashMap<&str, usize> = HashMap::new();
        for line in lines {
            *gone.entry(line).or_default() += 1;
        }
        let mut kept = Vec::new();
        for line in self.lines()? {
            match gone.get_mut(line.as_str()) {
                Some(times) if *times > 0 => *times -= 1,
                _ => {
                    kept.extend_from_slice(line.as_bytes());
                    kept.push(b'\n');
                }
            }
        }
        replace(&self.path, &kept)?;
        // It is the old file.
        inner.file = None;
        Ok(())
    }

    /// A line that is no text is passed over; it stays, since nobody chooses it.
    fn lines(&self) -> io::Result<Vec<String>> {
        let bytes = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            read => read?,
        };
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        Ok(lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect())
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
