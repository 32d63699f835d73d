//! What a pass through the chain leaves for the worker to do, beside the changed batch.

use std::sync::Arc;

use tapline_host::{NewEvent, Notice};

use crate::ledger::{Outcome, Reason};

/// Cleared and used again for each batch.
#[derive(Default)]
pub struct Effects {
    /// Rows that end here. The chain has set `gone` on them; the worker settles them, and keeps the
    /// dead letters.
    pub gone: Vec<Gone>,
    /// By chain entry's name.
    pub notices: Vec<(Arc<str>, Notice)>,
    pub events: Vec<(Arc<str>, NewEvent)>,
    /// Receipts of notices: the router's own audit events.
    pub receipts: Vec<NewEvent>,
}

pub struct Gone {
    pub row: usize,
    /// `Filtered` or `DeadLettered`.
    pub outcome: Outcome,
    pub reason: Reason,
    /// The chain entry.
    pub by: Arc<str>,
    /// For a dead letter: what happened, for a person.
    pub message: String,
}

impl Effects {
    /// What a plugin says beside its verdicts.
    pub(super) fn say(&mut self, by: &Arc<str>, notices: Vec<Notice>, events: Vec<NewEvent>) {
        self.notices.extend(notices.into_iter().map(|notice| (Arc::clone(by), notice)));
        self.events.extend(events.into_iter().map(|event| (Arc::clone(by), event)));
    }

    pub fn clear(&mut self) {
        self.gone.clear();
        self.notices.clear();
        self.events.clear();
        self.receipts.clear();
    }
}
