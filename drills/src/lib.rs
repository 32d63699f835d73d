//! A simulated trading stack on market data: what Tapline is shown and tried with.

pub mod canaries;
pub mod components;
pub mod ids;
pub mod market;
pub mod pace;
