//! Covers secrets and personal data before an event goes on.
//!
//! * Fields that are sensitive as such (`account`, `password`, …) are covered whole, have their digits
//!   starred, or are replaced by a keyed hash.
//! * Free text (`message`, `error`, …) is searched for tokens, credentials, cards, identity numbers,
//!   addresses and `key=value`.
//! * JSON text (`details`, all that the contract does not know) is searched by key at any depth and by
//!   value, and stays valid JSON.
//!
//! Ids that lines are joined by are never touched. The plugin's README lists the config with its
//! defaults.

mod cleaner;
mod config;
mod json;
mod key;
mod mask;
mod redact;
mod scan;
mod shape;
mod text;

pub use cleaner::Cleaner;
pub use config::Config;
pub use mask::Mode;
pub use redact::Redact;
pub use shape::Shape;

tapline_plugin::export!(Redact);
