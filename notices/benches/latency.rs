//! How long a page takes from its notice to the request's arrival, with 10,000 warnings around it. The
//! receivers are on this machine; what they add is theirs to answer for.

#[path = "../tests/it/server.rs"]
#[allow(dead_code)]
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use server::Server;
use tapline_notices::channel::{Http, HttpSettings, PagerDuty, SlackWebhook};
use tapline_notices::config::NotifyConfig;
use tapline_notices::runner::{Delivery, Outlet, Pace, Parts, Receipts, Runner};
use tapline_notices::{Alarm, Channel, Notice, Secret, Severity, Time};

struct Nobody;

impl Receipts for Nobody {
    fn delivery(&self, _: &Delivery<'_>) {}
    fn alarm(&self, alarm: &Alarm) {
        println!("{alarm:?}");
    }
}

const PAGES: usize = 200;
const WARNINGS: usize = 10_000;

fn main() {
    let pager = Server::start(|request, _| {
        (202, "", json!({ "status": "success", "dedup_key": request.json()["dedup_key"] }).to_string())
    });
    // Chat is slow, as it is in a storm.
    let chat = Server::start(|_, _| {
        std::thread::sleep(Duration::from_millis(300));
        (200, "", "ok".into())
    });
    let http = || Http::new(&HttpSettings { timeout: Duration::from_secs(10), ca_file: None }).unwrap();
    let pagerduty = || -> Box<dyn Channel> {
        Box::new(PagerDuty::new(http(), &pager.url, Secret::new("0123456789abcdef0123456789abcdef"), "bench"))
    };
    let slack = || -> Box<dyn Channel> { Box::new(SlackWebhook::new(http(), Secret::new(chat.url.clone()))) };
    let outlet = |name: &str, page, rest, every| Outlet {
        name: name.into(),
        page,
        rest,
        pace: Pace { every: Duration::from_millis(every), burst: 10 },
        give_up_after: Duration::from_secs(600),
        queue: 1000,
    };
    let text = "
        [channels.pager]
        type = 'pagerduty'
        routing_key_env = 'X'
        [channels.chat]
        type = 'slack'
        webhook_url_env = 'X'
        [[routes]]
        severity = ['critical']
        to = ['pager', 'chat']
        reserve = { burst = 1000, per_hour = 3600 }
        [[routes]]
        severity = ['warning', 'info']
        to = ['chat']
    ";
    let config: NotifyConfig = toml::from_str(text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let runner = Runner::with(Parts {
        rules: config.rules(),
        outlets: vec![outlet("pager", pagerduty(), pagerduty(), 500), outlet("chat", slack(), slack(), 1000)],
        queue: 2 * WARNINGS,
        state_file: Some(folder.path().join("notify.json")),
        receipts: Arc::new(Nobody),
    });

    // Pages alone, then each into the midst of a storm.
    for storm in [false, true] {
        let before = pager.requests().len();
        let mut offered = Vec::new();
        let now = || Time(jiff::Timestamp::now().as_nanosecond() as u64);
        for page in 0..PAGES {
            if storm {
                for warning in 0..WARNINGS / PAGES {
                    let key = format!("w{page}-{warning}");
                    runner.notify(Notice::firing("bench", &key, Severity::Warning, "a warning", now())).unwrap();
                }
            }
            let key = format!("p{storm}-{page}");
            offered.push(Instant::now());
            runner.notify(Notice::firing("bench", &key, Severity::Critical, "a page", now())).unwrap();
            // Pages at a pace that one connection keeps up with: else they wait for each other.
            std::thread::sleep(Duration::from_millis(5));
        }
        let requests = pager.wait(before + PAGES);
        let mut times: Vec<Duration> = requests[before..]
            .iter()
            .map(|request| {
                let body = request.json();
                let key = body["dedup_key"].as_str().unwrap().to_owned();
                let page: usize = key.rsplit('-').next().unwrap().parse().unwrap();
                request.at - offered[page]
            })
            .collect();
        times.sort();
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
        let around = if storm { "10,000 warnings around them" } else { "alone" };
        println!("{PAGES} pages, {around}: p50 {:?}, p99 {:?}, max {:?}", at(0.5), at(0.99), at(1.0));
    }

    // One page behind 10,000 warnings that were all given in one go.
    let mut times = Vec::new();
    for round in 0..20 {
        for warning in 0..WARNINGS {
            let at = Time(jiff::Timestamp::now().as_nanosecond() as u64);
            let notice = Notice::firing("bench", &format!("x{warning}"), Severity::Warning, "a warning", at);
            runner.notify(notice).unwrap();
        }
        let before = pager.requests().len();
        let began = Instant::now();
        let at = Time(jiff::Timestamp::now().as_nanosecond() as u64);
        runner.notify(Notice::firing("bench", &format!("r-{round}"), Severity::Critical, "a page", at)).unwrap();
        times.push(pager.wait(before + 1)[before].at - began);
        while runner.status().waiting > 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    times.sort();
    println!("a page behind 10,000 queued warnings, 20 times: p50 {:?}, max {:?}", times[10], times[19]);
    println!("{:?}", runner.status().counts);
    runner.stop(Duration::ZERO);
}
