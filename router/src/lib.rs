//! Tapline's router: events flow from queues and sockets through plugins to destinations, and each
//! reaches exactly one recorded outcome. `router.rs` shows the whole way in one function.

mod audit;
mod batch;
mod chain;
mod clearance;
pub mod cli;
mod clock;
pub mod config;
mod dispatch;
mod dry_run;
mod embedded;
mod encode;
mod filter;
mod http;
mod ingest;
mod intake;
mod journal;
mod keeper;
mod ledger;
mod metrics;
mod notice;
mod producers;
mod receipt;
mod receipts;
mod rehearsal;
mod rejected;
mod replace;
mod retention;
mod route;
mod router;
mod shared;
mod short;
mod sink;
mod special;
mod tail;
mod verdict;
mod watch;
mod worker;

pub use ledger::{LedgerSnapshot, StreamSnapshot, Totals};
pub use router::{Running, StartError, start};

/// For the benchmark `chain` only.
#[doc(hidden)]
pub use chain::measure;
