//! Nothing is lost on the way out: destinations that are away, routers that are killed, disks that fail.

use std::io::{BufRead, BufReader, Lines, Write};
use std::ops::RangeInclusive;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::{Value, json};
use tapline_receivers::{Kind, Receiver, Step, pagerduty};

use crate::harness::{Folder, Router, assert_balanced, count, reason, tapline, text};

/// Logs in two files, of which one can be taken away; audit tables beside them.
const TWO_FILES: &str = r#"
chain = []
[sinks.near]
type = "file"
path = "near.ndjson"
[sinks.away]
type = "file"
path = "away.ndjson"
[sinks.audit]
type = "sqlite"
path = "audit.db"
[route]
default = ["near", "away"]
"#;

fn log(number: u64) -> Value {
    json!({ "event": "busy", "component": "bus", "message": format!("{number}") })
}

fn order(number: u64) -> Value {
    json!({ "component": "order", "event": "order_new", "client_order_id": format!("c-{number}"), "strategy_id": "mm-1",
            "symbol": "TXFD6", "side": "BUY", "price": 345_213_000, "price_scale": 10_000, "qty": 1 })
}

/// `/dev/full` takes nothing; it stands where the file is to be until it is taken away.
fn take_away(folder: &Folder, name: &str) {
    std::fs::create_dir_all(folder.path()).unwrap();
    symlink("/dev/full", folder.path().join(name)).unwrap();
}

fn bring_back(folder: &Folder, name: &str) {
    std::fs::remove_file(folder.path().join(name)).unwrap();
}

fn messages(folder: &Folder, name: &str) -> Vec<u64> {
    let lines = folder.lines(name);
    let lines = lines.iter().filter(|line| line["event"] == "busy");
    lines.map(|line| line["message"].as_str().unwrap().parse().unwrap()).collect()
}

fn orders(folder: &Folder) -> Vec<u64> {
    let rows = folder.sql("SELECT client_order_id AS id FROM audit.orders_log ORDER BY chain_position");
    rows.iter().map(|row| row["id"].as_str().unwrap()[2..].parse().unwrap()).collect()
}

/// What `audit verify` says, and its exit code.
fn verify(folder: &Folder) -> (Value, Option<i32>) {
    let output = tapline(&["audit", "verify", "--json", "--data-dir", &folder.path().display().to_string()]);
    let found =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
    (found, output.status.code())
}

#[test]
fn a_destination_that_was_away_gets_all_of_it_in_order_and_delays_nobody() {
    let folder = Folder::new();
    take_away(&folder, "away.ndjson");
    let config = folder.write("tapline.toml", TWO_FILES);
    let mut router = Router::start_in(folder, Some(&config));
    let events: Vec<Value> = (0..20_000).map(log).collect();
    for part in events.chunks(1_000) {
        router.send(part);
    }
    router.until("the other file has all", |router| {
        (router.folder().count_lines("near.ndjson") == events.len()).then_some(())
    });
    let ledger = router.ledger();
    assert_balanced(&ledger);
    assert_eq!((count(&ledger, "pending"), count(&ledger, "delivered")), (20_000, 0));
    assert_eq!(router.get("/readyz").status, 503);
    bring_back(router.folder(), "away.ndjson");
    let ledger = router.settled(20_000);
    assert_eq!((count(&ledger, "delivered"), count(&ledger, "dropped")), (20_000, 0), "{ledger}");
    let folder = router.stop_well();
    let said = folder.read("router.log").matches("the destination is failing").count();
    assert_eq!(said, 1, "an outage is a state, and not a line for each try");
    let all: Vec<u64> = (0..20_000).collect();
    assert_eq!(messages(&folder, "away.ndjson"), all);
    assert_eq!(messages(&folder, "near.ndjson"), all);
}

#[test]
fn what_a_destination_is_owed_survives_a_sigkill() {
    let folder = Folder::new();
    take_away(&folder, "away.ndjson");
    let config = folder.write("tapline.toml", TWO_FILES);
    let mut router = Router::start_in(folder, Some(&config));
    for first in (0..2_000).step_by(100) {
        let events: Vec<Value> = (first..first + 100).map(order).collect();
        router.send(&events);
    }
    router.until("the tables have all", |router| (orders(router.folder()).len() == 2_000).then_some(()));
    let folder = router.kill();
    bring_back(&folder, "away.ndjson");
    let mut router = Router::start_in(folder, Some(&config));
    router.until("the file has all", |router| (router.folder().count_lines("away.ndjson") == 2_000).then_some(()));
    let ledger = router.settled(2_000);
    assert_balanced(&ledger);
    let folder = router.stop_well();
    assert_eq!(orders(&folder), (0..2_000).collect::<Vec<_>>(), "each once, in order");
    assert_eq!(verify(&folder).1, Some(0));
}

#[test]
fn a_request_that_is_sent_again_after_a_sigkill_is_taken_once() {
    let router = Router::start();
    let body: String = (0..50).map(|number| format!("{}\n{}\n", order(number), log(number))).collect();
    let headers = [("content-type", "application/x-ndjson"), ("x-batch-id", "b-1")];
    assert_eq!(router.post("/v1/events", &headers, body.as_bytes()).status, 200);
    // Killed before the answer arrived, for all that the sender knows.
    let router = Router::start_in(router.kill(), None);
    let again = router.post("/v1/events", &headers, body.as_bytes());
    assert_eq!((again.status, &again.json()["accepted"], &again.json()["repeated"]), (200, &json!(100), &json!(true)));
    // Another batch with the same lines is another batch.
    let other = [("content-type", "application/x-ndjson"), ("x-batch-id", "b-2")];
    assert_eq!(router.post("/v1/events", &other, order(50).to_string().as_bytes()).status, 200);
    let folder = router.stop_well();
    assert_eq!(orders(&folder), (0..=50).collect::<Vec<_>>());
    assert_eq!(verify(&folder).1, Some(0));
}

/// A producer of the protocol, welcomed by the router.
struct Producer {
    stream: UnixStream,
    answers: Lines<BufReader<UnixStream>>,
}

impl Producer {
    fn of(router: &Router) -> Self {
        let mut stream = router.unix();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let hello = json!({ "tapline": "hello", "protocol": 1, "service": "s", "run": "run-1", "contract": "",
                            "client": "t", "ack": true });
        writeln!(stream, "{hello}").unwrap();
        let answers = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut producer = Producer { stream, answers };
        assert_eq!(producer.answer()["tapline"], "welcome");
        producer
    }

    /// An event a line, whose numbers begin at `first`.
    fn send(&mut self, n: u64, lane: &str, first: u64, events: impl Iterator<Item = Value>) {
        let lines: Vec<String> = (first..)
            .zip(events)
            .map(|(seq, mut event)| {
                event["run"] = json!("run-1");
                event["lane"] = json!(lane);
                event["seq"] = json!(seq);
                event["ts"] = json!(1_763_963_412_000_000_000_u64 + seq);
                event["level"] = json!("info");
                format!("{event}\n")
            })
            .collect();
        let head = json!({ "tapline": "chunk", "n": n, "lines": lines.len() });
        write!(self.stream, "{head}\n{}", lines.concat()).unwrap();
    }

    fn acknowledged(&mut self) -> u64 {
        self.answer()["ack"].as_u64().unwrap()
    }

    fn answer(&mut self) -> Value {
        serde_json::from_str(&self.answers.next().unwrap().unwrap()).unwrap()
    }
}

/// A producer of the protocol whose acknowledgement was lost with the router.
#[test]
fn a_chunk_that_is_sent_again_after_a_sigkill_is_taken_once() {
    let talk = |router: &Router, chunks: RangeInclusive<u64>| -> Vec<u64> {
        let mut producer = Producer::of(router);
        for n in chunks.clone() {
            let first = (n - 1) * 10 + 1;
            producer.send(n, "audit", first, (first..first + 10).map(order));
        }
        chunks.map(|_| producer.acknowledged()).collect()
    };
    let router = Router::start();
    assert_eq!(talk(&router, 1..=1), [1]);
    let mut router = Router::start_in(router.kill(), None);
    // The router does not know the run any more, so all that was not acknowledged comes again.
    assert_eq!(talk(&router, 1..=2), [1, 2]);
    router.until("all are there", |router| (orders(router.folder()).len() == 20).then_some(()));
    let folder = router.stop_well();
    assert_eq!(orders(&folder), (1..=20).collect::<Vec<_>>());
    assert_eq!(verify(&folder).1, Some(0));
}

#[test]
fn a_producer_is_answered_while_a_destination_of_its_logs_is_away() {
    const CHUNKS: u64 = 64;
    const LINES: u64 = 256;
    for away in ["type = \"elasticsearch\"\nurl = \"http://127.0.0.1:1\"", "type = \"file\"\npath = \"away.ndjson\""] {
        let folder = Folder::new();
        take_away(&folder, "away.ndjson");
        let config = format!(
            "chain = []\n[sinks.near]\ntype = \"file\"\npath = \"near.ndjson\"\n[sinks.away]\n{away}\n\
             [route]\ndefault = [\"near\", \"away\"]\n"
        );
        let config = folder.write("tapline.toml", &config);
        let mut router = Router::start_in(folder, Some(&config));
        let mut producer = Producer::of(&router);
        for n in 1..=CHUNKS {
            let first = (n - 1) * LINES + 1;
            producer.send(n, "log", first, (first..first + LINES).map(log));
            // One after the other: none waits for the destination, however full its queue is.
            assert_eq!(producer.acknowledged(), n, "{away}");
        }
        router.until("the other destination has all", |router| {
            (router.folder().count_lines("near.ndjson") as u64 == CHUNKS * LINES).then_some(())
        });
        assert_eq!(count(&router.ledger(), "pending"), CHUNKS * LINES, "they are owed to the one that is away");
        router.stop_well();
    }
}

#[test]
fn a_full_journal_drops_logs_counted_and_keeps_audit_events_with_their_producers() {
    let folder = Folder::new();
    take_away(&folder, "away.ndjson");
    let config = folder.write("tapline.toml", &format!("{TWO_FILES}\n[journal]\nbudget_mib = 4\nsegment_mib = 1\n"));
    let mut router = Router::start_in(folder, Some(&config));
    let filler = "x".repeat(2_000);
    let fat = |number: u64| {
        let mut event = log(number);
        event["reason"] = json!(filler);
        event
    };
    // More logs than 70 % of the budget: the rest is dropped for the destination that is away, and said.
    for first in (0..8_000).step_by(500) {
        let events: Vec<Value> = (first..first + 500).map(fat).collect();
        router.send(&events);
    }
    router.until("logs are dropped", |router| (reason(&router.ledger(), "journal_full") > 500).then_some(()));
    // Audit events have room still, up to 95 %; then they are refused, and nothing that was accepted is lost.
    let (mut accepted, mut number) = (Vec::new(), 0);
    let refused = loop {
        let mut event = order(number);
        event["reason"] = json!(filler);
        let body: String = (0..100).map(|_| format!("{event}\n")).collect();
        let answer = router.post("/v1/events", &[("content-type", "application/x-ndjson")], body.as_bytes());
        if answer.status != 200 {
            break answer;
        }
        accepted.extend(std::iter::repeat_n(number, 100));
        number += 1;
        assert!(number < 200, "the budget is never exceeded");
    };
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(accepted.len() >= 100, "{} were accepted", accepted.len());
    let bytes = |router: &Router| -> u64 {
        let files = router.folder().files();
        files
            .iter()
            .filter(|(path, _)| path.extension().is_some_and(|e| e == "seg"))
            .map(|(_, bytes)| bytes.len() as u64)
            .sum()
    };
    assert!(bytes(&router) <= 4 << 20, "{} bytes", bytes(&router));
    bring_back(router.folder(), "away.ndjson");
    router.until("audit events are taken again", |router| {
        let answer = router.post("/v1/events", &[], order(9_999).to_string().as_bytes());
        (answer.status == 200).then_some(())
    });
    let ledger = router.until("all is settled", |router| {
        let ledger = router.ledger();
        (count(&ledger, "pending") == 0).then_some(ledger)
    });
    assert_balanced(&ledger);
    // What the metric says is what lies there, and of its own files only the segments count.
    router.until("the metric is what is on disk", |router| {
        let metrics = router.get("/metrics").text;
        let line = metrics.lines().find(|line| line.starts_with("tapline_journal_bytes "))?;
        (line.rsplit(' ').next()?.parse::<f64>().ok()? as u64 == bytes(router)).then_some(())
    });
    let folder = router.stop_well();
    let there = orders(&folder);
    assert_eq!(there[..accepted.len()], accepted[..], "what was accepted is there, once and in order");
    assert_eq!(there.last(), Some(&9_999));
    assert_eq!(verify(&folder).1, Some(0));
}

/// Writes beyond a file's size limit fail as they do on a full disk.
fn limit_files(router: &Router, bytes: u64) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: a limit of a child, from a value of ours.
    let result = unsafe { libc::prlimit(router.pid(), libc::RLIMIT_FSIZE, &limit, std::ptr::null_mut()) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
}

#[test]
fn a_disk_that_takes_no_more_refuses_audit_events_loudly_and_mends_itself() {
    let mut router = Router::start();
    router.send(&(0..100).map(order).collect::<Vec<_>>());
    router.settled(100);
    limit_files(&router, 1);
    let headers = [("x-batch-id", "b-1")];
    let answer = router.post("/v1/events", &headers, order(100).to_string().as_bytes());
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(answer.text.contains("X-Batch-Id"), "{}", answer.text);
    let ready = router.get("/readyz");
    assert_eq!((ready.status, &ready.json()["error"]), (503, &json!("journal_failing")), "{}", ready.text);
    limit_files(&router, libc::RLIM_INFINITY);
    router.until("it is ready again", |router| (router.get("/readyz").status == 200).then_some(()));
    // The sender does what it was told to.
    assert_eq!(router.post("/v1/events", &headers, order(100).to_string().as_bytes()).status, 200);
    router.settled(101);
    let metrics = router.get("/metrics").text;
    let failures = metrics.lines().find(|line| line.starts_with("tapline_journal_failures_total")).unwrap();
    assert!(!failures.ends_with(" 0") && metrics.contains("tapline_journal_failing 0"), "{failures}");
    let folder = router.stop_well();
    assert_eq!(orders(&folder), (0..=100).collect::<Vec<_>>());
    assert_eq!(verify(&folder).1, Some(0));
}

/// The pager hangs, what the router knows of the page can't be written down, and the router is killed: the journal
/// has the page, and hands it on again.
#[test]
fn a_page_that_nobody_was_told_of_survives_a_sigkill() {
    let pager = Receiver::start(Kind::PagerDuty(pagerduty::Options::default())).unwrap();
    pager.script([Step::hang().times(1000)]).unwrap();
    let folder = Folder::new();
    let key = folder.write("key", pagerduty::ROUTING_KEY).display().to_string();
    let config = format!(
        "chain = [{{ plugin = \"route\" }}]\n[sinks.logs]\ntype = \"file\"\npath = \"logs.ndjson\"\n\
         [sinks.alerts]\ntype = \"file\"\npath = \"alerts.ndjson\"\n[sinks.pager]\ntype = \"notify\"\n\
         [notices]\ninfo = [\"alerts\"]\nwarning = [\"alerts\"]\ncritical = [\"alerts\"]\n\
         [notify.channels.duty]\ntype = \"pagerduty\"\nrouting_key_file = \"{key}\"\nurl = \"{}/v2/enqueue\"\n\
         [[notify.routes]]\nseverity = [\"critical\", \"warning\", \"info\"]\nto = [\"duty\"]\n",
        pager.url()
    );
    let config = folder.write("tapline.toml", &config);
    // Where the new state is written before it takes the old one's place.
    let in_the_way = folder.path().join("notify.new");
    std::fs::create_dir_all(&in_the_way).unwrap();
    let mut router = Router::start_in(folder, Some(&config));
    let halt = json!({ "component": "risk", "event": "stormguard_transition", "old_mode": "STORM", "new_mode": "HALT",
                       "strategy_id": "mm-1" });
    router.send(&[halt]);
    router.until("the file's cursor has passed the page", |router| {
        router.folder().read("journal/cursors").lines().any(|line| line == "1 alerts").then_some(())
    });
    let folder = router.kill();
    assert_eq!(pager.received().len(), 0);
    std::fs::remove_dir(&in_the_way).unwrap();
    pager.script([]).unwrap();
    let router = Router::start_in(folder, Some(&config));
    assert_eq!(pager.wait(1, Duration::from_secs(30)).len(), 1, "{:?}", pager.refused());
    router.stop_well();
}
