//! Runs plugins, and keeps whatever they do away from the router.
//!
//! This crate is the one home of wasmtime. It knows `wit/plugin.wit` and nothing of the router: no
//! contract, no batch, no sink. Above it stands the chain, which gathers columns and applies answers.
//!
//! What a reader can rely on:
//! - A plugin has no authority. It can compute, and write log lines through a limiter.
//! - Every call ends: by its answer, or by the deadline ([`Limits`]).
//! - An answer that reaches the caller is valid ([`Output`]): indexes in range, text UTF-8, sizes
//!   within bounds. Anything else is a [`Fault`], exactly like a trap.
//! - After a fault the guest's memory is thrown away. The next call meets a fresh guest with the same
//!   configuration and the last good state ([`Instance`]).
//!
//! The way in: [`Engine`] compiles or loads a [`Plugin`], [`Instance::start`] configures it,
//! [`Instance::process`] does the work.

mod bindings;
mod cache;
mod clock;
mod engine;
mod fault;
mod guest;
mod instance;
mod interface;
mod limits;
mod log;
mod output;
mod plan;
mod plugin;
mod ticker;

pub use batch::Batch;
pub use cache::Cache;
pub use engine::Engine;
pub use fault::{Call, Fault, FaultKind, Refusal};
pub use instance::{Instance, Settings, Stats};
pub use limits::Limits;
pub use log::LogLine;
pub use output::{Edit, NewEvent, Notice, NoticeState, Output, Rows, Severity, Value, Values};
pub use plan::{Kind, Layout, Plan, Resolver, Subscription, Verdict, Want};
pub use plugin::{Digest, Origin, Plugin};

mod batch;
