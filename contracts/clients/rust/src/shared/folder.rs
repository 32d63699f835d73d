//! The folder in which producers leave their ring files for the router.

use std::fs::{self, DirBuilder, Metadata};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::refusal::{Reason, Refusal};

pub(super) const SUFFIX: &str = "ring";
/// Until it is complete.
pub(super) const UNFINISHED_SUFFIX: &str = "ring-new";
/// One that is older than this was left by a process that died making it.
const UNFINISHED_FOR: Duration = Duration::from_secs(60);

/// All ring files of a folder together: a program that is started again and again while no router
/// drains what its runs leave must not fill the machine's memory.
const FOLDER_BYTES_MAX: u64 = 1 << 30;

/// `TAPLINE_SHARED_DIR`, else a folder of this user's in `/dev/shm`.
///
/// Where the system removes what a user leaves in `/dev/shm` when he logs out (systemd's
/// `RemoveIPC=yes`, which spares system users), give another folder, on a tmpfs for preference: on a
/// disk the kernel may hold an emit up for as long as it writes a page back.
pub fn default_folder() -> PathBuf {
    match std::env::var_os("TAPLINE_SHARED_DIR") {
        Some(folder) => folder.into(),
        None => PathBuf::from(format!("/dev/shm/tapline-{}", own_uid())),
    }
}

/// All ring files of the folder, finished ones, oldest run first. None where there is no folder yet.
pub fn discover(folder: &Path) -> Result<Vec<PathBuf>, Refusal> {
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Refusal::system(folder, "look at")(error)),
        Ok(metadata) => check(folder, &metadata)?,
    }
    let mut found = ring_files(folder)?;
    // Names begin with the run, and that with its start.
    found.sort();
    Ok(found)
}

/// Made if there is none, for this user alone; what died half made is cleared away.
pub(crate) fn prepare(folder: &Path) -> Result<(), Refusal> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(Refusal::system(folder, "make"))?;
    let metadata = fs::symlink_metadata(folder).map_err(Refusal::system(folder, "look at"))?;
    check(folder, &metadata)?;
    let entries = fs::read_dir(folder).map_err(Refusal::system(folder, "list"))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let age = || fs::symlink_metadata(&path).ok()?.modified().ok()?.elapsed().ok();
        if path.extension().is_some_and(|suffix| suffix == UNFINISHED_SUFFIX)
            && age().is_some_and(|age| age > UNFINISHED_FOR)
        {
            let _ = fs::remove_file(&path);
        }
    }
    Ok(())
}

/// Refused where another file of so many bytes would be one too many.
pub(super) fn check_room(folder: &Path, bytes: u64) -> Result<(), Refusal> {
    let sizes = ring_files(folder)?.into_iter().filter_map(|path| fs::symlink_metadata(path).ok());
    let held: u64 = sizes.map(|metadata| metadata.len()).sum();
    if held.saturating_add(bytes) > FOLDER_BYTES_MAX {
        return Err(Refusal::new(folder, Reason::FolderFull { bytes: held, most: FOLDER_BYTES_MAX }));
    }
    Ok(())
}

fn ring_files(folder: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let entries = fs::read_dir(folder).map_err(Refusal::system(folder, "list"))?;
    let paths = entries.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|suffix| suffix == SUFFIX)).collect())
}

fn check(folder: &Path, metadata: &Metadata) -> Result<(), Refusal> {
    let reason = if metadata.is_symlink() {
        Reason::Link
    } else if !metadata.is_dir() {
        Reason::NotAFolder
    } else if metadata.uid() != own_uid() && metadata.uid() != 0 {
        Reason::Foreign { uid: metadata.uid(), own: own_uid() }
    } else if metadata.mode() & 0o022 != 0 {
        Reason::Open { mode: metadata.mode() & 0o7777 }
    } else {
        return Ok(());
    };
    Err(Refusal::new(folder, reason))
}

pub(super) fn own_uid() -> u32 {
    // SAFETY: has no preconditions.
    unsafe { libc::geteuid() }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn is_this_users_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/b");
        assert!(discover(&folder).unwrap().is_empty());
        prepare(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);

        let link = dir.path().join("link");
        symlink(&folder, &link).unwrap();
        assert!(matches!(prepare(&link).unwrap_err().reason, Reason::Link));
        assert!(matches!(discover(&link).unwrap_err().reason, Reason::Link));
        fs::set_permissions(&folder, PermissionsExt::from_mode(0o777)).unwrap();
        let refusal = prepare(&folder).unwrap_err();
        assert!(refusal.to_string().contains("mode 777"), "{refusal}");
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(discover(&file).unwrap_err().reason, Reason::NotAFolder));
    }

    #[test]
    fn holds_no_more_than_it_may() {
        let dir = tempfile::tempdir().unwrap();
        check_room(dir.path(), FOLDER_BYTES_MAX).unwrap();
        let left = fs::File::create(dir.path().join(format!("1.{SUFFIX}"))).unwrap();
        left.set_len(1000).unwrap();
        check_room(dir.path(), FOLDER_BYTES_MAX - 1000).unwrap();
        let refusal = check_room(dir.path(), FOLDER_BYTES_MAX).unwrap_err();
        assert!(matches!(refusal.reason, Reason::FolderFull { bytes: 1000, .. }), "{refusal}");
    }

    #[test]
    fn what_is_half_made_is_not_found_and_goes_when_it_is_old() {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path()).unwrap();
        let new = dir.path().join(format!("1.{UNFINISHED_SUFFIX}"));
        let file = fs::File::create(&new).unwrap();
        fs::write(dir.path().join("other"), "").unwrap();
        assert!(discover(dir.path()).unwrap().is_empty());
        prepare(dir.path()).unwrap();
        assert!(new.exists());
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(100)).unwrap();
        prepare(dir.path()).unwrap();
        assert!(!new.exists());
    }
}
