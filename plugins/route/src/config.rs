//! The rules, and those that hold where none are given.

use std::collections::BTreeMap;

use serde::Deserialize;
use tapline_plugin::{Level, Subscription};

/// The plugin's config.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// In order of precedence.
    pub rules: Vec<Rule>,
}

/// One rule: when it fits, and what follows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    pub when: When,
    pub send: Option<Vec<String>>,
    pub also: Option<Vec<String>>,
    pub drop: Option<String>,
}

/// What an event has to be like.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, serde_json::Value>")]
pub struct When {
    pub min_level: Option<Level>,
    /// Text fields with the values that fit.
    pub fields: BTreeMap<String, Vec<String>>,
}

/// What follows when a rule fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Send(Vec<String>),
    Also(Vec<String>),
    Drop(String),
}

// === impl Config ===

impl Default for Config {
    fn default() -> Self {
        let fields = |fields: &[(&str, &[&str])]| {
            fields
                .iter()
                .map(|(field, values)| (field.to_string(), values.iter().map(ToString::to_string).collect()))
                .collect()
        };
        let rule = |min_level, when: &[(&str, &[&str])], also: &[&str]| Rule {
            when: When { min_level, fields: fields(when) },
            also: Some(also.iter().map(ToString::to_string).collect()),
            ..Rule::default()
        };
        Config {
            rules: vec![
                rule(None, &[("event", &["stormguard_transition"]), ("new_mode", &["HALT"])], &["alerts", "pager"]),
                // Whoever was paged hears of the end, too.
                rule(None, &[("event", &["stormguard_transition"]), ("old_mode", &["HALT"])], &["alerts", "pager"]),
                rule(None, &[("event", &["kill_switch"])], &["alerts", "pager"]),
                rule(Some(Level::Critical), &[], &["alerts", "pager"]),
                rule(Some(Level::Error), &[("component", &["risk"])], &["alerts"]),
            ],
        }
    }
}

// === impl Rule ===

impl Rule {
    pub(crate) fn then(&self) -> Result<Then, String> {
        let then =
            [self.send.clone().map(Then::Send), self.also.clone().map(Then::Also), self.drop.clone().map(Then::Drop)];
        let mut then = then.into_iter().flatten();
        match (then.next(), then.next()) {
            (Some(Then::Send(to) | Then::Also(to)), None) if to.is_empty() => {
                Err("names no destination; use `drop` to end an event".into())
            }
            (Some(then), None) => Ok(then),
            (None, _) => Err("says nothing to do; give one of `send`, `also`, `drop`".into()),
            (_, Some(_)) => Err("says two things to do; give one of `send`, `also`, `drop`".into()),
        }
    }
}

// === impl When ===

impl When {
    /// At least the rows that can fit: by what the router can look up without the plugin.
    pub(crate) fn subscription(&self) -> Subscription {
        let named = |field: &str| {
            let values = self.fields.get(field).map(Vec::as_slice).unwrap_or_default();
            // One with `*` may be any.
            if values.iter().any(|value| value.ends_with('*')) { &[] } else { values }
        };
        let mut subscription = Subscription::new().optional();
        for component in named("component") {
            subscription = subscription.component(component);
        }
        for event in named("event") {
            subscription = subscription.event(event);
        }
        match self.min_level {
            Some(level) => subscription.min_level(level),
            None => subscription,
        }
    }
}

impl TryFrom<BTreeMap<String, serde_json::Value>> for When {
    type Error = String;

    fn try_from(map: BTreeMap<String, serde_json::Value>) -> Result<Self, String> {
        let mut when = When::default();
        for (field, values) in map {
            match (field.as_str(), values) {
                ("min_level", serde_json::Value::String(name)) => {
                    when.min_level = Some(Level::parse(&name).map_err(|why| format!("when: {why}"))?);
                }
                ("level" | "min_level", _) => {
                    return Err("when: give the lowest level that fits, e.g. min_level = \"error\"".into());
                }
                (_, serde_json::Value::String(value)) => {
                    when.fields.insert(field, vec![value]);
                }
                (_, values) => {
                    let values: Vec<String> = serde_json::from_value(values).map_err(|_| {
                        format!("when: `{field}` takes a list of texts, e.g. {field} = [\"a\", \"b*\"]")
                    })?;
                    if values.is_empty() {
                        return Err(format!("when: `{field}` lists no value, so it never fits"));
                    }
                    when.fields.insert(field, values);
                }
            }
        }
        Ok(when)
    }
}
