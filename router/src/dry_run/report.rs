//! What a dry run has found.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::comparison::{Comparison, Example};
use super::played::Played;

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Lines that were read, and such as no router would take, by reason.
    pub lines: u64,
    pub rejected: BTreeMap<&'static str, u64>,
    /// Events that both were given.
    pub rows: u64,
    pub candidate: Side,
    /// None: the events as they came.
    pub against: Option<Side>,
    /// Events that the two treat differently.
    pub differences: u64,
    pub by_verdict: BTreeMap<String, u64>,
    pub by_field: BTreeMap<String, u64>,
    /// Those that one side tells more often than the other.
    pub notices: Vec<NoticeDifference>,
    pub examples: Vec<Example>,
}

/// What a plugin did.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    pub plugin: String,
    /// SHA-256 of the component, in hex.
    pub digest: String,
    /// Events that it subscribes to.
    pub seen: u64,
    pub dropped: u64,
    /// Drops on a lane from which it may not drop: the event went on.
    pub drops_refused: u64,
    pub edited_values: u64,
    pub faults: u64,
    pub faults_by_kind: BTreeMap<&'static str, u64>,
    pub dead_letters: u64,
    pub notices: u64,
    pub made_events: u64,
    /// Of all events: picking those that it sees, gathering, the call, applying the answer.
    pub ns_per_event: f64,
    pub memory_bytes: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct NoticeDifference {
    pub key: String,
    pub state: &'static str,
    pub against: u64,
    pub candidate: u64,
}

impl Report {
    pub(super) fn new(
        lines: u64,
        rejected: BTreeMap<&'static str, u64>,
        candidate: Played,
        against: Option<Played>,
        comparison: Comparison,
    ) -> Self {
        Report {
            lines,
            rejected,
            rows: comparison.rows,
            notices: notices(against.as_ref(), &candidate),
            candidate: Side::new(&candidate, comparison.rows),
            against: against.as_ref().map(|against| Side::new(against, comparison.rows)),
            differences: comparison.differing,
            by_verdict: comparison.by_verdict,
            by_field: comparison.by_field,
            examples: comparison.examples,
        }
    }

    pub fn rejected_lines(&self) -> u64 {
        self.rejected.values().sum()
    }
}

impl Side {
    fn new(played: &Played, rows: u64) -> Self {
        let stats = played.stats();
        let faults_by_kind: BTreeMap<_, _> =
            stats.faults().filter(|(_, n)| *n > 0).map(|(kind, n)| (kind.as_str(), n)).collect();
        Side {
            plugin: played.plugin.clone(),
            digest: stats.digest.clone(),
            seen: stats.rows.get(),
            dropped: stats.rows_dropped.get(),
            drops_refused: stats.drops_refused.get(),
            edited_values: stats.cells_edited.get(),
            faults: faults_by_kind.values().sum(),
            faults_by_kind,
            dead_letters: played.dead_letters,
            notices: played.notices.values().sum(),
            made_events: played.made_events,
            ns_per_event: (stats.busy_ns.get() as f64 / rows.max(1) as f64 * 10.0).round() / 10.0,
            memory_bytes: stats.memory_bytes.get(),
        }
    }
}

fn notices(against: Option<&Played>, candidate: &Played) -> Vec<NoticeDifference> {
    let none = BTreeMap::new();
    let against = against.map_or(&none, |against| &against.notices);
    let keys: BTreeSet<_> = against.keys().chain(candidate.notices.keys()).collect();
    let of = |counts: &BTreeMap<(String, &'static str), u64>, key| counts.get(key).copied().unwrap_or_default();
    keys.into_iter()
        .map(|key| NoticeDifference {
            key: key.0.clone(),
            state: key.1,
            against: of(against, key),
            candidate: of(&candidate.notices, key),
        })
        .filter(|notice| notice.against != notice.candidate)
        .collect()
}
