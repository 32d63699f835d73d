//! Scripts, and what a client sees of them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;
use tapline_receivers::pagerduty::{self, ROUTING_KEY};
use tapline_receivers::slack::HOOK;
use tapline_receivers::{Kind, Receiver, Step};

use crate::client::{get, post_json, send};
use crate::slack::unhurried;

fn slack() -> (Receiver, String) {
    let slack = Receiver::start(Kind::Slack(unhurried())).unwrap();
    let url = format!("{}{HOOK}", slack.url());
    (slack, url)
}

/// All bytes of an answer, and how the connection ended.
fn raw(receiver: &Receiver) -> (Vec<u8>, Option<std::io::ErrorKind>) {
    let mut stream = TcpStream::connect(receiver.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
    let body = r#"{"text":"x"}"#;
    let head = format!("POST {HOOK} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n");
    write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).err().map(|error| error.kind());
    (bytes, end)
}

#[test]
fn steps_are_played_in_order_and_then_all_is_normal() {
    let (slack, url) = slack();
    let script = json!([
        {"for": 2, "do": {"status": 503, "retry_after": 2}},
        {"do": "ok"},
        {"do": {"status": 500, "body": "down"}},
        {"do": {"status": 400, "body": {"why": 1}}},
        {"do": "garbage"},
    ]);
    assert_eq!(post_json(&format!("{}/_script", slack.url()), &script).json(), json!({"left": 6}));
    let replies: Vec<_> = (0..7).map(|_| post_json(&url, &json!({"text": "x"}))).collect();
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [503, 503, 200, 500, 400, 200, 200]);
    assert_eq!(replies[0].header("retry-after"), Some("2"));
    assert_eq!((replies[3].text.as_str(), replies[4].text.as_str()), ("down", "{\"why\":1}"));
    assert!(replies[5].text.starts_with("<html>"));
    assert_eq!(slack.received().len(), 2);
    let reasons: Vec<String> = slack.refused().into_iter().map(|refused| refused.reason).collect();
    assert_eq!(reasons, ["script: 503", "script: 503", "script: 500", "script: 400", "script: garbage"]);
    assert_eq!(slack.script_left(), 0);
}

#[test]
fn a_bad_script_is_refused_and_changes_nothing() {
    let (slack, _) = slack();
    slack.script([Step::hang()]).unwrap();
    for script in [json!({}), json!([{"do": "explode"}]), json!([{"do": {"items": 429}}])] {
        assert_eq!(post_json(&format!("{}/_script", slack.url()), &script).status, 400, "{script}");
    }
    assert!(slack.script([Step::items(429, 1)]).unwrap_err().contains("no items"));
    assert_eq!(get(&format!("{}/_script", slack.url())).json(), json!({"left": 1}));
}

#[test]
fn a_lie_keeps_nothing_and_a_lost_answer_keeps_all() {
    let pagerduty = Receiver::start(Kind::PagerDuty(pagerduty::Options::default())).unwrap();
    let url = format!("{}/v2/enqueue", pagerduty.url());
    let event = |key: &str| {
        let payload = json!({"summary": "s", "source": "s", "severity": "info"});
        json!({"routing_key": ROUTING_KEY, "event_action": "trigger", "dedup_key": key, "payload": payload})
    };
    pagerduty.script([Step::lie_ok(), Step::accept_then_reset()]).unwrap();
    let lie = post_json(&url, &event("lied"));
    assert_eq!((lie.status, &lie.json()["dedup_key"]), (202, &json!("lied")));
    assert_eq!(pagerduty.state()["open"], json!([]));
    assert!(send("POST", &url, &[crate::client::JSON], event("lost").to_string().as_bytes()).is_err());
    assert_eq!(pagerduty.state()["open"], json!(["lost"]));
    assert_eq!(pagerduty.received().len(), 1);
    assert_eq!(pagerduty.refused()[0].reason, "script: lie_ok");
}

#[test]
fn connections_are_torn_in_each_way() {
    let (slack, _) = slack();
    let reset = Some(std::io::ErrorKind::ConnectionReset);
    slack.script([Step::reset(), Step::accept_then_reset(), Step::cut(), Step::noise(), Step::hang()]).unwrap();
    assert_eq!(raw(&slack), (vec![], reset), "reset");
    assert_eq!(raw(&slack), (vec![], reset), "accept_then_reset");
    let (cut, end) = raw(&slack);
    assert!(cut.starts_with(b"HTTP/1.1 200") && !cut.ends_with(b"ok") && end.is_none(), "cut: {cut:?} {end:?}");
    let (noise, _) = raw(&slack);
    assert!(!noise.is_empty() && !noise.starts_with(b"HTTP"), "noise: {noise:?}");
    let (nothing, end) = raw(&slack);
    assert!(nothing.is_empty() && end == Some(std::io::ErrorKind::WouldBlock), "hang: {nothing:?} {end:?}");
    assert!(raw(&slack).0.ends_with(b"ok"));
    assert_eq!(slack.received().len(), 3, "kept: the lost, the cut and the last");
}

#[test]
fn a_delay_delays_and_others_go_on() {
    let (slack, url) = slack();
    slack.script([Step::delay_ms(300)]).unwrap();
    let start = Instant::now();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| post_json(&url, &json!({"text": "slow"})).status);
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(post_json(&url, &json!({"text": "quick"})).status, 200);
        assert!(start.elapsed() < Duration::from_millis(280), "{:?}", start.elapsed());
        assert_eq!(slow.join().unwrap(), 200);
    });
    assert!(start.elapsed() >= Duration::from_millis(300));
    let texts: Vec<_> = slack.received().into_iter().map(|received| received.content["text"].clone()).collect();
    assert_eq!(texts, ["quick", "slow"]);
}

#[test]
fn a_receiver_is_unplugged_and_brought_back() {
    let (slack, url) = slack();
    assert_eq!(post_json(&url, &json!({"text": "before"})).status, 200);
    slack.script([Step::hang()]).unwrap();
    std::thread::scope(|scope| {
        let hanging = scope.spawn(|| send("POST", &url, &[crate::client::JSON], b"{\"text\":\"hanging\"}"));
        std::thread::sleep(Duration::from_millis(50));
        let start = Instant::now();
        slack.stop();
        assert!(hanging.join().unwrap().is_err(), "its connection is closed with the port");
        assert!(start.elapsed() < Duration::from_secs(1));
    });
    assert!(TcpStream::connect(slack.address()).is_err(), "the port is closed");
    slack.stop();
    slack.start_again().unwrap();
    slack.start_again().unwrap();
    assert_eq!(post_json(&url, &json!({"text": "after"})).status, 200, "on the port that it had");
    assert_eq!(slack.received().len(), 2, "what was received stays");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    slack.start_at(free).unwrap();
    assert_eq!(slack.port(), free);
    assert!(TcpStream::connect(slack.address()).is_ok());
    slack.clear();
    assert!(slack.received().is_empty());
}

#[test]
fn a_port_in_use_is_an_error() {
    let (slack, _) = slack();
    let kind = || Kind::Slack(unhurried());
    assert!(Receiver::start_on(kind(), slack.address(), None).is_err());
}

#[test]
fn a_test_waits_for_what_comes() {
    let (slack, url) = slack();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for at in 0..3 {
                std::thread::sleep(Duration::from_millis(20));
                post_json(&url, &json!({"text": at.to_string()}));
            }
        });
        assert_eq!(slack.wait(3, Duration::from_secs(5)).len(), 3);
    });
    let start = Instant::now();
    assert_eq!(slack.wait(4, Duration::from_millis(50)).len(), 3);
    assert!(start.elapsed() >= Duration::from_millis(50));
}
