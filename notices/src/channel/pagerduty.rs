//! PagerDuty's Events API v2: trigger, acknowledge and resolve, held together by a `dedup_key`.
//!
//! developer.pagerduty.com, "Events API v2 Overview" and "Send an Alert Event": routing key 32 characters,
//! `dedup_key` 255, summary 1024, an event 512 KB; 202 is accepted, 429 and 5xx are to be sent again, with
//! a pause of minutes after 429; other 4xx never.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Channel, Http};
use crate::message::Item;
use crate::secret::Secret;
use crate::text::{is_link, line, plain, units};
use crate::{ChannelError, Kind, Message, Notice, Receipt, Severity, State};

pub struct PagerDuty {
    http: Http,
    /// `https://events.pagerduty.com/v2/enqueue`, or a stand-in.
    url: String,
    routing_key: Secret,
    /// Where it comes from: the host that is looked after.
    source: String,
}

const DEDUP_KEY_MAX: usize = 255;
const SUMMARY_MAX: usize = 1024;
/// Of 512 KB, which PagerDuty counts as 512,000 bytes or more.
const EVENT_BYTES_MAX: usize = 500_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    message: String,
    errors: Vec<String>,
    dedup_key: Option<String>,
}

impl PagerDuty {
    pub fn new(http: Http, url: &str, routing_key: Secret, source: &str) -> Self {
        PagerDuty { http, url: url.to_owned(), routing_key, source: source.to_owned() }
    }

    fn send_event(&self, event: &Value) -> Result<Receipt, ChannelError> {
        let answer = self.http.post_json(&self.url, &[], event.to_string().as_bytes())?;
        let said: Said = serde_json::from_str(&answer.body).unwrap_or_default();
        if !answer.is_success() {
            let reason = said.errors.first().unwrap_or(&said.message);
            return Err(answer.error("PagerDuty", &self.routing_key.scrub(reason)));
        }
        match said.dedup_key {
            Some(key) => Ok(Receipt::proven(Some(key))),
            None => Ok(Receipt::assumed()),
        }
    }

    /// Without the routing key, which is added where it is sent.
    fn event(&self, message: &Message, item: &Item, action: &str) -> Value {
        let key = dedup_key(&item.notice);
        let routing_key = self.routing_key.expose();
        if action != "trigger" {
            return json!({ "routing_key": routing_key, "event_action": action, "dedup_key": key });
        }
        let mut detail = 8 << 10;
        loop {
            let event = json!({
                "routing_key": routing_key,
                "event_action": action,
                "dedup_key": key,
                "client": "Tapline",
                "links": links(item),
                "payload": {
                    "summary": summary(message, item),
                    "source": plain(&self.source, 255),
                    "severity": severity(item.severity),
                    "timestamp": item.since.rfc3339(),
                    "component": plain(&item.notice.source, 255),
                    "class": plain(&item.notice.key, 255),
                    "custom_details": details(message, item, detail),
                },
            });
            if event.to_string().len() <= EVENT_BYTES_MAX {
                return event;
            }
            detail /= 2;
        }
    }
}

impl Channel for PagerDuty {
    fn send(&mut self, message: &Message) -> Result<Receipt, ChannelError> {
        let mut receipt = None;
        for item in &message.items {
            let action = match (message.kind, item.state) {
                (Kind::Acknowledged, _) => "acknowledge",
                (Kind::Flapping | Kind::Summary | Kind::Test, _) => "trigger",
                (Kind::Resolved, _) | (_, State::Resolved) if !item.flapping => "resolve",
                _ => "trigger",
            };
            let sent = self.send_event(&self.event(message, item, action))?;
            if message.kind == Kind::Test {
                // A test must not leave an incident behind.
                self.send_event(&self.event(message, item, "resolve"))?;
            }
            receipt = Some(sent);
        }
        receipt.ok_or_else(|| ChannelError::refused("the message is about nothing"))
    }
}

/// The same for everything about one alert, and for nothing else.
fn dedup_key(notice: &Notice) -> String {
    let whole = format!("{}/{}", notice.source, notice.key);
    let clean = plain(&whole, usize::MAX);
    // With a slash in the source two alerts might share the text.
    if clean == whole && !notice.source.contains('/') && units(&whole) <= DEDUP_KEY_MAX {
        return whole;
    }
    let mut hash = Sha256::new();
    hash.update((notice.source.len() as u64).to_be_bytes());
    hash.update(&notice.source);
    hash.update(&notice.key);
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}#{hash}", line(&whole, 160))
}

fn summary(message: &Message, item: &Item) -> String {
    let name = line(item.name(), SUMMARY_MAX - 20);
    let text = match message.kind {
        Kind::Flapping => format!("flapping: {name}"),
        Kind::Test => format!("test: {name}"),
        _ => name,
    };
    if text.trim().is_empty() { "(no summary)".to_owned() } else { text }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

fn links(item: &Item) -> Vec<Value> {
    let links = [("Runbook", &item.notice.runbook), ("Dashboard", &item.notice.dashboard)];
    let links = links.into_iter().filter_map(|(text, link)| Some((text, link.as_ref()?)));
    links.filter(|(_, link)| is_link(link)).map(|(text, href)| json!({ "href": href, "text": text })).collect()
}

fn details(message: &Message, item: &Item, most: usize) -> Map<String, Value> {
    let mut details = Map::new();
    for (name, value) in item.notice.details.iter().take(64) {
        details.insert(plain(name, most.min(255)), plain(value, most).into());
    }
    if let Some(command) = item.trace_command() {
        details.insert("trace_command".into(), command.into());
    }
    if let Some(summary) = &message.summary {
        for line in &summary.lines {
            let text = format!("{} ×{} {}", line.state.code(), line.count, line.summary);
            details.insert(plain(&line.key, most.min(255)), plain(&text, most.min(400)).into());
        }
        details.insert("not_listed".into(), summary.more.into());
    }
    details.insert("key".into(), plain(&item.notice.key, most.min(1024)).into());
    details.insert("notices".into(), item.count.into());
    details.insert("tapline_id".into(), message.id.clone().into());
    details
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::channel::HttpSettings;
    use crate::channel_tests::{arbitrary_message, firing};

    fn channel() -> PagerDuty {
        let http = Http::new(&HttpSettings { timeout: Duration::from_secs(1), ca_file: None }).unwrap();
        PagerDuty::new(http, "http://127.0.0.1:1", Secret::new("0123456789abcdef0123456789abcdef"), "host-1")
    }

    fn check(event: &Value) {
        assert!((1..=255).contains(&units(event["dedup_key"].as_str().unwrap())));
        assert!((1..=1024).contains(&units(event["payload"]["summary"].as_str().unwrap())));
        assert!(["critical", "error", "warning", "info"].contains(&event["payload"]["severity"].as_str().unwrap()));
        assert!(!event["payload"]["source"].as_str().unwrap().is_empty());
        assert!(event.to_string().len() <= 512_000);
        for link in event["links"].as_array().unwrap() {
            assert!(is_link(link["href"].as_str().unwrap()));
        }
    }

    #[test]
    fn keys_of_different_alerts_differ() {
        let key = |source: &str, key: &str| dedup_key(&Notice::resolved(source, key, "", crate::Time(0)));
        assert_eq!(key("reject-spike", "2330"), "reject-spike/2330");
        assert_ne!(key("a/b", "c"), key("a", "b/c"));
        let long = "k".repeat(1000);
        assert_ne!(key("a", &format!("{long}1")), key("a", &format!("{long}2")));
        assert_ne!(key("a", "\u{1}"), key("a", " "));
    }

    #[test]
    fn megabytes_become_an_event() {
        for text in ["x".repeat(3 << 20), "\u{1}\"".repeat(1 << 20), "😀".repeat(1 << 20)] {
            let mut message = firing(&text);
            let notice = std::sync::Arc::make_mut(&mut message.items[0].notice);
            notice.details = (0..100).map(|at| (format!("{at}{text}"), text.clone())).collect();
            notice.key = text.clone();
            check(&channel().event(&message, &message.items[0], "trigger"));
        }
    }

    proptest! {
        #[test]
        fn every_message_is_one_that_pagerduty_takes(message in arbitrary_message()) {
            for item in &message.items {
                check(&channel().event(&message, item, "trigger"));
            }
        }
    }
}
