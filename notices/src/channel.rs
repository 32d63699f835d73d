//! Ways to a person or a machine. A channel blocks while it sends: each runs on threads of its own.

mod alertmanager;
mod email;
mod http;
mod pagerduty;
mod slack;
mod webhook;

pub use alertmanager::Alertmanager;
pub use email::{Email, EmailSettings, Encryption};
pub use http::{Http, HttpSettings};
pub use pagerduty::PagerDuty;
pub use slack::{SlackApi, SlackWebhook};
pub use webhook::Webhook;

use crate::{ChannelError, Message, Receipt};

pub trait Channel: Send {
    /// Hands a message over, once. The same message may come again, with the id that it had, where the
    /// first try had no clear end.
    fn send(&mut self, message: &Message) -> Result<Receipt, ChannelError>;
}
