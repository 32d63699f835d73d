//! A message in Slack's Block Kit, within every limit that Slack states and some that it does not.
//!
//! docs.slack.dev: header 150 characters, section text 3000, a section's fields 10 of 2000 each, context
//! 10 elements, 50 blocks, `text` best below 4000. Not stated but enforced: about 12,000 characters over
//! all blocks (slackapi/bolt-js issues 2509 and 2867), `msg_blocks_too_long` above.

use serde_json::{Value, json};

use crate::message::{Item, Line, Summary};
use crate::text::{fit, is_link, units};
use crate::{Kind, Message, Severity, State};

pub struct Rendered {
    /// What notifications show, and clients without blocks.
    pub text: String,
    pub blocks: Value,
}

const TEXT_MAX: usize = 3000;
const HEADER_MAX: usize = 150;
const BODY_MAX: usize = 2000;
const LIST_MAX: usize = 2900;
const FIELDS_MAX: usize = 10;
const FIELD_NAME_MAX: usize = 80;
const FIELD_MAX: usize = 280;
const LINE_MAX: usize = 140;
const CONTEXT_MAX: usize = 600;
/// Of all blocks as JSON, in units.
const BLOCKS_MAX: usize = 10_000;

pub fn render(message: &Message) -> Rendered {
    let text = not_empty(escape(&message.title(), TEXT_MAX));
    let mut body = BODY_MAX;
    let mut fields = FIELDS_MAX;
    loop {
        let blocks = Value::Array(blocks(message, body, fields));
        // Quotes and backslashes grow in JSON; nobody knows whether Slack counts that.
        if units(&blocks.to_string()) <= BLOCKS_MAX || body < 100 {
            return Rendered { text, blocks };
        }
        (body, fields) = (body / 2, fields / 2);
    }
}

fn blocks(message: &Message, body: usize, fields: usize) -> Vec<Value> {
    let heading = format!("{} {}", sign(message), message.heading());
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": escape(&heading, HEADER_MAX), "emoji": true },
    })];
    let item = message.first();
    match (&message.summary, message.kind) {
        (Some(summary), _) => blocks.push(section(&of_summary(summary, body))),
        (None, Kind::Group) => blocks.push(section(&list(&message.items, body))),
        (None, _) => {
            blocks.push(section(&not_empty(escape(item.name(), body))));
            if let Some(closing) = &item.closing {
                blocks.push(section(&not_empty(escape(closing, body / 2))));
            }
            let details: Vec<Value> = item.notice.details.iter().take(fields).map(field).collect();
            if !details.is_empty() {
                blocks.push(json!({ "type": "section", "fields": details }));
            }
            if let Some(links) = links(item) {
                blocks.push(section(&links));
            }
        }
    }
    blocks.push(json!({
        "type": "context",
        "elements": [{ "type": "mrkdwn", "text": context(message, fields), "verbatim": true }],
    }));
    blocks
}

fn section(text: &str) -> Value {
    // `verbatim`: Slack must not look for addresses, names and mentions in what others wrote.
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

fn field((name, value): &(String, String)) -> Value {
    let text = format!("*{}*\n{}", escape(name, FIELD_NAME_MAX), escape(value, FIELD_MAX));
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

fn list(items: &[Item], most: usize) -> String {
    let lines = items.iter().map(|item| {
        let mark = if item.state == State::Firing { "•" } else { "✓" };
        format!("{mark} {}", escape(&item.name().replace('\n', " "), LINE_MAX))
    });
    joined(lines, items.len() as u64, most)
}

fn of_summary(summary: &Summary, most: usize) -> String {
    let all = summary.lines.len() as u64 + summary.more;
    let lines = summary.lines.iter().map(|line: &Line| {
        let mark = if line.state == State::Firing { "•" } else { "✓" };
        let times = if line.count > 1 { format!(" ×{}", line.count) } else { String::new() };
        format!("{mark} `{}`{times} {}", code(&line.key, 60), escape(&line.summary.replace('\n', " "), LINE_MAX))
    });
    joined(lines, all, most)
}

/// As many whole lines as fit, and how many there are more.
fn joined(lines: impl Iterator<Item = String>, all: u64, most: usize) -> String {
    let most = most.clamp(LINE_MAX * 3, LIST_MAX);
    let (mut text, mut used, mut shown) = (String::new(), 0, 0u64);
    for line in lines {
        let size = units(&line) + 1;
        if used + size + 30 > most {
            break;
        }
        used += size;
        shown += 1;
        text.push_str(&line);
        text.push('\n');
    }
    if shown < all {
        text.push_str(&format!("… and {} more", all - shown));
    }
    not_empty(text)
}

fn links(item: &Item) -> Option<String> {
    let mut parts = Vec::new();
    for (name, link) in [("Runbook", &item.notice.runbook), ("Dashboard", &item.notice.dashboard)] {
        match link {
            Some(link) if is_link(link) && link.len() < 1000 => {
                parts.push(format!("<{}|{name}>", link.replace('&', "&amp;")));
            }
            Some(other) => parts.push(format!("{name}: {}", escape(other, 200))),
            None => {}
        }
    }
    parts.extend(item.trace_command().map(|command| format!("`{}`", code(&command, 160))));
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn context(message: &Message, fields: usize) -> String {
    let item = message.first();
    let mut parts = Vec::new();
    if message.summary.is_none() && message.kind != Kind::Group {
        parts.push(format!("{}/{}", escape(&item.notice.source, 80), escape(&item.notice.key, 160)));
    }
    parts.push(format!("since {}", item.since.rfc3339()));
    if item.count > 1 {
        parts.push(format!("seen {} times", item.count));
    }
    if let Some(by) = &item.acknowledged_by {
        parts.push(format!("acknowledged by {}", escape(by, 60)));
    }
    let hidden = item.notice.details.len().saturating_sub(fields);
    if hidden > 0 && message.summary.is_none() && message.kind != Kind::Group {
        parts.push(format!("{hidden} more details"));
    }
    parts.push(format!("id {}", escape(&message.id, 60)));
    let text = parts.join(" · ");
    debug_assert!(units(&text) <= CONTEXT_MAX);
    text
}

fn sign(message: &Message) -> &'static str {
    match (message.state(), message.kind, message.severity) {
        (_, Kind::Test, _) => "🔔",
        (State::Resolved, _, _) => "✅",
        (_, Kind::Acknowledged, _) => "👀",
        (_, Kind::Flapping, _) => "🔁",
        (_, _, Severity::Critical) => "🔴",
        (_, _, Severity::Warning) => "🟠",
        (_, _, Severity::Info) => "🔵",
    }
}

/// Slack's own escapes. A mention needs `<`, so none is left; `@channel` and its kin are broken up all the
/// same, for clients that look for the bare word.
fn escape(text: &str, most: usize) -> String {
    fit(text, most, |c, rest, out| match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '@' if ["channel", "here", "everyone", "group"].iter().any(|word| starts_with(rest, word)) => {
            out.push_str("@\u{2060}");
        }
        c => out.push(c),
    })
}

/// The same inside of backticks.
fn code(text: &str, most: usize) -> String {
    escape(text, most).replace(['`', '\n'], "'")
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// Slack takes no empty text.
fn not_empty(text: String) -> String {
    if text.trim().is_empty() { "(no text)".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::channel_tests::{arbitrary_message, firing};

    /// Slack's published rules, as a receiver would check them.
    fn check(rendered: &Rendered) {
        let Rendered { text, blocks } = rendered;
        assert!((1..=4000).contains(&units(text)));
        let blocks = blocks.as_array().unwrap();
        assert!((1..=50).contains(&blocks.len()));
        let check_text = |value: &Value, most: usize| {
            let text = value["text"].as_str().unwrap();
            assert!((1..=most).contains(&units(text)), "{} of {most}", units(text));
            assert!(!text.trim().is_empty());
            assert!(!text.contains("<!") && !text.contains("<@") && !text.contains("<#"), "{text}");
            let lower = text.to_lowercase();
            for word in ["@channel", "@here", "@everyone"] {
                assert!(!lower.contains(word), "{text}");
            }
            for (at, _) in text.match_indices('<') {
                let link = &text[at + 1..text[at..].find('>').expect("a link ends") + at];
                assert!(is_link(link.split('|').next().unwrap()) && !link.contains('<'), "{link}");
            }
        };
        for block in blocks {
            match block["type"].as_str().unwrap() {
                "header" => {
                    assert_eq!(block["text"]["type"], "plain_text");
                    check_text(&block["text"], 150);
                }
                "section" => {
                    assert!(block.get("text").is_some() != block.get("fields").is_some());
                    if let Some(text) = block.get("text") {
                        check_text(text, 3000);
                    }
                    for fields in block.get("fields").iter().filter_map(|fields| fields.as_array()) {
                        assert!((1..=10).contains(&fields.len()));
                        fields.iter().for_each(|field| check_text(field, 2000));
                    }
                }
                "context" => {
                    let elements = block["elements"].as_array().unwrap();
                    assert!((1..=10).contains(&elements.len()));
                    elements.iter().for_each(|element| check_text(element, 3000));
                }
                other => panic!("{other}"),
            }
        }
        assert!(units(&Value::Array(blocks.clone()).to_string()) <= 12_000);
    }

    #[test]
    fn shows_what_matters() {
        let mut message = firing("Feed gap <TSE> & more");
        let notice = std::sync::Arc::make_mut(&mut message.items[0].notice);
        notice.details = vec![("trace_id".into(), "0af7651916cd43dd".into()), ("gap_s".into(), "12".into())];
        notice.runbook = Some("https://wiki.example/FeedGap?a=1&b=2".into());
        notice.dashboard = Some("javascript:alert(1)".into());
        let rendered = render(&message);
        check(&rendered);
        let text = rendered.blocks.to_string();
        for part in [
            "🔴 CRITICAL firing",
            "Feed gap &lt;TSE&gt; &amp; more",
            "<https://wiki.example/FeedGap?a=1&amp;b=2|Runbook>",
            "Dashboard: javascript:alert(1)",
            "`tapline trace 0af7651916cd43dd`",
            "*gap_s*\\n12",
            "since 2023-11-14T22:13:20.000Z",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(rendered.text, "CRITICAL firing: Feed gap &lt;TSE&gt; &amp; more");
    }

    #[test]
    fn nobody_is_mentioned_by_accident() {
        check(&render(&firing("<!channel> @channel @Here <@U123> <#C1> @everyone")));
    }

    #[test]
    fn megabytes_become_a_message() {
        for text in ["x".repeat(3 << 20), "\"\\\n".repeat(1 << 20), "&<>😀\0".repeat(1 << 20)] {
            let mut message = firing(&text);
            let notice = std::sync::Arc::make_mut(&mut message.items[0].notice);
            notice.details = (0..100).map(|_| (text.clone(), text.clone())).collect();
            message.items[0].closing = Some(text.clone());
            check(&render(&message));
        }
    }

    proptest! {
        #[test]
        fn every_message_is_one_that_slack_takes(message in arbitrary_message()) {
            check(&render(&message));
        }
    }
}
