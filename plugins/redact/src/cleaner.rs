//! The same search outside of a plugin: the router's own gate looks once more, whatever the chain did.

use crate::config::Config;
use crate::json::mask_json;
use crate::key::Keys;
use crate::shape::Shapes;
use crate::text::TextMasker;

/// Finds secrets in single texts, with the default config.
#[derive(Debug)]
pub struct Cleaner {
    masker: TextMasker,
}

// === impl Cleaner ===

impl Default for Cleaner {
    fn default() -> Self {
        let config = Config::default();
        let keys = Keys::new(
            config.keys.iter().map(|(pattern, mode)| (pattern.as_str(), *mode)),
            config.allow.iter().map(String::as_str),
        );
        let keys = keys.expect("the default config is tested");
        let shapes = Shapes::new(config.shapes.clone(), Vec::new(), keys);
        Cleaner { masker: TextMasker::new(shapes, None) }
    }
}

impl Cleaner {
    /// The covered form of a free text of that event, if it held a secret.
    pub fn text(&mut self, text: &str, event: &str) -> Option<String> {
        self.masker.mask(text, event)
    }

    /// The covered form of a JSON text, if it held a secret; it stays valid JSON.
    pub fn json(&mut self, text: &str, event: &str) -> Option<String> {
        mask_json(&mut self.masker, text, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_text_and_json() {
        let mut cleaner = Cleaner::default();
        let covered = cleaner.text("login failed: Bearer abcdefghijklmnopqrstuvwxyz012345", "x").unwrap();
        assert!(!covered.contains("abcdefghijklmnop"), "{covered}");
        let covered = cleaner.json(r#"{"password":"hunter2","n":1}"#, "x").unwrap();
        assert!(!covered.contains("hunter2") && covered.contains("\"n\":1"), "{covered}");
        assert_eq!(cleaner.text("position limit check evaluated", "x"), None);
    }
}
