//! When a file is closed and what becomes of the old ones.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    fn ending(self) -> &'static str {
        match self {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Zstd => ".zst",
        }
    }
}

/// `events.ndjson` is the current file, `events.ndjson.000001.gz` the first that was closed. Numbers
/// only grow, so that order survives a change of the clock.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// Close the file before it grows beyond this.
    pub bytes_max: u64,
    /// Close the file when its first line is older than this.
    pub age_max: Duration,
    /// So many closed files are kept; the oldest go.
    pub keep: usize,
    pub compression: Compression,
}

impl Rotation {
    /// Closes `path` under the next free number, compresses it, and removes what is beyond `keep`.
    pub fn rotate(&self, path: &Path) -> io::Result<PathBuf> {
        let number = closed_files(path)?.last().map_or(1, |(number, _)| number + 1);
        let closed = numbered(path, number);
        fs::rename(path, &closed)?;
        let closed = self.compress(&closed)?;
        self.prune(path)?;
        Ok(closed)
    }

    fn compress(&self, closed: &Path) -> io::Result<PathBuf> {
        if self.compression == Compression::None {
            return Ok(closed.to_owned());
        }
        let packed = with_ending(closed, self.compression.ending());
        let half = with_ending(&packed, ".part");
        let mut from = BufReader::with_capacity(1 << 16, File::open(closed)?);
        let to = File::create(&half)?;
        match self.compression {
            Compression::None => {}
            Compression::Gzip => {
                let mut packer = flate2::write::GzEncoder::new(to, flate2::Compression::fast());
                io::copy(&mut from, &mut packer)?;
                packer.finish()?.sync_data()?;
            }
            Compression::Zstd => {
                let mut packer = zstd::stream::write::Encoder::new(to, 1)?;
                io::copy(&mut from, &mut packer)?;
                packer.finish()?.sync_data()?;
            }
        }
        // The plain file goes only when the packed one is whole.
        fs::rename(&half, &packed)?;
        fs::remove_file(closed)?;
        Ok(packed)
    }

    fn prune(&self, path: &Path) -> io::Result<()> {
        let files = closed_files(path)?;
        for (_, file) in files.iter().take(files.len().saturating_sub(self.keep)) {
            fs::remove_file(file)?;
        }
        Ok(())
    }
}

/// The closed files of `path` with their numbers, oldest first.
pub fn closed_files(path: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some(rest) = file.strip_prefix(&name).and_then(|rest| rest.strip_prefix('.')) else { continue };
        let number = rest.split('.').next().unwrap_or_default();
        if rest.ends_with(".part") || number.len() != 6 {
            continue;
        }
        if let Ok(number) = number.parse() {
            files.push((number, entry.path()));
        }
    }
    files.sort();
    Ok(files)
}

fn numbered(path: &Path, number: u64) -> PathBuf {
    with_ending(path, &format!(".{number:06}"))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
