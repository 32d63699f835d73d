//! Why a ring file is not made, or not read: what, where, why, and what to do.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// A file or folder that is not used.
#[derive(Debug)]
pub struct Refusal {
    pub path: PathBuf,
    pub reason: Reason,
}

#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The system would not do it.
    System {
        action: &'static str,
        error: io::Error,
    },
    /// A symbolic link.
    Link,
    /// A folder, a device, a pipe.
    NotAFile,
    NotAFolder,
    /// Of another user.
    Foreign {
        uid: u32,
        own: u32,
    },
    /// Others may write to it.
    Open {
        mode: u32,
    },
    /// It does not begin as one.
    NoRingFile,
    Version {
        found: u32,
        known: u32,
    },
    /// The head was changed after it was written.
    Checksum,
    /// The head makes no sense.
    Head(String),
    /// Its events have other numbers.
    Contract {
        found: String,
        known: &'static str,
    },
    /// It was cut, or has grown.
    Size {
        found: u64,
        head: u64,
    },
    /// The folder holds as much as it may.
    FolderFull {
        bytes: u64,
        most: u64,
    },
    /// What a lane's words say can't be.
    Lane {
        lane: &'static str,
        what: &'static str,
    },
    /// Another reader has it.
    InUse,
    /// Its owner still emits, or there is something in it.
    NotDone,
}

impl Refusal {
    pub(super) fn new(path: &Path, reason: Reason) -> Refusal {
        Refusal { path: path.to_owned(), reason }
    }

    pub(super) fn system(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Refusal {
        let path = path.to_owned();
        move |error| Refusal { path, reason: Reason::System { action, error } }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.reason {
            Reason::System { action, error } => write!(f, "can't {action} {path}: {error}; {}", remedy(error)),
            Reason::Link => {
                write!(f, "{path} is a symbolic link, which may lead anywhere; give the place itself")
            }
            Reason::NotAFile => write!(f, "{path} is no regular file, so no ring file; remove it from the folder"),
            Reason::NotAFolder => write!(f, "{path} is no folder; give another one, or remove it"),
            Reason::Foreign { uid, own } => write!(
                f,
                "{path} belongs to user {uid}, and this process runs as {own}; run both sides as one user, or give \
                 each its own folder"
            ),
            Reason::Open { mode } => write!(
                f,
                "{path} can be written by other users (mode {mode:o}), so what is in it can't be relied on; take \
                 that right away (chmod go-w)"
            ),
            Reason::NoRingFile => {
                write!(f, "{path} does not begin as a ring file does; remove it from the folder")
            }
            Reason::Version { found, known } => write!(
                f,
                "{path} has layout version {found}, this program knows {known}; drain it with a router of the \
                 client's version"
            ),
            Reason::Checksum => write!(
                f,
                "the head of {path} is damaged: its checksum does not fit; move it away, its events can't be read"
            ),
            Reason::Head(what) => write!(f, "the head of {path} makes no sense: {what}; move it away"),
            Reason::Contract { found, known } => write!(
                f,
                "{path} was written with contract {found}, this program has {known}; drain it with a router that \
                 was built with the same contract"
            ),
            Reason::Size { found, head } => write!(
                f,
                "{path} has {found} bytes and should have {head}: it was cut or overwritten; move it away, and see \
                 what else writes to the folder"
            ),
            Reason::FolderFull { bytes, most } => write!(
                f,
                "{path} holds {bytes} bytes of ring files and may hold {most}: let a router drain it, or remove \
                 the files of runs that nobody wants to read"
            ),
            Reason::Lane { lane, what } => {
                write!(f, "the {lane} lane of {path} is damaged: {what}; move the file away once its owner has ended")
            }
            Reason::InUse => {
                write!(f, "{path} is being read by another process, and has one reader; stop one of the two")
            }
            Reason::NotDone => {
                write!(f, "{path} is still in use: its owner lives, or events in it are not released; drain it first")
            }
        }
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room there, or give another folder",
        io::ErrorKind::PermissionDenied => "give a folder that this user may write to",
        io::ErrorKind::NotFound => "its producer may have ended, or the folder be another one",
        _ => "see whether the folder can be written to",
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::System { error, .. } => Some(error),
            _ => None,
        }
    }
}
