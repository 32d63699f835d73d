//! Searches everything that was written for the values that the stack has planted.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use super::audit::AuditRows;
use super::stack::Canary;

/// A planted value that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Leak {
    pub(crate) kind: String,
    /// A file, or the audit tables.
    pub(crate) place: String,
}

/// Looks into every file below `folder` (logs, rotated and compressed ones too, dead letters, rejected
/// lines, the database's own files, the console's and the router's output) and into the rows of the
/// audit tables, where a value may not lie in one piece on disk.
pub(crate) fn find(folder: &Path, audit: &AuditRows, canaries: &[Canary]) -> Result<Vec<Leak>> {
    let mut leaks = Vec::new();
    search("audit tables", audit.text.as_bytes(), canaries, &mut leaks);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("looking into {}", folder.display()))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let bytes = contents(&entry.path()).with_context(|| format!("reading {}", entry.path().display()))?;
                search(&entry.path().display().to_string(), &bytes, canaries, &mut leaks);
            }
        }
    }
    Ok(leaks)
}

fn contents(path: &PathBuf) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = File::open(path)?;
    if path.extension().is_some_and(|ending| ending == "gz") {
        flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes)?;
    } else {
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn search(place: &str, bytes: &[u8], canaries: &[Canary], leaks: &mut Vec<Leak>) {
    for canary in canaries {
        if contains(bytes, canary.value.as_bytes()) {
            leaks.push(Leak { kind: canary.kind.clone(), place: place.to_owned() });
        }
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else { return false };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        if rest[at..].starts_with(wanted) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_value_wherever_it_is() {
        assert!(contains(b"xxA123", b"A123"));
        assert!(contains(b"AA123", b"A123"));
        assert!(!contains(b"A12", b"A123"));
        assert!(!contains(b"anything", b""));
    }
}
