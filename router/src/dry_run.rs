//! A plugin on recorded events, beside another one or beside none: what `tapline plugin try` does.
//!
//! Both get the same batches, made as the router makes them: by lane, in the order of the lines. Their clock is that
//! of the events. Nothing is delivered, and nothing is kept.

mod comparison;
mod played;
mod report;
mod requirement;

use std::collections::BTreeMap;
use std::sync::Arc;

use tapline_contract::{Contract, Lane};

use crate::batch::Batch;
use crate::chain::Setting;
use crate::clock;
use crate::ingest::{Components, Decoded, Decoder, SchemaCounts};
use crate::intake::LANES;
use crate::ledger::{Ledger, StreamId};
use crate::rehearsal;
use crate::route::Destinations;
use comparison::Comparison;
use played::{Played, Treated};

pub use report::{Report, Side};
pub use requirement::Requirements;

/// A plugin and its own configuration; a plugin is a path or the name of one that is built in.
pub struct Candidate {
    pub plugin: String,
    pub config: toml::Table,
}

pub struct DryRun {
    candidate: Played,
    against: Option<Played>,
    destinations: Destinations,
    contract: Arc<Contract>,
    decoder: Decoder,
    /// By lane.
    streams: [StreamId; 4],
    lanes: [Lines; 4],
    comparison: Comparison,
    lines: u64,
    rejected: BTreeMap<&'static str, u64>,
    /// The time of the latest event.
    now_ns: i64,
    /// Whose turn it is to be first.
    turn: bool,
}

/// Events of one lane that wait for their batch to be full, and where each stood in the input.
struct Lines {
    batch: Batch,
    numbers: Vec<u64>,
}

impl DryRun {
    pub fn new(
        candidate: &Candidate,
        against: Option<&Candidate>,
        contract: Arc<Contract>,
        examples_max: usize,
    ) -> Result<Self, String> {
        let mut names = Vec::new();
        for side in [Some(candidate), against].into_iter().flatten() {
            let config = serde_json::to_value(&side.config).map_err(|error| error.to_string())?;
            let named = rehearsal::destinations(&side.plugin, &config);
            names.extend(named.map_err(|error| format!("{}: {error}", side.plugin))?);
        }
        names.sort();
        names.dedup();
        let destinations = Destinations::named(&names);
        let components = Arc::new(Components::new(&contract));
        let setting =
            Setting { contract: &contract, components: &components, destinations: &destinations, data_dir: None };
        let candidate = Played::new(candidate, &setting)?;
        let against = against.map(|against| Played::new(against, &setting)).transpose()?;
        let ledger = Ledger::default();
        Ok(DryRun {
            candidate,
            against,
            decoder: Decoder::new(contract.clone(), components.clone(), Arc::new(SchemaCounts::default())),
            streams: LANES.map(|lane| ledger.stream("dry-run", lane, "")),
            lanes: LANES.map(|lane| Lines::new(&contract, lane)),
            comparison: Comparison::new(contract.clone(), components, examples_max),
            destinations,
            contract,
            lines: 0,
            rejected: BTreeMap::new(),
            now_ns: i64::MIN,
            turn: false,
        })
    }

    /// Takes a line as a producer would send it. An empty one is none.
    pub fn line(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        self.lines += 1;
        let (streams, lanes) = (self.streams, &mut self.lanes);
        let mut stream = |decoded: &Decoded, _: &str| streams[decoded.lane as usize];
        let now_ns = clock::now_ns();
        let decoded = self.decoder.decode(line, now_ns, &mut stream, |lane| &mut lanes[lane as usize].batch);
        match decoded {
            Ok(decoded) => {
                self.now_ns = self.now_ns.max(decoded.ts_ns);
                let lane = &mut self.lanes[decoded.lane as usize];
                lane.numbers.push(self.lines);
                if lane.batch.is_full() {
                    self.play(decoded.lane);
                }
            }
            Err(rejection) => *self.rejected.entry(rejection.reason).or_default() += 1,
        }
    }

    /// Lines so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    pub fn finish(mut self) -> Report {
        LANES.into_iter().for_each(|lane| self.play(lane));
        Report::new(self.lines, self.rejected, self.candidate, self.against, self.comparison)
    }

    fn play(&mut self, lane: Lane) {
        let empty = Lines::new(&self.contract, lane);
        let Lines { batch: came, numbers } = std::mem::replace(&mut self.lanes[lane as usize], empty);
        if came.is_empty() {
            return;
        }
        let by = |played: &mut Played| played.treat(&came, self.now_ns, &self.destinations);
        // In turns: whoever comes second finds what both need in the processor's cache.
        self.turn = !self.turn;
        let (against, candidate) = match &mut self.against {
            None => (Treated::not_at_all(&came), by(&mut self.candidate)),
            Some(against) if self.turn => (by(against), by(&mut self.candidate)),
            Some(against) => {
                let candidate = by(&mut self.candidate);
                (by(against), candidate)
            }
        };
        self.comparison.compare(&came, &numbers, &against, &candidate);
    }
}

impl Lines {
    fn new(contract: &Contract, lane: Lane) -> Self {
        let mut batch = Batch::new(contract);
        batch.lane = lane;
        Lines { batch, numbers: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::tests::misbehave;

    /// A plugin that breaks is what a dry run is for: it is told, and costs the events that break it.
    #[test]
    fn events_that_break_the_plugin_are_told_apart_from_those_that_it_edits() {
        let config = toml::from_str("behaviour = 'trap'\nwhen = 'poison'\namount = 0").unwrap();
        let candidate = Candidate { plugin: misbehave().display().to_string(), config };
        let mut run = DryRun::new(&candidate, None, Arc::new(Contract::embedded().clone()), 4).unwrap();
        for number in 0..600 {
            let message = if number % 200 == 7 { "poison" } else { "m" };
            run.line(format!(r#"{{"component":"bus","event":"busy","message":"{message}"}}"#).as_bytes());
        }
        run.line(b"{");
        let report = run.finish();
        assert_eq!((report.lines, report.rows, report.rejected_lines()), (601, 600, 1));
        assert_eq!((report.candidate.dead_letters, report.differences), (3, 600));
        assert!(report.candidate.faults >= 3, "{report:?}");
        assert_eq!(report.by_verdict, BTreeMap::from([("keep → dead:plugin_trap".to_owned(), 3)]));
        assert_eq!(report.by_field, BTreeMap::from([("desk".to_owned(), 597)]));
        assert_eq!(report.examples.len(), 4, "of both kinds");
        let broken: Vec<u64> = report
            .examples
            .iter()
            .filter(|example| example.kind.contains("dead"))
            .map(|example| example.line)
            .collect();
        assert_eq!(broken, [8]);
    }
}
