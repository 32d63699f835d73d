//! Raises an alert when too many of a strategy's orders are rejected.
//!
//! For each strategy it counts, over a sliding window, how many orders came to an answer and how many
//! of these were refused: by the broker (`order_reject`), by the adapter (`order_refused`) or by risk
//! (`risk_decision` with `approved` false). From `enter` on it fires, at `exit` or below it resolves;
//! between the two nothing changes, so a rate that hovers does not flap.
//!
//! Time is the events' own, so a replay raises the alerts that the day itself would have raised. While
//! no event comes, ticks let it pass, so a strategy that fell silent is resolved too.
//!
//! Defaults in [`Config`].

mod clock;
mod config;
mod saved;
mod spike;
mod strategy;
mod window;

pub use config::Config;
pub use spike::RejectSpike;

tapline_plugin::export!(RejectSpike);
