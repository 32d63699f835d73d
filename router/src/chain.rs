//! The chain: a batch passes the plugins in order.
//!
//! For each entry the subscribed rows are picked here, natively; the declared columns are gathered
//! into buffers that live as long as the chain; one call crosses the border; the checked answer is
//! applied. What breaks a plugin is isolated to the events that break it (`entry.rs`), and a plugin
//! that breaks on everything is taken out for a while (`breaker.rs`).

mod apply;
mod breaker;
mod build;
mod effects;
mod entry;
mod gather;
pub mod measure;
mod names;
mod pick;
mod resolver;
mod source;
mod state;
mod stats;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use build::{ChainError, Setting, load_plugin};
pub use effects::Effects;
pub use stats::EntryStats;

use crate::batch::Batch;
use entry::Entry;
use names::Names;

pub struct Chain {
    entries: Vec<Entry>,
    names: Names,
}

// === impl Chain ===

impl Chain {
    /// Rows that end here are marked as gone, and listed in `effects`.
    pub fn process(&mut self, batch: &mut Batch, effects: &mut Effects) {
        self.names.renew_for(batch);
        for entry in &mut self.entries {
            entry.process(&self.names, batch, effects);
        }
    }

    /// Lets the plugins whose time has come look at their clocks. To be called often; it costs nothing
    /// in between.
    pub fn tick(&mut self, now_ns: i64, effects: &mut Effects) {
        let now = Instant::now();
        for entry in &mut self.entries {
            entry.tick(now, now_ns, effects);
        }
    }

    /// As `tick`, for every plugin with a clock, whether its time has come or not.
    pub fn tick_at(&mut self, now_ns: i64, effects: &mut Effects) {
        for entry in &mut self.entries {
            entry.tick_at(now_ns, effects);
        }
    }

    /// How long until `tick` has something to do.
    pub fn next_tick(&self) -> Option<Duration> {
        let now = Instant::now();
        self.entries.iter().filter_map(Entry::next_tick).min().map(|at| at.saturating_duration_since(now))
    }

    /// Keeps what the plugins know for the next start.
    pub fn stop(&mut self) {
        self.entries.iter_mut().for_each(Entry::stop);
    }

    pub fn stats(&self) -> Vec<Arc<EntryStats>> {
        self.entries.iter().map(|entry| Arc::clone(entry.stats())).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
