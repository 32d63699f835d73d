//! What is not as it has to be is refused, and the refusal says what it is.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};

use std::path::{Path, PathBuf};

use tapline_client::Lane;
use tapline_client::shared::{Attached, Reason};

use crate::setup::{builder, emit, risk, the_file};

/// A whole file of a run that has ended, with one event.
fn file(folder: &Path) -> PathBuf {
    let telemetry = builder(folder).build();
    emit(&risk(&telemetry), 0, 0);
    drop(telemetry);
    the_file(folder)
}

fn reason(path: &Path) -> Reason {
    let refusal = Attached::open(path).unwrap_err();
    assert!(refusal.to_string().contains(path.to_str().unwrap()), "{refusal}");
    refusal.reason
}

#[test]
fn a_whole_one_is_attached_by_one_reader() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path());
    let first = Attached::open(&path).unwrap();
    assert!(matches!(reason(&path), Reason::InUse));
    drop(first);
    Attached::open(&path).unwrap();
}

#[test]
fn what_is_no_file_of_ours_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path());
    let link = dir.path().join("link.ring");
    symlink(&path, &link).unwrap();
    assert!(matches!(reason(&link), Reason::Link));
    assert!(matches!(reason(dir.path()), Reason::NotAFile));
    assert!(matches!(reason(&dir.path().join("none.ring")), Reason::System { .. }));
    let pipe = dir.path().join("pipe.ring");
    let name = std::ffi::CString::new(pipe.to_str().unwrap()).unwrap();
    // SAFETY: a path that ends in zero.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    assert!(matches!(reason(&pipe), Reason::NotAFile));
    for bytes in [&b""[..], b"TAPL", &[0; 10_000]] {
        let other = dir.path().join("other.ring");
        fs::write(&other, bytes).unwrap();
        assert!(matches!(reason(&other), Reason::NoRingFile));
    }
    fs::set_permissions(&path, PermissionsExt::from_mode(0o620)).unwrap();
    assert!(matches!(reason(&path), Reason::Open { mode: 0o620 }));
}

#[test]
fn another_user_s_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path());
    // Only root can give a file away.
    if std::os::unix::fs::chown(&path, Some(12_345), None).is_ok() {
        assert!(matches!(reason(&path), Reason::Foreign { uid: 12_345, .. }));
    }
}

#[test]
fn a_damaged_head_is_told_by_what_is_wrong_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path());
    let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let size = file.metadata().unwrap().len();
    let with = |at: u64, byte: u8| {
        let mut before = [0];
        file.read_exact_at(&mut before, at).unwrap();
        file.write_all_at(&[byte], at).unwrap();
        let reason = reason(&path);
        file.write_all_at(&before, at).unwrap();
        reason
    };
    assert!(matches!(with(0, 0), Reason::NoRingFile));
    assert!(matches!(with(8, 9), Reason::Version { found: 9, known: 1 }));
    assert!(matches!(with(12, 255), Reason::Checksum));
    assert!(matches!(with(13, 255), Reason::Checksum));
    assert!(matches!(with(300, 255), Reason::Checksum));
    // From the end on: what was cut off comes back as zeros.
    for (other, cut_head) in [(size + 1, false), (size - 1, false), (8192, false), (100, true)] {
        file.set_len(other).unwrap();
        let reason = reason(&path);
        assert!(if cut_head { matches!(reason, Reason::Checksum) } else { matches!(reason, Reason::Size { .. }) });
    }
}

#[test]
fn a_file_that_is_cut_under_its_reader_ends_the_reading_and_not_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path());
    let attached = Attached::open(&path).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(4096).unwrap();
    let refusal = attached.read(Lane::Audit, &mut Vec::new(), 1).unwrap_err();
    assert!(matches!(refusal.reason, Reason::Size { found: 4096, .. }));
    assert!(attached.has_events(Lane::Audit), "the error is to be read");
    assert!(!attached.is_done() && attached.retire().is_err());
}

#[test]
fn a_refusal_says_what_where_why_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path());
    let _first = Attached::open(&path).unwrap();
    let text = Attached::open(&path).unwrap_err().to_string();
    assert_eq!(
        text,
        format!("{} is being read by another process, and has one reader; stop one of the two", path.display())
    );
}
