//! The whole stack, run as fast as possible: what it emits, whether it joins up, whether it adds up.

mod accounting;
mod collector;
mod coverage;
mod recorded;
mod secrets;
mod transactions;
