//! From what fires to who is told.

mod board;
mod message;
mod notice;
mod outcome;
mod text;
mod time;

pub use board::{
    Alarm, Backoff, Board, Budget, ChannelName, Counts, Flap, Group, Manner, Offered, OtherForm, Quiet, Route, Rules,
    Saved, Send, SendId,
};
pub use message::{Earlier, Item, Kind, Line, Message, Summary, Why};
pub use notice::{Id, Notice, Severity, State};
pub use outcome::{ChannelError, Outcome, Receipt, Retry};
pub use time::Time;
