//! The shipper against a router that comes late, leaves early and forgets to answer.

mod router;

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use router::{Plan, Router};
use serde_json::Value;
use tapline_client::{Component, Emitter, Shipper, ShipperError, Telemetry, events};

const SOON: Duration = Duration::from_secs(20);

struct Producer {
    dir: tempfile::TempDir,
    telemetry: Telemetry,
    risk: Emitter,
}

fn producer() -> Producer {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = Telemetry::builder("test").env("here").spill_dir(dir.path()).build();
    let risk = telemetry.component(Component::Risk);
    Producer { dir, telemetry, risk }
}

impl Producer {
    fn socket(&self) -> PathBuf {
        self.dir.path().join("router.sock")
    }

    fn ship(&self) -> Shipper {
        let address = format!("unix:{}", self.socket().display());
        Shipper::spawn(self.telemetry.clone(), &address).unwrap()
    }

    fn emit(&self, count: i64) {
        for at in 0..count {
            self.risk.emit(&events::RiskDecision { strategy_id: "mm-1", price: Some(at), ..Default::default() });
        }
    }
}

fn seqs(events: &[Value], lane: &str) -> Vec<u64> {
    let of_lane = events.iter().filter(|event| event["lane"] == lane);
    of_lane.map(|event| event["seq"].as_u64().unwrap()).collect()
}

#[test]
fn what_was_emitted_before_there_was_a_router_arrives_guard_first() {
    let producer = producer();
    let shipper = producer.ship();
    producer.emit(1_000);
    producer.risk.emit(&events::StormguardTransition::default());
    thread::sleep(Duration::from_millis(50));
    assert!(shipper.report().trouble.is_some());

    let router = Router::listen(&producer.socket(), &[Plan::Settle]);
    let report = shipper.stop(SOON);
    assert_eq!((report.sent, report.acknowledged, report.waiting), (1_001, 1_001, 0));
    assert_eq!(report.trouble, None);
    router.wait_until("it said bye", |seen| seen.byes == 1);
    router.seen(|seen| {
        assert_eq!(seen.events[0]["event"], "stormguard_transition");
        assert_eq!(seqs(&seen.events, "audit"), (1..=1_000).collect::<Vec<_>>());
        let event = &seen.events[1];
        for (member, value) in [
            ("service", "test"),
            ("env", "here"),
            ("component", "risk"),
            ("lane", "audit"),
            ("event", "risk_decision"),
            ("strategy_id", "mm-1"),
            ("run", producer.telemetry.run()),
            ("host", producer.telemetry.host()),
        ] {
            assert_eq!(event[member], value, "{member}");
        }
        assert_eq!(event["pid"], std::process::id());
        assert_eq!(seen.hellos[0]["run"], producer.telemetry.run());
    });
}

#[test]
fn a_router_that_keeps_leaving_gets_every_event_once() {
    use Plan::*;
    let producer = producer();
    let plans = [
        Settle,
        LeaveInside,
        Settle,
        LeaveUnanswered,
        LeaveUnanswered,
        LeaveInside,
        LeaveInside,
        Settle,
        LeaveUnanswered,
        Settle,
        LeaveInside,
        Settle,
    ];
    let router = Router::listen(&producer.socket(), &plans);
    let shipper = producer.ship();
    for _ in 0..40 {
        producer.emit(100);
        thread::sleep(Duration::from_millis(1));
    }
    let report = shipper.stop(SOON);
    assert_eq!(report.acknowledged, 4_000, "{report:?}");
    assert_eq!(report.unacknowledged, 0);
    assert!(report.connections >= 7, "{report:?}");
    router.seen(|seen| {
        let seqs = seqs(&seen.events, "audit");
        assert_eq!(seqs.len(), 4_000);
        assert_eq!(seqs.into_iter().collect::<HashSet<_>>().len(), 4_000);
    });
}

#[test]
fn rejected_lines_are_counted_and_settled() {
    let producer = producer();
    let _router = Router::listen(&producer.socket(), &[Plan::Reject, Plan::Settle]);
    let shipper = producer.ship();
    producer.emit(10);
    let report = shipper.stop(SOON);
    assert_eq!((report.acknowledged, report.rejected), (10, 1));
}

#[test]
fn without_a_router_a_stop_keeps_its_deadline_and_the_next_shipper_delivers() {
    let producer = producer();
    let shipper = producer.ship();
    producer.emit(10);
    let begin = Instant::now();
    let report = shipper.stop(Duration::from_millis(100));
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert_eq!((report.sent, report.connections), (0, 0));
    producer.emit(5);

    let router = Router::listen(&producer.socket(), &[Plan::Settle]);
    let report = producer.ship().stop(SOON);
    assert_eq!(report.acknowledged, 15);
    assert_eq!(router.seen(|seen| seen.events.len()), 15);
}

#[test]
fn a_stop_in_the_middle_leaves_the_rest_to_the_next_shipper() {
    let producer = producer();
    let silent = UnixListener::bind(producer.socket()).unwrap();
    // Welcomes, reads, and never acknowledges.
    let deaf = thread::spawn(move || {
        let (mut connection, _) = silent.accept().unwrap();
        writeln!(connection, "{{\"tapline\":\"welcome\",\"protocol\":1,\"chunk\":0}}").unwrap();
        let _ = connection.read_to_end(&mut Vec::new());
    });
    let shipper = producer.ship();
    producer.emit(10);
    let give_up = Instant::now() + SOON;
    while shipper.report().sent < 10 {
        assert!(Instant::now() < give_up);
        thread::sleep(Duration::from_millis(1));
    }
    let report = shipper.stop(Duration::from_millis(50));
    assert_eq!((report.sent, report.acknowledged, report.unacknowledged), (10, 0, 10));
    deaf.join().unwrap();

    std::fs::remove_file(producer.socket()).unwrap();
    let router = Router::listen(&producer.socket(), &[Plan::Settle]);
    let report = producer.ship().stop(SOON);
    assert_eq!((report.sent, report.acknowledged), (0, 10));
    assert_eq!(seqs(&router.seen(|seen| seen.events.clone()), "audit"), (1..=10).collect::<Vec<_>>());
}

#[test]
fn counts_and_metrics_tell_the_router_what_the_producer_knows() {
    let producer = producer();
    let router = Router::listen(&producer.socket(), &[Plan::Settle]);
    let metrics = producer.telemetry.metrics();
    metrics.risk_reject_total.with("RATE_LIMIT").add(3);
    metrics.stormguard_mode.with("mm-1").set(2.0);
    let shipper = producer.ship();
    for _ in 0..100_000 {
        producer.risk.emit(&events::StormguardTransition::default());
    }
    router.wait_until("a snapshot came", |seen| !seen.counts.is_empty());
    shipper.stop(SOON);
    router.wait_until("it said bye", |seen| seen.byes == 1);

    router.seen(|seen| {
        let last = seen.counts.last().unwrap();
        let guard = last["streams"].as_array().unwrap().iter().find(|s| s["lane"] == "guard").unwrap();
        assert_eq!(guard["emitted"], 100_000);
        let dropped = guard["dropped"]["queue_full"].as_u64().unwrap_or(0);
        assert_eq!(dropped + seqs(&seen.events, "guard").len() as u64, 100_000);
        assert_eq!((&guard["queued"], &guard["unacked"]), (&0.into(), &0.into()));

        let families = seen.metrics[0]["families"].as_array().unwrap();
        let family = |name: &str| families.iter().find(|family| family["name"] == name);
        let rejects = family("risk_reject_total").unwrap();
        let sample = |reason: &str| {
            let samples = rejects["samples"].as_array().unwrap();
            samples.iter().find(|s| s["labels"]["reason"] == reason).unwrap()["value"].clone()
        };
        assert_eq!((sample("RATE_LIMIT"), sample("KILL_SWITCH")), (3.into(), 0.into()));
        assert_eq!(family("stormguard_mode").unwrap()["samples"][0]["value"], 2.0);
        assert!(family("feed_events_total").is_none(), "this process has no market data");
    });
}

#[test]
fn a_refusal_is_reported_and_tried_again() {
    let producer = producer();
    let listener = UnixListener::bind(producer.socket()).unwrap();
    let shipper = producer.ship();
    for _ in 0..2 {
        let (mut connection, _) = listener.accept().unwrap();
        let mut hello = String::new();
        BufReader::new(connection.try_clone().unwrap()).read_line(&mut hello).unwrap();
        writeln!(connection, "{{\"tapline\":\"refused\",\"reason\":\"wrong environment\"}}").unwrap();
    }
    let trouble = shipper.report().trouble.unwrap();
    assert!(trouble.contains("wrong environment"), "{trouble}");
    shipper.stop(Duration::ZERO);
}

#[test]
fn what_does_not_speak_the_protocol_is_left_alone() {
    let producer = producer();
    let listener = UnixListener::bind(producer.socket()).unwrap();
    let shipper = producer.ship();
    producer.emit(1);
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "{\"ack\":-1}\n", "[]\n"] {
        let (mut connection, _) = listener.accept().unwrap();
        connection.write_all(answer.as_bytes()).unwrap();
        // It hangs up, and comes again.
        let _ = connection.read_to_end(&mut Vec::new());
    }
    let report = shipper.stop(Duration::ZERO);
    assert_eq!((report.sent, report.connections), (0, 0));
    assert!(report.trouble.unwrap().contains("does not speak the protocol"));
}

#[test]
fn ships_over_tcp() {
    let producer = producer();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp:{}", listener.local_addr().unwrap());
    let shipper = Shipper::spawn(producer.telemetry.clone(), &address).unwrap();
    let (connection, _) = listener.accept().unwrap();
    let mut hello = String::new();
    BufReader::new(connection).read_line(&mut hello).unwrap();
    assert!(hello.starts_with("{\"tapline\":\"hello\",\"protocol\":1,"), "{hello}");
    shipper.stop(Duration::ZERO);
}

#[test]
fn says_what_is_wrong_with_an_address_and_with_a_second_shipper() {
    let producer = producer();
    let refused = Shipper::spawn(producer.telemetry.clone(), "http://router").unwrap_err();
    assert!(refused.to_string().contains("unix:PATH"), "{refused}");
    let _first = producer.ship();
    let second = Shipper::spawn(producer.telemetry.clone(), "unix:/nowhere").unwrap_err();
    assert!(matches!(second, ShipperError::AlreadyShipping));
}
