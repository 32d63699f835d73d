//! What is wrong with a `[notify]` section, all of it at once, and what would be right.

use std::collections::BTreeSet;
use std::sync::Arc;

use tapline_contract::did_you_mean;

use super::channels::{ChannelConfig, ChannelKind, EncryptionConfig};
use super::routes::RouteConfig;
use super::{NotifyConfig, Seconds, secrets};
use crate::Severity;
use crate::calendar::Calendar;

impl NotifyConfig {
    /// Nothing where it is right. Looks at no file and asks nobody; `Runner::start` does.
    pub fn problems(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.channels.is_empty() {
            wrong.push("notify.channels: there is no channel, so nobody would be told anything".to_owned());
        }
        for (name, channel) in &self.channels {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            if name.is_empty() || !name.bytes().all(plain) {
                wrong.push(format!("notify.channels.{name}: a name has letters, digits, `_` and `-`"));
            }
            wrong.extend(channel.problems().into_iter().map(|what| format!("notify.channels.{name}.{what}")));
        }
        self.check_routes(&mut wrong);
        for (key, value) in [("queue", self.queue), ("alerts_max", self.alerts_max)] {
            if value == 0 {
                wrong.push(format!("notify.{key}: at least 1"));
            }
        }
        for (key, value) in [("hold_s", self.hold_s), ("flap_window_s", self.flap_window_s)] {
            wrong.extend(not_negative(key, value).map(|what| format!("notify.{what}")));
        }
        if self.flap_changes == 1 {
            wrong.push("notify.flap_changes: 0 for no detection, or at least 2".to_owned());
        }
        if let Some(heartbeat) = &self.heartbeat {
            let given =
                heartbeat.url.iter().count() + heartbeat.url_file.iter().count() + heartbeat.url_env.iter().count();
            if given != 1 {
                wrong.push("notify.heartbeat: one of url, url_file and url_env says where it goes".to_owned());
            }
            let url = heartbeat.url.as_ref();
            wrong.extend(
                url.and_then(|url| secrets::check_url("notify.heartbeat.url", url, heartbeat.allow_plain_http)),
            );
            for (key, value) in [("every_s", heartbeat.every_s), ("timeout_s", heartbeat.timeout_s)] {
                wrong.extend(positive(key, value).map(|what| format!("notify.heartbeat.{what}")));
            }
        }
        wrong
    }

    fn check_routes(&self, wrong: &mut Vec<String>) {
        let names: Vec<&str> = self.channels.keys().map(String::as_str).collect();
        // What is wrong with it is told where it stands.
        let calendar = Arc::new(self.calendar.calendar().unwrap_or_default());
        let mut seen = BTreeSet::new();
        for route in &self.routes {
            let name = route.name();
            let place = format!("notify.routes.{name}");
            if !seen.insert(name.clone()) {
                wrong.push(format!("notify.routes: two routes are called `{name}`; give each a name of its own"));
            }
            if route.to.is_empty() {
                wrong.push(format!("{place}.to: no channel, so it would deliver nothing"));
            }
            for (key, list) in [("to", &route.to), ("also", &route.also)] {
                for channel in list.iter().filter(|channel| !self.channels.contains_key(*channel)) {
                    let hint = did_you_mean(channel, names.iter().copied())
                        .unwrap_or_else(|| format!("there are: {}", names.join(", ")));
                    wrong.push(format!("{place}.{key}: there is no channel `{channel}`; {hint}"));
                }
            }
            wrong.extend(route.problems(&calendar).into_iter().map(|what| format!("{place}.{what}")));
        }
        for severity in Severity::ALL {
            if !self.routes.iter().any(|route| route.takes_all() && route.severity.contains(&severity)) {
                wrong.push(format!(
                    "notify.routes: no route takes every {} notice; add one with severity = [\"{0}\"] and without \
                     sources and details, as the last",
                    severity.code()
                ));
            }
        }
    }

    /// What is allowed, and should be known.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for route in self.routes.iter().filter(|route| route.severity.contains(&Severity::Critical)) {
            let all: BTreeSet<&String> = route.to.iter().chain(&route.also).collect();
            if all.len() == 1 {
                warnings.push(format!(
                    "notify.routes.{}: critical notices have one channel only; a page is lost with its provider",
                    route.name()
                ));
            }
        }
        if self.heartbeat.is_none() {
            warnings.push("notify.heartbeat: there is none, so nobody notices when the router itself is gone".into());
        }
        warnings
    }
}

impl ChannelConfig {
    fn problems(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let common = &self.common;
        wrong.extend(positive("timeout_s", common.timeout_s));
        wrong.extend(positive("give_up_after_s", common.give_up_after_s));
        if common.rate_per_s.is_some_and(|rate| !(rate > 0.0 && rate.is_finite())) {
            wrong.push("rate_per_s: more than 0".to_owned());
        }
        if common.queue == 0 {
            wrong.push("queue: at least 1".to_owned());
        }
        let url = |key: &str, url: &str| secrets::check_url(key, url, common.allow_plain_http);
        match &self.kind {
            ChannelKind::Slack(slack) => {
                let webhook = slack.webhook_url_file.is_some() || slack.webhook_url_env.is_some();
                wrong.extend(url("api_url", &slack.api_url));
                match (webhook, slack.is_api()) {
                    (true, true) => {
                        wrong.push("token: there is a webhook as well; give one of them".to_owned());
                    }
                    (false, true) => {
                        wrong.extend(secrets::check("token", &slack.token_file, &slack.token_env, true));
                        if slack.channel.as_deref().is_none_or(str::is_empty) {
                            wrong.push("channel: missing; with a token Slack has to be told where".to_owned());
                        }
                    }
                    _ => {
                        let (file, env) = (&slack.webhook_url_file, &slack.webhook_url_env);
                        wrong.extend(secrets::check("webhook_url", file, env, true));
                    }
                }
            }
            ChannelKind::PagerDuty(pager) => {
                wrong.extend(url("url", &pager.url));
                wrong.extend(secrets::check("routing_key", &pager.routing_key_file, &pager.routing_key_env, true));
            }
            ChannelKind::Email(email) => {
                let (file, env) = (&email.password_file, &email.password_env);
                wrong.extend(secrets::check("password", file, env, email.user.is_some()));
                if email.encryption == EncryptionConfig::None && !secrets::is_loopback(&email.host) {
                    wrong.push("encryption: without it mail goes to this machine only".to_owned());
                }
                if email.to.is_empty() {
                    wrong.push("to: nobody".to_owned());
                }
                for (key, address) in email.to.iter().map(|to| ("to", to)).chain([("from", &email.from)]) {
                    if address.parse::<lettre::message::Mailbox>().is_err() {
                        wrong.push(format!("{key}: {address:?} is not a mail address"));
                    }
                }
            }
            ChannelKind::Webhook(webhook) => {
                wrong.extend(webhook.url.as_deref().and_then(|text| url("url", text)));
                let files = webhook.url_file.iter().count() + webhook.url_env.iter().count();
                if files + webhook.url.iter().count() != 1 {
                    wrong.push("url: one of url, url_file and url_env says where it goes".to_owned());
                }
                wrong.extend(secrets::check("secret", &webhook.secret_file, &webhook.secret_env, true));
            }
            ChannelKind::Alertmanager(config) => {
                wrong.extend(url("url", &config.url));
                let (file, env) = (&config.password_file, &config.password_env);
                wrong.extend(secrets::check("password", file, env, config.user.is_some()));
                wrong.extend(secrets::check("token", &config.token_file, &config.token_env, false));
                if config.expires_s < Seconds(10.0) {
                    wrong.push("expires_s: at least 10".to_owned());
                }
                for name in config.labels.keys().filter(|name| !is_label(name)) {
                    wrong.push(format!("labels.{name}: a label has letters, digits and `_`"));
                }
            }
        }
        wrong
    }
}

impl RouteConfig {
    fn problems(&self, calendar: &Arc<Calendar>) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.severity.is_empty() {
            wrong.push("severity: none, so it takes nothing".to_owned());
        }
        for (key, value) in [
            ("fallback_after_s", self.fallback_after_s),
            ("repeat_s", self.repeat_s),
            ("storm_window_s", self.storm_window_s),
            ("reserve_window_s", self.reserve_window_s),
            ("group_wait_s", self.group_wait_s),
        ] {
            wrong.extend(positive(key, value));
        }
        if self.repeat_max_s < self.repeat_s {
            wrong.push("repeat_max_s: less than repeat_s".to_owned());
        }
        for (key, budget) in [("budget", &self.budget), ("reserve", &self.reserve)] {
            if budget.burst == 0 || !(budget.per_hour >= 1.0 && budget.per_hour.is_finite()) {
                wrong.push(format!("{key}: burst and per_hour are at least 1"));
            }
        }
        for quiet in &self.quiet {
            wrong.extend(quiet.quiet(calendar).err().map(|what| format!("quiet: {what}")));
        }
        wrong
    }
}

fn is_label(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn positive(key: &str, value: Seconds) -> Option<String> {
    let fine = value.0 > 0.0 && value.0 <= 1e9;
    (!fine).then(|| format!("{key}: more than 0"))
}

fn not_negative(key: &str, value: Seconds) -> Option<String> {
    let fine = value.0 >= 0.0 && value.0 <= 1e9;
    (!fine).then(|| format!("{key}: at least 0"))
}
