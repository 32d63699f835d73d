//! JSON lines in a file that is rotated by size and age.
//!
//! A write that fails half-way is taken back (the file is cut to its last whole line), so that a full
//! disk never leaves half a line behind.
//!
//! What is written is handed to the disk at once, in short pieces. Left to the kernel it would go all together after
//! half a minute, and every fsync of the journal on that disk would wait behind it, for 100 to 200 ms.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::{Delivery, LateRefusal, Refusal, Rotation, Sink, SinkError, SinkStats};
use crate::encode::Encoder;

pub struct FileSink {
    path: PathBuf,
    rotation: Rotation,
    encoder: Encoder,
    stats: Arc<SinkStats>,
    open: Option<Open>,
    pending: Vec<u8>,
    /// fsync at each commit.
    sync: bool,
}

struct Open {
    file: File,
    bytes: u64,
    /// Up to here the disk has been told to write.
    begun: u64,
    since: Instant,
}

/// A write this large gains nothing by growing further.
const WRITE_BYTES: usize = 256 << 10;

/// The disk is told to write as soon as it is so much.
const BEGIN_BYTES: u64 = 256 << 10;

// === impl Open ===

impl Open {
    /// Starts what the kernel would put off, and waits for nothing.
    fn begin_writing(&mut self) {
        let bytes = self.bytes - self.begun;
        if bytes < BEGIN_BYTES {
            return;
        }
        // SAFETY: the descriptor is open, and no memory of ours is passed. Where it is not supported (a file system in
        // memory) it fails, and nothing is lost by that.
        unsafe {
            libc::sync_file_range(
                self.file.as_raw_fd(),
                self.begun as libc::off64_t,
                bytes as libc::off64_t,
                libc::SYNC_FILE_RANGE_WRITE,
            );
        }
        self.begun = self.bytes;
    }
}

// === impl FileSink ===

impl FileSink {
    pub fn new(
        path: &Path,
        rotation: Rotation,
        sync: bool,
        encoder: Encoder,
        stats: Arc<SinkStats>,
    ) -> Result<Self, SinkError> {
        let mut sink = FileSink {
            path: path.to_owned(),
            rotation,
            encoder,
            stats,
            open: None,
            pending: Vec::with_capacity(WRITE_BYTES + (64 << 10)),
            sync,
        };
        // A path that can't be written is told at the start, not at the first event.
        sink.open()?;
        Ok(sink)
    }

    fn error(&self, operation: &'static str, source: std::io::Error) -> SinkError {
        SinkError { operation, what: self.path.display().to_string(), source: source.into() }
    }

    fn open(&mut self) -> Result<&mut Open, SinkError> {
        if self.open.is_none() {
            if let Some(folder) = self.path.parent() {
                fs::create_dir_all(folder).map_err(|source| self.error("make the folder of", source))?;
            }
            let file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(&self.path)
                .map_err(|source| self.error("open", source))?;
            let bytes = file.metadata().map_err(|source| self.error("look at", source))?.len();
            self.open = Some(Open { file, bytes, begun: bytes, since: Instant::now() });
        }
        Ok(self.open.as_mut().expect("just opened"))
    }

    fn write(&mut self) -> Result<(), SinkError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        let result = self.write_all(&pending);
        self.pending = pending;
        self.pending.clear();
        result
    }

    fn write_all(&mut self, lines: &[u8]) -> Result<(), SinkError> {
        let (bytes_max, age_max) = (self.rotation.bytes_max, self.rotation.age_max);
        let open = self.open()?;
        let full = open.bytes > 0 && open.bytes + lines.len() as u64 > bytes_max;
        if full || open.bytes > 0 && open.since.elapsed() > age_max {
            self.open = None;
            self.rotation.rotate(&self.path).map_err(|source| self.error("rotate", source))?;
        }
        let open = self.open()?;
        let before = open.bytes;
        if let Err(source) = open.file.write_all(lines) {
            // Cut back to whole lines; should that fail too, the next open starts from what is there.
            let _ = open.file.set_len(before);
            self.open = None;
            return Err(self.error("write", source));
        }
        open.bytes += lines.len() as u64;
        open.begin_writing();
        SinkStats::add(&self.stats.bytes, lines.len() as u64);
        Ok(())
    }
}

impl Sink for FileSink {
    fn take(&mut self, delivery: &Delivery) -> Result<Vec<Refusal>, SinkError> {
        for row in delivery.rows() {
            self.encoder.line(delivery.batch(), row, &mut self.pending);
        }
        self.stats.take_withheld(&mut self.encoder.withheld);
        Ok(Vec::new())
    }

    fn commit(&mut self) -> Result<Vec<LateRefusal>, SinkError> {
        self.write()?;
        if self.sync {
            let result = self.open()?.file.sync_data();
            result.map_err(|source| self.error("sync", source))?;
        }
        Ok(Vec::new())
    }
}
