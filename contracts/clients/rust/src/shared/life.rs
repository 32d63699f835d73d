//! Whether the owner of a ring file still lives, and whether the file is still whole.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::claim::Role;
use super::process::ProcessId;
use super::refusal::{Reason, Refusal};

/// Looking costs some 20 µs of system calls.
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(super) struct Life {
    pub(super) path: PathBuf,
    pub(super) file: File,
    file_bytes: u64,
    process: ProcessId,
    dead: AtomicBool,
    /// It was seen cut.
    cut: AtomicBool,
    since: Instant,
    /// When to look next, in ns since then.
    look_at: AtomicU64,
}

impl Life {
    pub(super) fn new(path: PathBuf, file: File, file_bytes: u64, process: ProcessId) -> Life {
        Life {
            path,
            file,
            file_bytes,
            process,
            dead: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            since: Instant::now(),
            look_at: AtomicU64::new(0),
        }
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

    /// The same, and the size, if it is time to.
    pub(super) fn look_sometimes(&self) -> bool {
        let now = self.since.elapsed().as_nanos() as u64;
        if now >= self.look_at.load(Ordering::Relaxed) {
            self.look_at.store(now + LOOK_EVERY.as_nanos() as u64, Ordering::Relaxed);
            let _ = self.check_size();
            self.look();
        }
        self.is_known_dead()
    }

    /// The last look at its size found it cut, or grown.
    pub(super) fn is_known_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// Touching the memory of a file that was cut ends the process (SIGBUS), so it is looked at
    /// before each read, and now and then while there is nothing to read. Seals, which would rule it out, are for files without a name. What is left is a cut
    /// in the very moment between, by a process of the same user, who might as well kill
    /// this one; and a reader that starts again after that refuses the file by its size.
    pub(super) fn check_size(&self) -> Result<(), Refusal> {
        let metadata = self.file.metadata().map_err(Refusal::system(&self.path, "look at"))?;
        let cut = metadata.len() != self.file_bytes;
        self.cut.store(cut, Ordering::Relaxed);
        if cut {
            let reason = Reason::Size { found: metadata.len(), head: self.file_bytes };
            return Err(Refusal::new(&self.path, reason));
        }
        Ok(())
    }
}
