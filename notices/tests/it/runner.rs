//! The whole way: from a notice to a request, and to a receipt.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;
use tapline_notices::runner::{Delivery, Receipts, Runner};
use tapline_notices::{Alarm, Id, Kind, Notice, NotifyConfig, Outcome, Severity, Time, trial};

use super::receipts::Books;
use super::server::{Answer, Server};

#[derive(Deserialize)]
struct File {
    notify: NotifyConfig,
}

/// A pager, a chat and a webhook on this machine.
fn config(folder: &Path, pager: &Server, chat: &Server, more: &str) -> NotifyConfig {
    for (name, text) in
        [("key", "0123456789abcdef0123456789abcdef".to_owned()), ("chat", format!("{}/services/hush", chat.url))]
    {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let text = format!(
        "[notify]\nhold_s = 0\n{more}\n\
         [notify.channels.pager]\ntype = 'pagerduty'\nrouting_key_file = 'key'\nurl = '{}'\ntimeout_s = 1\n\
         [notify.channels.chat]\ntype = 'slack'\nwebhook_url_file = 'chat'\nrate_per_s = 1000\n\
         [[notify.routes]]\nseverity = ['critical']\nto = ['pager', 'chat']\nfallback_after_s = 0.5\n\
         [[notify.routes]]\nseverity = ['warning', 'info']\nto = ['chat']\n",
        pager.url
    );
    let mut config = toml::from_str::<File>(&text).unwrap().notify;
    config.lies_in(folder);
    config
}

fn accepted(request: &super::server::Request, _: usize) -> Answer {
    (202, "", json!({ "status": "success", "dedup_key": request.json()["dedup_key"] }).to_string())
}

fn said_ok(_: &super::server::Request, _: usize) -> Answer {
    (200, "", "ok".into())
}

fn notice(key: &str, severity: Severity) -> Notice {
    Notice::firing("rule", key, severity, key, Time(jiff::Timestamp::now().as_nanosecond() as u64))
}

fn ended(key: &str) -> Notice {
    Notice::resolved("rule", key, "", Time(jiff::Timestamp::now().as_nanosecond() as u64))
}

#[test]
fn each_delivery_has_a_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let (pager, chat, books) = (Server::start(accepted), Server::start(said_ok), Books::new());
    let runner = Runner::start(&config(folder.path(), &pager, &chat, ""), None, books.clone()).unwrap();
    runner.notify(notice("a", Severity::Critical)).unwrap();
    runner.notify(notice("b", Severity::Warning)).unwrap();
    books.wait(|entries| entries.len() == 2);
    runner.notify(ended("a")).unwrap();
    runner.notify(ended("b")).unwrap();
    let mut entries = books.wait(|entries| entries.len() == 4);
    entries.sort_by(|a, b| (&a.channel, a.kind).cmp(&(&b.channel, b.kind)));
    let seen: Vec<_> = entries.iter().map(|of| (of.channel.as_str(), of.kind, of.outcome)).collect();
    assert_eq!(
        seen,
        [
            ("chat", Kind::Firing, Outcome::Delivered),
            ("chat", Kind::Resolved, Outcome::Delivered),
            ("pager", Kind::Firing, Outcome::Delivered),
            ("pager", Kind::Resolved, Outcome::Delivered),
        ]
    );
    assert_eq!(entries[2].receipt.as_deref(), Some("rule/a"));
    let status = runner.status();
    assert_eq!((status.counts.offered, status.firing, status.dropped), (4, 0, 0));
    runner.stop(Duration::from_secs(2));
}

#[test]
fn a_silent_pager_is_followed_by_the_next_channel_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let pager = Server::start(|request, before| {
        if before == 0 {
            std::thread::sleep(Duration::from_millis(1500));
        }
        accepted(request, before)
    });
    let (chat, books) = (Server::start(said_ok), Books::new());
    let runner = Runner::start(&config(folder.path(), &pager, &chat, ""), None, books.clone()).unwrap();
    let began = Instant::now();
    runner.notify(notice("a", Severity::Critical)).unwrap();
    let at = chat.wait(1)[0].at - began;
    assert!(at >= Duration::from_millis(500) && at < Duration::from_millis(1000), "{at:?}");
    let entries = books.wait(|entries| entries.iter().filter(|of| of.outcome == Outcome::Delivered).count() == 2);
    let pager: Vec<_> = entries.iter().filter(|of| of.channel == "pager").collect();
    assert_eq!((pager[0].outcome, pager[0].attempt, pager[0].last), (Outcome::TimedOut, 1, false));
    assert_eq!((pager[1].outcome, pager[1].attempt, pager[1].last), (Outcome::Delivered, 2, true));
    assert!(books.alarms.lock().unwrap().is_empty());
}

#[test]
fn a_page_that_nobody_takes_is_an_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let refusing = || Server::start(|_, _| (400, "", "{}".into()));
    let (pager, chat, books) = (refusing(), refusing(), Books::new());
    let runner = Runner::start(&config(folder.path(), &pager, &chat, ""), None, books.clone()).unwrap();
    runner.notify(notice("a", Severity::Critical)).unwrap();
    books.wait(|entries| entries.len() == 2 && entries.iter().all(|of| of.outcome == Outcome::Refused));
    let until = Instant::now() + Duration::from_secs(5);
    while books.alarms.lock().unwrap().is_empty() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(matches!(books.alarms.lock().unwrap()[..], [Alarm::PageUnreceipted { .. }]));
    drop(runner);
}

#[test]
fn a_slow_warning_keeps_no_page_waiting_in_the_same_channel() {
    let folder = tempfile::tempdir().unwrap();
    let chat = Server::start(|request, before| {
        if request.body.contains("WARNING") {
            std::thread::sleep(Duration::from_secs(1));
        }
        said_ok(request, before)
    });
    let down = Server::start(|_, _| (400, "", "{}".into()));
    let runner = Runner::start(&config(folder.path(), &down, &chat, ""), None, Books::new()).unwrap();
    for key in ["w1", "w2", "w3"] {
        runner.notify(notice(key, Severity::Warning)).unwrap();
    }
    chat.wait(1);
    let began = Instant::now();
    runner.notify(notice("page", Severity::Critical)).unwrap();
    let requests = chat.wait(2);
    assert!(requests[1].body.contains("CRITICAL"));
    assert!(requests[1].at - began < Duration::from_millis(500), "{:?}", requests[1].at - began);
}

#[test]
fn books_that_fail_do_not_keep_a_page() {
    struct Careless;
    impl Receipts for Careless {
        fn delivery(&self, _: &Delivery<'_>) {
            panic!("the disk is full");
        }
        fn alarm(&self, _: &Alarm) {
            panic!("the disk is full");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (pager, chat) = (Server::start(accepted), Server::start(said_ok));
    let config = config(folder.path(), &pager, &chat, "");
    let runner = Runner::start(&config, None, std::sync::Arc::new(Careless)).unwrap();
    runner.notify(notice("a", Severity::Critical)).unwrap();
    runner.notify(notice("b", Severity::Critical)).unwrap();
    pager.wait(2);
}

#[test]
fn a_limit_is_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let chat = Server::start(|request, before| match before {
        0 => (429, "retry-after: 1\r\n", String::new()),
        _ => said_ok(request, before),
    });
    let (pager, books) = (Server::start(accepted), Books::new());
    let runner = Runner::start(&config(folder.path(), &pager, &chat, ""), None, books.clone()).unwrap();
    runner.notify(notice("a", Severity::Warning)).unwrap();
    runner.notify(notice("b", Severity::Warning)).unwrap();
    let requests = chat.wait(3);
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(1));
    let entries = books.wait(|entries| entries.len() == 3);
    assert_eq!(entries[0].outcome, Outcome::Limited);
}

#[test]
fn a_restart_neither_forgets_nor_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let (pager, chat) = (Server::start(accepted), Server::start(said_ok));
    let config = config(folder.path(), &pager, &chat, "");
    let state = folder.path().join("notify.json");
    let start = || Runner::start(&config, Some(state.clone()), Books::new()).unwrap();
    let runner = start();
    runner.notify(notice("a", Severity::Critical)).unwrap();
    pager.wait(1);
    runner.stop(Duration::from_secs(2));
    let runner = start();
    runner.notify(notice("a", Severity::Critical)).unwrap();
    runner.notify(ended("a")).unwrap();
    let requests = pager.wait(2);
    let actions: Vec<_> = requests.iter().map(|request| request.json()["event_action"].clone()).collect();
    assert_eq!(actions, ["trigger", "resolve"]);
    // A crash: nobody stops it.
    runner.notify(notice("b", Severity::Critical)).unwrap();
    pager.wait(3);
    std::thread::sleep(Duration::from_millis(500));
    std::mem::forget(runner);
    let runner = start();
    assert_eq!(runner.status().firing, 1);
    std::fs::write(&state, "{ half").unwrap();
    std::mem::forget(runner);
    assert_eq!(start().status().firing, 0, "a broken file is put aside");
    assert!(state.with_extension("broken").exists());
}

#[test]
fn what_could_not_be_sent_at_the_stop_is_sent_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let down = Server::start(|_, _| (503, "", String::new()));
    let (chat, state) = (Server::start(said_ok), folder.path().join("notify.json"));
    let config_down = config(folder.path(), &down, &down, "");
    let runner = Runner::start(&config_down, Some(state.clone()), Books::new()).unwrap();
    runner.notify(notice("w", Severity::Warning)).unwrap();
    down.wait(1);
    runner.stop(Duration::from_millis(300));
    let config_up = config(folder.path(), &down, &chat, "");
    let runner = Runner::start(&config_up, Some(state), Books::new()).unwrap();
    assert_eq!(chat.wait(1)[0].json()["text"], "WARNING firing: w");
    drop(runner);
}

#[test]
fn somebody_takes_it_on() {
    let folder = tempfile::tempdir().unwrap();
    let (pager, chat) = (Server::start(accepted), Server::start(said_ok));
    let books = Books::new();
    let runner = Runner::start(&config(folder.path(), &pager, &chat, ""), None, books.clone()).unwrap();
    runner.notify(notice("a", Severity::Critical)).unwrap();
    pager.wait(1);
    let id = |key: &str| Id { source: "rule".into(), key: key.into() };
    let open = runner.open().unwrap();
    assert_eq!((open.len(), &open[0].id, &open[0].acknowledged_by), (1, &id("a"), &None));
    assert_eq!(runner.acknowledge(id("b"), "mara", "").unwrap(), None, "it does not fire");
    let taken = runner.acknowledge(id("a"), "mara", "the feed is being switched").unwrap().unwrap();
    assert_eq!(taken.acknowledged_by.as_deref(), Some("mara"));
    assert_eq!(pager.wait(2)[1].json()["event_action"], "acknowledge");
    // Who was told by then is up to the pager's answer.
    let open = runner.open().unwrap();
    assert_eq!((open.len(), &open[0].id, &open[0].acknowledged_by), (1, &taken.id, &taken.acknowledged_by));
    assert_eq!(*books.acknowledged.lock().unwrap(), ["rule/a mara the feed is being switched"]);
}

#[test]
fn a_full_queue_says_so_and_never_waits() {
    let folder = tempfile::tempdir().unwrap();
    let (pager, chat) = (Server::start(accepted), Server::start(said_ok));
    let config = config(folder.path(), &pager, &chat, "queue = 2");
    let runner = Runner::start(&config, None, Books::new()).unwrap();
    let began = Instant::now();
    let refused = (0..20_000).filter(|key| runner.notify(notice(&key.to_string(), Severity::Warning)).is_err()).count();
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(runner.status().dropped, refused as u64);
    runner.stop(Duration::from_secs(1));
}

#[test]
fn the_heartbeat_is_counted_when_it_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let (pager, chat, books) = (Server::start(accepted), Server::start(said_ok), Books::new());
    let outside =
        Server::start(|_, before| if before == 0 { (500, "", String::new()) } else { (200, "", String::new()) });
    let more = format!("[notify.heartbeat]\nurl = '{}/ping'\nevery_s = 0.1\n", outside.url);
    let runner = Runner::start(&config(folder.path(), &pager, &chat, &more), None, books.clone()).unwrap();
    outside.wait(3);
    std::thread::sleep(Duration::from_millis(50));
    let (tried, arrived) = runner.status().beats;
    assert!(tried >= 3 && arrived >= 1 && arrived < tried, "{tried} {arrived}");
    assert_eq!(books.beats.lock().unwrap()[0].outcome, Outcome::Failed);
}

#[test]
fn a_trial_tells_of_each_channel() {
    let folder = tempfile::tempdir().unwrap();
    let (pager, chat) = (Server::start(accepted), Server::start(|_, _| (404, "", "no_service".into())));
    let mut trials = trial(&config(folder.path(), &pager, &chat, ""));
    trials.sort_by(|a, b| a.channel.cmp(&b.channel));
    assert_eq!((trials[0].channel.as_str(), trials[0].outcome), ("chat", Outcome::Refused));
    assert_eq!(trials[0].error.as_deref(), Some("Slack answers 404: no_service"));
    assert_eq!((trials[1].channel.as_str(), trials[1].outcome), ("pager", Outcome::Delivered));
}

#[test]
fn a_start_with_what_can_not_work_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (pager, chat) = (Server::start(accepted), Server::start(said_ok));
    let config = config(folder.path(), &pager, &chat, "");
    std::fs::remove_file(folder.path().join("key")).unwrap();
    std::fs::write(folder.path().join("chat"), "").unwrap();
    let error = Runner::start(&config, None, Books::new()).map(|_| ()).unwrap_err();
    assert_eq!(error.wrong.len(), 2, "{error}");
}
