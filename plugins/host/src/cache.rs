//! Machine code kept on disk between runs, named after the component and the engine.
//!
//! What is read back runs as it is, so the folder must be the router's own: it is made readable and
//! writable by the owner alone, and one that others can write to is not used.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;

use crate::engine::Engine;
use crate::fault::Refusal;
use crate::plugin::Digest;

/// Length of the checksum that precedes the code. It finds damage, not malice.
const CHECKSUM_BYTES: usize = 32;

/// A cache never fails: what can't be read is compiled, what can't be written is compiled again.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

// === impl Cache ===

impl Cache {
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, Refusal> {
        let folder = folder.into();
        let at = |what: &str| format!("plugin cache {}: {what}", folder.display());
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|e| Refusal::one(at(&e.to_string())))?;
        let meta = fs::metadata(&folder).map_err(|e| Refusal::one(at(&e.to_string())))?;
        // SAFETY: has no preconditions and can't fail.
        let me = unsafe { libc::geteuid() };
        if meta.uid() != me || meta.permissions().mode() & 0o022 != 0 {
            return Err(Refusal::one(at(
                "others can write to it, and what it holds is run as it is; `chmod 700` it, or remove it",
            )));
        }
        Ok(Self { folder })
    }

    pub(crate) fn get(&self, engine: &Engine, digest: Digest) -> Option<Component> {
        let bytes = fs::read(self.path(engine, digest)).ok()?;
        let (checksum, code) = bytes.split_at_checked(CHECKSUM_BYTES)?;
        if checksum != Sha256::digest(code).as_slice() {
            return None;
        }
        // SAFETY: the folder is ours alone (`open`), the file carries our checksum, so this is what
        // `put` wrote: a component serialised by wasmtime, which checks version and settings itself.
        unsafe { Component::deserialize(engine.wasmtime(), code) }.ok()
    }

    pub(crate) fn put(&self, engine: &Engine, digest: Digest, component: &Component) {
        let Ok(code) = component.serialize() else { return };
        let path = self.path(engine, digest);
        // Written aside and renamed: a reader meets the whole file or none.
        let aside = path.with_extension(format!("{}.tmp", std::process::id()));
        if write(&aside, &code).is_err() || fs::rename(&aside, &path).is_err() {
            let _ = fs::remove_file(&aside);
        }
    }

    fn path(&self, engine: &Engine, digest: Digest) -> PathBuf {
        self.folder.join(format!("{digest}-{}.cwasm", engine.fingerprint()))
    }
}

fn write(path: &Path, code: &[u8]) -> std::io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(&Sha256::digest(code))?;
    file.write_all(code)
}
