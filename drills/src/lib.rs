//! A simulated trading stack on market data: what Tapline is shown and tried with.
//!
//! # Layout
//! * [`stack`]: starts, connects and stops it all; its `compose` is the place to begin
//! * [`components`]: market data, bus, strategy, gateway, risk with StormGuard, order, execution,
//!   position, recorder, each in its own thread
//! * [`messages`]: what they say to each other, [`farewell`] the last of it; [`ids`]: how one transaction is followed through it
//! * [`broker`]: the other side of the wire, simulated
//! * [`market`]: recordings, the generator, the order book
//! * [`pace`], [`step`]: how fast it all goes and what time it is; [`script`]: what is arranged to go
//!   wrong
//! * [`voice`]: the client's emitter, with a count of our own; [`canaries`]: secrets planted on purpose
//! * [`progress`], [`report`]: what the stack knows about itself

pub mod broker;
pub mod canaries;
pub mod components;
pub mod farewell;
pub mod ids;
pub mod market;
pub mod messages;
pub mod pace;
pub mod progress;
pub mod report;
pub mod scene;
pub mod script;
pub mod stack;
pub mod step;
pub mod strategies;
pub mod voice;

pub use canaries::{Canary, CanaryKind};
pub use market::feed::Market;
pub use pace::Pace;
pub use report::{StackReport, StackStatus};
pub use stack::{DEFAULT_RATE, Stack, StackError, StackHandle, StackOptions};
