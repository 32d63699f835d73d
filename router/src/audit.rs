//! The audit database: where it is opened, checked against the contract, read by SQL, and followed by
//! transaction.

mod database;
mod query;
mod trace;

pub use database::{AuditError, open_writer};
pub use query::{QueryError, QueryLimits, QueryResult, query};
pub use trace::{Trace, trace};
