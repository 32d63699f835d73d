//! Alertmanager's API v2. It forgets an alert at its `endsAt`, so what fires is sent again before that
//! (the board's refresh), and a router that is gone leaves nothing firing for longer.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Channel, Http};
use crate::message::Item;
use crate::secret::Secret;
use crate::text::{is_link, plain};
use crate::{ChannelError, Kind, Message, Receipt, State, Time};

pub struct Alertmanager {
    http: Http,
    /// Up to and without `/api/v2/alerts`.
    url: Secret,
    /// `Basic …` or `Bearer …`, where it wants one.
    authorization: Option<Secret>,
    /// Labels that each alert gets.
    labels: BTreeMap<String, String>,
    expires: Duration,
}

impl Alertmanager {
    pub fn new(
        http: Http,
        url: Secret,
        authorization: Option<Secret>,
        labels: BTreeMap<String, String>,
        expires: Duration,
    ) -> Self {
        Alertmanager { http, url, authorization, labels, expires }
    }

    fn alerts(&self, message: &Message, now: Time) -> Value {
        let one = |item: &Item| {
            let firing = item.flapping || (item.state == State::Firing && message.kind != Kind::Resolved);
            let ends = if firing { now + self.expires } else { item.ended.unwrap_or(now) };
            let mut alert = json!({
                "labels": self.labels(item),
                "annotations": annotations(message, item),
                "startsAt": item.since.min(ends).rfc3339(),
                "endsAt": ends.rfc3339(),
            });
            let link = item.notice.dashboard.as_ref().or(item.notice.runbook.as_ref());
            if let Some(link) = link.filter(|link| is_link(link)) {
                alert["generatorURL"] = link.as_str().into();
            }
            alert
        };
        message.items.iter().map(one).collect()
    }

    /// They are the alert's identity, so nothing is in them that changes while it fires, but for the
    /// severity, by which Alertmanager routes: when that rises, the old one expires by itself.
    fn labels(&self, item: &Item) -> BTreeMap<String, String> {
        let notice = &item.notice;
        let name = notice.key.split(['/', ':']).next().filter(|name| !name.trim().is_empty());
        let mut labels = self.labels.clone();
        for (label, value) in [
            ("alertname", name.unwrap_or("tapline")),
            ("key", &notice.key),
            ("source", &notice.source),
            ("severity", item.severity.code()),
        ] {
            labels.insert(label.into(), plain(value, 512));
        }
        labels
    }
}

impl Channel for Alertmanager {
    fn send(&mut self, message: &Message) -> Result<Receipt, ChannelError> {
        let now = Time(u64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(0));
        let mut alerts = self.alerts(message, now);
        if message.kind == Kind::Test {
            alerts[0]["endsAt"] = now.rfc3339().into();
            alerts[0]["startsAt"] = now.rfc3339().into();
        }
        let url = format!("{}/api/v2/alerts", self.url.expose().trim_end_matches('/'));
        let headers: Vec<_> = self.authorization.iter().map(|value| ("authorization", value.expose())).collect();
        let answer = self.http.post_json(&url, &headers, alerts.to_string().as_bytes())?;
        match answer.is_success() {
            true => Ok(Receipt::proven(None)),
            false => Err(answer.error("Alertmanager", &self.url.scrub(&answer.body))),
        }
    }
}

fn annotations(message: &Message, item: &Item) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::new();
    for (name, value) in item.notice.details.iter().take(64) {
        annotations.insert(name_of(name), plain(value, 4096));
    }
    if let Some(summary) = &message.summary {
        let lines: Vec<String> = summary.lines.iter().map(|line| format!("{} ×{}", line.key, line.count)).collect();
        annotations.insert("alerts".into(), plain(&lines.join("\n"), 16 << 10));
    }
    let notice = &item.notice;
    for (name, value) in [
        ("summary", Some(item.name().to_owned())),
        ("closing", item.closing.clone()),
        ("runbook_url", notice.runbook.clone()),
        ("dashboard_url", notice.dashboard.clone()),
        ("trace_command", item.trace_command()),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            annotations.insert(name.into(), plain(&value, 4096));
        }
    }
    annotations
}

/// A name that Alertmanager takes.
fn name_of(text: &str) -> String {
    let mut name: String =
        text.chars().take(128).map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        name.insert(0, '_');
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::channel::HttpSettings;
    use crate::channel_tests::{AT, arbitrary_message, firing, resolved};

    fn channel() -> Alertmanager {
        let http = Http::new(&HttpSettings { timeout: Duration::from_secs(1), ca_file: None }).unwrap();
        let labels = BTreeMap::from([("desk".to_owned(), "tw".to_owned())]);
        Alertmanager::new(http, Secret::new("http://127.0.0.1:1"), None, labels, Duration::from_secs(900))
    }

    #[test]
    fn the_end_has_the_labels_of_the_beginning() {
        let channel = channel();
        let (begin, end) = (channel.alerts(&firing("gap"), AT), channel.alerts(&resolved("gap"), AT));
        assert_eq!(begin[0]["labels"], end[0]["labels"]);
        assert_eq!(begin[0]["labels"]["alertname"], "feed-gap");
        assert_eq!(begin[0]["labels"]["desk"], "tw");
        assert_eq!(begin[0]["endsAt"], "2023-11-14T22:28:20.000Z");
        assert_eq!(end[0]["endsAt"], "2023-11-14T22:18:20.000Z");
    }

    proptest! {
        #[test]
        fn every_message_is_one_that_alertmanager_takes(message in arbitrary_message()) {
            let alerts = channel().alerts(&message, AT);
            let alerts = alerts.as_array().unwrap();
            prop_assert_eq!(alerts.len(), message.items.len());
            for alert in alerts {
                prop_assert!(!alert["labels"]["alertname"].as_str().unwrap().is_empty());
                let time = |name: &str| alert[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
                prop_assert!(time("startsAt") <= time("endsAt"));
                for name in alert["annotations"].as_object().unwrap().keys() {
                    prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
                    prop_assert!(!name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty());
                }
            }
        }
    }
}
