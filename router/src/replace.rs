//! A file that is replaced as a whole: whoever reads it, even after a power loss, finds the old one or the new.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The new one is on disk when this returns. Only its owner can read it.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let half = path.with_added_extension("part");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&half)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&half, path)?;
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_file_stays_where_the_new_one_can_not_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        fs::create_dir(folder.path().join("state.json.part")).unwrap();
        replace(&path, b"newer").unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }
}
