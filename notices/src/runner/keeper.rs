//! Writes the board's state down: soon after it changed, not at every change, and whole or not at all.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::{Board, Rules, Saved, Time};

pub struct Keeper {
    writer: Option<(SyncSender<Snapshot>, JoinHandle<()>)>,
    /// All notices up to this place in line are in what is on disk; all there are, where nothing is kept.
    kept: Arc<AtomicU64>,
    /// When what changed is to be written.
    due: Option<Instant>,
    /// Not before, so that copying a large state takes little of the board's time.
    not_before: Instant,
}

struct Snapshot {
    saved: Saved,
    /// The board had seen all notices up to this place.
    seen: u64,
}

const SOON: Duration = Duration::from_millis(200);
/// The part of the time that copying the state may take: one in so many.
const SHARE: u32 = 50;

impl Keeper {
    /// The board as it was written down, or a new one. A file that can't be read is put aside: pages
    /// matter more than what was told before.
    pub fn open(rules: Rules, path: Option<PathBuf>, now: Time) -> (Board, Keeper) {
        let saved = path.as_deref().and_then(read);
        let instance = format!("{:08x}", fastrand::u32(..));
        let board = match saved {
            Some(saved) => Board::restore(rules.clone(), saved, now).unwrap_or_else(|error| {
                tracing::error!(%error, "the state of notices can't be taken up");
                Board::new(rules, &instance)
            }),
            None => Board::new(rules, &instance),
        };
        let kept = Arc::new(AtomicU64::new(if path.is_some() { 0 } else { u64::MAX }));
        let writer = path.map(|path| {
            let (to, from) = sync_channel(1);
            let write = {
                let kept = kept.clone();
                move || write_all(&path, &from, &kept)
            };
            let thread =
                std::thread::Builder::new().name("notify-state".into()).spawn(write).expect("a thread can be started");
            (to, thread)
        });
        (board, Keeper { writer, kept, due: None, not_before: Instant::now() })
    }

    pub fn kept(&self) -> Arc<AtomicU64> {
        self.kept.clone()
    }

    pub fn changed(&mut self) {
        if self.writer.is_some() && self.due.is_none() {
            self.due = Some((Instant::now() + SOON).max(self.not_before));
        }
    }

    /// In how long `keep` has something to do.
    pub fn due(&self) -> Option<Duration> {
        self.due.map(|due| due.saturating_duration_since(Instant::now()))
    }

    /// The board has seen all notices up to the place `seen`.
    pub fn keep(&mut self, board: &Board, seen: u64) {
        let began = Instant::now();
        let Some((to, _)) = self.writer.as_ref().filter(|_| self.due.is_some_and(|due| due <= began)) else { return };
        match to.try_send(Snapshot { saved: board.save(), seen }) {
            Ok(()) => self.due = None,
            // The disk is slow; what is newer by then is written instead.
            Err(_) => self.due = Some(began + SOON),
        }
        self.not_before = Instant::now() + began.elapsed() * SHARE;
    }

    pub fn close(self, board: &Board, seen: u64) {
        if let Some((to, thread)) = self.writer {
            // The thread has ended only where it panicked.
            let _ = to.send(Snapshot { saved: board.save(), seen });
            drop(to);
            let _ = thread.join();
        }
    }
}

fn read(path: &Path) -> Option<Saved> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "the state of notices can't be read");
            return None;
        }
    };
    match serde_json::from_slice(&text) {
        Ok(saved) => Some(saved),
        Err(error) => {
            let aside = path.with_extension("broken");
            tracing::error!(path = %path.display(), aside = %aside.display(), %error, "the state of notices is broken");
            if let Err(error) = std::fs::rename(path, &aside) {
                tracing::error!(%error, "and can't be put aside");
            }
            None
        }
    }
}

fn write_all(path: &Path, from: &Receiver<Snapshot>, kept: &AtomicU64) {
    let mut failed = false;
    while let Ok(Snapshot { saved, seen }) = from.recv() {
        let written = write(path, &saved);
        if written.is_ok() {
            kept.store(seen, Relaxed);
        }
        if let Err(error) = &written
            && !failed
        {
            tracing::error!(path = %path.display(), %error, "the state of notices can't be written");
        }
        failed = written.is_err();
    }
}

/// Beside it first, then in its place: a crash leaves the old one or the new one.
fn write(path: &Path, saved: &Saved) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = path.with_extension("new");
    let mut file = create(&beside)?;
    file.write_all(&serde_json::to_vec(saved)?)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}

/// What fires on a trading host is not for everybody.
fn create(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
