//! Decides where an event goes, by rules on its component, event, level and other fields.
//!
//! ```toml
//! [[chain.config.rules]]                       # in order; the first `send` or `drop` that fits counts
//! when = { component = ["risk"], min_level = "error" }
//! also = ["alerts"]                            # these too; every `also` that fits counts
//!
//! [[chain.config.rules]]
//! when = { event = ["book_update"], env = ["demo*"] }
//! send = ["bulk"]                              # exactly these
//!
//! [[chain.config.rules]]
//! when = { event = ["heartbeat"] }
//! drop = "heartbeat"                           # nowhere; unless an `also` fits, which is then all
//! ```
//!
//! `when` names text fields with the values that fit (`name*` for all that begin so), and `min_level`.
//! A rule fits when each of its fields has one of its values; without any it fits every event. What
//! no rule fits goes where the router's default says.
//!
//! `rules` left out, [`Config::default`] holds: a StormGuard transition to HALT and a kill switch page
//! whatever level they are logged at, so does everything critical, and errors of the risk component
//! raise an alert.

mod config;
mod matcher;
mod outcome;
mod route;

pub use config::{Config, Rule};
pub use route::Route;

tapline_plugin::export!(Route);
