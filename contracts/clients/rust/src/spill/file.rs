//! One spill file: frames appended at one end, read from the other.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::record::RECORD_BYTES;
use crate::schema::{CONTRACT_HASH, Lane};
use crate::{Component, Record};

pub(super) const SUFFIX: &str = "spill";
const MAGIC: &str = "tapline spill 1";
const FRAME_HEAD_BYTES: usize = 6;
pub(super) const FRAME_BYTES_MAX: u64 = (FRAME_HEAD_BYTES + RECORD_BYTES) as u64;
/// Cursor and head fit into it: the names in it are 100 characters at most.
pub(super) const HEAD_BYTES_MAX: u64 = 1024;
/// The file begins with how far it was read, so that a restart does not deliver twice.
const CURSOR_BYTES: u64 = 8;
/// Read at once when draining.
const READ_BYTES: usize = 64 * 1024;

/// Whose records the file holds. Lines of text, so that a person can see it too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) service: String,
    pub(crate) env: String,
    pub(crate) run: String,
    pub(crate) component: Component,
    pub(crate) lane: Lane,
}

#[derive(Debug)]
pub(crate) struct SpillFile {
    path: PathBuf,
    /// Locked as long as it is open.
    file: File,
    read_at: u64,
    write_at: u64,
    records: u64,
    buffer: Vec<u8>,
    /// Stays when it is drained.
    keep: bool,
}

impl Head {
    fn text(&self) -> String {
        format!(
            "{MAGIC}\n{CONTRACT_HASH}\n{}\n{}\n{}\n{}\n{}\n\n",
            self.service,
            self.env,
            self.run,
            self.component.name(),
            self.lane.name()
        )
    }

    /// What the names of its files begin with.
    pub(super) fn file_stem(&self) -> String {
        format!("{}-{}-{}-", self.run, self.component.name(), self.lane.name())
    }

    /// None where the file is not a spill file of this contract.
    fn parse(text: &str) -> Option<Head> {
        let mut lines = text.lines();
        (lines.next()? == MAGIC && lines.next()? == CONTRACT_HASH).then_some(())?;
        let (service, env, run) = (lines.next()?, lines.next()?, lines.next()?);
        let component = lines.next()?;
        let lane = lines.next()?;
        Some(Head {
            service: service.to_owned(),
            env: env.to_owned(),
            run: run.to_owned(),
            component: *Component::ALL.iter().find(|c| c.name() == component)?,
            lane: *Lane::ALL.iter().find(|l| l.name() == lane)?,
        })
    }

    #[cfg(test)]
    pub(crate) fn for_test(run: &str) -> Head {
        Head {
            service: "test".into(),
            env: "test".into(),
            run: run.into(),
            component: Component::Risk,
            lane: Lane::Audit,
        }
    }
}

impl SpillFile {
    pub(super) fn create(dir: &Path, head: &Head, number: u32) -> io::Result<SpillFile> {
        // Audit records: for this user's eyes.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let path = dir.join(format!("{}{number:06}.{SUFFIX}", head.file_stem()));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.lock()?;
        let text = head.text();
        let write_at = CURSOR_BYTES + text.len() as u64;
        file.write_all_at(&write_at.to_le_bytes(), 0)?;
        file.write_all_at(text.as_bytes(), CURSOR_BYTES)?;
        Ok(SpillFile { path, file, read_at: write_at, write_at, records: 0, buffer: Vec::new(), keep: false })
    }

    /// A file that nobody holds, with its head. None where it is in use, or not ours.
    pub(super) fn open_left(path: &Path) -> io::Result<Option<(Head, SpillFile)>> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        if file.try_lock().is_err() {
            return Ok(None);
        }
        let mut start = vec![0; HEAD_BYTES_MAX as usize];
        let read = file.read_at(&mut start, 0)?;
        start.truncate(read);
        let Some((cursor, rest)) = start.split_first_chunk::<{ CURSOR_BYTES as usize }>() else {
            return Ok(None);
        };
        let Some(length) = rest.windows(2).position(|pair| pair == b"\n\n") else {
            return Ok(None);
        };
        let Some(head) = std::str::from_utf8(&rest[..length]).ok().and_then(Head::parse) else {
            return Ok(None);
        };
        let first_frame = CURSOR_BYTES + length as u64 + 2;
        let mut found = SpillFile {
            path: path.to_owned(),
            file,
            read_at: u64::from_le_bytes(*cursor).max(first_frame),
            write_at: 0,
            records: 0,
            buffer: Vec::new(),
            keep: false,
        };
        found.count_frames()?;
        Ok(Some((head, found)))
    }

    /// The same from its first frame on, whatever was read of it before. It stays when it is drained,
    /// until it is [removed](SpillFile::remove).
    pub(super) fn open_whole(path: &Path) -> io::Result<Option<(Head, SpillFile)>> {
        let Some((head, mut file)) = SpillFile::open_left(path)? else { return Ok(None) };
        file.keep = true;
        file.read_at = CURSOR_BYTES + head.text().len() as u64;
        file.records = 0;
        file.count_frames()?;
        Ok(Some((head, file)))
    }

    /// Whether a living process has it.
    pub(super) fn is_held(path: &Path) -> bool {
        File::open(path).is_ok_and(|file| file.try_lock_shared().is_err())
    }

    pub(crate) fn remove(mut self) {
        self.keep = false;
        self.records = 0;
    }

    pub(super) fn records(&self) -> u64 {
        self.records
    }

    pub(super) fn bytes(&self) -> u64 {
        self.write_at
    }

    /// All or, on an error, none.
    pub(super) fn push<'r>(&mut self, records: impl Iterator<Item = &'r Record>) -> io::Result<()> {
        self.buffer.clear();
        let mut pushed = 0;
        for record in records {
            let frame = self.buffer.len();
            self.buffer.extend_from_slice(&[0; FRAME_HEAD_BYTES]);
            record.write_bytes(&mut self.buffer);
            let (head, body) = self.buffer[frame..].split_at_mut(FRAME_HEAD_BYTES);
            head[..2].copy_from_slice(&(body.len() as u16).to_le_bytes());
            head[2..].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
            pushed += 1;
        }
        self.file.write_all_at(&self.buffer, self.write_at)?;
        self.write_at += self.buffer.len() as u64;
        self.records += pushed;
        Ok(())
    }

    /// How many were lost to damage: all that is left, once a frame can't be read.
    pub(super) fn pop(&mut self, into: &mut Vec<Record>, max: usize) -> u64 {
        let mut wanted = max;
        let mut damaged = 0;
        while wanted > 0 && self.records > 0 {
            if self.fill_buffer().is_err() {
                self.buffer.clear();
            }
            let mut at = 0;
            let before = wanted;
            while wanted > 0
                && self.records > 0
                && let Some((record, length)) = frame(&self.buffer[at..])
            {
                into.push(record);
                at += length;
                wanted -= 1;
                self.records -= 1;
            }
            if wanted == before {
                damaged = std::mem::take(&mut self.records);
            }
            self.read_at += at as u64;
        }
        if self.records > 0 && !self.keep {
            // If this fails, a crash before the file is drained delivers some records twice, which
            // their sequence numbers tell.
            let _ = self.file.write_all_at(&self.read_at.to_le_bytes(), 0);
        }
        damaged
    }

    fn fill_buffer(&mut self) -> io::Result<()> {
        self.buffer.resize(READ_BYTES, 0);
        let read = self.file.read_at(&mut self.buffer, self.read_at)?;
        self.buffer.truncate(read);
        Ok(())
    }

    /// Sets `records` and `write_at` to what whole frames there are, cutting a torn end off.
    fn count_frames(&mut self) -> io::Result<()> {
        let start = self.read_at;
        loop {
            self.fill_buffer()?;
            let mut at = 0;
            while let Some((_, length)) = frame(&self.buffer[at..]) {
                at += length;
                self.records += 1;
            }
            self.read_at += at as u64;
            if at == 0 {
                break;
            }
        }
        self.write_at = self.read_at;
        self.read_at = start;
        Ok(())
    }
}

impl Drop for SpillFile {
    fn drop(&mut self) {
        // One that is not drained waits for the next run.
        if self.records == 0 && !self.keep {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// The record at the start of `bytes`, and the length of its frame.
fn frame(bytes: &[u8]) -> Option<(Record, usize)> {
    let (head, rest) = bytes.split_at_checked(FRAME_HEAD_BYTES)?;
    let length = usize::from(u16::from_le_bytes([head[0], head[1]]));
    let body = rest.get(..length)?;
    let crc = u32::from_le_bytes([head[2], head[3], head[4], head[5]]);
    if crc32fast::hash(body) != crc {
        return None;
    }
    Some((Record::from_bytes(body)?, FRAME_HEAD_BYTES + length))
}
