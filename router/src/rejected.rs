//! Lines that were refused, kept so that somebody can find out who sends them and why.
//!
//! Cut to a few kilobytes, scanned for secrets, and bounded by rotation: a producer that sends
//! nonsense all day must not fill the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::clearance;
use crate::clock;
use crate::ingest::Rejection;
use crate::sink::{Compression, Rotation};

/// So much of a line is kept.
const KEPT_BYTES: usize = 4096;
const FILE_BYTES_MAX: u64 = 16 << 20;
const FILES_KEPT: usize = 4;

#[derive(Serialize)]
struct Kept<'a> {
    ts: i64,
    source: &'a str,
    reason: &'a str,
    message: &'a str,
    /// Length of the whole line.
    bytes: usize,
    line: &'a str,
}

pub struct RejectedLines {
    path: PathBuf,
    file: Mutex<Option<(File, u64)>>,
    rotation: Rotation,
}

impl RejectedLines {
    pub fn new(path: &Path) -> Self {
        let rotation = Rotation {
            bytes_max: FILE_BYTES_MAX,
            age_max: Duration::MAX,
            keep: FILES_KEPT,
            compression: Compression::Gzip,
        };
        RejectedLines { path: path.to_owned(), file: Mutex::new(None), rotation }
    }

    /// The ledger counts the line in any case; that it can't be kept too is only logged.
    ///
    /// `bytes` is the length of the whole line, of which `line` may be the beginning.
    pub fn keep(&self, source: &str, line: &[u8], bytes: usize, rejection: &Rejection) {
        let text = String::from_utf8_lossy(&line[..line.len().min(KEPT_BYTES)]);
        let text = clearance::clean_text(&text);
        let kept = Kept {
            ts: clock::now_ns(),
            source,
            reason: rejection.reason,
            message: &rejection.message,
            bytes,
            line: &text,
        };
        if let Err(error) = self.append(&kept) {
            tracing::warn!(%error, path = %self.path.display(), "a rejected line can't be kept");
        }
    }

    fn append(&self, kept: &Kept<'_>) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(kept)?;
        bytes.push(b'\n');
        let mut slot = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.as_ref().is_some_and(|(_, size)| size + bytes.len() as u64 > self.rotation.bytes_max) {
            *slot = None;
            self.rotation.rotate(&self.path)?;
        }
        let (file, size) = match &mut *slot {
            Some(open) => open,
            None => {
                if let Some(folder) = self.path.parent() {
                    fs::create_dir_all(folder)?;
                }
                let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
                let size = file.metadata()?.len();
                slot.insert((file, size))
            }
        };
        file.write_all(&bytes)?;
        *size += bytes.len() as u64;
        Ok(())
    }
}
