//! Adds what an event doesn't say but its strategy and symbol imply: desk, book, venue.
//!
//! ```toml
//! [chain.config.columns.desk]
//! from = "strategy_id"                              # the field that is looked up
//! table = { "mm-1" = "market-making", "arb-*" = "arbitrage" }
//! default = "unassigned"                            # optional: for values not in the table
//! ```
//!
//! `columns` names the fields to write; left out, it is [`Config::default`]'s desk, book and venue.
//! A name with `*` at its end stands for all that begin so; the longest such name wins, and a whole
//! name over all of them. An event without the `from` field, or whose value has no entry, keeps what
//! it had.

mod config;
mod enrich;
mod table;

pub use config::{Config, Lookup};
pub use enrich::Enrich;

tapline_plugin::export!(Enrich);
