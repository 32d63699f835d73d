//! Dead letters: events that could not be processed or delivered, kept on disk until somebody looks.
//!
//! One JSON line an event, with the destination or plugin that failed and the reason. The file is
//! only readable by its owner, secret fields are left out as everywhere, and it is never deleted by
//! the router.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tapline_contract::{Contract, Sensitivity};

use crate::batch::Batch;
use crate::clock;
use crate::encode::Encoder;
use crate::ingest::Components;

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

    /// Appends rows, and returns when they are on disk.
    pub fn keep(
        &self,
        batch: &Batch,
        rows: impl Iterator<Item = usize>,
        by: &str,
        reason: &str,
        message: &str,
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
