//! Generated from `contracts/trading.toml` by `contracts/src/generate/rust.rs`; do not edit.
//! `cargo xtask bless` rewrites the files below, a test fails when they are stale.

#[rustfmt::skip]
pub(crate) mod components;
#[rustfmt::skip]
pub mod events;
#[rustfmt::skip]
pub mod metrics;
#[rustfmt::skip]
pub(crate) mod tables;
