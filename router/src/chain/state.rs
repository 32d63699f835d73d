//! A plugin's state on disk, so that alert logic survives a restart of the router.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::replace::replace;

const CHECKSUM_BYTES: usize = 32;

/// One file a chain entry: a checksum, then the state as the plugin gave it.
pub(super) struct StateFile {
    /// `None` keeps nothing.
    path: Option<PathBuf>,
    /// Of what the file holds, so that an unchanged state is not written again.
    checksum: Option<[u8; CHECKSUM_BYTES]>,
}

// === impl StateFile ===

impl StateFile {
    /// `folder` is `None` where nothing is to be kept.
    pub(super) fn new(folder: Option<&Path>, entry: &str) -> Self {
        StateFile { path: folder.map(|folder| folder.join(format!("{entry}.state"))), checksum: None }
    }

    /// None where there is no file, or a damaged one: the plugin then starts empty.
    pub(super) fn load(&mut self) -> Option<Vec<u8>> {
        let path = self.path.as_ref()?;
        let mut bytes = fs::read(path).ok()?;
        let state = bytes.split_off(bytes.len().min(CHECKSUM_BYTES));
        let checksum: [u8; CHECKSUM_BYTES] = Sha256::digest(&state).into();
        if bytes != checksum {
            tracing::warn!(path = %path.display(), "a plugin's saved state is damaged; it starts empty");
            return None;
        }
        self.checksum = Some(checksum);
        Some(state)
    }

    pub(super) fn store(&mut self, state: &[u8]) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let checksum: [u8; CHECKSUM_BYTES] = Sha256::digest(state).into();
        // A plugin without state leaves no file.
        if self.checksum == Some(checksum) || (self.checksum.is_none() && state.is_empty()) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        replace(path, &[checksum.as_slice(), state].concat())?;
        self.checksum = Some(checksum);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = StateFile::new(Some(folder.path()), "spike");
        assert_eq!(file.load(), None);
        file.store(b"").unwrap();
        let path = file.path.clone().unwrap();
        assert!(!path.exists());
        file.store(b"windows").unwrap();
        assert_eq!(StateFile::new(Some(folder.path()), "spike").load().as_deref(), Some(&b"windows"[..]));
        fs::write(&path, b"torn").unwrap();
        assert_eq!(StateFile::new(Some(folder.path()), "spike").load(), None);
    }
}
