//! Events by name, to see who talks most. Counted once for each batch, by the one thread that takes batches.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use tapline_contract::Contract;

use super::Families;
use crate::batch::Batch;

/// Names that the contract does not have; more count under `_other`.
const UNDECLARED_MAX: usize = 128;

pub struct EventCounts {
    /// By the event's number in the contract.
    declared: Box<[AtomicU64]>,
    undeclared: Mutex<HashMap<Box<str>, u64>>,
    other: AtomicU64,
}

impl EventCounts {
    pub fn new(contract: &Contract) -> Self {
        let declared = contract.events.iter().map(|_| AtomicU64::new(0)).collect();
        EventCounts { declared, undeclared: Mutex::default(), other: AtomicU64::new(0) }
    }

    pub fn take(&self, batch: &Batch) {
        let mut undeclared = None;
        for row in batch.rows() {
            match row.event {
                // Only one thread writes, so a plain addition will do.
                Some(event) => {
                    let count = &self.declared[usize::from(event.0)];
                    count.store(count.load(Relaxed) + 1, Relaxed);
                }
                None => {
                    let counts = undeclared
                        .get_or_insert_with(|| self.undeclared.lock().unwrap_or_else(PoisonError::into_inner));
                    let name = batch.text(row.name);
                    if let Some(count) = counts.get_mut(name) {
                        *count += 1;
                    } else if counts.len() < UNDECLARED_MAX {
                        counts.insert(name.into(), 1);
                    } else {
                        self.other.store(self.other.load(Relaxed) + 1, Relaxed);
                    }
                }
            }
        }
    }

    pub(super) fn collect(&self, contract: &Contract, families: &mut Families<'_>) {
        let mut add = |event: &str, n: u64| {
            if n > 0 {
                families.counter("tapline_events_by_name_total", &[("event", event)], n);
            }
        };
        for (event, count) in contract.events.iter().zip(&self.declared) {
            add(&event.name, count.load(Relaxed));
        }
        for (name, count) in self.undeclared.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            add(name, *count);
        }
        add("_other", self.other.load(Relaxed));
    }
}
