//! A plugin that does what no plugin should: the host's promises are tried with it.
//!
//! ```toml
//! [chain.config]
//! behaviour = "trap"     # see Behaviour for all of them
//! call = "process"       # the call in which it happens
//! when = "poison"        # "always", or only where a row's message contains `poison`
//! after = 3              # so many calls go well first
//! amount = 1000          # how much of it, where that has a meaning
//! ```
//!
//! Up to then it behaves: it keeps every event and writes `desk` = `seen`, so a test can tell the
//! events that came through. It is written against the generated types, since the SDK would refuse
//! most of this.

mod answer;
mod behaviour;
mod guest;
mod lie;
mod plan;
mod violence;

pub use behaviour::{Behaviour, Call, Config, When};
pub use guest::Misbehave;

#[cfg(target_arch = "wasm32")]
tapline_plugin::bindings::export_guest!(Misbehave with_types_in tapline_plugin::bindings);
