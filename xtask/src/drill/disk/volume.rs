//! A small file system that can be broken, in a mount namespace of our own.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::run;

/// Where the journal lies, and how it is broken and mended.
pub(super) trait Volume {
    fn path(&self) -> &Path;
    fn fail(&mut self) -> Result<()>;
    /// Whether the router has to be stopped for it to be mended, as for any check of a file system.
    fn needs_a_stop(&self) -> bool;
    fn mend(&mut self) -> Result<()>;
}

/// In memory, and full.
pub(super) struct Full {
    path: PathBuf,
}

/// ext4 on a disk that ends: writes fail with an I/O error, and the file system makes itself read-only.
pub(super) struct Failing {
    outer: PathBuf,
    path: PathBuf,
    image: PathBuf,
}

const FULL_MIB: u32 = 24;

/// The image is sparse, and larger than what lies below it.
const BELOW_MIB: u32 = 24;
const IMAGE_MIB: u64 = 96;

impl Full {
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let path = folder.join("volume");
        tmpfs(&path, FULL_MIB)?;
        Ok(Full { path })
    }
}

impl Failing {
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let outer = folder.join("below");
        tmpfs(&outer, BELOW_MIB)?;
        let (path, image) = (folder.join("volume"), outer.join("image"));
        fs::create_dir_all(&path)?;
        File::create(&image)?.set_len(IMAGE_MIB << 20)?;
        run(Command::new("mkfs.ext4").args(["-q", "-F", "-J", "size=4"]).arg(&image))?;
        let volume = Failing { outer, path, image };
        volume.mount()?;
        Ok(volume)
    }

    fn mount(&self) -> Result<()> {
        run(Command::new("mount").args(["-o", "loop,errors=remount-ro"]).arg(&self.image).arg(&self.path))
    }
}

impl Volume for Full {
    fn path(&self) -> &Path {
        &self.path
    }

    fn fail(&mut self) -> Result<()> {
        fill(&self.path)
    }

    fn needs_a_stop(&self) -> bool {
        false
    }

    fn mend(&mut self) -> Result<()> {
        Ok(fs::remove_file(self.path.join(BALLAST))?)
    }
}

impl Volume for Failing {
    fn path(&self) -> &Path {
        &self.path
    }

    fn fail(&mut self) -> Result<()> {
        fill(&self.outer)
    }

    fn needs_a_stop(&self) -> bool {
        true
    }

    fn mend(&mut self) -> Result<()> {
        fs::remove_file(self.outer.join(BALLAST))?;
        run(Command::new("umount").arg(&self.path))?;
        // Exit codes 1 and 2: it found something and has mended it.
        let status = Command::new("e2fsck").args(["-p", "-f"]).arg(&self.image).status().context("running e2fsck")?;
        if !matches!(status.code(), Some(0..=2)) {
            bail!("e2fsck of {} ended with {status}", self.image.display());
        }
        self.mount()
    }
}

const BALLAST: &str = "ballast";

fn tmpfs(path: &Path, mib: u32) -> Result<()> {
    fs::create_dir_all(path)?;
    run(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"]).arg(path))
}

/// To the last byte.
fn fill(folder: &Path) -> Result<()> {
    let mut file = File::create(folder.join(BALLAST))?;
    for piece in [1 << 20, 4096, 1] {
        let zeros = vec![0; piece];
        while file.write_all(&zeros).is_ok() {}
    }
    Ok(())
}
