//! The audit database: where it is opened, checked against the contract, read by SQL, and followed by
//! transaction.

mod database;
mod query;
mod row;
mod trace;

pub use database::{AuditError, chain_end, open_writer};
pub use row::{RowMaker, Value};
pub use query::{QueryError, QueryLimits, QueryResult, query};
pub use trace::{Trace, trace};
