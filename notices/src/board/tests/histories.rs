//! What holds whatever happens: random histories on a clock of the test's own.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::Kind;

#[derive(Clone, Debug)]
enum Step {
    Fire(usize, Severity),
    Resolve(usize),
    Wait(u64),
    /// From now on a channel answers so.
    Answers(usize, Answers),
    Acknowledge(usize),
    Reload,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    Delivered,
    Assumed,
    Refused,
    TimedOut,
    Nothing,
}

#[derive(Clone, Debug)]
struct Shape {
    hold: u64,
    flap: bool,
    group: bool,
    quiet: bool,
    also: bool,
    burst: u32,
}

const CHANNELS: [&str; 3] = ["pager", "chat", "mail"];
const KEYS: usize = 8;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let severity = prop_oneof![Just(Severity::Info), Just(Severity::Warning), Just(Severity::Critical)];
    let answers = prop_oneof![
        4 => Just(Answers::Delivered), 1 => Just(Answers::Assumed), 1 => Just(Answers::Refused),
        1 => Just(Answers::TimedOut), 2 => Just(Answers::Nothing),
    ];
    let step = prop_oneof![
        8 => (0..KEYS, severity).prop_map(|(key, severity)| Step::Fire(key, severity)),
        6 => (0..KEYS).prop_map(Step::Resolve),
        4 => (0u64..20).prop_map(Step::Wait),
        3 => (20u64..900).prop_map(Step::Wait),
        1 => (900u64..30_000).prop_map(Step::Wait),
        2 => (0..CHANNELS.len(), answers).prop_map(|(channel, how)| Step::Answers(channel, how)),
        1 => (0..KEYS).prop_map(Step::Acknowledge),
        1 => Just(Step::Reload),
    ];
    proptest::collection::vec(step, 1..120)
}

fn shape() -> impl Strategy<Value = Shape> {
    let hold = prop_oneof![Just(0), Just(60)];
    (hold, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), 1u32..5)
        .prop_map(|(hold, flap, group, quiet, also, burst)| Shape { hold, flap, group, quiet, also, burst })
}

fn rules_of(shape: &Shape) -> Rules {
    let mut rules = rules();
    rules.hold = seconds(shape.hold);
    rules.flap = rules.flap.filter(|_| shape.flap);
    for name in ["pages", "rest"] {
        change(&mut rules, name, |route| {
            route.budget.burst = shape.burst;
            route.reserve.burst = shape.burst;
            if shape.group {
                route.group = Some(Group { by: Vec::new(), wait: seconds(7) });
            }
            if shape.quiet {
                let zone = TimeZone::get("America/New_York").unwrap();
                let (from, to) = (jiff::civil::time(20, 0, 0, 0), jiff::civil::time(23, 0, 0, 0));
                route.quiet = vec![Quiet::Hours(Hours { zone, days: Vec::new(), from, to })];
            }
            if shape.also && name == "pages" {
                route.also = vec!["mail".into()];
            }
        });
    }
    rules
}

/// One sending as a channel sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    at: u64,
    channel: String,
    dispatch: u64,
    message: Message,
    arrived: bool,
    page: bool,
}

struct Run {
    board: Board,
    rules: Rules,
    now: u64,
    answers: BTreeMap<&'static str, Answers>,
    seen: Vec<Seen>,
    /// Handed out already: a restart may hand it out again.
    known: std::collections::BTreeSet<SendId>,
    alarms: Vec<(u64, Alarm)>,
    /// When a critical began to fire that nobody was told of: time and key.
    owed: Vec<(u64, String)>,
    /// Taken on and not open again since: key and when.
    acknowledged: BTreeMap<String, u64>,
    /// A repeat of one that somebody had taken on.
    nagged: Vec<String>,
    reload: bool,
}

impl Run {
    fn new(shape: &Shape, reload: bool) -> Self {
        Run {
            board: Board::new(rules_of(shape), "h"),
            rules: rules_of(shape),
            now: 1_000_000,
            answers: CHANNELS.iter().map(|channel| (*channel, Answers::Delivered)).collect(),
            seen: Vec::new(),
            known: Default::default(),
            alarms: Vec::new(),
            owed: Vec::new(),
            acknowledged: BTreeMap::new(),
            nagged: Vec::new(),
            reload,
        }
    }

    fn at(&self) -> Time {
        Time::from_secs(self.now)
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Fire(key, severity) => {
                self.now += 1;
                let key = format!("k{key}");
                let known = self.believed(&key);
                let offered = self.board.offer(Notice::firing("rule", &key, *severity, &key, self.at()), self.at());
                let new = matches!(offered, Offered::Fired | Offered::Escalated);
                if new {
                    self.acknowledged.remove(&key);
                }
                if new && *severity == Severity::Critical && (!known || offered == Offered::Escalated) {
                    self.owed.push((self.now, key));
                }
            }
            Step::Resolve(key) => {
                let key = format!("k{key}");
                self.board.offer(Notice::resolved("rule", &key, "", self.at()), self.at());
            }
            Step::Wait(seconds) => return self.wait(*seconds),
            Step::Answers(channel, how) => {
                self.answers.insert(CHANNELS[*channel], *how);
            }
            Step::Acknowledge(key) => {
                let id = Id { source: "rule".into(), key: format!("k{key}") };
                if self.board.acknowledge(&id, "me", self.at()).is_some() {
                    self.acknowledged.insert(id.key.clone(), self.now);
                    self.owed.retain(|(_, owed)| *owed != id.key);
                }
            }
            Step::Reload if self.reload => {
                let text = serde_json::to_string(&self.board.save()).unwrap();
                let saved: Saved = serde_json::from_str(&text).unwrap();
                self.board = Board::restore(self.rules.clone(), saved, self.at()).unwrap();
            }
            Step::Reload => {}
        }
        self.pump();
    }

    fn brief(&self) -> Vec<String> {
        let seen = self.seen.iter().map(|seen| {
            let mark = if seen.arrived { "" } else { " (lost)" };
            format!("{} #{} {} {}{mark}", seen.at, seen.dispatch, seen.channel, seen.message.title())
        });
        seen.chain(self.alarms.iter().map(|(at, alarm)| format!("{at} {alarm:?}"))).collect()
    }

    /// Whether some channel was told that it fires, or flaps, and not that it ended.
    fn believed(&self, key: &str) -> bool {
        beliefs(&self.seen).iter().any(|((_, of), firing)| *firing && of == key)
    }

    fn wait(&mut self, seconds: u64) {
        let end = self.now + seconds;
        while let Some(due) = self.board.next_due().map(|due| due.seconds().max(self.now))
            && due <= end
        {
            self.now = due;
            self.pump();
        }
        self.now = end;
    }

    fn pump(&mut self) {
        for _ in 0..1000 {
            let sends = self.board.due(self.at());
            if sends.is_empty() {
                let alarms = self.board.alarms();
                self.alarms.extend(alarms.into_iter().map(|alarm| (self.now, alarm)));
                return;
            }
            for send in sends {
                let first = self.known.insert(send.id.clone());
                let how = self.answers[&*send.id.channel];
                let about = &send.message.first().notice.key;
                if first && send.message.kind == Kind::Repeated && self.acknowledged.contains_key(about) {
                    self.nagged.push(format!("{} {about}", self.now));
                }
                let outcome = match how {
                    Answers::Delivered => Some(Outcome::Delivered),
                    Answers::Assumed => Some(Outcome::Assumed),
                    Answers::Refused => Some(Outcome::Refused),
                    Answers::TimedOut => Some(Outcome::TimedOut),
                    Answers::Nothing => None,
                };
                // What is handed out again after a restart was sent by the other run already, and stays
                // unanswered as it did there.
                if !first {
                    continue;
                }
                if let Some(outcome) = outcome {
                    self.board.answered(&send.id, outcome, None, self.at());
                }
                self.seen.push(Seen {
                    at: self.now,
                    channel: send.id.channel.to_string(),
                    dispatch: send.id.dispatch,
                    message: send.message,
                    arrived: outcome.is_some_and(Outcome::arrived),
                    page: send.page,
                });
            }
        }
        panic!("the board never comes to rest");
    }

    /// Everything ends, everybody answers, and time passes.
    fn close(&mut self) {
        for channel in CHANNELS {
            self.answers.insert(channel, Answers::Delivered);
        }
        // What a channel left without an answer gets one: the runner always gives one in the end.
        let open: Vec<SendId> = self
            .board
            .state
            .dispatches
            .iter()
            .flat_map(|(dispatch, of)| {
                of.open.iter().map(|channel| SendId { dispatch: *dispatch, channel: channel.clone() })
            })
            .collect();
        for id in open {
            self.board.answered(&id, Outcome::TimedOut, None, self.at());
        }
        for key in 0..KEYS {
            self.step(&Step::Resolve(key));
        }
        self.wait(300_000);
        self.pump();
    }
}

fn is_firing(message: &Message, state: State) -> bool {
    match message.kind {
        Kind::Flapping => true,
        Kind::Resolved => false,
        _ => state == State::Firing,
    }
}

/// What each channel was told last about each key.
fn beliefs(seen: &[Seen]) -> BTreeMap<(String, String), bool> {
    let mut beliefs = BTreeMap::new();
    for seen in seen.iter().filter(|seen| seen.arrived) {
        let pager = seen.channel == "pager";
        for (key, firing) in covered(&seen.message) {
            // To the pager a summary is one incident of its own.
            if seen.message.kind != Kind::Summary || (pager == key.starts_with("storm/")) {
                beliefs.insert((seen.channel.clone(), key), firing);
            }
        }
    }
    beliefs
}

fn covered(message: &Message) -> Vec<(String, bool)> {
    let items = message.items.iter().map(|item| {
        let flapping = item.flapping && message.kind == Kind::Group;
        (item.notice.key.clone(), flapping || is_firing(message, item.state))
    });
    let lines = message.summary.iter().flat_map(|summary| &summary.lines);
    // A line of something that flaps counts as firing; its state may be either at the moment.
    items.chain(lines.map(|line| (line.key.clone(), line.state == State::Firing))).collect()
}

fn run(shape: &Shape, steps: &[Step], reload: bool) -> Run {
    let mut run = Run::new(shape, reload);
    for step in steps {
        run.step(step);
    }
    run
}

proptest! {
    #[test]
    fn no_firing_is_told_twice_without_its_pause(shape in shape(), steps in steps()) {
        let run = run(&shape, &steps, false);
        let mut last: BTreeMap<(String, String, Time, Severity), u64> = BTreeMap::new();
        for seen in &run.seen {
            if !matches!(seen.message.kind, Kind::Firing | Kind::Repeated) {
                // After it was told the end, the channel may be told a new beginning.
                for (key, _) in covered(&seen.message) {
                    last.retain(|(channel, of, _, _), _| *channel != seen.channel || *of != key);
                }
                continue;
            }
            let item = seen.message.first();
            let of = (seen.channel.clone(), item.notice.key.clone(), item.since, seen.message.severity);
            if let Some(before) = last.insert(of, seen.at) {
                prop_assert!(seen.at - before >= 300 - 2 * 30, "after {} s: {:#?}", seen.at - before, run.brief());
            }
        }
    }

    #[test]
    fn every_critical_is_told_or_said_to_be_untold(shape in shape(), steps in steps()) {
        let mut run = run(&shape, &steps, false);
        run.wait(1000);
        run.pump();
        let bound = 10 + 3 * 30;
        for (began, key) in &run.owed {
            let told = run.seen.iter().any(|seen| {
                seen.arrived && seen.at >= *began && seen.at <= began + bound
                    && covered(&seen.message).iter().any(|(of, _)| of == key)
            });
            let said = run.alarms.iter().any(|(at, alarm)| {
                matches!(alarm, Alarm::PageUnreceipted { .. }) && at >= began && *at <= began + bound
            });
            prop_assert!(told || said, "{key} at {began}: {:#?}", run.brief());
        }
    }

    #[test]
    fn what_somebody_has_taken_on_is_not_repeated(shape in shape(), steps in steps()) {
        let run = run(&shape, &steps, true);
        prop_assert!(run.nagged.is_empty(), "{:?}: {:#?}", run.nagged, run.brief());
        // It says so for as long as it is so, over restarts too.
        for open in run.board.open() {
            let known = run.acknowledged.contains_key(&open.id.key);
            prop_assert_eq!(known, open.acknowledged_by.is_some(), "{}: {:#?}", open.id, run.brief());
        }
    }

    #[test]
    fn what_was_told_firing_is_told_resolved_in_the_end(shape in shape(), steps in steps()) {
        let mut run = run(&shape, &steps, false);
        run.close();
        let given_up = run.alarms.iter().any(|(_, alarm)| matches!(alarm, Alarm::EndUndelivered { .. }));
        for ((channel, key), firing) in beliefs(&run.seen) {
            let storm_for_people = channel != "pager" && key.starts_with("storm/");
            prop_assert!(!firing || given_up || storm_for_people, "{channel} still believes in {key}: {:#?}", run.brief());
        }
        let state = &run.board.state;
        prop_assert!(state.alerts.is_empty() && state.baskets.is_empty() && state.dispatches.is_empty(), "{:#?}", run.brief());
        prop_assert_eq!(run.board.next_due(), None);
    }

    #[test]
    fn budgets_hold(shape in shape(), steps in steps()) {
        let run = run(&shape, &steps, false);
        let (mut plain, mut reserve) = (BTreeMap::new(), BTreeMap::new());
        let mut ended = std::collections::BTreeSet::new();
        for seen in &run.seen {
            let to_person = seen.channel != "pager" || seen.page;
            if !to_person || matches!(seen.message.kind, Kind::Refresh | Kind::Acknowledged) {
                continue;
            }
            let item = seen.message.first();
            // Further channels of one telling are no new messages.
            // The ends of a group may be a group to one channel and one of them to another.
            let of = if shape.group { String::new() } else { item.notice.key.clone() };
            let again = matches!(seen.message.kind, Kind::Resolved | Kind::Steady | Kind::Group)
                && seen.message.state() == State::Resolved
                && !ended.insert((seen.message.at, of));
            if again {
                continue;
            }
            let critical = seen.message.severity == Severity::Critical;
            (if critical { &mut reserve } else { &mut plain }).entry(seen.dispatch).or_insert(seen.message.at.seconds());
        }
        for (times, every, window) in [(plain, 60, None), (reserve, 10, Some(10))] {
            let mut times: Vec<u64> = times.into_values().collect();
            times.sort();
            for (index, first) in times.iter().enumerate() {
                for (more, last) in times[index..].iter().enumerate() {
                    let (more, took) = (more as u64 + 1, last - first);
                    // Criticals beyond their reserve: at most one message a window.
                    let beyond = window.map_or(0, |window| took / window + 1);
                    prop_assert!(more <= u64::from(shape.burst) + took / every + beyond, "{more} in {took} s: {:#?}", run.brief());
                }
            }
        }
    }

    #[test]
    fn a_restart_at_any_moment_changes_nothing(shape in shape(), steps in steps()) {
        let (straight, restarted) = (run(&shape, &steps, false), run(&shape, &steps, true));
        let order = |run: &Run| {
            let mut seen = run.seen.clone();
            seen.sort_by(|a, b| (a.at, a.dispatch, &a.channel).cmp(&(b.at, b.dispatch, &b.channel)));
            seen
        };
        prop_assert!(order(&straight) == order(&restarted), "{:#?} {:#?}", straight.brief(), restarted.brief());
        prop_assert_eq!(straight.alarms, restarted.alarms);
        prop_assert_eq!(straight.board.counts(), restarted.board.counts());
    }
}
