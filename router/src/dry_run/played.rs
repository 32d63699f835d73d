//! One side of a dry run: a plugin, and what it does.

use std::collections::BTreeMap;
use std::sync::Arc;

use tapline_host::NoticeState;

use super::Candidate;
use crate::batch::Batch;
use crate::chain::{Chain, Effects, EntryStats, Setting};
use crate::config::ChainEntry;
use crate::route::Destinations;
use crate::verdict::verdict;

/// Beyond so many keys notices are counted together, so that a plugin with a key for each event has no list without end.
const KEYS_MAX: usize = 1_000;
const OTHER: &str = "_other";

pub struct Played {
    pub plugin: String,
    chain: Chain,
    effects: Effects,
    pub dead_letters: u64,
    /// By key and state.
    pub notices: BTreeMap<(String, &'static str), u64>,
    pub made_events: u64,
}

/// A batch behind the plugin, and its verdict on each row.
pub struct Treated {
    pub batch: Batch,
    pub verdicts: Vec<String>,
}

impl Played {
    pub(super) fn new(candidate: &Candidate, setting: &Setting<'_>) -> Result<Self, String> {
        let entry = ChainEntry::new(&candidate.plugin, candidate.config.clone());
        let chain = Chain::build(&[entry], setting).map_err(|error| error.to_string())?;
        Ok(Played {
            plugin: candidate.plugin.clone(),
            chain,
            effects: Effects::default(),
            dead_letters: 0,
            notices: BTreeMap::new(),
            made_events: 0,
        })
    }

    pub(super) fn treat(&mut self, came: &Batch, now_ns: i64, destinations: &Destinations) -> Treated {
        let mut batch = came.clone();
        self.chain.process(&mut batch, &mut self.effects);
        let verdicts: Vec<String> =
            (0..batch.len()).map(|row| verdict(&batch, row, &self.effects, destinations)).collect();
        self.dead_letters += verdicts.iter().filter(|verdict| verdict.starts_with("dead:")).count() as u64;
        self.chain.tick_at(now_ns, &mut self.effects);
        for (_, notice) in self.effects.notices.drain(..) {
            let state = match notice.state {
                NoticeState::Firing => "firing",
                NoticeState::Resolved => "resolved",
            };
            let key = (notice.key, state);
            let key = if self.notices.len() < KEYS_MAX || self.notices.contains_key(&key) {
                key
            } else {
                (OTHER.into(), state)
            };
            *self.notices.entry(key).or_default() += 1;
        }
        self.made_events += self.effects.events.len() as u64;
        self.effects.clear();
        Treated { batch, verdicts }
    }

    pub fn stats(&self) -> Arc<EntryStats> {
        self.chain.stats().swap_remove(0)
    }
}

impl Treated {
    /// By no plugin.
    pub(super) fn not_at_all(came: &Batch) -> Self {
        Treated { batch: came.clone(), verdicts: vec!["keep".into(); came.len()] }
    }

    pub fn is_gone(&self, row: usize) -> bool {
        self.batch.rows()[row].gone
    }
}
