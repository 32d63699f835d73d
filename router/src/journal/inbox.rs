//! What waits for the journal's thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tapline_contract::Lane;

use crate::ledger::Settlement;
use crate::receipt::Receipt;
use crate::sink::{Delivery, Parcel};

/// Batches of a lane that wait; then the lane waits where it comes from.
const ENTRIES_MAX: usize = 8;

/// The same for what destinations have no room for.
const SPILLS_MAX: usize = 64;

/// A batch whose rows must be safe before its producers are answered.
pub struct Entry {
    pub parcel: Arc<Parcel>,
    pub settlement: Arc<Settlement>,
    /// By row: its destinations, as bits. 0 for rows that go nowhere.
    pub targets: Vec<u64>,
    pub receipts: Vec<Arc<Receipt>>,
    pub ahead: Ahead,
}

/// Destinations, as bits, that were offered rows of a batch before it had a record.
#[derive(Clone, Copy, Default)]
pub struct Ahead {
    /// The batch's number until then.
    pub ticket: u64,
    pub taken: u64,
    /// Those that had no room.
    pub late: u64,
}

/// Rows for which destinations had no room: by the destination's number, all of one parcel.
pub type Spill = Vec<(u8, Delivery)>;

#[derive(Default)]
pub struct Inbox {
    queues: Mutex<Queues>,
    filled: Condvar,
    /// Audit rows have used their share of the budget; they wait outside until there is room.
    pub audit_is_full: AtomicBool,
    /// So much of the guard lane waits for a disk that fails that no more is taken.
    pub guard_is_full: AtomicBool,
}

#[derive(Default)]
struct Queues {
    guard: VecDeque<Entry>,
    audit: VecDeque<Entry>,
    spills: VecDeque<Spill>,
    stopping: bool,
}

/// All that waited.
#[derive(Default)]
pub struct Taken {
    pub guard: VecDeque<Entry>,
    pub audit: VecDeque<Entry>,
    pub spills: VecDeque<Spill>,
    /// Nothing more will come.
    pub stopping: bool,
}

impl Inbox {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a batch of the lane can be put in.
    pub fn has_room(&self, lane: Lane) -> bool {
        match lane {
            Lane::Guard => !self.guard_is_full.load(Relaxed) && self.queues().guard.len() < ENTRIES_MAX,
            Lane::Audit => !self.audit_is_full.load(Relaxed) && self.queues().audit.len() < ENTRIES_MAX,
            // The disk is slower than what destinations have no room for.
            Lane::Log | Lane::Metric => self.queues().spills.len() < SPILLS_MAX,
        }
    }

    pub fn put(&self, entry: Entry) {
        let mut queues = self.queues();
        match entry.parcel.batch().lane {
            Lane::Guard => queues.guard.push_back(entry),
            _ => queues.audit.push_back(entry),
        }
        drop(queues);
        self.filled.notify_one();
    }

    pub fn spill(&self, spill: Spill) {
        self.queues().spills.push_back(spill);
        self.filled.notify_one();
    }

    /// Puts back what could not be taken, in front of what has come since.
    pub(super) fn put_back(&self, mut audit: VecDeque<Entry>) {
        let mut queues = self.queues();
        audit.append(&mut queues.audit);
        queues.audit = audit;
    }

    /// All that waits, or nothing when the time is over. Audit batches only where asked for.
    pub(super) fn take(&self, wait: Duration, with_audit: bool, with_guard: bool) -> Taken {
        let is_idle = |queues: &mut Queues| {
            !queues.stopping
                && (!with_guard || queues.guard.is_empty())
                && queues.spills.is_empty()
                && (!with_audit || queues.audit.is_empty())
        };
        let (mut queues, _) =
            self.filled.wait_timeout_while(self.queues(), wait, is_idle).unwrap_or_else(PoisonError::into_inner);
        Taken {
            guard: if with_guard { std::mem::take(&mut queues.guard) } else { VecDeque::new() },
            audit: if with_audit { std::mem::take(&mut queues.audit) } else { VecDeque::new() },
            spills: std::mem::take(&mut queues.spills),
            stopping: queues.stopping,
        }
    }

    pub(super) fn stop(&self) {
        self.queues().stopping = true;
        self.filled.notify_one();
    }

    pub(super) fn is_empty(&self) -> bool {
        let queues = self.queues();
        queues.guard.is_empty() && queues.audit.is_empty() && queues.spills.is_empty()
    }
}
