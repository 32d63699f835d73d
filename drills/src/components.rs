//! The components of the stack, each in a thread of its own.
//!
//! A component owns its state and an inbox. It reads the inbox until it is told to stop, and speaks
//! through a [`Voice`](crate::voice::Voice). What they say to each other is in
//! [`messages`](crate::messages); [`stack`](crate::stack) connects them.

pub mod bus;
pub mod execution;
pub mod gateway;
pub mod market_data;
pub mod order;
pub mod position;
pub mod recorder;
pub mod risk;
pub mod storm_guard;
pub mod strategy;
