//! Events in a receiver that takes and refuses what Elasticsearch takes and refuses.

use serde_json::{Value, json};
use tapline_receivers::{Kind, Receiver, Step, elasticsearch, logstash};

use crate::harness::{Folder, Router, assert_balanced, count};

fn start(flavour: elasticsearch::Flavour, word: &str) -> (Receiver, Router) {
    let options = elasticsearch::Options::new(flavour);
    // It makes none by itself.
    let indexes = if word == "quickwit" { vec!["logs-tapline-default".to_owned()] } else { Vec::new() };
    start_before(Kind::Elasticsearch(elasticsearch::Options { indexes, ..options }), word)
}

fn start_before(kind: Kind, word: &str) -> (Receiver, Router) {
    let receiver = Receiver::start(kind).unwrap();
    let folder = Folder::new();
    let config = folder.write(
        "tapline.toml",
        &format!(
            "chain = []\n[sinks.near]\ntype = \"file\"\npath = \"near.ndjson\"\n[sinks.elk]\ntype = \"elasticsearch\"\n\
             url = \"{}\"\nflavour = \"{word}\"\nmigrate = true\ntimeout_s = 2\n[route]\ndefault = [\"elk\", \"near\"]\n",
            receiver.url()
        ),
    );
    let router = Router::start_in(folder, Some(&config));
    (receiver, router)
}

fn events(first: u64, n: u64) -> Vec<Value> {
    let event = |number: u64| {
        json!({ "component": "risk", "event": "risk_decision", "strategy_id": "mm-1", "intent_id": format!("i-{number}"),
                "approved": true, "reason_code": "OK", "latency_us": 1.5, "unknown": { "a": "指數" } })
    };
    (first..first + n).map(event).collect()
}

fn documents(receiver: &Receiver) -> u64 {
    documents_below(receiver, "")
}

fn documents_below(receiver: &Receiver, path: &str) -> u64 {
    let url = format!("{}{path}/logs-tapline-default/_count", receiver.url());
    let mut answer = ureq::get(&url).call().expect("it counts");
    answer.body_mut().read_json::<Value>().unwrap()["count"].as_u64().unwrap()
}

#[test]
fn every_event_is_one_document_whatever_fails() {
    let (receiver, mut router) = start(elasticsearch::Flavour::Elasticsearch, "elasticsearch");
    router.send(&events(0, 300));
    router.settled(300);
    assert_eq!(documents(&receiver), 300);
    // Some items find no room; the answer of a request that arrived is lost; the server is overloaded; it is
    // not there for a while.
    receiver
        .script([
            Step::items(429, 3).on("/_bulk"),
            Step::accept_then_reset().on("/_bulk"),
            Step::status(503).on("/_bulk").times(2),
            Step::status(429).retry_after(1).on("/_bulk"),
        ])
        .unwrap();
    for first in (300..600).step_by(50) {
        router.send(&events(first, 50));
    }
    let ledger = router.settled(600);
    assert_balanced(&ledger);
    assert_eq!((count(&ledger, "delivered"), count(&ledger, "dead_lettered")), (600, 0), "{ledger}");
    assert_eq!(documents(&receiver), 600, "each once");
    router.stop_well();
}

#[test]
fn a_document_that_is_refused_for_good_is_a_dead_letter_and_its_neighbours_go_on() {
    let (receiver, mut router) = start(elasticsearch::Flavour::Elasticsearch, "elasticsearch");
    receiver.script([Step::items(400, 10).on("/_bulk")]).unwrap();
    router.send(&events(0, 100));
    let ledger = router.settled(100);
    let dead = count(&ledger, "dead_lettered");
    assert!((1..100).contains(&dead), "{ledger}");
    assert_eq!(count(&ledger, "delivered") + dead, 100, "{ledger}");
    let folder = router.stop_well();
    let letters = folder.lines("dead-letters.ndjson");
    assert_eq!(letters.len() as u64, dead);
    assert!(
        letters.iter().all(|letter| letter["by"] == "elk" && letter["reason"] == "refused_by_index"),
        "{letters:?}"
    );
    assert_eq!(folder.lines("near.ndjson").len(), 100, "another destination has them all");
}

#[test]
fn opensearch_takes_them_too() {
    let (receiver, mut router) = start(elasticsearch::Flavour::OpenSearch, "opensearch");
    router.send(&events(0, 50));
    let ledger = router.settled(50);
    assert_eq!(count(&ledger, "delivered"), 50, "{ledger} {:?}", receiver.refused());
    assert_eq!(documents(&receiver), 50);
    router.stop_well();
}

#[test]
fn quickwit_takes_them_by_its_own_path_and_without_ids() {
    let (receiver, mut router) = start(elasticsearch::Flavour::Quickwit, "quickwit");
    receiver.script([Step::items(400, 10).on("/_bulk")]).unwrap();
    router.send(&events(0, 50));
    let ledger = router.settled(50);
    let dead = count(&ledger, "dead_lettered");
    assert!((1..50).contains(&dead), "{ledger} {:?}", receiver.refused());
    assert_eq!(count(&ledger, "delivered") + dead, 50, "{ledger}");
    assert_eq!(documents_below(&receiver, "/api/v1/_elastic") + dead, 50);
    router.stop_well();
}

#[test]
fn logstash_takes_lines_with_the_events_id_and_is_given_time_when_it_is_busy() {
    let (receiver, mut router) = start_before(Kind::Logstash(logstash::Options::default()), "logstash");
    receiver.script([Step::status(429).times(2), Step::reset()]).unwrap();
    router.send(&events(0, 50));
    let ledger = router.settled(50);
    assert_eq!(count(&ledger, "delivered"), 50, "{ledger}");
    assert_eq!(receiver.state(), json!({ "events": 50, "unparsed": 0 }));
    let received: Vec<Value> = receiver
        .received()
        .into_iter()
        .flat_map(|received| received.content.as_array().cloned().unwrap_or_default())
        .collect();
    assert!(received[0]["event"] == "risk_decision" && received[0].to_string().contains("指數"), "{}", received[0]);
    let ids: std::collections::HashSet<&str> = received.iter().filter_map(|event| event["event_id"].as_str()).collect();
    assert_eq!(ids.len(), 50);
    router.stop_well();
}
