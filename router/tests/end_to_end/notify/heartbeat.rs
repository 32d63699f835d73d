//! The dead man's switch: somebody outside hears that notices are worked on, as long as they are.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::setup::{all_to, config, duty};
use crate::harness::{Folder, Router};

/// An address, and the path of each call that it gets.
fn outside() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/beat", listener.local_addr().unwrap());
    let (heard, calls) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let first = lines.next().unwrap_or_default();
            lines.for_each(drop);
            let answered = (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            if answered.is_err() || heard.send(first).is_err() {
                return;
            }
        }
    });
    (url, calls)
}

#[test]
fn somebody_outside_hears_that_notices_are_worked_on() {
    use tapline_receivers::{Kind, Receiver, pagerduty};
    let (url, calls) = outside();
    let pager = Receiver::start(Kind::PagerDuty(pagerduty::Options::default())).unwrap();
    let folder = Folder::new();
    let beat = format!("[notify.heartbeat]\nurl = \"{url}\"\nevery_s = 0.1\n");
    let text = config(&format!("{beat}{}{}", duty(&pager, &folder), all_to("duty")));
    let path = folder.write("tapline.toml", &text);
    let mut router = Router::start_in(folder, Some(&path));
    for _ in 0..2 {
        let call = calls.recv_timeout(Duration::from_secs(60)).expect("a call");
        assert_eq!(call, "GET /beat HTTP/1.1");
    }
    router.until("the calls are counted", |router| {
        let metrics = router.get("/metrics").text;
        metrics.contains("tapline_deliveries_total{destination=\"heartbeat\",outcome=\"delivered\"}").then_some(())
    });
    router.stop_well();
}
