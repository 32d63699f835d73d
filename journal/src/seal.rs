//! What stays of a segment when it has gone: a line in `seals.ndjson`.

use std::io;

use serde::{Deserialize, Serialize};

use crate::chain::{Hash, merkle_root};
use crate::disk::{Disk, DiskFile};
use crate::journal::End;

const NAME: &str = "seals.ndjson";

/// A closed segment. Both hashes are written in hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Number of its first record, and how many it has.
    pub segment: u64,
    pub records: u64,
    /// Position of its first audited row, and how many it has.
    pub position: u64,
    pub rows: u64,
    /// Merkle root over the rows' leaves.
    #[serde(with = "hex")]
    pub root: Hash,
    /// The chain behind the last row.
    #[serde(with = "hex")]
    pub link: Hash,
}

mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::chain::{Hash, from_hex, to_hex};

    pub(super) fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_hex(hash))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        from_hex(&text).ok_or_else(|| D::Error::custom("a hash has 64 hexadecimal digits"))
    }
}

impl Seal {
    /// Of the records from `segment` up to `end`, with the leaves of their rows.
    pub(crate) fn new(segment: u64, leaves: &[Hash], end: &End) -> Self {
        Seal {
            segment,
            records: end.number - segment,
            position: end.position - leaves.len() as u64,
            rows: leaves.len() as u64,
            root: merkle_root(leaves),
            link: end.link,
        }
    }

    /// Where the next segment begins.
    pub(crate) fn end(&self) -> End {
        End { number: self.segment + self.records, position: self.position + self.rows, link: self.link }
    }
}

/// The file, and what is still to be written to it.
pub(crate) struct Seals {
    pub(crate) last: Option<Seal>,
    unwritten: Vec<Seal>,
    /// Bytes of whole lines; what is behind them is of a write that failed.
    whole: u64,
}

impl Seals {
    /// A last line that is not whole (power was lost) is cut off; its segment is still there.
    pub(crate) fn open<D: Disk>(disk: &D) -> io::Result<Self> {
        let (seals, whole, is_torn) = read(disk)?;
        if is_torn {
            let mut file = disk.open(NAME)?;
            file.truncate(whole)?;
            file.sync()?;
        }
        Ok(Seals { last: seals.into_iter().next_back(), unwritten: Vec::new(), whole })
    }

    pub(crate) fn add(&mut self, seal: Seal) {
        self.last = Some(seal.clone());
        self.unwritten.push(seal);
    }

    /// Puts what is new on disk. What fails is tried again with the next call.
    pub(crate) fn write<D: Disk>(&mut self, disk: &D) -> io::Result<()> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let mut file = match disk.open(NAME) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = disk.create(NAME)?;
                disk.sync()?;
                file
            }
            other => other?,
        };
        let mut lines = Vec::new();
        for seal in &self.unwritten {
            serde_json::to_writer(&mut lines, seal)?;
            lines.push(b'\n');
        }
        if file.bytes()? > self.whole {
            file.truncate(self.whole)?;
        }
        file.append(&lines)?;
        file.sync()?;
        self.whole += lines.len() as u64;
        self.unwritten.clear();
        Ok(())
    }
}

/// All seals, in order; how many bytes they take, and whether there is more behind them.
pub(crate) fn read<D: Disk>(disk: &D) -> io::Result<(Vec<Seal>, u64, bool)> {
    let file = match disk.open(NAME) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0, false)),
        other => other?,
    };
    let mut text = vec![0; file.bytes()? as usize];
    let read = file.read_at(0, &mut text)?;
    text.truncate(read);
    let mut seals = Vec::new();
    let mut whole = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let Some(seal) = line.ends_with(b"\n").then(|| serde_json::from_slice(line).ok()).flatten() else { break };
        seals.push(seal);
        whole += line.len();
    }
    Ok((seals, whole as u64, whole < text.len()))
}
