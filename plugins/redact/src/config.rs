//! What can be set, and what holds where nothing is set.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::mask::Mode;
use crate::shape::{Custom, Shape};

/// The plugin's config. Every key may be left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Fields that are secret or personal as such, and how each is covered: `full`, `digits` or
    /// `hash`.
    pub fields: BTreeMap<String, Mode>,
    /// Fields of free text, searched for secrets.
    pub text: Vec<String>,
    /// Fields of JSON text, searched by key and by value.
    pub json: Vec<String>,
    /// Kinds of secrets to look for.
    pub shapes: Vec<Shape>,
    /// Secrets of a form of their own: a prefix, the characters behind it and how many at least.
    custom: Vec<Custom>,
    /// Keys that announce a secret, as words: `api key`, `token$` (at the end), `^auth$` (the whole),
    /// `*password` (a word that ends so).
    pub keys: BTreeMap<String, Mode>,
    /// More of them, beside the built-in ones.
    pub more_keys: BTreeMap<String, Mode>,
    /// Ids that lines are joined by: never covered. `*` at either end; `event.key` for one event.
    pub allow: Vec<String>,
    /// More of them, beside the built-in ones.
    pub more_allow: Vec<String>,
    /// The key of `hash`. Whoever has it can try out values: keep it as safe as they are.
    pub hash_key: String,
}

const FIELDS: [(&str, Mode); 19] = [
    ("account", Mode::Digits),
    ("account_id", Mode::Digits),
    ("api_key", Mode::Full),
    ("api_secret", Mode::Full),
    ("authorization", Mode::Full),
    ("bot_token", Mode::Full),
    ("client_ip", Mode::Full),
    ("cookie", Mode::Full),
    ("email", Mode::Full),
    ("jwt", Mode::Full),
    ("national_id", Mode::Full),
    ("password", Mode::Full),
    ("person_id", Mode::Full),
    ("phone", Mode::Full),
    ("private_key", Mode::Full),
    ("secret", Mode::Full),
    ("token", Mode::Full),
    ("user_name", Mode::Full),
    ("webhook_url", Mode::Full),
];

const TEXT: [&str; 12] =
    ["message", "error", "exception", "reason", "trigger", "summary", "hint", "path", "file", "url", "query", "key"];

const KEYS: [(&str, Mode); 44] = [
    ("*password", Mode::Full),
    ("*passwd", Mode::Full),
    ("pwd", Mode::Full),
    ("*passphrase", Mode::Full),
    ("passcode", Mode::Full),
    ("^pass$", Mode::Full),
    ("db pass$", Mode::Full),
    ("smtp pass$", Mode::Full),
    ("user pass$", Mode::Full),
    ("*secret", Mode::Full),
    ("secrets", Mode::Full),
    ("api key", Mode::Full),
    ("*apikey", Mode::Full),
    ("access key", Mode::Full),
    ("private key", Mode::Full),
    ("privatekey", Mode::Full),
    ("signing key", Mode::Full),
    ("encryption key", Mode::Full),
    ("ca key", Mode::Full),
    ("token$", Mode::Full),
    ("accesstoken", Mode::Full),
    ("authtoken", Mode::Full),
    ("bearer", Mode::Full),
    ("authorization", Mode::Full),
    ("^auth$", Mode::Full),
    ("credential", Mode::Full),
    ("credentials", Mode::Full),
    ("cookie", Mode::Full),
    ("jwt", Mode::Full),
    ("otp", Mode::Full),
    ("cvv", Mode::Full),
    ("card number", Mode::Full),
    ("ssn", Mode::Full),
    ("tax id", Mode::Full),
    ("national id", Mode::Full),
    ("person id", Mode::Full),
    ("id number", Mode::Full),
    ("webhook url", Mode::Full),
    ("account$", Mode::Digits),
    ("account id$", Mode::Digits),
    ("account no$", Mode::Digits),
    ("account number$", Mode::Digits),
    ("acct", Mode::Digits),
    ("phone", Mode::Digits),
];

const ALLOW: [&str; 18] = [
    "trace_id",
    "span_id",
    "intent_id",
    "order_id",
    "*_order_id",
    "order_key",
    "*_order_key",
    "order_keys",
    "cl_ord_id",
    "cmd_id",
    "fill_id",
    "event_id",
    "ack_token",
    "broker_custom_field",
    "dedup_key",
    "phantom_key",
    "chosen_key",
    "order_id_map_*.token",
];

// === impl Config ===

impl Default for Config {
    fn default() -> Self {
        let map = |entries: &[(&str, Mode)]| entries.iter().map(|(name, mode)| (name.to_string(), *mode)).collect();
        let list = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Config {
            fields: map(&FIELDS),
            text: list(&TEXT),
            json: vec!["details".into()],
            shapes: Shape::ALL.to_vec(),
            custom: Vec::new(),
            keys: map(&KEYS),
            more_keys: BTreeMap::new(),
            allow: list(&ALLOW),
            more_allow: Vec::new(),
            hash_key: String::new(),
        }
    }
}

impl Config {
    pub(crate) fn custom(&self) -> &[Custom] {
        &self.custom
    }

    pub(crate) fn all_fields(&self) -> impl Iterator<Item = &str> {
        let searched = self.text.iter().chain(&self.json);
        self.fields.keys().chain(searched).map(String::as_str)
    }

    /// What can't work is refused here, with what would.
    pub(crate) fn check(&self) -> Result<(), String> {
        let hashes = [&self.fields, &self.keys, &self.more_keys];
        let hashed = hashes.iter().flat_map(|map| map.iter()).find(|(_, mode)| **mode == Mode::Hash);
        if let Some((name, _)) = hashed.filter(|_| self.hash_key.len() < HASH_KEY_LEAST) {
            return Err(format!(
                "hash_key: `{name}` is to be hashed and the key has {} bytes; give {HASH_KEY_LEAST} or more, or values can be found by trying",
                self.hash_key.len()
            ));
        }
        let searched = self.text.iter().chain(&self.json);
        if let Some(field) = searched.clone().find(|field| self.fields.contains_key(*field)) {
            return Err(format!(
                "`{field}` is in `fields`, which covers it, and in `text` or `json`, which search it: name it once"
            ));
        }
        if let Some(field) = self.text.iter().find(|field| self.json.contains(field)) {
            return Err(format!("`{field}` is in `text` and in `json`: name it once"));
        }
        self.custom.iter().try_for_each(Custom::check)
    }
}

/// Account numbers have few digits: a key that can be guessed as easily protects nothing.
const HASH_KEY_LEAST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<(), String> {
        serde_json::from_str::<Config>(json).map_err(|error| error.to_string())?.check()
    }

    #[test]
    fn nothing_set_is_a_config() {
        assert_eq!(check("{}"), Ok(()));
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        for (config, why) in [
            (r#"{"textt": []}"#, "unknown field `textt`, expected one of `fields`, `text`"),
            (r#"{"fields": {"account": "blur"}}"#, "`full`, `digits`, `hash`"),
            (r#"{"fields": {"account": "hash"}}"#, "hash_key"),
            (r#"{"text": ["account"]}"#, "`account`"),
            (r#"{"text": ["details"]}"#, "`details`"),
            (r#"{"custom": [{"prefix": "ab", "least": 4}]}"#, "`ab`"),
            (r#"{"shapes": ["jwt", "iban"]}"#, "`iban`"),
        ] {
            let error = check(config).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
