//! An incoming webhook: `ok` as text, or an error's name as text with a status that fits it.

use serde_json::Value;

use super::channel::Standing;
use super::content::{Content, Fault};
use super::{Message, Slack};
use crate::answer::{Answer, Outcome};
use crate::request::Request;

/// Those of a message, and those that older integrations still send and that Slack passes over for a
/// webhook of an app.
const MEMBERS: [&str; 16] = [
    "attachments",
    "blocks",
    "channel",
    "icon_emoji",
    "icon_url",
    "link_names",
    "metadata",
    "mrkdwn",
    "parse",
    "replace_original",
    "response_type",
    "text",
    "thread_ts",
    "unfurl_links",
    "unfurl_media",
    "username",
];

pub fn take(slack: &mut Slack, request: &Request) -> Outcome {
    let Some((_, id)) = slack.options.hooks.iter().find(|(path, _)| *path == request.path) else {
        return refuse(404, "no_service", "no such webhook");
    };
    let id = id.clone();
    let rate = slack.message_rate();
    if let Some(seconds) = slack.throttled(format!("hook {}", request.path), rate) {
        return Outcome::refused(Answer::text(429, "rate_limited").retry_after(seconds), "rate_limited");
    }
    match slack.channel(&id).map(|channel| channel.standing) {
        None => return refuse(404, "channel_not_found", &id),
        Some(Standing::Archived) => return refuse(410, "channel_is_archived", &id),
        Some(Standing::Restricted) => return refuse(403, "action_prohibited", &id),
        Some(Standing::Open | Standing::NotInvited) => {}
    }
    if request.media_type() != "application/json" {
        return refuse(400, "invalid_payload", "Content-Type is not application/json");
    }
    let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(&request.body) else {
        return refuse(400, "invalid_payload", "no JSON object");
    };
    if let Some(member) = body.keys().find(|member| !MEMBERS.contains(&member.as_str())) {
        return refuse(400, "invalid_payload", &format!("unknown member `{member}`"));
    }
    let content = match Content::read(&body) {
        Ok(content) => content,
        Err(Fault { error, details }) => return refuse(400, error, &details.join("; ")),
    };
    let thread_ts = body.get("thread_ts").and_then(Value::as_str).map(str::to_owned);
    let ts = slack.next_ts(request.arrived_ns);
    let message = Message { channel: id, ts, thread_ts, by_hook: true, content, edits: 0 };
    let kept = message.to_json();
    slack.post(message);
    Outcome::kept(Answer::text(200, "ok"), kept)
}

fn refuse(status: u16, error: &str, detail: &str) -> Outcome {
    Outcome::refused(Answer::text(status, error), format!("{error}: {detail}"))
}
