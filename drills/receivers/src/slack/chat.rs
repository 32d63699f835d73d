//! The Web API: 200 with `ok` true or false, except where the rate is exceeded.

use serde_json::{Map, Value, json};

use super::channel::Standing;
use super::content::{Content, Fault, TEXT_CHARS_RECOMMENDED};
use super::{Message, Slack};
use crate::answer::{Answer, Outcome};
use crate::request::Request;
use crate::throttle::Rate;

const POST_ARGUMENTS: [&str; 17] = [
    "as_user",
    "attachments",
    "blocks",
    "channel",
    "icon_emoji",
    "icon_url",
    "link_names",
    "markdown_text",
    "metadata",
    "mrkdwn",
    "parse",
    "reply_broadcast",
    "text",
    "thread_ts",
    "unfurl_links",
    "unfurl_media",
    "username",
];
const UPDATE_ARGUMENTS: [&str; 12] = [
    "as_user",
    "attachments",
    "blocks",
    "channel",
    "file_ids",
    "link_names",
    "markdown_text",
    "metadata",
    "parse",
    "reply_broadcast",
    "text",
    "ts",
];

/// Why a call failed: the error's name, and for a person what exactly.
struct Failure {
    answer: Answer,
    reason: String,
}

pub fn take(slack: &mut Slack, method: &str, request: &Request) -> Outcome {
    let result = authorize(slack, request).and_then(|()| match method {
        "auth.test" => Ok(Outcome::told(ok(request, auth_test(), &[]))),
        "chat.postMessage" => post_message(slack, request),
        "chat.update" => update(slack, request),
        _ => Err(failure("unknown_method", method)),
    });
    result.unwrap_or_else(|Failure { answer, reason }| Outcome::refused(answer, reason))
}

pub fn error(name: &str) -> Answer {
    Answer::json(200, &json!({"ok": false, "error": name}))
}

fn authorize(slack: &Slack, request: &Request) -> Result<(), Failure> {
    match request.credentials("Bearer") {
        None => Err(failure("not_authed", "no bearer token")),
        Some(token) if token != slack.options.token => Err(failure("invalid_auth", "another token")),
        Some(_) => Ok(()),
    }
}

fn auth_test() -> Value {
    json!({
        "url": "https://receiver.slack.com/", "team": "Receiver", "user": "tapline",
        "team_id": "T00000000", "user_id": "U00000000", "bot_id": "B00000000",
    })
}

fn post_message(slack: &mut Slack, request: &Request) -> Result<Outcome, Failure> {
    let body = arguments(request, &POST_ARGUMENTS)?;
    let channel = channel(slack, &body)?;
    let rate = slack.message_rate();
    throttle(slack, format!("chat.postMessage {channel}"), rate)?;
    let content = content(&body)?;
    let thread_ts = match body.get("thread_ts") {
        None => None,
        Some(Value::String(ts)) if is_ts(ts) => Some(ts.clone()),
        Some(other) => return Err(failure("invalid_arguments", &format!("thread_ts {other}"))),
    };
    let ts = slack.next_ts(request.arrived_ns);
    let message = Message { channel: channel.clone(), ts, thread_ts, by_hook: false, content, edits: 0 };
    let kept = message.to_json();
    let answer = json!({"channel": channel, "ts": message.ts, "message": bot_message(&message)});
    let answer = ok(request, answer, &message.content.warnings);
    slack.post(message);
    Ok(Outcome::kept(answer, kept))
}

fn update(slack: &mut Slack, request: &Request) -> Result<Outcome, Failure> {
    let per_minute = slack.options.updates_per_minute;
    let rate = Rate { per_second: f64::from(per_minute) / 60.0, burst: per_minute };
    throttle(slack, "chat.update".into(), rate)?;
    let body = arguments(request, &UPDATE_ARGUMENTS)?;
    let channel = channel(slack, &body)?;
    let ts = body.get("ts").and_then(Value::as_str).unwrap_or_default().to_owned();
    let text = body.get("text").and_then(Value::as_str).unwrap_or_default();
    let same = |message: &&mut Message| message.channel == channel && message.ts == ts;
    let Some(message) = slack.messages.iter_mut().find(same) else {
        return Err(failure("message_not_found", &ts));
    };
    if message.by_hook {
        return Err(failure("cant_update_message", "a webhook posted it"));
    }
    if text.chars().count() > TEXT_CHARS_RECOMMENDED {
        return Err(failure("msg_too_long", "text"));
    }
    let content = content(&body)?;
    message.content = content.over(&body, &message.content);
    message.edits += 1;
    let answer = json!({"channel": channel, "ts": ts, "text": message.content.text, "message": bot_message(message)});
    let kept = message.to_json();
    Ok(Outcome::kept(ok(request, answer, &[]), kept))
}

fn arguments(request: &Request, known: &[&str]) -> Result<Map<String, Value>, Failure> {
    match request.media_type().as_str() {
        "" => return Err(failure("missing_post_type", "no Content-Type")),
        "application/json" => {}
        other => return Err(failure("invalid_post_type", other)),
    }
    match serde_json::from_slice(&request.body) {
        Err(problem) => Err(failure("invalid_json", &problem.to_string())),
        Ok(Value::Object(body)) => match body.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(failure("invalid_arguments", &format!("unknown argument `{name}`"))),
            None => Ok(body),
        },
        Ok(_) => Err(failure("json_not_object", "body")),
    }
}

/// The channel's id.
fn channel(slack: &Slack, body: &Map<String, Value>) -> Result<String, Failure> {
    let wanted = body.get("channel").and_then(Value::as_str).unwrap_or_default();
    let channel = slack.channel(wanted).ok_or_else(|| failure("channel_not_found", wanted))?;
    match channel.standing {
        Standing::Open => Ok(channel.id.clone()),
        Standing::Archived => Err(failure("is_archived", wanted)),
        Standing::Restricted => Err(failure("restricted_action", wanted)),
        Standing::NotInvited => Err(failure("not_in_channel", wanted)),
    }
}

fn throttle(slack: &mut Slack, key: String, rate: Rate) -> Result<(), Failure> {
    match slack.throttled(key, rate) {
        None => Ok(()),
        Some(seconds) => {
            let answer = Answer::json(429, &json!({"ok": false, "error": "ratelimited"})).retry_after(seconds);
            Err(Failure { answer, reason: "ratelimited".into() })
        }
    }
}

fn content(body: &Map<String, Value>) -> Result<Content, Failure> {
    Content::read(body).map_err(|Fault { error, details }| {
        let messages: Vec<String> = details.iter().map(|detail| format!("[ERROR] {detail}")).collect();
        let answer = json!({
            "ok": false, "error": error, "errors": details, "response_metadata": {"messages": messages},
        });
        Failure { answer: Answer::json(200, &answer), reason: format!("{error}: {}", details.join("; ")) }
    })
}

fn ok(request: &Request, mut answer: Value, warnings: &[&str]) -> Answer {
    answer["ok"] = json!(true);
    let mut warnings = warnings.to_vec();
    // As the real one does for every body whose Content-Type does not say that it is UTF-8.
    let with_charset = request.header("content-type").is_some_and(|value| value.contains("charset"));
    if !request.body.is_empty() && !with_charset {
        warnings.push("missing_charset");
    }
    if !warnings.is_empty() {
        answer["warning"] = json!(warnings.join(","));
        answer["response_metadata"] = json!({"warnings": warnings});
    }
    Answer::json(200, &answer)
}

fn bot_message(message: &Message) -> Value {
    json!({"type": "message", "bot_id": "B00000000", "ts": message.ts, "text": message.content.text})
}

/// `1405894322.002768`
fn is_ts(text: &str) -> bool {
    let digits =
        |part: &str, from, to| (from..=to).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.').is_some_and(|(seconds, micros)| digits(seconds, 1, 12) && digits(micros, 6, 6))
}

fn failure(name: &str, detail: &str) -> Failure {
    Failure { answer: error(name), reason: format!("{name}: {detail}") }
}
