//! Block Kit's elements, as far as a notification uses them: button, overflow, static select, image.
//!
//! From "Button element", "Overflow menu element", "Select menu element", "Image element", "Option
//! object" and "Confirmation dialog object" below <https://docs.slack.dev/reference/block-kit>, and the
//! validators in `slack_sdk.models.blocks.block_elements`: button text 75 characters, `url` 3,000, `value`
//! 2,000, `accessibility_label` 75, `action_id` 255, `style` primary or danger; 2 to 5 options in an
//! overflow menu, 1 to 100 in a select; option text, value and description 75 each; a dialog's title 100,
//! text 300, confirm and deny 30.
//!
//! Other elements (date pickers, checkboxes, selects of users or channels) are refused as unknown, though
//! Slack knows them.

use serde_json::{Map, Value};

use super::shape::{Markup, Shape};

pub const BUTTON_CHARS_MAX: usize = 75;
pub const VALUE_CHARS_MAX: usize = 2000;
pub const ACTION_ID_CHARS_MAX: usize = 255;
const OPTION_CHARS_MAX: usize = 75;

pub fn interactive(element: &Value, pointer: &str, shape: &mut Shape) {
    let Some(map) = shape.object(element, pointer) else { return };
    match map.get("type").and_then(Value::as_str).unwrap_or_default() {
        "button" => {
            let optional = ["action_id", "url", "value", "style", "confirm", "accessibility_label"];
            shape.members(map, pointer, &["type", "text"], &optional);
            shape.text(map, "text", pointer, Markup::Plain, BUTTON_CHARS_MAX);
            shape.url(map, "url", pointer);
            shape.string(map, "value", pointer, VALUE_CHARS_MAX);
            shape.string(map, "accessibility_label", pointer, BUTTON_CHARS_MAX);
            shape.one_of(map, "style", pointer, &["primary", "danger"]);
        }
        "overflow" => {
            shape.members(map, pointer, &["type", "options"], &["action_id", "confirm"]);
            options(map, pointer, 5, shape);
        }
        "static_select" => {
            let optional = ["action_id", "placeholder", "initial_option", "confirm", "focus_on_load"];
            shape.members(map, pointer, &["type", "options"], &optional);
            shape.text(map, "placeholder", pointer, Markup::Plain, 150);
            options(map, pointer, 100, shape);
        }
        unknown => shape.find(&format!("{pointer}/type"), format!("unsupported type: {unknown}")),
    }
    shape.string(map, "action_id", pointer, ACTION_ID_CHARS_MAX);
    if let Some(confirm) = map.get("confirm") {
        dialog(confirm, &format!("{pointer}/confirm"), shape);
    }
}

pub fn image(element: &Value, pointer: &str, shape: &mut Shape) {
    if let Some(map) = shape.object(element, pointer) {
        shape.members(map, pointer, &["type", "alt_text"], &["image_url", "slack_file"]);
        picture(map, pointer, shape);
    }
}

/// What image blocks and image elements have in common.
pub fn picture(map: &Map<String, Value>, pointer: &str, shape: &mut Shape) {
    shape.string(map, "alt_text", pointer, 2000);
    shape.url(map, "image_url", pointer);
    if map.contains_key("image_url") == map.contains_key("slack_file") {
        shape.find(pointer, "either image_url or slack_file is required".into());
    }
}

fn options(map: &Map<String, Value>, pointer: &str, options_max: usize, shape: &mut Shape) {
    for (at, option) in shape.array(map, "options", pointer, options_max).iter().enumerate() {
        let pointer = format!("{pointer}/options/{at}");
        let Some(option) = shape.object(option, &pointer) else { continue };
        shape.members(option, &pointer, &["text", "value"], &["description", "url"]);
        shape.text(option, "text", &pointer, Markup::Plain, OPTION_CHARS_MAX);
        shape.string(option, "value", &pointer, OPTION_CHARS_MAX);
        shape.text(option, "description", &pointer, Markup::Plain, OPTION_CHARS_MAX);
        shape.url(option, "url", &pointer);
    }
}

fn dialog(value: &Value, pointer: &str, shape: &mut Shape) {
    let Some(map) = shape.object(value, pointer) else { return };
    shape.members(map, pointer, &["title", "text", "confirm", "deny"], &["style"]);
    shape.text(map, "title", pointer, Markup::Plain, 100);
    shape.text(map, "text", pointer, Markup::Any, 300);
    shape.text(map, "confirm", pointer, Markup::Plain, 30);
    shape.text(map, "deny", pointer, Markup::Plain, 30);
    shape.one_of(map, "style", pointer, &["primary", "danger"]);
}
