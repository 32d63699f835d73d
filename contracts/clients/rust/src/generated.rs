//! Generated from `contracts/trading.toml` by `contracts/src/generate/rust.rs`; do not edit.
//! `cargo xtask bless` rewrites the files below, a test fails when they are stale.

#[rustfmt::skip]
pub(crate) mod components;
#[rustfmt::skip]
pub mod events;
#[allow(clippy::new_ret_no_self)] // a label value may be called `new`
#[rustfmt::skip]
pub mod metrics;
#[rustfmt::skip]
pub(crate) mod tables;
