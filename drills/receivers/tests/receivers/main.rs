//! Each rule with what it takes and what it refuses, over HTTP, as a client meets it.

mod alertmanager;
mod bulk;
mod client;
mod documents;
mod faults;
mod flavours;
mod load;
mod pagerduty;
mod program;
mod slack;
mod slack_api;
mod slack_blocks;
mod templates;
mod webhook;
