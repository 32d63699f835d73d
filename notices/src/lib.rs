//! From what fires to who is told: one state machine for all notices, and the channels that carry them.
//!
//! - [`Notice`] is what a plugin or a rule says; [`Board`] decides what is told, to whom and when, and has
//!   neither clock nor I/O.
//! - [`Channel`] is a way out: Slack, PagerDuty, mail, a signed webhook, Alertmanager. Each answers with a
//!   receipt, or with an error that says whose fault it is and whether to try again; both become one of the
//!   [`Outcome`]s.
//! - [`Runner`] puts the two on threads, and reports each try through [`Receipts`].
//! - [`NotifyConfig`] is the `[notify]` section that describes it all, [`trial`] tests its channels.
//!
//! ```no_run
//! # use std::{path::Path, sync::Arc, time::Duration};
//! # use tapline_notices::{runner::Delivery, *};
//! struct Books;
//!
//! impl Receipts for Books {
//!     fn delivery(&self, delivery: &Delivery<'_>) {
//!         println!("{} {} {}", delivery.channel, delivery.message.id, delivery.outcome.code());
//!     }
//!
//!     fn alarm(&self, alarm: &Alarm) {
//!         println!("{alarm:?}");
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut config = NotifyConfig::default();
//! config.lies_in(Path::new("/etc/tapline"));
//! let state_file = Path::new("/var/lib/tapline").join(&config.state_file);
//! let runner = Runner::start(&config, Some(state_file), Arc::new(Books))?;
//! let handle = runner.handle();
//! # let now = Time(0);
//! if handle.notify(Notice::firing("reject-spike", "2330", Severity::Critical, "rejects", now)).is_err() {
//!     // Too many wait: `status().dropped` counts it.
//! }
//! runner.stop(Duration::from_secs(5));
//! # Ok(())
//! # }
//! ```

mod board;
pub mod calendar;
pub mod channel;
#[cfg(test)]
mod channel_tests;
pub mod config;
mod message;
mod notice;
mod outcome;
pub mod runner;
mod secret;
mod text;
mod time;
mod trial;

pub use board::{
    Alarm, Backoff, Board, Budget, ChannelName, Counts, Flap, Group, Hours, Manner, Offered, OpenAlert, OtherForm,
    Quiet, Route, Rules, Saved, SendId, Sending,
};
pub use channel::Channel;
pub use config::NotifyConfig;
pub use message::{Earlier, Item, Kind, Line, Message, Summary, Why};
pub use notice::{Id, Notice, Severity, State};
pub use outcome::{ChannelError, Outcome, Receipt, Retry};
pub use runner::{Handle, Receipts, Runner};
pub use secret::Secret;
pub use time::Time;
pub use trial::{Trial, trial};
