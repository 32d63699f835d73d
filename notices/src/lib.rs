//! From what fires to who is told.

mod board;
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
    Alarm, Backoff, Board, Budget, ChannelName, Counts, Flap, Group, Manner, Offered, OtherForm, Quiet, Route, Rules,
    Saved, SendId, Sending,
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
