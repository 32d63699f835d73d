//! The gate behind the chain: the host's own look for secrets, whatever the plugins did.
//!
//! Two things keep a secret from a destination. Fields that the contract marks `secret` or `pii` are
//! left out by the encoder of each destination that is not cleared for them. And free text (with the
//! fields that the contract does not know) is searched here once more by value and key: a chain
//! without `redact`, or with a faulty one, leaks nothing that is recognisable.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tapline_contract::{Contract, FieldId, Kind};
use tapline_redact::Cleaner;

use crate::batch::{Batch, Cell};

pub struct Gate {
    contract: Arc<Contract>,
    cleaner: Cleaner,
    /// Fields that may hold free text, with whether they are JSON.
    searched: Vec<(FieldId, bool)>,
    /// Values that the gate had to cover: the chain had let them through.
    pub covered: Arc<AtomicU64>,
}

impl Gate {
    pub fn new(contract: &Arc<Contract>) -> Self {
        let searched = contract
            .field_ids()
            .filter(|(_, field)| field.free_text || field.kind == Kind::Json)
            .map(|(id, field)| (id, field.kind == Kind::Json))
            .collect();
        Gate { contract: contract.clone(), cleaner: Cleaner::default(), searched, covered: Arc::default() }
    }

    pub fn clear(&mut self, batch: &mut Batch) {
        let mut covered = 0;
        for &(field, json) in &self.searched {
            for row in 0..batch.column(field).len() {
                let cell = batch.column(field)[row];
                let (Cell::Text(span) | Cell::Json(span)) = cell else { continue };
                let event = batch.event_name(&self.contract, row);
                let text = batch.text(span);
                let clean = if json { self.cleaner.json(text, event) } else { self.cleaner.text(text, event) };
                if let Some(clean) = clean {
                    let span = batch.push_text(&clean);
                    batch.put(row, field, if json { Cell::Json(span) } else { Cell::Text(span) });
                    covered += 1;
                }
            }
        }
        for row in 0..batch.len() {
            let Cell::Json(span) = batch.details(row) else { continue };
            let event = batch.event_name(&self.contract, row);
            if let Some(clean) = self.cleaner.json(batch.text(span), event) {
                let span = batch.push_text(&clean);
                batch.set_details(row, Cell::Json(span));
                covered += 1;
            }
        }
        for row in 0..batch.len() {
            let head = batch.rows()[row];
            if head.event.is_none()
                && let Some(clean) = self.cleaner.text(batch.text(head.name), "")
            {
                let name = batch.push_text(&clean);
                batch.rows_mut()[row].name = name;
                covered += 1;
            }
        }
        if covered > 0 {
            self.covered.fetch_add(covered, Relaxed);
        }
    }
}

/// For text that is no event: a rejected line.
pub fn clean_text(text: &str) -> Cow<'_, str> {
    thread_local! {
        static CLEANER: RefCell<Cleaner> = RefCell::default();
    }
    CLEANER.with_borrow_mut(|cleaner| {
        // A line that is nearly JSON is searched by key as far as it is JSON, then as text.
        let clean = cleaner.json(text, "");
        clean.map_or(Cow::Borrowed(text), Cow::Owned)
    })
}
