//! How far each reader is: the number of the record that it gets next.

use std::collections::BTreeMap;
use std::io;

use crate::disk::{Disk, DiskFile};

const NAME: &str = "cursors";
const NEW: &str = "cursors.new";

/// Kept in a file that is replaced as a whole, so that it is the old or the new one after a loss of power.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursors {
    next: BTreeMap<String, u64>,
}

impl Cursors {
    /// No file, or one that is damaged, is no cursor at all: readers then begin with the oldest record, and
    /// get some again. The second says whether there was damage.
    pub fn load<D: Disk>(disk: &D) -> io::Result<(Self, bool)> {
        let mut text = Vec::new();
        match disk.open(NAME) {
            Ok(file) => {
                text.resize(file.bytes()? as usize, 0);
                let read = file.read_at(0, &mut text)?;
                text.truncate(read);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Self::default(), false)),
            Err(error) => return Err(error),
        }
        Ok(Self::parse(&text).map_or((Self::default(), true), |cursors| (cursors, false)))
    }

    pub fn store<D: Disk>(&self, disk: &D) -> io::Result<()> {
        if disk.names()?.iter().any(|name| name == NEW) {
            disk.remove(NEW)?;
        }
        let mut file = disk.create(NEW)?;
        file.append(self.to_text().as_bytes())?;
        file.sync()?;
        disk.rename(NEW, NAME)?;
        disk.sync()
    }

    /// The record that the reader gets next.
    pub fn get(&self, reader: &str) -> u64 {
        self.next.get(reader).copied().unwrap_or(0)
    }

    pub fn has(&self, reader: &str) -> bool {
        self.next.contains_key(reader)
    }

    /// For a reader that knows better how far it is.
    pub fn set(&mut self, reader: &str, next: u64) {
        self.next.insert(reader.to_owned(), next);
    }

    /// A cursor never goes back.
    pub fn advance(&mut self, reader: &str, next: u64) {
        let cursor = self.next.entry(reader.to_owned()).or_default();
        *cursor = next.max(*cursor);
    }

    /// Readers that are no more; a journal would be kept for them for ever.
    pub fn keep_only(&mut self, readers: &[&str]) {
        self.next.retain(|name, _| readers.contains(&name.as_str()));
    }

    fn to_text(&self) -> String {
        let mut text: String = self.next.iter().map(|(name, next)| format!("{next} {name}\n")).collect();
        text.push_str(&format!("crc {:08x}\n", crc32fast::hash(text.as_bytes())));
        text
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (body, crc) = text.split_at(text.rfind("crc ")?);
        let crc = u32::from_str_radix(crc.strip_prefix("crc ")?.strip_suffix('\n')?, 16).ok()?;
        if crc32fast::hash(body.as_bytes()) != crc {
            return None;
        }
        let lines = body.lines().map(|line| {
            let (next, name) = line.split_once(' ')?;
            Some((name.to_owned(), next.parse().ok()?))
        });
        Some(Cursors { next: lines.collect::<Option<_>>()? })
    }
}
