//! What the drill has found, and whether it is as it should be.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::Window;
use super::account::Line;
use super::budget::Budget;
use super::fault::Store;
use super::watch::Watch;
use crate::latency::Summary;
use crate::table::Table;

/// How much slower than without a fault another destination may get.
pub(super) const RATIO_MAX: f64 = 2.0;

#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    pub(super) seconds: u64,
    pub(super) load: String,
    pub(super) events_per_s: u64,
    pub(super) baseline: BTreeMap<&'static str, Option<Summary>>,
    /// An fsync of a few bytes beside the journal.
    pub(super) baseline_disk: Option<Summary>,
    pub(super) phases: Vec<Phase>,
    pub(super) ratio_max: f64,
    /// Pairs of a phase and another destination whose p50 and p99 are within the bound, and all of them.
    pub(super) within: usize,
    pub(super) measured: usize,
    pub(super) within_p50: usize,
    /// Of those that are not, such as are from a phase in which the disk itself was slower than the bound.
    pub(super) disk_was_slow: usize,
    pub(super) met: bool,
    pub(super) accounts: Vec<Line>,
    pub(super) without_receipt: u64,
    pub(super) dead_letters: u64,
    pub(super) rows_in_one_chain: u64,
    pub(super) small_budget: Budget,
    pub(super) ledger_balanced: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Phase {
    pub(super) name: String,
    /// From the end of the fault until nothing was owed any more.
    pub(super) recovered_after_ms: Option<u64>,
    pub(super) disk: Option<Measured>,
    pub(super) latency: BTreeMap<&'static str, Measured>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Measured {
    #[serde(flatten)]
    pub(super) summary: Summary,
    /// To the baseline's.
    pub(super) p50_ratio: f64,
    pub(super) p99_ratio: f64,
}

impl Measured {
    fn against(baseline: Option<Summary>, now: Option<Summary>) -> Option<Self> {
        let (baseline, summary) = baseline.zip(now)?;
        let ratio = |now: f64, then: f64| (now / then.max(0.01) * 100.0).round() / 100.0;
        Some(Measured {
            summary,
            p50_ratio: ratio(summary.p50_ms, baseline.p50_ms),
            p99_ratio: ratio(summary.p99_ms, baseline.p99_ms),
        })
    }

    fn is_within(&self) -> bool {
        self.p50_ratio <= RATIO_MAX && self.p99_ratio <= RATIO_MAX
    }
}

impl Outcome {
    pub(super) fn measure(
        &mut self,
        windows: &[Window],
        watch: &Watch,
        halts: &HashMap<String, u64>,
        disk: &[(u64, u64)],
    ) {
        let of_disk = |window: &Window| {
            let within = disk.iter().filter(|(at, _)| (window.from..window.to).contains(at));
            Summary::of(within.map(|(_, took)| *took).collect())
        };
        let summary =
            |store: Store, window: &Window| Summary::of(watch.latencies(store, window.from, window.to, halts));
        for window in windows {
            let Some(fault) = window.fault else {
                self.baseline = Store::ALL.map(|store| (store.name(), summary(store, window))).into();
                self.baseline_disk = of_disk(window);
                continue;
            };
            let mut latency = BTreeMap::new();
            for store in Store::ALL.into_iter().filter(|store| *store != fault.store) {
                let baseline = self.baseline.get(store.name()).copied().flatten();
                if let Some(measured) = Measured::against(baseline, summary(store, window)) {
                    latency.insert(store.name(), measured);
                }
            }
            let disk = Measured::against(self.baseline_disk, of_disk(window));
            let recovered_after_ms = window.recovered_after.map(|time| time.as_millis() as u64);
            self.phases.push(Phase { name: fault.name(), recovered_after_ms, disk, latency });
        }
        let all = || self.phases.iter().flat_map(|phase| phase.latency.values());
        self.measured = all().count();
        self.within = all().filter(|measured| measured.is_within()).count();
        self.within_p50 = all().filter(|measured| measured.p50_ratio <= RATIO_MAX).count();
        let on_slow_disk = self.phases.iter().filter(|phase| phase.disk.is_some_and(|disk| !disk.is_within()));
        let on_slow_disk = on_slow_disk.flat_map(|phase| phase.latency.values());
        self.disk_was_slow = on_slow_disk.filter(|measured| !measured.is_within()).count();
        self.met = self.within + self.disk_was_slow == self.measured;
    }

    pub(super) fn is_right(&self) -> bool {
        self.accounts.iter().all(Line::is_right)
            && self.without_receipt == 0
            // None refused: that phase would have shown nothing.
            && self.dead_letters > 0
            && self.small_budget.is_right()
            && self.ledger_balanced
    }

    pub(super) fn print(&self) {
        let names = Store::ALL.map(Store::name);
        let mut table = Table::new(&[&["p50 / p99 ms"], &names[..], &["disk"]].concat());
        let shown = |summary: &Summary| format!("{:.0} / {:.0}", summary.p50_ms, summary.p99_ms);
        let baselines = names.map(|name| self.baseline.get(name).copied().flatten());
        let baselines = baselines.into_iter().chain([self.baseline_disk]);
        let cells = baselines.map(|summary| summary.as_ref().map_or_else(String::new, shown));
        table.row(std::iter::once("no fault".to_owned()).chain(cells));
        for phase in &self.phases {
            let cell = |measured: Option<&Measured>| match measured {
                None => "·".to_owned(),
                Some(Measured { summary, p50_ratio, p99_ratio }) => {
                    format!("{} ({p50_ratio:.1}, {p99_ratio:.1})", shown(summary))
                }
            };
            let cells = names.map(|name| phase.latency.get(name)).into_iter().chain([phase.disk.as_ref()]);
            table.row(std::iter::once(phase.name.clone()).chain(cells.map(cell)));
        }
        table.print("From an event's own time to its arrival, with ratios to the time without a fault");
        println!(
            "\n  within {RATIO_MAX} times: {} of {} (p50 alone: {}), and {} while the disk itself was slower than that: {}",
            self.within,
            self.measured,
            self.within_p50,
            self.disk_was_slow,
            if self.met { "met" } else { "not met" }
        );
        let mut table =
            Table::new(&["store", "kind", "emitted", "delivered", "dead letters", "dropped", "assumed", "twice"]);
        for line in &self.accounts {
            table.row([
                line.store.to_owned(),
                line.kind.to_owned(),
                line.emitted.to_string(),
                line.delivered.to_string(),
                line.dead_lettered.to_string(),
                line.dropped.to_string(),
                line.assumed.to_string(),
                line.duplicates.to_string(),
            ]);
        }
        table.print("Where every event is");
        println!("\n  with a small journal: {:?}", self.small_budget);
    }
}
