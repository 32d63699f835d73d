//! Slack: incoming webhooks and the part of the Web API that posts and edits messages.
//!
//! # Where the rules are from
//! * "Rate limits", <https://docs.slack.dev/apis/web-api/rate-limits>: one message a second and channel
//!   with short bursts, tier 3 (50+ a minute) for `chat.update`, 429 with `Retry-After` in seconds
//! * "Improving error conditions for Incoming Webhooks",
//!   <https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks>: 400, 403, 404, 410
//!   and their texts
//! * "chat.postMessage" and "chat.update", <https://docs.slack.dev/reference/methods/chat.postMessage>:
//!   arguments and errors
//! * "Truncating really long messages",
//!   <https://api.slack.com/changelog/2018-04-truncating-really-long-messages>: 40,000 characters
//! * "Blocks", <https://docs.slack.dev/reference/block-kit/blocks>, and Slack's own Python SDK, whose
//!   validators state the same numbers: see `blocks` and `elements`
//!
//! # What is unclear, and what is assumed
//! * How long a "short burst" is. Assumed: [`Options::burst`], 5 messages.
//! * The text of a webhook's 429. Assumed: `rate_limited`.
//! * The length at which `chat.update` answers `msg_too_long`. Assumed: 4,000, the recommended length.
//! * How much text all blocks may have together. Slack answers `msg_blocks_too_long` and publishes no
//!   number; users measured that 9,597 characters pass and 11,341 do not
//!   (<https://github.com/slackapi/bolt-js/issues/2867>). Assumed: 10,000; see `content`.
//! * Whether lengths are counted in characters or UTF-16 units. Assumed: characters.
//! * What a webhook that was never issued answers. Assumed: 404 `no_service`, as for a removed one.
//!
//! # Where it is stricter, or does less
//! * An argument that the documentation does not list is refused, where Slack ignores it: a misspelt name
//!   is a lost part of a message.
//! * Only JSON with a bearer token, not form data; no `private_metadata`, files or scheduled messages.
//! * Block types and elements that a notification has no use for are refused as unknown.

mod blocks;
mod channel;
mod chat;
mod content;
mod elements;
mod hook;
mod shape;

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use axum::http::Method;
use serde_json::{Value, json};

use crate::answer::{Answer, Outcome};
use crate::request::{BodyFault, Request};
use crate::service::Service;
use crate::throttle::{Rate, Throttle, retry_after_seconds};

pub use channel::{Channel, Standing};

/// The webhook that exists unless others are given: it posts to the first channel.
pub const HOOK: &str = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX";
pub const TOKEN: &str = "xoxb-not-a-real-token";
/// The channel that exists unless others are given.
pub const CHANNEL: &str = "C00000001";

/// Slack does not publish how large a request may be; a message of 50 full blocks is far below.
const BODY_BYTES_MAX: usize = 1 << 20;
/// The oldest message is given up for the newest.
const MESSAGES_MAX: usize = 100_000;

#[derive(Debug, Clone)]
pub struct Options {
    /// Path of a webhook, and the id of the channel that it posts to.
    pub hooks: Vec<(String, String)>,
    pub channels: Vec<Channel>,
    pub token: String,
    /// Messages a second, for each channel and each webhook.
    pub per_second: f64,
    /// How many messages may come at once.
    pub burst: u32,
    /// Calls of `chat.update` a minute; as many may come at once.
    pub updates_per_minute: u32,
}

#[derive(Debug, Clone)]
pub struct Slack {
    options: Options,
    messages: VecDeque<Message>,
    throttles: HashMap<String, Throttle>,
    last_ts_us: u64,
}

#[derive(Debug, Clone)]
struct Message {
    channel: String,
    ts: String,
    thread_ts: Option<String>,
    /// Only what a method posted can be edited by a method.
    by_hook: bool,
    content: content::Content,
    edits: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            hooks: vec![(HOOK.into(), CHANNEL.into())],
            channels: vec![Channel::open(CHANNEL, "alerts")],
            token: TOKEN.into(),
            per_second: 1.0,
            burst: 5,
            updates_per_minute: 50,
        }
    }
}

// === impl Slack ===

impl Slack {
    pub fn new(options: Options) -> Slack {
        Slack { options, messages: VecDeque::new(), throttles: HashMap::new(), last_ts_us: 0 }
    }

    /// By id, by name, or by name with `#`.
    fn channel(&self, wanted: &str) -> Option<&Channel> {
        let name = wanted.strip_prefix('#').unwrap_or(wanted);
        self.options.channels.iter().find(|channel| channel.id == wanted || channel.name == name)
    }

    /// The seconds to wait, if the rate is exceeded.
    fn throttled(&mut self, key: String, rate: Rate) -> Option<u64> {
        let now = Instant::now();
        let throttle = self.throttles.entry(key).or_insert_with(|| Throttle::new(rate, now));
        throttle.take(now).err().map(retry_after_seconds)
    }

    fn message_rate(&self) -> Rate {
        Rate { per_second: self.options.per_second, burst: self.options.burst }
    }

    /// A message's `ts` is its identity within a channel: microseconds, never twice the same.
    fn next_ts(&mut self, arrived_ns: u64) -> String {
        self.last_ts_us = (arrived_ns / 1000).max(self.last_ts_us + 1);
        format!("{}.{:06}", self.last_ts_us / 1_000_000, self.last_ts_us % 1_000_000)
    }

    fn post(&mut self, message: Message) {
        if self.messages.len() == MESSAGES_MAX {
            self.messages.pop_front();
        }
        self.messages.push_back(message);
    }
}

impl Service for Slack {
    fn take(&mut self, request: &Request) -> Outcome {
        match request.segments()[..] {
            ["services", _, _, _] if request.method == Method::POST => hook::take(self, request),
            ["api", method] if request.method == Method::POST => chat::take(self, method, request),
            ["services", ..] | ["api", _] => Outcome::refused(Answer::empty(405), "only POST is answered here"),
            _ => Outcome::refused(Answer::text(404, "no_service"), "no such path"),
        }
    }

    fn body_limit(&self) -> usize {
        BODY_BYTES_MAX
    }

    fn body_fault(&self, request: &Request, fault: BodyFault) -> Answer {
        match (is_api(request), fault) {
            (_, BodyFault::TooLarge) => Answer::empty(413),
            (true, _) => chat::error("invalid_post_type"),
            (false, _) => Answer::text(400, "invalid_payload"),
        }
    }

    fn scripted(&self, request: &Request, status: u16) -> Answer {
        let error = match status {
            429 if is_api(request) => "ratelimited",
            429 => "rate_limited",
            500.. if is_api(request) => "internal_error",
            500.. => "rollup_error",
            _ => "scripted",
        };
        if is_api(request) {
            Answer::json(status, &json!({"ok": status < 400, "error": error}))
        } else {
            Answer::text(status, error)
        }
    }

    /// `{"messages": [{"channel", "ts", "thread_ts", "by_hook", "edits", "text", "blocks", "attachments"}]}`
    fn state(&self) -> Value {
        json!({"messages": self.messages.iter().map(Message::to_json).collect::<Vec<_>>()})
    }

    fn clear(&mut self) {
        *self = Slack::new(self.options.clone());
    }

    fn copy(&self) -> Box<dyn Service> {
        Box::new(self.clone())
    }
}

impl Message {
    fn to_json(&self) -> Value {
        let mut value = self.content.to_json();
        value["channel"] = json!(self.channel);
        value["ts"] = json!(self.ts);
        value["thread_ts"] = json!(self.thread_ts);
        value["by_hook"] = json!(self.by_hook);
        value["edits"] = json!(self.edits);
        value
    }
}

fn is_api(request: &Request) -> bool {
    request.path.starts_with("/api/")
}
