//! Block Kit: for each limit what just fits and what just does not.

use serde_json::{Value, json};
use tapline_receivers::slack::{CHANNEL, TOKEN};
use tapline_receivers::{Kind, Receiver};

use crate::client::post;
use crate::slack::unhurried;

/// The error, and its details.
fn verdict(slack: &Receiver, blocks: &Value) -> (String, String) {
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("Content-Type", "application/json; charset=utf-8"), ("Authorization", bearer.as_str())];
    let body = json!({"channel": CHANNEL, "text": "fallback", "blocks": blocks});
    let answer = post(&format!("{}/api/chat.postMessage", slack.url()), &headers, body.to_string().as_bytes()).json();
    (answer["error"].as_str().unwrap_or_default().to_owned(), answer["errors"].to_string())
}

fn plain(chars: usize) -> Value {
    json!({"type": "plain_text", "text": "x".repeat(chars)})
}

fn mrkdwn(chars: usize) -> Value {
    json!({"type": "mrkdwn", "text": "x".repeat(chars)})
}

fn header(text: Value) -> Value {
    json!({"type": "header", "text": text})
}

fn section(text: Value) -> Value {
    json!({"type": "section", "text": text})
}

fn fields(count: usize, chars: usize) -> Value {
    json!({"type": "section", "fields": vec![mrkdwn(chars); count]})
}

fn button(extra: Value) -> Value {
    let mut button = json!({"type": "button", "text": plain(5)});
    button.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({"type": "actions", "elements": [button]})
}

fn buttons(count: usize) -> Value {
    json!({"type": "actions", "elements": vec![json!({"type": "button", "text": plain(5)}); count]})
}

fn overflow(count: usize) -> Value {
    let option = json!({"text": plain(75), "value": "v"});
    json!({"type": "actions", "elements": [{"type": "overflow", "options": vec![option; count]}]})
}

fn context(elements: Vec<Value>) -> Value {
    json!({"type": "context", "elements": elements})
}

fn image(extra: Value) -> Value {
    let mut image = json!({"type": "image", "alt_text": "a", "image_url": "https://example.com/a.png"});
    image.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    image
}

fn confirm(title: usize, text: usize, word: usize) -> Value {
    let dialog = json!({"title": plain(title), "text": plain(text), "confirm": plain(word), "deny": plain(word)});
    button(json!({"confirm": dialog}))
}

#[test]
fn each_limit_has_a_last_that_fits() {
    let slack = Receiver::start(Kind::Slack(unhurried())).unwrap();
    let url = |chars: usize| json!(format!("https://{}", "x".repeat(chars - 8)));
    // What fits, what does not, and what is said of it.
    let table = [
        (header(plain(150)), header(plain(151)), "must be less than 151 characters [json-pointer:/blocks/0/text/text]"),
        (header(plain(1)), header(mrkdwn(1)), "must be one of: plain_text"),
        (header(plain(1)), header(plain(0)), "must be more than 0 characters"),
        (header(plain(1)), json!({"type": "header"}), "missing required field: text"),
        (section(mrkdwn(3000)), section(mrkdwn(3001)), "must be less than 3001 characters"),
        (section(plain(3000)), section(plain(3001)), "must be less than 3001 characters"),
        (section(plain(1)), section(json!("text")), "must be an object"),
        (section(plain(1)), section(json!({"type": "markdown", "text": "x"})), "must be one of"),
        (section(plain(1)), json!({"type": "section"}), "missing required field: text or fields"),
        (section(plain(1)), json!({"type": "section", "text": plain(1), "title": "x"}), "additional property: title"),
        (
            section(json!({"type": "plain_text", "text": "x", "emoji": true})),
            section(json!({"type": "mrkdwn", "text": "x", "emoji": true})),
            "additional property: emoji",
        ),
        (
            section(json!({"type": "mrkdwn", "text": "x", "verbatim": true})),
            section(json!({"type": "plain_text", "text": "x", "verbatim": true})),
            "additional property: verbatim",
        ),
        (fields(10, 5), fields(11, 5), "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
        (fields(1, 2000), fields(1, 2001), "must be less than 2001 characters"),
        (fields(1, 1), fields(0, 1), "no fewer than 1 items allowed"),
        (context(vec![mrkdwn(5); 10]), context(vec![mrkdwn(5); 11]), "no more than 10 items allowed"),
        (context(vec![image(json!({}))]), context(vec![json!({"type": "button"})]), "must be one of"),
        (context(vec![plain(5)]), context(vec![]), "no fewer than 1 items allowed"),
        (buttons(25), buttons(26), "no more than 25 items allowed"),
        (button(json!({"text": plain(75)})), button(json!({"text": plain(76)})), "less than 76 characters"),
        (button(json!({"text": plain(1)})), button(json!({"text": mrkdwn(1)})), "must be one of: plain_text"),
        (button(json!({"url": url(3000)})), button(json!({"url": url(3001)})), "less than 3001 characters"),
        (button(json!({"url": "https://x"})), button(json!({"url": "x"})), "must be a valid URL"),
        (button(json!({"value": "x".repeat(2000)})), button(json!({"value": "x".repeat(2001)})), "less than 2001"),
        (button(json!({"action_id": "x".repeat(255)})), button(json!({"action_id": "x".repeat(256)})), "less than 256"),
        (button(json!({"style": "danger"})), button(json!({"style": "success"})), "must be one of: primary, danger"),
        (button(json!({})), button(json!({"colour": "red"})), "additional property: colour"),
        (confirm(100, 300, 30), confirm(101, 300, 30), "less than 101"),
        (confirm(100, 300, 30), confirm(100, 301, 30), "less than 301"),
        (confirm(100, 300, 30), confirm(100, 300, 31), "less than 31"),
        (overflow(5), overflow(6), "no more than 5 items allowed"),
        (
            json!({"type": "actions", "elements": [
                {"type": "button", "text": plain(1), "action_id": "a"},
                {"type": "button", "text": plain(1), "action_id": "b"}]}),
            json!({"type": "actions", "elements": [
                {"type": "button", "text": plain(1), "action_id": "a"},
                {"type": "button", "text": plain(1), "action_id": "a"}]}),
            "`action_id` already exists",
        ),
        (image(json!({"alt_text": "x".repeat(2000)})), image(json!({"alt_text": "x".repeat(2001)})), "less than 2001"),
        (image(json!({"image_url": url(3000)})), image(json!({"image_url": url(3001)})), "less than 3001"),
        (image(json!({"title": plain(2000)})), image(json!({"title": plain(2001)})), "less than 2001"),
        (image(json!({})), image(json!({"slack_file": {"id": "F1"}})), "either image_url or slack_file"),
        (image(json!({})), json!({"type": "image", "image_url": "https://x"}), "missing required field: alt_text"),
        (
            json!({"type": "divider", "block_id": "x".repeat(255)}),
            json!({"type": "divider", "block_id": "x".repeat(256)}),
            "less than 256",
        ),
        (json!({"type": "divider"}), json!({"type": "spacer"}), "unsupported type: spacer"),
        (json!({"type": "divider"}), json!({}), "unsupported type"),
        (json!({"type": "divider"}), json!("divider"), "must be an object"),
        (
            json!({"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}),
            json!({"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}),
            "must be one of: rich_text_section",
        ),
        (
            json!({"type": "section", "text": plain(1), "accessory": {"type": "button", "text": plain(1)}}),
            json!({"type": "section", "text": plain(1), "accessory": {"type": "mrkdwn", "text": "x"}}),
            "unsupported type: mrkdwn",
        ),
    ];
    for (good, bad, said) in table {
        let (error, details) = verdict(&slack, &json!([good]));
        assert_eq!(error, "", "{good:.200}: {details}");
        let (error, details) = verdict(&slack, &json!([bad]));
        assert_eq!(error, "invalid_blocks", "{bad:.200}");
        assert!(details.contains(said), "{bad:.200}: {details}");
    }
}

#[test]
fn limits_on_a_message_as_a_whole() {
    let slack = Receiver::start(Kind::Slack(unhurried())).unwrap();
    let many = |count: usize| Value::Array(vec![json!({"type": "divider"}); count]);
    let named = |ids: &[&str]| ids.iter().map(|id| json!({"type": "divider", "block_id": id})).collect::<Value>();
    let markdown = |chars: usize| json!([{"type": "markdown", "text": "x".repeat(chars)}]);
    let two = json!([{"type": "markdown", "text": "x".repeat(6000)}, {"type": "markdown", "text": "x".repeat(6001)}]);
    let sections = |chars: &[usize]| chars.iter().map(|chars| section(plain(*chars))).collect::<Value>();
    for (blocks, error) in [
        (many(50), ""),
        (many(51), "invalid_blocks"),
        (named(&["a", "b"]), ""),
        (named(&["a", "b", "a"]), "invalid_blocks"),
        (markdown(12_000), ""),
        (markdown(12_001), "invalid_blocks"),
        (two, "msg_blocks_too_long"),
        (sections(&[3000, 3000, 3000, 1000]), ""),
        (sections(&[3000, 3000, 3000, 1001]), "msg_blocks_too_long"),
    ] {
        assert_eq!(verdict(&slack, &blocks).0, error, "{blocks:.100}");
    }
}
