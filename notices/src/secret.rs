//! A text that must not be seen: a token, a key, an address that is a key.

/// Has no `Display`, and a `Debug` that shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// To hand it to the one receiver that it is meant for.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A receiver's answer without what it may repeat of the secret.
    pub fn scrub(&self, text: &str) -> String {
        match self.0.len() {
            0..4 => text.to_owned(),
            _ => text.replace(&self.0, "…"),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_not_shown() {
        let secret = Secret::new("xoxb-123");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.scrub("bad token xoxb-123!"), "bad token …!");
    }
}
