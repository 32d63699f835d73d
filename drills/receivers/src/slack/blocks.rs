//! Block Kit's blocks, as far as a notification uses them.
//!
//! From "Blocks", <https://docs.slack.dev/reference/block-kit/blocks> (one page a block: "Header block",
//! "Section block", …), "Text object", and the validators in `slack_sdk.models.blocks.blocks` of Slack's
//! Python SDK:
//!
//! | block | rule |
//! |---|---|
//! | all | at most 50 in a message; `block_id` at most 255 characters and unique in the message |
//! | header | `plain_text` only, at most 150 characters |
//! | section | text at most 3,000, or at most 10 fields of 2,000 each; one accessory |
//! | context | 1 to 10 images or texts |
//! | actions | 1 to 25 elements |
//! | image | `image_url` at most 3,000, `alt_text` 2,000, title 2,000 |
//! | markdown | 12,000 characters, together over a message |
//! | rich_text | elements of the four known kinds; what is in them is not looked at |
//!
//! `input`, `video`, `file`, `table`, `call` and the newer blocks for assistants are refused as unknown,
//! though Slack knows them: no notification of ours has a use for them.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::elements;
use super::shape::{Markup, Shape};

pub const BLOCKS_MAX: usize = 50;
pub const BLOCK_ID_CHARS_MAX: usize = 255;
pub const HEADER_CHARS_MAX: usize = 150;
pub const SECTION_CHARS_MAX: usize = 3000;
pub const FIELDS_MAX: usize = 10;
pub const FIELD_CHARS_MAX: usize = 2000;
pub const CONTEXT_ELEMENTS_MAX: usize = 10;
pub const ACTIONS_ELEMENTS_MAX: usize = 25;

const RICH_TEXT_ELEMENTS: [&str; 4] =
    ["rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"];

pub fn check_all(blocks: &[Value], pointer: &str, shape: &mut Shape) {
    let mut ids = HashSet::new();
    for (at, block) in blocks.iter().enumerate() {
        let pointer = format!("{pointer}/{at}");
        let Some(map) = shape.object(block, &pointer) else { continue };
        check(map, &pointer, shape);
        if let Some(id) = shape.string(map, "block_id", &pointer, BLOCK_ID_CHARS_MAX)
            && !ids.insert(id)
        {
            shape.find(&format!("{pointer}/block_id"), "`block_id` already exists".into());
        }
    }
}

fn check(map: &Map<String, Value>, pointer: &str, shape: &mut Shape) {
    match map.get("type").and_then(Value::as_str).unwrap_or_default() {
        "header" => {
            shape.members(map, pointer, &["type", "text"], &["block_id"]);
            shape.text(map, "text", pointer, Markup::Plain, HEADER_CHARS_MAX);
        }
        "section" => section(map, pointer, shape),
        "divider" => shape.members(map, pointer, &["type"], &["block_id"]),
        "context" => {
            shape.members(map, pointer, &["type", "elements"], &["block_id"]);
            for (at, element) in shape.array(map, "elements", pointer, CONTEXT_ELEMENTS_MAX).iter().enumerate() {
                let pointer = format!("{pointer}/elements/{at}");
                if element.get("type").is_some_and(|kind| kind == "image") {
                    elements::image(element, &pointer, shape);
                } else {
                    shape.text_object(element, &pointer, Markup::Any, SECTION_CHARS_MAX);
                }
            }
        }
        "actions" => {
            shape.members(map, pointer, &["type", "elements"], &["block_id"]);
            let mut ids = HashSet::new();
            for (at, element) in shape.array(map, "elements", pointer, ACTIONS_ELEMENTS_MAX).iter().enumerate() {
                let pointer = format!("{pointer}/elements/{at}");
                elements::interactive(element, &pointer, shape);
                if let Some(id) = element.get("action_id").and_then(Value::as_str)
                    && !ids.insert(id)
                {
                    shape.find(&format!("{pointer}/action_id"), "`action_id` already exists".into());
                }
            }
        }
        "image" => {
            shape.members(map, pointer, &["type", "alt_text"], &["image_url", "slack_file", "title", "block_id"]);
            elements::picture(map, pointer, shape);
            shape.text(map, "title", pointer, Markup::Plain, FIELD_CHARS_MAX);
        }
        "markdown" => {
            shape.members(map, pointer, &["type", "text"], &["block_id"]);
            let text = shape.string(map, "text", pointer, super::content::MARKDOWN_CHARS_MAX);
            shape.markdown_chars += text.map_or(0, |text| text.chars().count());
        }
        "rich_text" => {
            shape.members(map, pointer, &["type", "elements"], &["block_id"]);
            for (at, element) in shape.array(map, "elements", pointer, usize::MAX - 1).iter().enumerate() {
                let pointer = format!("{pointer}/elements/{at}");
                if let Some(element) = shape.object(element, &pointer) {
                    shape.one_of(element, "type", &pointer, &RICH_TEXT_ELEMENTS);
                }
            }
        }
        unknown => shape.find(&format!("{pointer}/type"), format!("unsupported type: {unknown}")),
    }
}

fn section(map: &Map<String, Value>, pointer: &str, shape: &mut Shape) {
    shape.members(map, pointer, &["type"], &["text", "fields", "accessory", "expand", "block_id"]);
    if !map.contains_key("text") && !map.contains_key("fields") {
        shape.find(pointer, "missing required field: text or fields".into());
    }
    shape.text(map, "text", pointer, Markup::Any, SECTION_CHARS_MAX);
    for (at, field) in shape.array(map, "fields", pointer, FIELDS_MAX).iter().enumerate() {
        shape.text_object(field, &format!("{pointer}/fields/{at}"), Markup::Any, FIELD_CHARS_MAX);
    }
    shape.boolean(map, "expand", pointer);
    if let Some(accessory) = map.get("accessory") {
        let pointer = format!("{pointer}/accessory");
        if accessory.get("type").is_some_and(|kind| kind == "image") {
            elements::image(accessory, &pointer, shape);
        } else {
            elements::interactive(accessory, &pointer, shape);
        }
    }
}
