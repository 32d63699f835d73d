//! How slow the disk itself is: a few bytes and an fsync, again and again, beside the journal.
//!
//! Everything durable waits for the disk, so a disk that others keep busy for a second looks as if one destination had
//! disturbed all others.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::watch::now_ns;

const PAUSE: Duration = Duration::from_millis(20);

pub(super) struct Probe {
    /// When each began, and how long it took, ns.
    samples: Arc<Mutex<Vec<(u64, u64)>>>,
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Probe {
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let path = folder.join("probe");
        let mut file = File::create(&path).with_context(|| format!("can't write {}", path.display()))?;
        let (samples, is_over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (samples, is_over) = (samples.clone(), is_over.clone());
            move || {
                while !is_over.load(Relaxed) {
                    let (at, begin) = (now_ns(), Instant::now());
                    let written =
                        file.rewind().and_then(|()| file.write_all(&at.to_le_bytes())).and_then(|()| file.sync_data());
                    if written.is_ok() {
                        let took = begin.elapsed().as_nanos() as u64;
                        samples.lock().unwrap_or_else(PoisonError::into_inner).push((at, took));
                    }
                    std::thread::sleep(PAUSE);
                }
            }
        });
        Ok(Probe { samples, is_over, thread })
    }

    /// All of them.
    pub(super) fn stop(self) -> Vec<(u64, u64)> {
        self.is_over.store(true, Relaxed);
        let _ = self.thread.join();
        std::mem::take(&mut *self.samples.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
