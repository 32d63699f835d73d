//! What went wrong with a destination, down to the cause.

use std::error::Error;

/// The destination can't take anything now. Nothing since the last commit counts as taken.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {what}: {}", with_causes(&**source))]
pub struct SinkError {
    /// What was tried, e.g. `write`.
    pub operation: &'static str,
    /// On what, e.g. a path.
    pub what: String,
    pub source: Box<dyn Error + Send + Sync>,
}

/// A client's error says "client error (Connect)", and what an operator needs to know, a certificate that nobody has
/// signed, stands two causes further down.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some repeat their cause in their own text.
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no connection")]
    struct Outer(#[source] Middle);

    #[derive(Debug, thiserror::Error)]
    #[error("TLS: {0}")]
    struct Middle(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("nobody vouches for it")]
    struct Inner;

    #[test]
    fn each_cause_is_told_once() {
        let source = Box::new(Outer(Middle(Inner)));
        let error = SinkError { operation: "insert into", what: "https://ch:8443".into(), source };
        assert_eq!(error.to_string(), "insert into https://ch:8443: no connection: TLS: nobody vouches for it");
    }
}
