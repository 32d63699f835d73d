//! Receivers that refuse what the real ones refuse: stand-ins for services that can't be had on a
//! developer's machine, built strictly against their published interfaces, and scriptable to fail.
//!
//! They are no proof that the real service accepts a message. They prove that it is not refused for a
//! reason that is published, and they show what a client does when a service is slow, refuses, hangs,
//! resets or lies. The head of each receiver says what its rules were taken from, where the
//! documentation is unclear, and where it is stricter than the original.
//!
//! ```no_run
//! use tapline_receivers::{Kind, Receiver, Step, slack};
//!
//! let receiver = Receiver::start(Kind::Slack(slack::Options::default())).unwrap();
//! let hook = format!("{}{}", receiver.url(), slack::HOOK);
//! receiver.script([Step::status(503).retry_after(2).times(3), Step::hang()]).unwrap();
//! // … post to `hook` …
//! receiver.stop(); // the port is closed, as if somebody had pulled the plug
//! receiver.start_again().unwrap();
//! assert!(receiver.refused().is_empty());
//! ```
//!
//! # Layout
//! * [`receiver`]: starts, stops, asks; the place to begin
//! * `exchange`: one request from arrival to answer: script, service, journal
//! * [`script`]: what is arranged to go wrong; `connection`: how an answer is torn
//! * [`journal`]: what was received and refused; `throttle`: rates
//! * [`slack`], [`pagerduty`], [`elasticsearch`], [`logstash`], [`webhook`], [`alertmanager`]: the services

pub mod alertmanager;
mod answer;
mod connection;
mod control;
pub mod elasticsearch;
mod exchange;
pub mod journal;
mod json;
pub mod kind;
pub mod logstash;
pub mod pagerduty;
pub mod receiver;
mod request;
pub mod script;
mod service;
pub mod slack;
mod throttle;
pub mod webhook;

pub use journal::{Received, Refused};
pub use kind::Kind;
pub use receiver::Receiver;
pub use script::Step;
