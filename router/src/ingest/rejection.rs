//! Lines that are refused.

/// Why a line is not an event: a code for the ledger, and a sentence for whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub reason: &'static str,
    pub message: String,
}

impl Rejection {
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Rejection { reason, message: message.into() }
    }
}
