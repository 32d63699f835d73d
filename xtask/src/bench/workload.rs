//! The lines that routers are measured with: made from a seed, of the shape of a trading stack's own
//! (14 fields, about 375 bytes), and what has to come of each.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// A file of lines, and the sums by which its fate can be checked.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) path: PathBuf,
    pub(crate) expected: Expected,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Expected {
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    /// Lines that belong with the urgent ones.
    pub(crate) urgent: u64,
    /// Sum over all lines of their fingerprints: equal sums of as many lines mean that each is there once.
    pub(crate) fingerprint: u64,
}

const SERVICES: [&str; 4] = ["core-a", "core-b", "feed-handler", "order-desk"];
const COMPONENTS: [(&str, &[&str]); 6] = [
    ("strategy", &["signal", "intent_created", "parameters_loaded"]),
    ("risk", &["limit_checked", "exposure_changed", "margin_estimated", "limit_breached"]),
    ("order", &["order_new", "order_ack", "order_cancel", "order_repriced"]),
    ("market_data", &["book_update", "snapshot_applied", "sequence_checked"]),
    ("execution", &["report_received", "report_matched"]),
    ("recorder", &["segment_written", "segment_closed", "index_updated"]),
];
const SYMBOLS: [&str; 10] = ["TXFD6", "MXFD6", "TMFD6", "TXFE6", "2330", "2317", "2454", "0050", "NQM6", "ESM6"];
const MODES: [&str; 4] = ["NORMAL", "WARM", "STORM", "HALT"];
const REASONS: [&str; 6] = ["", "", "", "PRICE_BAND", "POSITION_LIMIT", "STALE_QUOTE"];
const MESSAGES: [&str; 8] = [
    "quote refreshed, the book moved two ticks",
    "exposure recomputed over all positions",
    "handed to the session, its window has room",
    "confirmed, waiting for the exchange",
    "snapshot matches the incremental book",
    "over its budget, the next pass is shorter",
    "reply carried \\\"price outside of band\\\" as text",
    "segment flushed and given to the indexer",
];
const DESKS: [&str; 5] = ["index", "single-stock", "options", "spreads", "overnight"];
const STRATEGIES: u64 = 40;

/// The desk of each strategy.
pub(crate) fn desks() -> BTreeMap<String, &'static str> {
    (1..=STRATEGIES).map(|number| (strategy(number), DESKS[(number * 7 % 5) as usize])).collect()
}

fn strategy(number: u64) -> String {
    format!("strat-{number:03}")
}

pub(crate) fn is_urgent(component: &str, level: &str) -> bool {
    component == "risk" && matches!(level, "error" | "critical")
}

/// Of an event, by a field that no router changes.
pub(crate) fn fingerprint(client_order_id: &str) -> u64 {
    // FNV-1a, then mixed: sums of plain FNV of counting numbers are too regular.
    let hash = client_order_id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

impl Workload {
    /// Makes the file, unless it is there from another run.
    pub(crate) fn make(folder: &Path, lines: u64, seed: u64) -> Result<Self> {
        let path = folder.join(format!("events-{lines}-{seed}.ndjson"));
        let sums = path.with_extension("json");
        if let Some(expected) = fs::read(&sums).ok().and_then(|text| serde_json::from_slice::<Expected>(&text).ok())
            && path.metadata().is_ok_and(|data| data.len() == expected.bytes)
        {
            return Ok(Workload { path, expected });
        }
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&path)?);
        let mut generator = Generator::new(seed);
        let mut expected = Expected::default();
        let mut line = String::new();
        for _ in 0..lines {
            generator.line(&mut line, &mut expected);
            out.write_all(line.as_bytes())?;
        }
        out.flush()?;
        fs::write(&sums, serde_json::to_vec(&expected)?)?;
        Ok(Workload { path, expected })
    }
}

/// Makes one line after the other.
pub(crate) struct Generator {
    state: u64,
    clock_us: u64,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Generator { state: seed | 1, clock_us: 1_775_608_270_000_000 }
    }

    /// xorshift64*
    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        ((self.next() >> 32) * bound) >> 32
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    /// Replaces `line`, which ends with its newline.
    pub(crate) fn line(&mut self, line: &mut String, expected: &mut Expected) {
        use std::fmt::Write;
        self.clock_us += 1 + self.below(400);
        let (seconds, micros) = (self.clock_us / 1_000_000, self.clock_us % 1_000_000);
        let level = match self.below(100) {
            0..12 => "debug",
            12..80 => "info",
            80..92 => "warning",
            92..99 => "error",
            _ => "critical",
        };
        let (component, events) = self.pick(&COMPONENTS);
        let event = self.pick(events);
        let order = format!("ord-{:08}-{:04}", expected.lines, self.below(10_000));
        // Three dice: mostly short, now and then long, as latencies are.
        let latency_us = 1 + self.below(60) + self.below(60) * self.below(20);
        line.clear();
        let _ = writeln!(
            line,
            r#"{{"ts":"2026-04-08T{:02}:{:02}:{:02}.{micros:06}Z","level":"{level}","service":"{}","component":"{component}","event":"{event}","symbol":"{}","strategy_id":"{}","intent_id":"int-{:016x}","client_order_id":"{order}","account":"AC-{:09}","risk_mode":"{}","reason_code":"{}","latency_us":{latency_us},"message":"{}"}}"#,
            seconds / 3600 % 24,
            seconds / 60 % 60,
            seconds % 60,
            self.pick(&SERVICES),
            self.pick(&SYMBOLS),
            strategy(1 + self.below(STRATEGIES)),
            self.next(),
            self.below(1_000_000_000),
            self.pick(&MODES),
            self.pick(&REASONS),
            self.pick(&MESSAGES),
        );
        expected.lines += 1;
        expected.bytes += line.len() as u64;
        expected.urgent += u64::from(is_urgent(component, level));
        expected.fingerprint = expected.fingerprint.wrapping_add(fingerprint(&order));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_events_of_fourteen_fields_and_the_stated_size() {
        let mut generator = Generator::new(7);
        let mut expected = Expected::default();
        let mut line = String::new();
        for _ in 0..10_000 {
            generator.line(&mut line, &mut expected);
            let event: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&line).unwrap();
            assert_eq!(event.len(), 14);
        }
        let mean = expected.bytes / expected.lines;
        assert!((360..390).contains(&mean), "{mean} bytes a line");
        let share = expected.urgent as f64 / expected.lines as f64;
        assert!((0.008..0.02).contains(&share), "{share}");
    }

    #[test]
    fn a_seed_makes_the_same_lines() {
        let make = || {
            let (mut expected, mut line) = (Expected::default(), String::new());
            let mut generator = Generator::new(42);
            (0..100).for_each(|_| generator.line(&mut line, &mut expected));
            (line, expected)
        };
        assert_eq!(make(), make());
    }
}
