//! Write a Tapline plugin in Rust.
//!
//! A plugin sees events as *columns*: for the rows that it subscribed to, the fields that it
//! declared, and nothing else. It answers with verdicts, edits and notices. The router checks every
//! answer; a plugin that traps, spins or lies costs the one event that made it do so.
//!
//! A whole plugin, with its test:
//!
//! ```
//! use tapline_plugin::{Batch, Level, Output, Plan, Plugin, TextIn, TextOut, Verdict, VerdictId};
//!
//! /// Drops health checks and shortens long messages.
//! struct Trim {
//!     max: usize,
//!     message: TextIn,
//!     shortened: TextOut,
//!     noise: VerdictId,
//! }
//!
//! /// Unknown keys are refused by name, with the list of those that exist.
//! #[derive(serde::Deserialize)]
//! #[serde(default, deny_unknown_fields)]
//! struct Config {
//!     max: usize,
//! }
//!
//! impl Default for Config {
//!     fn default() -> Self {
//!         Config { max: 80 }
//!     }
//! }
//!
//! impl Plugin for Trim {
//!     type Config = Config;
//!
//!     fn configure(config: Config, plan: &mut Plan) -> Result<Self, String> {
//!         if config.max == 0 {
//!             return Err("max: 0 would remove every message; use 1 or more".into());
//!         }
//!         Ok(Trim {
//!             max: config.max,
//!             message: plan.read_text("message"),
//!             shortened: plan.write_text("message"),
//!             noise: plan.verdict(Verdict::drop("health_check")),
//!         })
//!     }
//!
//!     fn process(&mut self, batch: &mut Batch, out: &mut Output) -> Result<(), String> {
//!         let mut patch = self.shortened.patch();
//!         for (row, message) in batch.text(self.message).iter_present() {
//!             if message == "ping" {
//!                 out.verdict(row, self.noise);
//!             } else if let Some((end, _)) = message.char_indices().nth(self.max) {
//!                 patch.set(row, &message[..end]);
//!             }
//!         }
//!         out.apply(patch);
//!         Ok(())
//!     }
//! }
//!
//! tapline_plugin::export!(Trim);
//!
//! # fn main() {
//! // A test needs no wasm: the harness plays the router.
//! use serde_json::json;
//! use tapline_plugin::harness::Harness;
//!
//! let mut trim = Harness::<Trim>::new(json!({ "max": 4 })).unwrap();
//! let seen = trim.process(&[json!({ "message": "ping" }), json!({ "message": "pong!" })]).unwrap();
//! assert_eq!(seen.verdicts, ["drop:health_check", "keep"]);
//! assert_eq!(seen.events[1]["message"], "pong");
//! # }
//! ```
//!
//! As wasm: a crate of type `cdylib`, built for `wasm32-unknown-unknown`; `tapline plugin build`
//! makes the component, `tapline plugin test` runs the crate's `tests/cases.toml` on it (see
//! [`harness::Suite`] for the format).

pub mod bindings;
#[doc(hidden)]
pub mod guest;
#[cfg(not(target_arch = "wasm32"))]
pub mod harness;

mod batch;
mod column;
mod edit;
mod event;
mod log;
mod memo;
mod notice;
mod output;
mod plan;
mod plugin;
mod verdict;

pub use batch::{Batch, BatchBuilder};
pub use column::{BoolColumn, FloatColumn, IntColumn, Presence, TextBuffer, TextColumn, Values};
pub use edit::{
    BoolCells, BoolPatch, BoolReplace, Cells, Edit, FloatCells, FloatPatch, FloatReplace, IntCells, IntPatch,
    IntReplace, KnownText, Patch, Replace, TextCells, TextPatch, TextReplace, ValueCells,
};
pub use event::Event;
pub use log::log;
pub use memo::Memo;
pub use notice::{Notice, Severity};
pub use output::Output;
pub use plan::{BoolIn, BoolOut, FloatIn, FloatOut, IntIn, IntOut, Level, Plan, Subscription, TextIn, TextOut};
pub use plugin::Plugin;
pub use verdict::{KEEP, Verdict, VerdictId};
