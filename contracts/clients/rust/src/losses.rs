//! The counts of one queue that are off the path of an event that finds room.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::spill::SpillState;
use crate::stream::DropReason;

/// Wherever the words are: in this process's memory, or in one that it shares.
pub(crate) struct Losses {
    words: *const LossWords,
    _memory: Arc<dyn Send + Sync>,
}

/// Alone on their cache lines.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub(crate) struct LossWords {
    pub(crate) dropped_by: [AtomicU64; DropReason::COUNT],
    pub(crate) truncated: AtomicU64,
    /// [`SpillState`] as a number: why a full audit queue was not relieved.
    spill_state: AtomicU64,
    /// Records in the spill file.
    pub(crate) spilled: AtomicU64,
}

// SAFETY: atomics, in memory that is kept alive.
unsafe impl Send for Losses {}
// SAFETY: as above.
unsafe impl Sync for Losses {}

impl Losses {
    pub(crate) fn new() -> Losses {
        let words: Arc<LossWords> = Arc::default();
        Losses { words: Arc::as_ptr(&words), _memory: words }
    }

    /// # Safety
    /// The words are in memory that stays as long as `memory` does.
    pub(crate) unsafe fn at(words: *const LossWords, memory: Arc<dyn Send + Sync>) -> Losses {
        Losses { words, _memory: memory }
    }

    pub(crate) fn words(&self) -> &LossWords {
        // SAFETY: alive, as whoever made it vouched for.
        unsafe { &*self.words }
    }

    #[cold]
    pub(crate) fn count_truncated(&self) {
        self.words().truncated.fetch_add(1, Ordering::Relaxed);
    }

    #[cold]
    pub(crate) fn count_full(&self) {
        let state = self.words().spill_state.load(Ordering::Relaxed);
        self.count(
            if state == SpillState::Full as u64 {
                DropReason::SpillFull
            } else if state == SpillState::Failed as u64 {
                DropReason::SpillFailed
            } else {
                DropReason::QueueFull
            },
            1,
        );
    }

    #[cold]
    pub(crate) fn count(&self, reason: DropReason, events: u64) {
        self.words().dropped_by[reason as usize].fetch_add(events, Ordering::Relaxed);
    }

    pub(crate) fn show_spill(&self, state: SpillState, records: u64) {
        self.words().spill_state.store(state as u64, Ordering::Relaxed);
        self.words().spilled.store(records, Ordering::Relaxed);
    }

    pub(crate) fn has_spilled(&self) -> bool {
        self.words().spilled.load(Ordering::Relaxed) > 0
    }
}

impl LossWords {
    pub(crate) fn dropped_by(&self) -> [u64; DropReason::COUNT] {
        std::array::from_fn(|reason| self.dropped_by[reason].load(Ordering::Relaxed))
    }
}
