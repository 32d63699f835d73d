//! Which keys announce a secret.
//!
//! A key is read word by word (`apiKey`, `api_key` and `API-KEY` are the words `api key`), because
//! looking for parts of words goes wrong both ways: `token` in `ack_token` once destroyed the ids that
//! orders were joined by.

use tapline_plugin::Memo;

use crate::mask::Mode;
use crate::shape::LABELS;

/// What a key says about its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Says {
    #[default]
    Nothing,
    /// An id that lines are joined by: the value stays as it is, whatever it looks like.
    Keep,
    Cover(Mode),
}

/// The patterns, and what they said about the keys seen so far.
#[derive(Debug)]
pub(crate) struct Keys {
    patterns: Vec<(Pattern, Mode)>,
    keep: Vec<Glob>,
    /// Ids of one event only: (event, key).
    keep_in: Vec<(Glob, Glob)>,
    memo: Memo<Says>,
}

/// Words in a row within a key: `api key` fits `my_api_key_v2`. With `^` in front it has to begin the
/// key, with `$` behind it has to end it. A word with `*` in front fits any that ends so: `*password`
/// fits `PGPASSWORD`.
#[derive(Clone, Debug)]
struct Pattern {
    words: Vec<Word>,
    begins: bool,
    ends: bool,
}

#[derive(Clone, Debug)]
struct Word {
    text: String,
    open_before: bool,
}

/// A name with `*` for any text, at its end, its beginning or both.
#[derive(Clone, Debug)]
struct Glob {
    middle: String,
    open_before: bool,
    open_behind: bool,
}

/// Distinct keys remembered; real logs hold about 800.
const KEYS_MAX: usize = 4096;

// === impl Keys ===

impl Keys {
    pub(crate) fn new<'a>(
        patterns: impl IntoIterator<Item = (&'a str, Mode)>,
        keep: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, String> {
        let mut keys = Keys { patterns: vec![], keep: vec![], keep_in: vec![], memo: Memo::new(KEYS_MAX) };
        for (pattern, mode) in patterns {
            keys.patterns.push((Pattern::parse(pattern)?, mode));
        }
        for name in keep {
            match name.split_once('.') {
                Some((event, key)) => keys.keep_in.push((Glob::parse(event)?, Glob::parse(key)?)),
                None => keys.keep.push(Glob::parse(name)?),
            }
        }
        Ok(keys)
    }

    /// What a key says in an event of this name.
    pub(crate) fn say(&mut self, key: &str, event: &str) -> Says {
        let (patterns, keep) = (&self.patterns, &self.keep);
        let says = self.memo.get(key, |key| {
            if keep.iter().any(|name| name.fits(key)) {
                return Says::Keep;
            }
            // What covered a part of the key says nothing about the value.
            let bare = LABELS.iter().fold(key.to_string(), |key, label| key.replace(label, " "));
            let words = words(&bare);
            let pattern = patterns.iter().find(|(pattern, _)| pattern.fits(&words));
            pattern.map_or(Says::Nothing, |(_, mode)| Says::Cover(*mode))
        });
        let is_kept_here =
            |keys: &Self| keys.keep_in.iter().any(|(in_event, name)| in_event.fits(event) && name.fits(key));
        match says {
            Says::Cover(_) if is_kept_here(self) => Says::Keep,
            says => says,
        }
    }
}

// === impl Pattern ===

impl Pattern {
    fn parse(text: &str) -> Result<Pattern, String> {
        let parts = text.split_whitespace().flat_map(|part| {
            let open_before = part.trim_start_matches('^').starts_with('*');
            words(part)
                .into_iter()
                .enumerate()
                .map(move |(at, text)| Word { text, open_before: open_before && at == 0 })
        });
        let pattern = Pattern { words: parts.collect(), begins: text.starts_with('^'), ends: text.ends_with('$') };
        if pattern.words.is_empty() {
            return Err(format!("keys: `{text}` has no word in it; write words, e.g. `api key`"));
        }
        Ok(pattern)
    }

    fn fits(&self, key: &[String]) -> bool {
        let count = self.words.len();
        key.windows(count).enumerate().any(|(at, window)| {
            let fits = window.iter().zip(&self.words).all(|(word, wanted)| wanted.fits(word));
            fits && (!self.begins || at == 0) && (!self.ends || at + count == key.len())
        })
    }
}

impl Word {
    fn fits(&self, word: &str) -> bool {
        if self.open_before { word.ends_with(&self.text) } else { word == self.text }
    }
}

/// The words of a key in lower case: cut at everything that is no letter or digit and at the humps of
/// camelCase, numbers at the end left out (`password2`).
fn words(key: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = key.chars().collect();
    let mut close = |word: &mut String| {
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        if !bare.is_empty() {
            words.push(bare.to_string());
        }
        word.clear();
    };
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            close(&mut word);
            continue;
        }
        let before = at.checked_sub(1).map(|before| chars[before]);
        let hump = c.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    // The last capital of several begins a word: `HTTPToken`.
                    || before.is_uppercase() && chars.get(at + 1).is_some_and(|next| next.is_lowercase())
            });
        if hump {
            close(&mut word);
        }
        word.extend(c.to_lowercase());
    }
    close(&mut word);
    words
}

// === impl Glob ===

impl Glob {
    fn parse(text: &str) -> Result<Glob, String> {
        let middle = text.trim_start_matches('*').trim_end_matches('*');
        if middle.is_empty() || middle.contains('*') {
            return Err(format!(
                "allow: `{text}` can't be read; write a name, with `*` at its ends only, e.g. `*_order_id`"
            ));
        }
        Ok(Glob { middle: middle.into(), open_before: text.starts_with('*'), open_behind: text.ends_with('*') })
    }

    fn fits(&self, name: &str) -> bool {
        match (self.open_before, self.open_behind) {
            (false, false) => name == self.middle,
            (false, true) => name.starts_with(&self.middle),
            (true, false) => name.ends_with(&self.middle),
            (true, true) => name.contains(&self.middle),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_word_by_word() {
        for (key, expect) in [
            ("api_key", "api key"),
            ("apiKey", "api key"),
            ("X-API-Key", "x api key"),
            ("HTTPToken", "http token"),
            ("db.password2", "db password"),
            ("__secret__", "secret"),
            ("ключДоступа", "ключ доступа"),
            ("", ""),
        ] {
            assert_eq!(words(key).join(" "), expect, "{key}");
        }
    }

    #[test]
    fn patterns_fit_whole_words_in_a_row() {
        let mut keys =
            Keys::new([("api key", Mode::Full), ("token$", Mode::Full), ("^auth$", Mode::Full)], []).unwrap();
        for key in ["api_key", "myApiKey_v2", "bot_token", "TOKEN", "auth"] {
            assert_eq!(keys.say(key, ""), Says::Cover(Mode::Full), "{key}");
        }
        for key in ["api", "key", "tokens", "tokenizer", "token_count", "auth_mode", "author"] {
            assert_eq!(keys.say(key, ""), Says::Nothing, "{key}");
        }
    }

    #[test]
    fn an_open_word_fits_what_ends_so() {
        let mut keys = Keys::new([("*password", Mode::Full), ("^*secret id$", Mode::Full)], []).unwrap();
        for key in ["PGPASSWORD", "password", "db_userpassword_2", "appsecretId"] {
            assert_eq!(keys.say(key, ""), Says::Cover(Mode::Full), "{key}");
        }
        for key in ["passwordless", "secret", "my_secret_id"] {
            assert_eq!(keys.say(key, ""), Says::Nothing, "{key}");
        }
    }

    #[test]
    fn an_allowed_name_wins_everywhere_or_in_its_event() {
        let mut keys =
            Keys::new([("token$", Mode::Full)], ["ack_token", "*_order_id", "order_id_map_*.token"]).unwrap();
        assert_eq!(keys.say("ack_token", "fill"), Says::Keep);
        assert_eq!(keys.say("broker_order_id", "fill"), Says::Keep);
        assert_eq!(keys.say("token", "order_id_map_set"), Says::Keep);
        assert_eq!(keys.say("token", "login"), Says::Cover(Mode::Full));
        assert_eq!(keys.say("token", "order_id_map_set"), Says::Keep, "asked again");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert!(Keys::new([("--", Mode::Full)], []).unwrap_err().contains("`--`"));
        assert!(Keys::new([], ["a*b"]).unwrap_err().contains("`a*b`"));
        assert!(Keys::new([], ["*"]).unwrap_err().contains("`*`"));
    }
}
