//! The chain with a real guest (`plugins/misbehave`) in it: what breaks a plugin costs the events that
//! break it, and nothing else.

use std::path::Path;
use std::sync::OnceLock;

use tapline_contract::{Contract, Lane, Level};
use tapline_host::{FaultKind, NoticeState};

use super::*;
use crate::batch::{Cell, Row, Span};
use crate::config::{ChainEntry, Config, OnFault};
use crate::ingest::Components;
use crate::ledger::{Outcome, StreamId};
use crate::route::Destinations;

/// The component, built once, as a file: the way in which a user's plugin comes.
pub(crate) fn misbehave() -> &'static Path {
    static BUILT: OnceLock<tempfile::TempPath> = OnceLock::new();
    BUILT.get_or_init(|| {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let out = Path::new(env!("OUT_DIR"));
        let target_dir = out.ancestors().nth(4).expect("a target dir").join("plugins-build");
        let wasm = tapline_plugin_build::build(&workspace, "tapline-misbehave", &target_dir).unwrap();
        let file = tempfile::Builder::new().suffix(".wasm").tempfile().unwrap();
        std::fs::write(file.path(), wasm).unwrap();
        file.into_temp_path()
    })
}

fn entry(behaviour: &str, on_fault: OnFault) -> ChainEntry {
    let text = format!(
        "plugin = {:?}\nname = 'guest'\ndeadline_ms = 20\n[config]\nbehaviour = {behaviour:?}\nwhen = 'poison'\namount = 0",
        misbehave()
    );
    ChainEntry { on_fault, ..toml::from_str(&text).unwrap() }
}

struct Bench {
    chain: Chain,
    contract: Arc<Contract>,
    effects: Effects,
}

fn bench(entries: &[ChainEntry]) -> Bench {
    let contract = Arc::new(Contract::embedded().clone());
    let components = Arc::new(Components::new(&contract));
    let destinations = Destinations::new(&Config::default());
    let setting = Setting { contract: &contract, components: &components, destinations: &destinations, data_dir: None };
    let chain = Chain::build(entries, &setting).unwrap();
    Bench { chain, contract, effects: Effects::default() }
}

impl Bench {
    fn batch(&self, messages: &[&str]) -> Batch {
        let mut batch = Batch::new(&self.contract);
        let message = self.contract.field("message").unwrap();
        for text in messages {
            let row = batch.push_row(row(&self.contract));
            let span = batch.push_text(text);
            batch.put(row, message, Cell::Text(span));
        }
        batch
    }

    fn process(&mut self, messages: &[&str]) -> Batch {
        let mut batch = self.batch(messages);
        self.effects.clear();
        self.chain.process(&mut batch, &mut self.effects);
        batch
    }

    /// Rows that the guest has processed.
    fn seen(&self, batch: &Batch) -> Vec<usize> {
        let desk = self.contract.field("desk").unwrap();
        let seen = |row: &usize| matches!(batch.get(*row, desk), Cell::Text(span) if batch.text(span) == "seen");
        (0..batch.len()).filter(seen).collect()
    }

    fn gone(&self) -> Vec<(usize, Outcome, &str)> {
        let mut gone: Vec<_> = self.effects.gone.iter().map(|g| (g.row, g.outcome, &*g.reason)).collect();
        gone.sort_by_key(|(row, ..)| *row);
        gone
    }

    fn stats(&self) -> Arc<EntryStats> {
        self.chain.stats().remove(0)
    }
}

pub(super) fn row(contract: &Contract) -> Row {
    Row {
        ts_ns: 1,
        event: contract.event("signal"),
        name: Span::default(),
        component: crate::batch::ComponentRef(0),
        level: Level::Info,
        lane: Lane::Log,
        run: Span::default(),
        seq: None,
        numbered: false,
        position: 0,
        stream: StreamId(0),
        send: 0,
        also: 0,
        gone: false,
    }
}

fn messages(rows: usize, poisoned: &[usize]) -> Vec<&'static str> {
    (0..rows).map(|row| if poisoned.contains(&row) { "poison" } else { "fine" }).collect()
}

#[test]
fn poison_alone_goes_to_the_dead_letters_and_its_neighbours_go_on() {
    for (behaviour, reason) in [
        ("trap", "plugin_trap"),
        ("spin", "plugin_timeout"),
        ("error", "plugin_error"),
        ("not_utf8", "plugin_invalid"),
        ("overflow", "plugin_stack"),
    ] {
        let mut bench = bench(&[entry(behaviour, OnFault::DeadLetter)]);
        let batch = bench.process(&messages(256, &[77]));
        assert_eq!(bench.gone(), [(77, Outcome::DeadLettered, reason)]);
        assert!(batch.rows()[77].gone);
        let others: Vec<usize> = (0..256).filter(|row| *row != 77).collect();
        assert_eq!(bench.seen(&batch), others, "{behaviour}");
        // Halving 256 rows down to one takes nine failed calls.
        assert_eq!(bench.stats().faults().map(|(_, n)| n).sum::<u64>(), 9);
        assert_eq!(bench.stats().rows_dead.get(), 1);
    }
}

#[test]
fn several_are_found_and_each_says_what_happened() {
    let mut bench = bench(&[entry("panic", OnFault::DeadLetter)]);
    let batch = bench.process(&messages(100, &[0, 50, 51, 99]));
    let rows: Vec<usize> = bench.gone().iter().map(|(row, ..)| *row).collect();
    assert_eq!(rows, [0, 50, 51, 99]);
    assert_eq!(bench.seen(&batch).len(), 96);
    assert!(bench.effects.gone.iter().all(|gone| gone.message.contains("told to panic") && &*gone.by == "guest"));
}

#[test]
fn where_the_entry_says_pass_poison_goes_on_untouched() {
    let mut bench = bench(&[entry("trap", OnFault::Pass)]);
    let batch = bench.process(&messages(10, &[3]));
    assert_eq!(bench.gone(), []);
    assert_eq!(bench.seen(&batch), [0, 1, 2, 4, 5, 6, 7, 8, 9]);
    assert_eq!(bench.stats().rows_passed.get(), 1);
}

#[test]
fn a_plugin_that_breaks_on_everything_is_taken_out_and_raises_an_alert() {
    let mut bench = bench(&[entry("trap", OnFault::DeadLetter)]);
    let all: Vec<usize> = (0..64).collect();
    let mut firing = 0;
    for _ in 0..4 {
        bench.process(&messages(64, &all));
        assert_eq!(bench.gone().len(), 64, "closed: nothing passes unseen");
        firing += bench.effects.notices.iter().filter(|(_, n)| n.state == NoticeState::Firing).count();
    }
    assert_eq!(firing, 1);
    assert_eq!(bench.stats().quarantined.get(), 1);
    let calls = bench.stats().faults[FaultKind::Trap as usize].get();
    bench.process(&messages(64, &[]));
    assert!(bench.gone().iter().all(|(_, _, reason)| *reason == "plugin_quarantined"));
    assert_eq!(bench.stats().faults[FaultKind::Trap as usize].get(), calls, "it is not called");
}

#[test]
fn work_is_bounded_where_isolation_does_not_help() {
    let mut bench = bench(&[entry("spin", OnFault::Pass)]);
    let all: Vec<usize> = (0..256).collect();
    let begin = Instant::now();
    let batch = bench.process(&messages(256, &all));
    assert!(bench.seen(&batch).is_empty());
    assert_eq!(bench.stats().rows_passed.get(), 256);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    assert!(bench.stats().faults[FaultKind::Timeout as usize].get() < 60);
}

#[test]
fn plugins_behind_a_broken_one_see_what_passed() {
    let second = ChainEntry { name: Some("second".into()), ..entry("well", OnFault::DeadLetter) };
    let mut bench = bench(&[entry("trap", OnFault::DeadLetter), second]);
    bench.process(&messages(8, &[2]));
    assert_eq!(bench.chain.stats()[1].rows.get(), 7);
}

#[test]
fn a_chain_that_can_not_be_says_everything_that_is_wrong() {
    let contract = Arc::new(Contract::embedded().clone());
    let components = Arc::new(Components::new(&contract));
    let destinations = Destinations::new(&Config::default());
    let setting = Setting { contract: &contract, components: &components, destinations: &destinations, data_dir: None };
    let named =
        |plugin: &str| ChainEntry { plugin: plugin.into(), name: Some(plugin.into()), ..entry("well", OnFault::Pass) };
    let entries = [named("redcat"), named("/no/such.wasm"), entry("plan_bad_subscription", OnFault::Pass)];
    let error = Chain::build(&entries, &setting).err().unwrap().to_string();
    for words in ["did you mean \"redact\"?", "/no/such.wasm", "no component `no_such_component`"] {
        assert!(error.contains(words), "{error}");
    }
}
