//! What each receiver implements.

use serde_json::Value;

use crate::answer::{Answer, Outcome};
use crate::request::{BodyFault, Request};

/// A service's rules and state. It does no I/O and is called by one request at a time, so that a rule is
/// a plain function of the request and of what came before it. What it keeps it keeps until it is cleared:
/// it is made for tests and drills, not for days.
pub trait Service: Send {
    /// Takes a request. What it keeps it also reports as kept.
    fn take(&mut self, request: &Request) -> Outcome;

    /// The largest body, after decoding, that is read whole.
    fn body_limit(&self) -> usize;

    /// Whether `Content-Encoding: gzip` is understood.
    fn takes_gzip(&self) -> bool {
        false
    }

    /// The answer to a body that could not be read.
    fn body_fault(&self, request: &Request, fault: BodyFault) -> Answer;

    /// The answer to a status that a script asks for, in the service's own shape.
    fn scripted(&self, request: &Request, status: u16) -> Answer;

    /// Whether a part of a request can be made to fail.
    fn has_parts(&self) -> bool {
        false
    }

    /// What the service holds, for a test to look at.
    fn state(&self) -> Value;

    /// Forgets everything but its options.
    fn clear(&mut self);

    /// A copy, on which a lie is played: it answers as the service would, and is then thrown away.
    fn copy(&self) -> Box<dyn Service>;
}
