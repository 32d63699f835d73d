//! The chain as the benchmark sees it: batches of typical lines, and the time that a pass takes.
//! Not part of the router's interface.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tapline_contract::Contract;

use super::{Chain, Effects, Setting};
use crate::batch::Batch;
use crate::config::{ChainEntry, Config};
use crate::ingest::{Components, Decoder, SchemaCounts};
use crate::ledger::StreamId;
use crate::route::Destinations;

/// A chain that gets the same lines again and again.
pub struct Measured {
    chain: Chain,
    contract: Arc<Contract>,
    components: Arc<Components>,
    rows: usize,
    effects: Effects,
}

/// A plugin's input in lists of its own, for running the same code natively.
#[derive(Clone, Debug)]
pub struct Input {
    pub rows: u32,
    pub ts_ns: Vec<u64>,
    pub presence: Vec<u8>,
    pub bitmaps: Vec<u8>,
    pub ends: Vec<u32>,
    pub bytes: Vec<u8>,
    pub ints: Vec<i64>,
    pub floats: Vec<f64>,
    pub booleans: Vec<u8>,
}

// === impl Measured ===

impl Measured {
    /// A chain of these plugins (names or paths), each with its configuration.
    ///
    /// # Panics
    /// Where the chain can't be built: there is nothing to measure then.
    pub fn new(plugins: &[(&str, toml::Table)], rows: usize) -> Self {
        let contract = Arc::new(Contract::embedded().clone());
        let components = Arc::new(Components::new(&contract));
        let destinations = Destinations::new(&Config::default());
        let entry = |(plugin, config): &(&str, toml::Table)| -> ChainEntry {
            let mut table = toml::Table::new();
            table.insert("plugin".into(), (*plugin).into());
            table.insert("config".into(), config.clone().into());
            table.try_into().expect("a chain entry")
        };
        let entries: Vec<ChainEntry> = plugins.iter().map(entry).collect();
        let setting =
            Setting { contract: &contract, components: &components, destinations: &destinations, data_dir: None };
        let chain = Chain::build(&entries, &setting).unwrap_or_else(|error| panic!("{error}"));
        Measured { chain, contract, components, rows, effects: Effects::default() }
    }

    /// The time of so many passes.
    pub fn run(&mut self, passes: usize) -> Duration {
        let mut spent = Duration::ZERO;
        let fresh = self.batch();
        // As in the router, where a batch's memory has been used before.
        let mut batch = Batch::new(&self.contract);
        for _ in 0..passes {
            batch.clear();
            assert!(batch.append(&mut fresh.clone()), "one batch fits into an empty one");
            self.effects.clear();
            let begin = Instant::now();
            self.chain.process(&mut batch, &mut self.effects);
            spent += begin.elapsed();
        }
        spent
    }

    fn batch(&self) -> Batch {
        let mut batch = Batch::new(&self.contract);
        let mut decoder =
            Decoder::new(self.contract.clone(), self.components.clone(), Arc::new(SchemaCounts::default()));
        for i in 0..self.rows {
            let line = line(i);
            let decoded = decoder.decode(line.as_bytes(), 1, &mut |_, _| StreamId(0), |_| &mut batch);
            decoded.unwrap_or_else(|rejection| panic!("{}: {line}", rejection.message));
        }
        batch
    }

    /// What the first plugin of the chain is given.
    pub fn input(&mut self) -> Input {
        let batch = self.batch();
        self.chain.names.renew_for(&batch);
        let entry = &mut self.chain.entries[0];
        let mut picked = Vec::new();
        entry.picker.pick(&batch, &mut picked);
        entry.gather.fill(&self.chain.names, &batch, &picked);
        entry.gather.with(|batch| Input {
            rows: batch.rows,
            ts_ns: batch.ts_ns.to_vec(),
            presence: batch.presence.to_vec(),
            bitmaps: batch.bitmaps.to_vec(),
            ends: batch.ends.to_vec(),
            bytes: batch.bytes.to_vec(),
            ints: batch.ints.to_vec(),
            floats: batch.floats.to_vec(),
            booleans: batch.booleans.to_vec(),
        })
    }

    /// Calls that failed; a benchmark with any measures the wrong thing.
    pub fn faults(&self) -> u64 {
        self.chain.stats().iter().flat_map(|stats| stats.faults().map(|(_, n)| n).collect::<Vec<_>>()).sum()
    }
}

/// A line as a trading stack writes it: 14 fields, about 375 bytes.
fn line(i: usize) -> String {
    const LEVELS: [&str; 5] = ["info", "info", "debug", "warning", "error"];
    const KINDS: [(&str, &str); 6] = [
        ("strategy", "signal"),
        ("risk", "limit_breach"),
        ("order", "order_ack"),
        ("market_data", "book_update"),
        ("execution", "fill"),
        ("recorder", "flush"),
    ];
    const MESSAGES: [&str; 8] = [
        "order accepted by venue after risk checks",
        "position limit check evaluated for portfolio",
        "market data book updated and checksum verified",
        "intent handed over to execution queue",
        "latency budget exceeded on hot path, degrading",
        "heartbeat from component, all queues below watermark",
        "reject received: price out of band, code 17",
        "state snapshot written to journal segment",
    ];
    // A fixed scramble: every run measures the same lines.
    let n = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let pick = |shift: u32, of: usize| (n >> shift) as usize % of;
    let (component, event) = KINDS[pick(8, KINDS.len())];
    format!(
        concat!(
            r#"{{"ts":"2026-01-01T00:00:{:02}.{:06}Z","level":"{}","service":"trading-core","component":"{}","#,
            r#""event":"{}","symbol":"{}","strategy_id":"STRAT-{:03}","intent_id":"int-{:016x}","#,
            r#""client_order_id":"CO-{:010}","account":"ACC-{:08}","risk_mode":"{}","reason_code":"{}","#,
            r#""latency_us":{},"message":"{}"}}"#
        ),
        i % 60,
        pick(0, 1_000_000),
        LEVELS[pick(4, LEVELS.len())],
        component,
        event,
        ["BTCUSDT", "ETHUSDT", "AAPL", "ESZ6"][pick(12, 4)],
        pick(16, 40),
        n,
        pick(20, 1_000_000_000),
        pick(24, 100_000_000),
        ["NORMAL", "WARM", "STORM", "HALT"][pick(28, 4)],
        ["", "", "MAX_NOTIONAL", "RATE_LIMIT"][pick(32, 4)],
        pick(36, 500),
        MESSAGES[pick(40, MESSAGES.len())],
    )
}
