//! Many at once, very large, and nonsense.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tapline_receivers::elasticsearch::Options;
use tapline_receivers::slack::HOOK;
use tapline_receivers::{Kind, Receiver};

use crate::bulk::{bulk, start};
use crate::client::{NDJSON, post, post_json};
use crate::slack::unhurried;

#[test]
fn many_at_once_are_each_counted_once() {
    let elasticsearch = start(Options::default());
    let created: u64 = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|worker| {
                let elasticsearch = &elasticsearch;
                scope.spawn(move || {
                    let mut created = 0;
                    // Each id is sent by two workers.
                    for batch in 0..20 {
                        let ids = (0..10).map(|at| format!("{}-{batch}-{at}", worker / 2));
                        let body: Vec<Value> =
                            ids.flat_map(|id| [json!({"create": {"_id": id}}), json!({"n": 1})]).collect();
                        let answer = bulk(elasticsearch, "/a/_bulk", &body).json();
                        let items = answer["items"].as_array().unwrap();
                        created += items.iter().filter(|item| item["create"]["status"] == 201).count() as u64;
                    }
                    created
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert_eq!(created, 800);
    assert_eq!(elasticsearch.state()["documents"], 800);
    let kept: usize =
        elasticsearch.received().iter().map(|received| received.content["items"].as_array().unwrap().len()).sum();
    assert_eq!(kept, 800);
    assert_eq!(elasticsearch.refused().len(), 800, "the second of each");
}

#[test]
fn a_large_body_is_taken_or_refused_with_an_answer() {
    let elasticsearch = start(Options { body_bytes_max: 20 << 20, ..Options::default() });
    let url = format!("{}/a/_bulk", elasticsearch.url());
    let document = format!("{{\"create\":{{}}}}\n{{\"t\":\"{}\"}}\n", "x".repeat(1000));
    let start = Instant::now();
    assert_eq!(post(&url, &[NDJSON], document.repeat(15_000).as_bytes()).status, 200);
    assert_eq!(elasticsearch.state()["documents"], 15_000);
    assert_eq!(
        post(&url, &[NDJSON], document.repeat(40_000).as_bytes()).status,
        413,
        "the answer is read, not a broken pipe"
    );
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn nonsense_ends_its_own_connection_only() {
    let slack = Receiver::start(Kind::Slack(unhurried())).unwrap();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"[..],
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x00\x00\x00\x00",
    ] {
        let mut stream = TcpStream::connect(slack.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{bytes:?}");
    }
    // A body that ends before its length was promised: nothing of it is kept.
    let mut stream = TcpStream::connect(slack.address()).unwrap();
    let head =
        format!("POST {HOOK} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n");
    write!(stream, "{head}{{\"text\":\"half\"}}").unwrap();
    drop(stream);
    assert_eq!(post_json(&format!("{}{HOOK}", slack.url()), &json!({"text": "x"})).status, 200);
    assert_eq!(slack.received().len(), 1);
}

#[test]
fn deeply_nested_json_is_refused_and_not_fatal() {
    let slack = Receiver::start(Kind::Slack(unhurried())).unwrap();
    let deep = format!("{{\"text\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let reply = post(&format!("{}{HOOK}", slack.url()), &[crate::client::JSON], deep.as_bytes());
    assert_eq!((reply.status, reply.text.as_str()), (400, "invalid_payload"));
}
