//! Slack, by an incoming webhook or by `chat.postMessage`.
//!
//! A webhook only posts. With a token a message can be edited: the one that said that an alert fires
//! becomes the one that says that it has ended, and what comes in between stands below it as replies, which
//! are shown in the channel too.

mod blocks;

use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Channel, Http};
use crate::secret::Secret;
use crate::{ChannelError, Kind, Message, Outcome, Receipt, State};

pub struct SlackWebhook {
    http: Http,
    url: Secret,
}

pub struct SlackApi {
    http: Http,
    /// `https://slack.com/api/`, or a stand-in.
    base: String,
    token: Secret,
    channel: String,
    /// What was posted lately, for messages whose receipt is not yet known to whoever made them.
    posted: VecDeque<(String, Post)>,
}

/// Where a message stands: both are needed to edit it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Post {
    channel: String,
    ts: String,
}

#[derive(Debug, Deserialize)]
struct ApiAnswer {
    ok: bool,
    #[serde(default)]
    error: String,
    channel: Option<String>,
    ts: Option<String>,
}

const POSTED_MAX: usize = 256;

impl SlackWebhook {
    pub fn new(http: Http, url: Secret) -> Self {
        SlackWebhook { http, url }
    }
}

impl Channel for SlackWebhook {
    fn send(&mut self, message: &Message) -> Result<Receipt, ChannelError> {
        let rendered = blocks::render(message);
        let body = json!({ "text": rendered.text, "blocks": rendered.blocks });
        let answer = self.http.post_json(self.url.expose(), &[], body.to_string().as_bytes())?;
        match (answer.is_success(), answer.body.trim()) {
            (true, "ok") => Ok(Receipt::proven(None)),
            (true, _) => Ok(Receipt::assumed()),
            (false, said) => Err(answer.error("Slack", &self.url.scrub(said))),
        }
    }
}

impl SlackApi {
    pub fn new(http: Http, base: &str, token: Secret, channel: &str) -> Self {
        let base = format!("{}/", base.trim_end_matches('/'));
        SlackApi { http, base, token, channel: channel.to_owned(), posted: VecDeque::new() }
    }

    fn call(&self, method: &str, body: &Value) -> Result<Option<Post>, ApiError> {
        let authorization = format!("Bearer {}", self.token.expose());
        let headers = [("authorization", authorization.as_str())];
        let url = format!("{}{method}", self.base);
        let answer = self.http.post_json(&url, &headers, body.to_string().as_bytes())?;
        if !answer.is_success() {
            return Err(answer.error("Slack", &self.token.scrub(&answer.body)).into());
        }
        let Ok(said) = serde_json::from_str::<ApiAnswer>(&answer.body) else { return Ok(None) };
        if said.ok {
            return Ok(said.channel.zip(said.ts).map(|(channel, ts)| Post { channel, ts }));
        }
        let what = format!("Slack refuses: {}", crate::text::line(&said.error, 80));
        let error = match said.error.as_str() {
            "ratelimited" | "rate_limited" | "message_limit_exceeded" => {
                ChannelError::limited(what, answer.retry_after)
            }
            "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" | "team_added_to_org" => {
                ChannelError::failed(what)
            }
            _ => ChannelError::refused(what),
        };
        Err(ApiError { error, code: said.error })
    }

    fn root(&self, message: &Message) -> Option<Post> {
        let earlier = message.earlier.as_ref()?;
        match earlier.receipt.as_deref().and_then(Post::parse) {
            Some(post) => Some(post),
            None => self.posted.iter().find(|(id, _)| *id == earlier.message).map(|(_, post)| post.clone()),
        }
    }

    fn remember(&mut self, message: &Message, post: &Post) {
        if self.posted.len() >= POSTED_MAX {
            self.posted.pop_front();
        }
        self.posted.push_back((message.id.clone(), post.clone()));
    }
}

impl Channel for SlackApi {
    fn send(&mut self, message: &Message) -> Result<Receipt, ChannelError> {
        let rendered = blocks::render(message);
        let mut body = json!({
            "channel": self.channel, "text": rendered.text, "blocks": rendered.blocks,
            "unfurl_links": false, "unfurl_media": false,
        });
        let root = self.root(message);
        let alone = message.earlier.as_ref().is_some_and(|earlier| earlier.alone);
        if let Some(root) = root.as_ref().filter(|_| alone && edits(message)) {
            let update = json!({
                "channel": root.channel, "ts": root.ts, "text": rendered.text, "blocks": rendered.blocks,
            });
            match self.call("chat.update", &update) {
                Ok(Some(post)) => return Ok(Receipt::proven(Some(post.to_string()))),
                Ok(None) => return Ok(Receipt::assumed()),
                Err(ApiError { code, error }) if GONE.contains(&code.as_str()) => {
                    // Somebody deleted it, or it is too old to be edited: then it is said anew.
                    debug_assert_eq!(error.outcome, Outcome::Refused);
                }
                Err(ApiError { error, .. }) => return Err(error),
            }
        } else if let Some(root) = root {
            body["channel"] = root.channel.into();
            body["thread_ts"] = root.ts.into();
            body["reply_broadcast"] = true.into();
        }
        let mut posted = self.call("chat.postMessage", &body);
        if posted.as_ref().is_err_and(|error| GONE.contains(&error.code.as_str())) && body.get("thread_ts").is_some() {
            let body = body.as_object_mut().expect("it was made as one");
            body.retain(|key, _| key != "thread_ts" && key != "reply_broadcast");
            posted = self.call("chat.postMessage", &Value::Object(body.clone()));
        }
        match posted.map_err(|error| error.error)? {
            Some(post) => {
                self.remember(message, &post);
                Ok(Receipt::proven(Some(post.to_string())))
            }
            None => Ok(Receipt::assumed()),
        }
    }
}

/// Refusals that mean: not this message, or not any more.
const GONE: [&str; 6] = [
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
    "thread_not_found",
    "cannot_reply_to_message",
    "is_inactive",
];

/// Whether it takes the place of the message that opened the conversation.
fn edits(message: &Message) -> bool {
    match message.kind {
        Kind::Resolved | Kind::Acknowledged => true,
        Kind::Steady => message.state() == State::Resolved,
        _ => false,
    }
}

struct ApiError {
    error: ChannelError,
    /// Slack's own word for it.
    code: String,
}

impl From<ChannelError> for ApiError {
    fn from(error: ChannelError) -> Self {
        ApiError { error, code: String::new() }
    }
}

impl Post {
    fn parse(receipt: &str) -> Option<Post> {
        let (channel, ts) = receipt.split_once('/')?;
        Some(Post { channel: channel.to_owned(), ts: ts.to_owned() })
    }
}

impl std::fmt::Display for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.channel, self.ts)
    }
}
