//! What a message says: text, blocks, attachments.
//!
//! From "chat.postMessage" (`no_text`, `too_many_attachments`, `markdown_text_conflict`, 12,000 characters
//! of `markdown_text`), "Truncating really long messages" (40,000 characters of text, `message_truncated`)
//! and Slack's Python SDK (`slack_sdk.models.messages.message`: at most 100 attachments).

use serde_json::{Map, Value, json};

use super::blocks::{self, BLOCKS_MAX};
use super::shape::Shape;

/// Above this a text is cut off, with a warning.
pub const TEXT_CHARS_MAX: usize = 40_000;
/// "For best results, limit to 4,000."
pub const TEXT_CHARS_RECOMMENDED: usize = 4_000;
pub const MARKDOWN_CHARS_MAX: usize = 12_000;
pub const ATTACHMENTS_MAX: usize = 100;
/// Between what users saw pass (9,597) and what they saw refused (11,341); Slack publishes no number.
pub const BLOCKS_CHARS_MAX: usize = 10_000;

/// "Legacy: secondary message attachments", with what clients have sent for years.
const ATTACHMENT_MEMBERS: [&str; 23] = [
    "actions",
    "attachment_type",
    "author_icon",
    "author_link",
    "author_name",
    "blocks",
    "callback_id",
    "color",
    "fallback",
    "fields",
    "footer",
    "footer_icon",
    "id",
    "image_url",
    "mrkdwn_in",
    "pretext",
    "preview",
    "text",
    "thumb_url",
    "title",
    "title_link",
    "ts",
    "unfurl",
];

#[derive(Debug, Clone)]
pub struct Content {
    pub text: String,
    pub blocks: Vec<Value>,
    pub attachments: Vec<Value>,
    pub warnings: Vec<&'static str>,
}

/// An error's name, and where exactly something is wrong.
#[derive(Debug)]
pub struct Fault {
    pub error: &'static str,
    pub details: Vec<String>,
}

impl Content {
    pub fn read(body: &Map<String, Value>) -> Result<Content, Fault> {
        let markdown = string(body, "markdown_text")?;
        let mut text = string(body, "text")?;
        let blocks = list(body, "blocks", "invalid_blocks_format")?;
        let attachments = list(body, "attachments", "invalid_arguments")?;
        if !markdown.is_empty() {
            if body.contains_key("text") || body.contains_key("blocks") {
                return Err(fault("markdown_text_conflict", "markdown_text beside text or blocks"));
            }
            if markdown.chars().count() > MARKDOWN_CHARS_MAX {
                return Err(fault("msg_too_long", "markdown_text"));
            }
            text = markdown;
        }
        if text.trim().is_empty() && blocks.is_empty() && attachments.is_empty() {
            return Err(fault("no_text", "neither text nor blocks nor attachments"));
        }
        if attachments.len() > ATTACHMENTS_MAX {
            return Err(fault("too_many_attachments", &format!("{} attachments", attachments.len())));
        }
        check_blocks(&blocks)?;
        check_attachments(&attachments)?;
        check_metadata(body.get("metadata"))?;
        let mut warnings = Vec::new();
        if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_MAX) {
            text.truncate(end);
            warnings.push("message_truncated");
        }
        Ok(Content { text, blocks, attachments, warnings })
    }

    /// An edit: blocks and attachments that it does not mention stay as they were.
    pub fn over(mut self, body: &Map<String, Value>, before: &Content) -> Content {
        if !body.contains_key("blocks") {
            self.blocks.clone_from(&before.blocks);
        }
        if !body.contains_key("attachments") {
            self.attachments.clone_from(&before.attachments);
        }
        self
    }

    pub fn to_json(&self) -> Value {
        json!({
            "text": self.text, "blocks": self.blocks, "attachments": self.attachments, "warnings": self.warnings,
        })
    }
}

fn check_blocks(blocks: &[Value]) -> Result<(), Fault> {
    let mut shape = Shape::default();
    if blocks.len() > BLOCKS_MAX {
        shape.find("/blocks", format!("no more than {BLOCKS_MAX} items allowed"));
    }
    blocks::check_all(blocks, "/blocks", &mut shape);
    if !shape.findings.is_empty() {
        return Err(Fault { error: "invalid_blocks", details: shape.findings });
    }
    if shape.markdown_chars > MARKDOWN_CHARS_MAX || shape.text_chars > BLOCKS_CHARS_MAX {
        let detail = format!("{} characters of text, {} of markdown", shape.text_chars, shape.markdown_chars);
        return Err(fault("msg_blocks_too_long", &detail));
    }
    Ok(())
}

fn check_attachments(attachments: &[Value]) -> Result<(), Fault> {
    for (at, attachment) in attachments.iter().enumerate() {
        let pointer = format!("/attachments/{at}");
        let Some(members) = attachment.as_object() else {
            return Err(fault("invalid_arguments", &format!("must be an object [json-pointer:{pointer}]")));
        };
        if let Some(name) = members.keys().find(|name| !ATTACHMENT_MEMBERS.contains(&name.as_str())) {
            let detail = format!("invalid additional property: {name} [json-pointer:{pointer}]");
            return Err(fault("invalid_arguments", &detail));
        }
        let mut shape = Shape::default();
        if let Some(blocks) = members.get("blocks") {
            let pointer = format!("{pointer}/blocks");
            match blocks.as_array() {
                Some(blocks) => blocks::check_all(blocks, &pointer, &mut shape),
                None => shape.find(&pointer, "must be an array".into()),
            }
        }
        if !shape.findings.is_empty() {
            return Err(Fault { error: "invalid_blocks", details: shape.findings });
        }
    }
    Ok(())
}

/// "Message metadata": `event_type` and an object `event_payload`.
fn check_metadata(metadata: Option<&Value>) -> Result<(), Fault> {
    let Some(metadata) = metadata else { return Ok(()) };
    let named = metadata.get("event_type").is_some_and(Value::is_string);
    let filled = metadata.get("event_payload").is_some_and(Value::is_object);
    if named && filled { Ok(()) } else { Err(fault("invalid_metadata_format", "event_type, event_payload")) }
}

fn string(body: &Map<String, Value>, name: &str) -> Result<String, Fault> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(fault("invalid_arguments", &format!("{name} is no string but {other}"))),
    }
}

fn list(body: &Map<String, Value>, name: &str, error: &'static str) -> Result<Vec<Value>, Fault> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items.clone()),
        Some(_) => Err(fault(error, &format!("{name} is no array"))),
    }
}

fn fault(error: &'static str, detail: &str) -> Fault {
    Fault { error, details: vec![detail.to_owned()] }
}
