//! Columns and their types.

use crate::model::{Column, ColumnSource, Contract, Kind, Sensitivity, Table};

use super::quoted;

pub(super) fn definition(contract: &Contract, table: &Table, column: &Column) -> String {
    format!("{} {}", quoted(&column.name), sql_type(contract, table, column))
}

/// A column's type, as `system.columns` shows it.
pub fn column_type(contract: &Contract, table: &Table, column: &Column) -> String {
    let definition = sql_type(contract, table, column);
    let end = definition.find(" CODEC").or_else(|| definition.find(" DEFAULT")).unwrap_or(definition.len());
    definition[..end].to_owned()
}

fn sql_type(contract: &Contract, table: &Table, column: &Column) -> String {
    // A sorting key can't be absent in ClickHouse; there it is the empty text or 0.
    let sorted = table.order_by.contains(&column.name);
    match column.source {
        ColumnSource::Ts | ColumnSource::IngestTs => "DateTime64(9, 'UTC') CODEC(Delta, ZSTD)".to_owned(),
        ColumnSource::Run
        | ColumnSource::Event
        | ColumnSource::Component
        | ColumnSource::Level
        | ColumnSource::Lane => "LowCardinality(String)".to_owned(),
        ColumnSource::Seq | ColumnSource::ChainPosition => "UInt64 CODEC(Delta, ZSTD)".to_owned(),
        ColumnSource::EventId | ColumnSource::ChainHash => "String".to_owned(),
        ColumnSource::Details => "String DEFAULT '{}'".to_owned(),
        ColumnSource::Field(id) => {
            let field = contract.field_at(id);
            let (plain, few) = match field.kind {
                Kind::Text => ("String", !field.join && !field.free_text && field.sensitivity == Sensitivity::Public),
                Kind::Json => ("String", false),
                Kind::Int => ("Int64", false),
                Kind::Float => ("Float64", false),
                Kind::Bool => ("Bool", false),
            };
            match (few, sorted) {
                (true, true) => format!("LowCardinality({plain})"),
                (true, false) => format!("LowCardinality(Nullable({plain}))"),
                (false, true) => plain.to_owned(),
                (false, false) => format!("Nullable({plain})"),
            }
        }
    }
}

pub(super) fn sensitivity(contract: &Contract, column: &Column) -> Sensitivity {
    match column.source {
        ColumnSource::Field(id) => contract.field_at(id).sensitivity,
        _ => Sensitivity::Public,
    }
}
