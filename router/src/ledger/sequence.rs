//! Sequence numbers of network producers: a hole is the producer's loss, and is counted.
//!
//! Programs number their lines differently: over the whole run, by component, or by queue (as our own
//! clients do). A hole only means something within the right scope, so all three are followed and the
//! widest one without a collision counts: as soon as two components use the same number, the numbers
//! can't be the run's. Lines may overtake each other on parallel connections, so a hole is *awaited*
//! for a grace time before it is counted as lost.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Ledger, Reason, StreamId};
use crate::batch::ComponentRef;

/// One numbered line.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The producer's run, or the connection for a producer that names none.
    pub run: &'a str,
    pub component: ComponentRef,
    pub stream: StreamId,
    pub seq: u64,
}

/// A line that another connection still carries arrives well within this time.
const GRACE: Duration = Duration::from_secs(5);

/// Runs followed at once; the one longest unheard of makes room. A restarting producer must not grow
/// the router.
const RUNS_MAX: usize = 1024;

/// Holes remembered in one scope; beyond that a new hole counts as lost at once.
const HOLES_MAX: usize = 4096;

#[derive(Default)]
pub struct Sequences {
    runs: Mutex<HashMap<String, Run>>,
}

struct Run {
    scope: Scope,
    whole: Track,
    components: HashMap<ComponentRef, Track>,
    streams: HashMap<StreamId, Track>,
    heard: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Run,
    Component,
    Stream,
}

#[derive(Default)]
struct Track {
    /// Lowest number seen, and one past the highest; equal while nothing was seen.
    first: u64,
    next: u64,
    holes: BTreeMap<u64, Hole>,
    /// Numbers in holes that were given up, by the stream that showed the hole.
    lost: Vec<(StreamId, u64)>,
}

struct Hole {
    end: u64,
    stream: StreamId,
    since: Instant,
}

#[derive(PartialEq, Eq, Debug)]
enum Seen {
    New,
    Duplicate,
}

impl Sequences {
    /// Notes arrivals in order. Holes become *awaited* in the ledger at once.
    pub fn note<'a>(&self, ledger: &Ledger, arrivals: impl Iterator<Item = Arrival<'a>>) {
        let now = Instant::now();
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut touched: Vec<String> = Vec::new();
        for arrival in arrivals {
            if !runs.contains_key(arrival.run) {
                if runs.len() >= RUNS_MAX {
                    forget_oldest(&mut runs, ledger);
                }
                runs.insert(arrival.run.to_owned(), Run::new(now));
            }
            let run = runs.get_mut(arrival.run).expect("just inserted");
            if run.note(&arrival, now) && !touched.iter().any(|name| name == arrival.run) {
                touched.push(arrival.run.to_owned());
            }
        }
        for name in touched {
            runs.get_mut(&name).expect("touched just now").report(ledger);
        }
    }

    /// Gives up holes older than the grace time; all of them when `everything` (at stop).
    pub fn expire(&self, ledger: &Ledger, everything: bool) {
        let now = Instant::now();
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        for run in runs.values_mut() {
            run.expire(now, everything);
            run.report(ledger);
        }
    }
}

fn forget_oldest(runs: &mut HashMap<String, Run>, ledger: &Ledger) {
    let Some(name) = runs.iter().min_by_key(|(_, run)| run.heard).map(|(name, _)| name.clone()) else { return };
    if let Some(mut run) = runs.remove(&name) {
        run.expire(Instant::now(), true);
        run.report(ledger);
    }
}

impl Run {
    fn new(now: Instant) -> Self {
        Run {
            scope: Scope::Run,
            whole: Track::default(),
            components: HashMap::new(),
            streams: HashMap::new(),
            heard: now,
        }
    }

    /// True where the set of holes has changed.
    fn note(&mut self, arrival: &Arrival<'_>, now: Instant) -> bool {
        self.heard = now;
        let (whole, changed_whole) = self.whole.note(arrival.seq, arrival.stream, now);
        let (component, changed_component) =
            self.components.entry(arrival.component).or_default().note(arrival.seq, arrival.stream, now);
        let (stream, changed_stream) =
            self.streams.entry(arrival.stream).or_default().note(arrival.seq, arrival.stream, now);
        let before = self.scope;
        if self.scope == Scope::Run && whole == Seen::Duplicate && component == Seen::New {
            self.scope = Scope::Component;
        }
        if self.scope <= Scope::Component && component == Seen::Duplicate && stream == Seen::New {
            self.scope = Scope::Stream;
        }
        before != self.scope || changed_whole || changed_component || changed_stream
    }

    fn tracks(&mut self) -> Box<dyn Iterator<Item = &mut Track> + '_> {
        match self.scope {
            Scope::Run => Box::new(std::iter::once(&mut self.whole)),
            Scope::Component => Box::new(self.components.values_mut()),
            Scope::Stream => Box::new(self.streams.values_mut()),
        }
    }

    /// Old holes of the scope in force are lost; those of the other scopes mean nothing, and go too.
    fn expire(&mut self, now: Instant, everything: bool) {
        let scope = self.scope;
        let all = std::iter::once((Scope::Run, &mut self.whole))
            .chain(self.components.values_mut().map(|track| (Scope::Component, track)))
            .chain(self.streams.values_mut().map(|track| (Scope::Stream, track)));
        for (of, track) in all {
            track.expire(now, everything);
            if of != scope {
                track.lost.clear();
            }
        }
    }

    fn report(&mut self, ledger: &Ledger) {
        let mut awaited: HashMap<StreamId, u64> = self.streams.keys().map(|id| (*id, 0)).collect();
        for track in self.tracks() {
            for (start, hole) in &track.holes {
                *awaited.entry(hole.stream).or_default() += hole.end - start;
            }
            for (stream, n) in std::mem::take(&mut track.lost) {
                ledger.get(stream).lost_before(n, Reason::Borrowed("producer_gap"));
            }
        }
        for (stream, n) in awaited {
            ledger.get(stream).set_awaited(n);
        }
    }
}

impl Track {
    fn note(&mut self, seq: u64, stream: StreamId, now: Instant) -> (Seen, bool) {
        if self.first == self.next {
            (self.first, self.next) = (seq, seq.saturating_add(1));
            return (Seen::New, false);
        }
        if seq >= self.next {
            let changed = seq > self.next;
            if changed {
                self.open(self.next, seq, stream, now);
            }
            self.next = seq.saturating_add(1);
            return (Seen::New, changed);
        }
        if seq < self.first {
            // Overtaken by the line that came first.
            if seq + 1 < self.first {
                self.open(seq + 1, self.first, stream, now);
            }
            self.first = seq;
            return (Seen::New, true);
        }
        let Some((&start, hole)) = self.holes.range(..=seq).next_back() else { return (Seen::Duplicate, false) };
        if seq >= hole.end {
            return (Seen::Duplicate, false);
        }
        let hole = self.holes.remove(&start).expect("just found");
        if start < seq {
            self.holes.insert(start, Hole { end: seq, stream: hole.stream, since: hole.since });
        }
        if seq + 1 < hole.end {
            self.holes.insert(seq + 1, hole);
        }
        (Seen::New, true)
    }

    fn open(&mut self, start: u64, end: u64, stream: StreamId, now: Instant) {
        if self.holes.len() >= HOLES_MAX {
            self.lost.push((stream, end - start));
        } else {
            self.holes.insert(start, Hole { end, stream, since: now });
        }
    }

    fn expire(&mut self, now: Instant, everything: bool) {
        let lost = &mut self.lost;
        self.holes.retain(|start, hole| {
            let keep = !everything && now.duration_since(hole.since) < GRACE;
            if !keep {
                lost.push((hole.stream, hole.end - start));
            }
            keep
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tapline_contract::Lane;

    fn dropped_of(arrivals: &[(u16, u64)]) -> u64 {
        let (ledger, sequences) = (Ledger::default(), Sequences::default());
        let streams: Vec<StreamId> = (0..4).map(|n| ledger.stream(&format!("c{n}"), Lane::Log, "r")).collect();
        sequences.note(
            &ledger,
            arrivals.iter().map(|&(component, seq)| Arrival {
                run: "r",
                component: ComponentRef(component),
                stream: streams[component as usize],
                seq,
            }),
        );
        sequences.expire(&ledger, true);
        let snapshot = ledger.snapshot();
        assert_eq!(snapshot.totals.emitted, snapshot.totals.dropped);
        assert_eq!(snapshot.totals.pending, 0);
        snapshot.totals.dropped
    }

    #[test]
    fn a_hole_is_a_loss() {
        assert_eq!(dropped_of(&[(0, 1), (0, 2), (0, 5)]), 2);
    }

    #[test]
    fn numbers_over_the_whole_run_have_no_holes_by_component() {
        assert_eq!(dropped_of(&[(0, 1), (1, 2), (0, 3), (2, 4), (1, 6)]), 1);
    }

    #[test]
    fn numbers_by_component_are_recognised() {
        assert_eq!(dropped_of(&[(0, 1), (1, 1), (0, 2), (1, 2), (0, 4), (1, 3)]), 1);
    }

    #[test]
    fn a_replay_of_the_same_lines_is_no_loss() {
        assert_eq!(dropped_of(&[(0, 1), (1, 2), (0, 3), (0, 1), (1, 2), (0, 3)]), 0);
    }

    #[test]
    fn huge_numbers_do_not_overflow() {
        dropped_of(&[(0, u64::MAX - 1), (0, u64::MAX), (0, 0), (0, u64::MAX)]);
    }

    proptest! {
        /// Any order of arrival gives the same count: what is missing between first and last.
        #[test]
        fn order_does_not_matter(seqs in proptest::collection::hash_set(1u64..200, 1..100)) {
            let (low, high) = (*seqs.iter().min().unwrap(), *seqs.iter().max().unwrap());
            let arrivals: Vec<(u16, u64)> = seqs.iter().map(|&seq| (0, seq)).collect();
            prop_assert_eq!(dropped_of(&arrivals), high - low + 1 - seqs.len() as u64);
        }
    }
}
