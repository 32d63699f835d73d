//! Whether the owner of a ring file still lives, and whether the file is still whole.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::claim::Role;
use super::process::ProcessId;
use super::refusal::{Reason, Refusal};

/// Looking costs two or three system calls.
const LOOK_EVERY: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct Life {
    pub(super) path: PathBuf,
    pub(super) file: File,
    file_bytes: u64,
    process: ProcessId,
    dead: AtomicBool,
    look_at: Mutex<Instant>,
}

impl Life {
    pub(super) fn new(path: PathBuf, file: File, file_bytes: u64, process: ProcessId) -> Life {
        Life { path, file, file_bytes, process, dead: AtomicBool::new(false), look_at: Mutex::new(Instant::now()) }
    }

    /// It was seen dead. What is read of its words from now on is final.
    pub(super) fn is_known_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    /// Dead once its lock is gone, whatever its pid says here; or, should a child that it forked
    /// hold the lock on, once its pid is that of no process or of another one.
    pub(super) fn look(&self) -> bool {
        if !self.is_known_dead() {
            let locked = Role::Owner.is_taken(&self.file).unwrap_or(true);
            if !locked || !self.process.may_live() {
                self.dead.store(true, Ordering::Release);
            }
        }
        self.is_known_dead()
    }

    /// The same, if it is time to.
    pub(super) fn look_sometimes(&self) -> bool {
        let mut look_at = self.look_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if now >= *look_at {
            *look_at = now + LOOK_EVERY;
            self.look();
        }
        self.is_known_dead()
    }

    /// Touching the memory of a file that was cut ends the process (SIGBUS), so it is looked at
    /// before. Seals, which would rule it out, are for files without a name. What is left is a cut
    /// in the very microseconds of a read, by a process of the same user, who might as well kill
    /// this one; and a reader that starts again after that refuses the file by its size.
    pub(super) fn check_size(&self) -> Result<(), Refusal> {
        let metadata = self.file.metadata().map_err(Refusal::system(&self.path, "look at"))?;
        if metadata.len() != self.file_bytes {
            let reason = Reason::Size { found: metadata.len(), head: self.file_bytes };
            return Err(Refusal::new(&self.path, reason));
        }
        Ok(())
    }
}
