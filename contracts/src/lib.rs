//! The contract: every event, field, metric and audit table by name, declared once in
//! `trading.toml`, and all that is generated from it.
//!
//! No I/O here: text in, types and text out. Start with [`Contract::embedded`] or
//! [`Contract::parse`].

mod builtin;
mod check;
mod error;
mod lookup;
mod nearest;
mod print;
mod raw;
mod resolve;
#[cfg(test)]
mod tests;
mod words;

pub mod generate;
pub mod model;

pub use builtin::{BUILT_INS, BuiltIn, RENAMED_PREFIX, built_in};
pub use check::{Report, check, warnings};
pub use error::{ContractError, ContractErrors};
pub use lookup::TRADING_TOML;
pub use model::*;
pub use nearest::{did_you_mean, nearest};
pub use words::Word;
