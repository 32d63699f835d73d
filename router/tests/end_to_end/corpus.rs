//! Real lines, and lines as nasty as real ones: each is taken or refused with a reason, none is lost,
//! and the router stays well.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Router, assert_balanced, count, reason, write_lines};

/// What the lines amount to in a ledger.
fn check(mut router: Router, offered: u64) {
    // Holes in the numbers of recorded lines count as emitted and dropped beside them.
    let ledger = router.until("every line has its outcome", |router| {
        let ledger = router.ledger();
        let holes = reason(&ledger, "producer_gap");
        let settled = count(&ledger, "emitted") - holes >= offered && count(&ledger, "pending") == 0;
        settled.then_some(ledger)
    });
    assert_balanced(&ledger);
    let holes = reason(&ledger, "producer_gap");
    assert_eq!(count(&ledger, "emitted") - holes, offered, "{}", ledger["totals"]);
    assert_eq!(count(&ledger, "delivered") + count(&ledger, "rejected"), offered, "{}", ledger["totals"]);
    assert_eq!((count(&ledger, "dead_lettered"), count(&ledger, "dropped")), (0, holes), "{}", ledger["totals"]);
    router.stop_well();
}

/// A generator of lines as they were seen: other names, other types, other formats, free text.
struct Nasty(u64);

impl Nasty {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[(self.next() % list.len() as u64) as usize].clone()
    }

    /// A value of any type, for a field that has one.
    fn value(&mut self) -> Value {
        match self.next() % 12 {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(-7),
            3 => json!(1.5e300),
            4 => json!("STRAT 7 — 台指期 \u{1F4A5} \" \\ \n"),
            5 => json!(["a", 1, null]),
            6 => json!({ "nested": { "deeper": [1, { "x": "y" }] } }),
            7 => json!("12"),
            8 => json!(u64::MAX),
            9 => json!(""),
            10 => json!("x".repeat(500)),
            _ => json!(i64::MIN),
        }
    }

    fn event(&mut self) -> Vec<u8> {
        const FIELDS: [&str; 16] = [
            "strategy_id",
            "symbol",
            "price",
            "qty",
            "side",
            "reason",
            "error",
            "latency_us",
            "trace_id",
            "account",
            "approved",
            "values",
            "component",
            "level",
            "timestamp",
            "seq",
        ];
        const EVENTS: [&str; 8] = [
            "order_new",
            "risk_decision",
            "StormGuard Transition",
            "fill",
            "heartbeat",
            "Feed gap detected: 1.23s",
            "pnl_snapshot",
            "something nobody declared",
        ];
        let mut event = json!({ "event": self.pick(&EVENTS) });
        for _ in 0..self.next() % 12 {
            let name = if self.next().is_multiple_of(4) {
                format!("field.{}", self.next() % 900)
            } else {
                self.pick(&FIELDS).to_owned()
            };
            event[name] = self.value();
        }
        let mut line = event.to_string().into_bytes();
        match self.next() % 40 {
            // What Python's json prints for numbers that JSON does not have.
            0 => line.splice(1..1, b"\"nan\": NaN, \"inf\": -Infinity, ".iter().copied()).for_each(drop),
            1 => line.splice(1..1, b"\"latin\": \"caf\xe9\", ".iter().copied()).for_each(drop),
            2 => line.splice(1..1, b"\"event\": 7, ".iter().copied()).for_each(drop),
            3 => line.extend_from_slice(b"  \r"),
            _ => {}
        }
        line
    }

    /// Lines that are hardly events, or none.
    fn hostile(&mut self) -> Vec<u8> {
        match self.next() % 9 {
            0 => format!(r#"{{"event":"long","message":"{}"}}"#, "m".repeat(10_000)).into_bytes(),
            1 => Vec::new(),
            2 => b"\xff\xfe\x00\x80 binary".to_vec(),
            3 => format!(r#"{{"event":"deep","a":{}{}}}"#, "{\"a\":".repeat(500), "1".to_owned() + &"}".repeat(500))
                .into_bytes(),
            4 => br#"{"event":"twice","event":"again","a":1,"a":{"b":2},"level":"info","level":7}"#.to_vec(),
            5 => b"Traceback (most recent call last):".to_vec(),
            6 => br#"{"event":"cut off","a":"#.to_vec(),
            7 => br#"["an","array"]"#.to_vec(),
            _ => br#"{"event":"\ud800 lone surrogate","\u0000":"\u0000"}"#.to_vec(),
        }
    }
}

#[test]
fn made_up_lines_with_hostile_ones_among_them() {
    let mut nasty = Nasty(0x7a91);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for number in 0..20_000 {
        lines.push(if number % 50 == 0 { nasty.hostile() } else { nasty.event() });
    }
    lines.push(format!(r#"{{"event":"20 MB","a":"{}"}}"#, "z".repeat(20 << 20)).into_bytes());
    let router = Router::start();
    let (first, second) = lines.split_at(lines.len() / 2);
    std::thread::scope(|scope| {
        scope.spawn(|| write_lines(router.tcp(), first));
        scope.spawn(|| write_lines(router.unix(), second));
    });
    check(router, lines.len() as u64);
}

/// Recorded lines of a real platform, where they lie beside the repository. A machine without them has
/// the test above.
fn recorded(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/logs").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".ndjson.gz"));
    files.sort();
    files
}

fn lines(file: &Path) -> impl Iterator<Item = Vec<u8>> {
    let opened = std::fs::File::open(file).expect("a recorded file");
    let reader: Box<dyn Read> = Box::new(flate2::read::MultiGzDecoder::new(opened));
    BufReader::with_capacity(1 << 20, reader).split(b'\n').map(|line| line.expect("a line"))
}

#[test]
fn recorded_lines_are_all_accounted_for() {
    for folder in ["", "raw"] {
        let mut nasty = Nasty(0x51ed);
        let mut all: Vec<Vec<u8>> = Vec::new();
        for file in recorded(folder) {
            for (number, line) in lines(&file).enumerate() {
                all.push(line);
                if number % 500 == 0 {
                    all.push(nasty.hostile());
                }
            }
        }
        if all.is_empty() {
            eprintln!("no recorded lines beside the repository; made-up ones are in the test above");
            continue;
        }
        let router = Router::start();
        // At full speed, over a few connections.
        std::thread::scope(|scope| {
            for part in all.chunks(all.len() / 4 + 1) {
                let router = &router;
                scope.spawn(move || write_lines(router.unix(), part));
            }
        });
        check(router, all.len() as u64);
    }
}

#[test]
fn recorded_lines_are_hardly_ever_refused() {
    for folder in ["", "raw"] {
        for file in recorded(folder) {
            let router = Router::start();
            let offered = lines(&file).count() as u64;
            let output = router.tapline(&["replay", &file.display().to_string(), "--json"]);
            let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
            let (accepted, rejected) = (report["accepted"].as_u64().unwrap(), report["rejected"].as_u64().unwrap());
            assert_eq!(
                (report["offered"].as_u64(), accepted + rejected),
                (Some(offered), offered),
                "{}: {report}",
                file.display()
            );
            assert_eq!(rejected, 0, "{}: {report}", file.display());
            check(router, offered);
        }
    }
}
