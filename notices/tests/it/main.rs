//! Channels and runner against receivers on this machine.

mod alertmanager;
mod email;
mod pagerduty;
mod receipts;
mod runner;
mod server;
mod slack;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use tapline_notices::channel::{Http, HttpSettings};
use tapline_notices::{Earlier, Item, Kind, Message, Notice, Severity, State, Time};

fn http() -> Http {
    Http::new(&HttpSettings { timeout: Duration::from_secs(2), ca_file: None }).unwrap()
}

const AT: Time = Time(1_700_000_000_000_000_000);

fn firing(summary: &str) -> Message {
    let mut notice = Notice::firing("reject-spike", "feed-gap/2330", Severity::Critical, summary, AT);
    notice.details = vec![("trace_id".into(), "abc-1".into()), ("gap_s".into(), "12".into())];
    notice.runbook = Some("https://wiki.example/FeedGap".into());
    let item = Item {
        notice: Arc::new(notice),
        state: State::Firing,
        severity: Severity::Critical,
        title: summary.into(),
        since: AT,
        ended: None,
        closing: None,
        count: 1,
        flapping: false,
        acknowledged_by: None,
    };
    Message {
        id: "t-1".into(),
        kind: Kind::Firing,
        severity: Severity::Critical,
        at: AT,
        items: vec![item],
        summary: None,
        earlier: None,
    }
}

fn resolved(summary: &str, receipt: Option<String>) -> Message {
    let mut message = firing(summary);
    (message.id, message.kind) = ("t-2".into(), Kind::Resolved);
    message.at = AT + Duration::from_secs(90);
    message.items[0].state = State::Resolved;
    message.items[0].ended = Some(message.at);
    message.earlier = Some(Earlier { message: "t-1".into(), receipt, alone: true });
    message
}
