//! The audit database: where it is opened, checked against the contract, read by SQL, and followed by
//! transaction.

mod chain;
mod database;
mod export;
mod placed;
mod query;
mod row;
mod trace;
mod verify;

pub use chain::{ClickHouseTrail, SqliteTrail, Trail, TrailError};
pub use database::{AuditError, chain_end, insert_into, open_writer};
pub use export::{Exported, export, verify_export};
pub use placed::PlacedRow;
pub use query::{QueryError, QueryLimits, QueryResult, query};
pub use row::{RowMaker, Value, event_id};
pub use trace::{Trace, trace};
pub use verify::{Database, Verification, verify};
