//! The table of plain logs: the envelope as columns, everything else in `details`.
//!
//! It is made, not declared: an event without an audit table may carry any field, and what all of them have
//! in common is the envelope.

use crate::builtin::BUILT_INS;
use crate::model::{Column, ColumnSource, FieldId, Partition, Sensitivity, Table};

use super::names::Names;
use super::tables::shared_column;

pub(super) fn table(envelope: &[FieldId], log_days: u32, names: &Names<'_>) -> Table {
    if log_days == 0 {
        names.findings.add(None, "retention.log_days", "logs kept for 0 days are not kept", None);
    }
    // No hash chain: it is over what is kept for years.
    let shared = |source| !matches!(source, ColumnSource::ChainPosition | ColumnSource::ChainHash);
    let mut columns: Vec<Column> = BUILT_INS
        .iter()
        .filter_map(|b| b.column.filter(|source| shared(*source)).map(|source| shared_column(b, source)))
        .collect();
    let details = columns.pop();
    let fields = envelope.iter().map(|id| (*id, &names.dictionary[usize::from(id.0)]));
    columns.extend(fields.filter(|(_, field)| field.sensitivity != Sensitivity::Secret).map(|(id, field)| Column {
        name: field.name.clone(),
        kind: field.kind,
        source: ColumnSource::Field(id),
        doc: field.doc.clone(),
    }));
    columns.extend(details);
    Table {
        name: "logs.events".to_owned(),
        doc: "Plain logs: every event that has no audit table.".to_owned(),
        columns,
        // For "what did this component say between then and then".
        order_by: vec!["component".to_owned(), "ts".to_owned()],
        partition_by: Partition::Day,
        ttl_days: log_days,
        ttl_override_reason: None,
    }
}
