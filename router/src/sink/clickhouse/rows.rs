//! Rows in ClickHouse's format `RowBinary`, by the types of the contract's tables.

use tapline_contract::{ColumnSource, Contract, Table, generate};
use tapline_journal::{Hash, to_hex};

use crate::audit::Value;

/// How a table's columns are written, in order.
pub(super) struct Encoding(Vec<Column>);

struct Column {
    source: ColumnSource,
    kind: Kind,
    nullable: bool,
}

/// A column's type, without `Nullable` and `LowCardinality`, which change nothing on the wire but the
/// former's leading byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Eight bytes; a `DateTime64(9)` is its nanoseconds.
    Int,
    Float,
    Bool,
    Text,
}

impl Encoding {
    pub(super) fn new(contract: &Contract, table: &Table) -> Self {
        let columns = table.columns.iter().map(|column| {
            let sql = generate::clickhouse::column_type(contract, table, column);
            let kind = match () {
                () if sql.contains("Float64") => Kind::Float,
                () if sql.contains("Bool") => Kind::Bool,
                () if sql.contains("String") => Kind::Text,
                () => Kind::Int,
            };
            Column { source: column.source, kind, nullable: sql.contains("Nullable(") }
        });
        Encoding(columns.collect())
    }

    /// `chained`: the row's position in the hash chain, and the chain behind it; plain logs have none.
    pub(super) fn row(&self, values: &[Value], chained: Option<(u64, &Hash)>, out: &mut Vec<u8>) {
        for (column, value) in self.0.iter().zip(values) {
            let value = match (column.source, chained) {
                (ColumnSource::ChainPosition, Some((position, _))) => &Value::Int(position as i64),
                (ColumnSource::ChainHash, Some((_, link))) => &Value::Text(to_hex(link)),
                _ => value,
            };
            if column.nullable {
                out.push(u8::from(*value == Value::Null));
                if *value == Value::Null {
                    continue;
                }
            }
            match (column.kind, value) {
                (Kind::Int, Value::Int(value)) => out.extend_from_slice(&value.to_le_bytes()),
                (Kind::Float, Value::Float(value)) => out.extend_from_slice(&value.to_le_bytes()),
                (Kind::Float, Value::Int(value)) => out.extend_from_slice(&(*value as f64).to_le_bytes()),
                (Kind::Bool, Value::Int(value)) => out.push(u8::from(*value != 0)),
                (Kind::Text, Value::Text(value)) => text(value, out),
                // A sorting key can't be absent; nothing else is left to happen, since a cell has its
                // field's kind.
                (Kind::Int | Kind::Float, _) => out.extend_from_slice(&[0; 8]),
                (Kind::Bool, _) => out.push(0),
                (Kind::Text, _) if column.source == ColumnSource::Details => text("{}", out),
                (Kind::Text, _) => out.push(0),
            }
        }
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    let mut length = text.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_leb128() {
        let mut out = Vec::new();
        text(&"x".repeat(300), &mut out);
        assert_eq!((out[0], out[1], out.len()), (0b1010_1100, 0b10, 302));
    }
}
