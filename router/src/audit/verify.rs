//! Whether the audit trail is complete, in order and unchanged: over the journal, its seals, and every
//! database that holds the tables.
//!
//! Three things are held against each other. Each row of a database carries the chain behind it, so a
//! changed, removed or moved row breaks the chain there. The seals say where the chain stood when a segment
//! was closed, so that a chain which was written anew from some row on is found out. And what is still in
//! the journal must be in the database already, or follow right behind it. A row that a database refused is
//! found in the dead letters, and said to be there.

mod database;
mod journal;
mod letters;
mod pages;

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use tapline_contract::{Contract, Sensitivity};

use super::chain::{Trail, TrailError};

pub use database::DatabaseFound;
pub use pages::{DeliveryRow, Pages};

use journal::Anchors;
use letters::Letters;

/// Breaks that are named one by one; the first is what matters.
const BREAKS_SHOWN: usize = 20;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Verification {
    pub ok: bool,
    pub databases: Vec<DatabaseFound>,
    /// Of the journal.
    pub records: u64,
    pub journal_rows: u64,
    /// Rows of the journal that were written under another contract, whose leaves can't be made again.
    pub journal_rows_unchecked: u64,
    pub seals: u64,
    /// By the first database that can be read.
    pub pages: Option<Pages>,
    /// What is not as it should be; the first first.
    pub breaks: Vec<String>,
    pub more_breaks: u64,
}

impl Verification {
    fn found(&mut self, what: String) {
        match self.breaks.len() < BREAKS_SHOWN {
            true => self.breaks.push(what),
            false => self.more_breaks += 1,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Trail(#[from] TrailError),
    #[error("journal {path}: {source}", path = path.display())]
    Journal { path: std::path::PathBuf, source: std::io::Error },
    #[error("dead letters {path}: {source}", path = path.display())]
    Letters { path: std::path::PathBuf, source: std::io::Error },
}

/// A database that is to be verified, under its destination's name. It is opened when its turn comes.
pub struct Database<'a> {
    pub name: String,
    pub open: Box<dyn FnOnce() -> Result<Box<dyn Trail + 'a>, TrailError> + 'a>,
}

pub fn verify(
    databases: Vec<Database<'_>>,
    journal: &Path,
    dead_letters: &Path,
    contract: &Arc<Contract>,
    clearance: Sensitivity,
) -> Result<Verification, VerifyError> {
    let mut verification = Verification::default();
    let mut anchors = Anchors::default();
    // The journal first: a running router takes rows out of it only when the databases have them.
    if journal.exists() {
        let failed = |source| VerifyError::Journal { path: journal.to_owned(), source };
        journal::look_at_journal(journal, contract, clearance, &mut verification, &mut anchors).map_err(failed)?;
    }
    let failed = |source| VerifyError::Letters { path: dead_letters.to_owned(), source };
    let letters = Letters::read(dead_letters, contract).map_err(failed)?;
    for Database { name, open } in databases {
        let looked = open().and_then(|mut trail| {
            let found = database::look_at_database(&name, &mut *trail, &anchors, &letters, &mut verification)?;
            let pages = if verification.pages.is_none() { Some(pages::pages(&mut *trail)?) } else { None };
            Ok((found, pages))
        });
        match looked {
            Ok((found, pages)) => {
                verification.databases.push(found);
                verification.pages = verification.pages.or(pages);
            }
            // The others are looked at all the same.
            Err(error @ TrailError::Server { .. }) => verification.found(format!(
                "{name}: can't be read: {error}; it is read as its verify_user, who has to have the role audit_verifier"
            )),
            Err(error) => return Err(error.into()),
        }
    }
    verification.ok = verification.breaks.is_empty();
    Ok(verification)
}
