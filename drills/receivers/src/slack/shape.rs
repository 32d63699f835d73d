//! Looks at the shape of JSON and gathers what is wrong with it, each with a pointer, as Slack does.

use serde_json::{Map, Value};

#[derive(Debug, Default)]
pub struct Shape {
    pub findings: Vec<String>,
    /// Of all text that was looked at, for the limits on a message as a whole.
    pub text_chars: usize,
    pub markdown_chars: usize,
}

/// Which text objects may stand in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    Plain,
    Any,
}

impl Shape {
    pub fn find(&mut self, pointer: &str, finding: String) {
        self.findings.push(format!("{finding} [json-pointer:{pointer}]"));
    }

    pub fn object<'a>(&mut self, value: &'a Value, pointer: &str) -> Option<&'a Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.find(pointer, "must be an object".into());
        }
        object
    }

    pub fn members(&mut self, map: &Map<String, Value>, pointer: &str, required: &[&str], optional: &[&str]) {
        for name in required {
            if !map.contains_key(*name) {
                self.find(pointer, format!("missing required field: {name}"));
            }
        }
        for name in map.keys() {
            if !required.contains(&name.as_str()) && !optional.contains(&name.as_str()) {
                self.find(pointer, format!("invalid additional property: {name}"));
            }
        }
    }

    /// A string of 1 to `chars_max` characters, if it is there.
    pub fn string<'a>(
        &mut self,
        map: &'a Map<String, Value>,
        name: &str,
        pointer: &str,
        chars_max: usize,
    ) -> Option<&'a str> {
        let value = map.get(name)?;
        let pointer = format!("{pointer}/{name}");
        let Some(text) = value.as_str() else {
            self.find(&pointer, "must be a string".into());
            return None;
        };
        if text.is_empty() {
            self.find(&pointer, "must be more than 0 characters".into());
        }
        if text.chars().count() > chars_max {
            self.find(&pointer, format!("must be less than {} characters", chars_max + 1));
        }
        Some(text)
    }

    pub fn boolean(&mut self, map: &Map<String, Value>, name: &str, pointer: &str) {
        if map.get(name).is_some_and(|value| !value.is_boolean()) {
            self.find(&format!("{pointer}/{name}"), "must be a boolean".into());
        }
    }

    pub fn one_of(&mut self, map: &Map<String, Value>, name: &str, pointer: &str, allowed: &[&str]) {
        if map.get(name).is_some_and(|value| !value.as_str().is_some_and(|word| allowed.contains(&word))) {
            self.find(&format!("{pointer}/{name}"), format!("must be one of: {}", allowed.join(", ")));
        }
    }

    /// An array of 1 to `items_max` items; empty if it is not there.
    pub fn array<'a>(
        &mut self,
        map: &'a Map<String, Value>,
        name: &str,
        pointer: &str,
        items_max: usize,
    ) -> &'a [Value] {
        let Some(value) = map.get(name) else { return &[] };
        let pointer = format!("{pointer}/{name}");
        let Some(items) = value.as_array() else {
            self.find(&pointer, "must be an array".into());
            return &[];
        };
        if items.is_empty() {
            self.find(&pointer, "no fewer than 1 items allowed".into());
        }
        if items.len() > items_max {
            self.find(&pointer, format!("no more than {items_max} items allowed"));
        }
        items
    }

    /// The text object `name`, if it is there.
    pub fn text(&mut self, map: &Map<String, Value>, name: &str, pointer: &str, markup: Markup, chars_max: usize) {
        if let Some(value) = map.get(name) {
            self.text_object(value, &format!("{pointer}/{name}"), markup, chars_max);
        }
    }

    /// "Text object": `plain_text` may have `emoji`, `mrkdwn` may have `verbatim`.
    pub fn text_object(&mut self, value: &Value, pointer: &str, markup: Markup, chars_max: usize) {
        let Some(map) = self.object(value, pointer) else { return };
        let allowed: &[&str] = match markup {
            Markup::Plain => &["plain_text"],
            Markup::Any => &["plain_text", "mrkdwn"],
        };
        self.one_of(map, "type", pointer, allowed);
        let flag = if map.get("type").is_some_and(|kind| kind == "mrkdwn") { "verbatim" } else { "emoji" };
        self.members(map, pointer, &["type", "text"], &[flag]);
        self.boolean(map, flag, pointer);
        if let Some(text) = self.string(map, "text", pointer, chars_max) {
            self.text_chars += text.chars().count();
        }
    }

    /// An address of at most 3,000 characters, with a scheme.
    pub fn url(&mut self, map: &Map<String, Value>, name: &str, pointer: &str) {
        if let Some(url) = self.string(map, name, pointer, 3000)
            && !["http://", "https://", "mailto:"].iter().any(|scheme| url.starts_with(scheme))
        {
            self.find(&format!("{pointer}/{name}"), "must be a valid URL".into());
        }
    }
}
