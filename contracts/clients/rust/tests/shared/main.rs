//! Queues in shared memory: what an emit has written is read. `kills.rs` has the tests in which
//! processes die; they are a program of their own, because a process that is being started holds the
//! locks of the one that starts it for a moment.

mod attach;
mod damage;
mod overflow;
mod reading;
mod setup;
