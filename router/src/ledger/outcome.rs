//! What can become of an event, and why. Each name is at once metric label and ledger column.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Outcome {
    /// Every destination it was routed to has taken it.
    Delivered = 0,
    /// A plugin decided that it ends here.
    Filtered = 1,
    /// Refused at the border: not an event by the contract. Kept, cleared of secrets, in `rejected`.
    Rejected = 2,
    /// Lost for want of room or time, by a stated policy.
    Dropped = 3,
    /// Could not be processed or delivered; kept in the dead letters.
    DeadLettered = 4,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Delivered => "delivered",
            Outcome::Filtered => "filtered",
            Outcome::Rejected => "rejected",
            Outcome::Dropped => "dropped",
            Outcome::DeadLettered => "dead_lettered",
        }
    }
}

/// Why, as a code: a label value, never a sentence.
pub type Reason = std::borrow::Cow<'static, str>;
