//! Recordings as parquet: columns `ev`, `exch_ts`, `px`, `qty`.
//!
//! `ev` is a bit set: the low byte says what the row is (1 depth, 2 trade, 3 clear), bit 29 marks a
//! bid or a buy, bit 28 an ask or a sell. Other columns are ignored. Columns are read one row group
//! at a time in chunks, so a large file needs little memory.

use std::fs::File;

use parquet::basic::Type as PhysicalType;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;

use super::damage::Damage;
use super::{MarketEvent, RowKind, Side, Source};

const BUY_BIT: i64 = 1 << 29;
const SELL_BIT: i64 = 1 << 28;

/// Rows decoded at a time: a few pages' worth, some 130 KB.
const CHUNK_ROWS: usize = 4096;

const COLUMNS: [(&str, PhysicalType); 4] = [
    ("ev", PhysicalType::INT64),
    ("exch_ts", PhysicalType::INT64),
    ("px", PhysicalType::DOUBLE),
    ("qty", PhysicalType::DOUBLE),
];

pub struct ParquetRows {
    file: SerializedFileReader<File>,
    /// Where each of [`COLUMNS`] is in the file.
    places: [usize; 4],
    next_group: usize,
    group: Option<Group>,
    chunk: Chunk,
    /// Next row of `chunk` to hand out.
    at: usize,
}

/// Why a parquet file can't be a recording.
#[derive(Debug, thiserror::Error)]
pub enum ParquetLayoutError {
    #[error("it is not a readable parquet file")]
    Format(#[from] ParquetError),
    #[error(
        "it has no column `{missing}` of type {wanted}; a market recording has the columns ev (int64), \
         exch_ts (int64, ns UTC), px (double) and qty (double), this file has: {found}"
    )]
    Column { missing: &'static str, wanted: PhysicalType, found: String },
}

/// The column readers of one row group.
struct Group {
    ev: Column<Int64Type>,
    exch_ts: Column<Int64Type>,
    px: Column<DoubleType>,
    qty: Column<DoubleType>,
}

struct Column<T: DataType> {
    reader: ColumnReaderImpl<T>,
    nullable: bool,
    levels: Vec<i16>,
    values: Vec<T::T>,
}

#[derive(Default)]
struct Chunk {
    ev: Vec<Option<i64>>,
    exch_ts: Vec<Option<i64>>,
    px: Vec<Option<f64>>,
    qty: Vec<Option<f64>>,
}

// === impl ParquetRows ===

impl ParquetRows {
    pub fn open(file: File) -> Result<Self, ParquetLayoutError> {
        let file = SerializedFileReader::new(file)?;
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        let mut places = [0; 4];
        for (place, (name, kind)) in places.iter_mut().zip(COLUMNS) {
            let found = schema.columns().iter().position(|column| {
                column.name() == name && column.physical_type() == kind && column.max_rep_level() == 0
            });
            *place = found.ok_or_else(|| ParquetLayoutError::Column {
                missing: name,
                wanted: kind,
                found: schema
                    .columns()
                    .iter()
                    .map(|column| format!("{} ({})", column.name(), column.physical_type()))
                    .collect::<Vec<_>>()
                    .join(", "),
            })?;
        }
        Ok(ParquetRows { file, places, next_group: 0, group: None, chunk: Chunk::default(), at: 0 })
    }

    /// Decodes the next chunk. `Ok(false)` at the end of the file.
    fn fill(&mut self) -> Result<bool, ParquetError> {
        self.at = 0;
        self.chunk.ev.clear();
        loop {
            if self.group.is_none() {
                if self.next_group == self.file.num_row_groups() {
                    return Ok(false);
                }
                // Counted up first: an unreadable group is left behind, not tried again for ever.
                self.next_group += 1;
                self.group = Some(Group::open(&self.file, self.next_group - 1, self.places)?);
            }
            let read = match self.group.as_mut() {
                Some(group) => group.read(&mut self.chunk),
                None => return Ok(false),
            };
            match read {
                Ok(0) => self.group = None,
                Ok(_) => return Ok(true),
                Err(error) => {
                    self.group = None;
                    self.chunk.ev.clear();
                    return Err(error);
                }
            }
        }
    }
}

impl Source for ParquetRows {
    fn next_row(&mut self) -> Option<Result<MarketEvent, Damage>> {
        if self.at == self.chunk.ev.len() {
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(_) => return Some(Err(Damage::Unreadable)),
            }
        }
        let row = self.chunk.row(self.at);
        self.at += 1;
        Some(row)
    }
}

// === impl Group ===

impl Group {
    fn open(file: &SerializedFileReader<File>, index: usize, places: [usize; 4]) -> Result<Self, ParquetError> {
        let group = file.get_row_group(index)?;
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        let open = |column: usize| -> Result<(ColumnReader, bool), ParquetError> {
            let nullable = schema.column(places[column]).max_def_level() > 0;
            Ok((group.get_column_reader(places[column])?, nullable))
        };
        Ok(Group {
            ev: Column::new(open(0)?),
            exch_ts: Column::new(open(1)?),
            px: Column::new(open(2)?),
            qty: Column::new(open(3)?),
        })
    }

    fn read(&mut self, chunk: &mut Chunk) -> Result<usize, ParquetError> {
        let rows = self.ev.read(CHUNK_ROWS, &mut chunk.ev)?;
        let others = [
            self.exch_ts.read(rows, &mut chunk.exch_ts)?,
            self.px.read(rows, &mut chunk.px)?,
            self.qty.read(rows, &mut chunk.qty)?,
        ];
        if others.iter().any(|count| *count != rows) {
            return Err(ParquetError::General("columns of unequal length".into()));
        }
        Ok(rows)
    }
}

// === impl Column ===

impl<T: DataType> Column<T>
where
    T::T: Copy,
{
    fn new((reader, nullable): (ColumnReader, bool)) -> Self {
        Column { reader: get_typed_column_reader(reader), nullable, levels: Vec::new(), values: Vec::new() }
    }

    /// Reads up to `max` rows into `out`, nulls as `None`. Returns the number of rows; 0 at the end.
    fn read(&mut self, max: usize, out: &mut Vec<Option<T::T>>) -> Result<usize, ParquetError> {
        self.levels.clear();
        self.values.clear();
        out.clear();
        while out.len() < max {
            let (levels_from, values_from) = (self.levels.len(), self.values.len());
            let levels = self.nullable.then_some(&mut self.levels);
            let (rows, _, _) = self.reader.read_records(max - out.len(), levels, None, &mut self.values)?;
            if rows == 0 {
                break;
            }
            let mut values = self.values[values_from..].iter().copied();
            if self.nullable {
                let levels = &self.levels[levels_from..];
                out.extend(levels.iter().map(|level| if *level > 0 { values.next() } else { None }));
            } else {
                out.extend(values.map(Some));
            }
        }
        Ok(out.len())
    }
}

// === impl Chunk ===

impl Chunk {
    fn row(&self, at: usize) -> Result<MarketEvent, Damage> {
        let (Some(ev), Some(exch_ts), Some(px), Some(qty)) = (self.ev[at], self.exch_ts[at], self.px[at], self.qty[at])
        else {
            return Err(Damage::Null);
        };
        let kind = match ev & 0xff {
            1 => RowKind::Depth,
            2 => RowKind::Trade,
            3 => RowKind::Clear,
            _ => return Err(Damage::BadKind),
        };
        let side = match (ev & BUY_BIT != 0, ev & SELL_BIT != 0) {
            (true, false) => Some(Side::Buy),
            (false, true) => Some(Side::Sell),
            _ => None,
        };
        MarketEvent::from_columns(kind, side, exch_ts, px, qty)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::super::Change;
    use super::*;

    /// ev, exch_ts, px (`None` is a null), qty.
    type Row = (i64, i64, Option<f64>, f64);

    /// Writes one row group a slice.
    fn recording(schema: &str, groups: &[&[Row]]) -> File {
        let file = tempfile::tempfile().unwrap();
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties = Arc::new(WriterProperties::builder().build());
        let mut writer = SerializedFileWriter::new(file.try_clone().unwrap(), schema, properties).unwrap();
        for rows in groups {
            let mut group = writer.next_row_group().unwrap();
            let mut index = 0;
            while let Some(mut column) = group.next_column().unwrap() {
                match index {
                    0 | 1 => {
                        let values: Vec<i64> = rows.iter().map(|row| if index == 0 { row.0 } else { row.1 }).collect();
                        column.typed::<Int64Type>().write_batch(&values, None, None).unwrap();
                    }
                    2 => {
                        let values: Vec<f64> = rows.iter().filter_map(|row| row.2).collect();
                        let levels: Vec<i16> = rows.iter().map(|row| i16::from(row.2.is_some())).collect();
                        column.typed::<DoubleType>().write_batch(&values, Some(&levels), None).unwrap();
                    }
                    _ => {
                        let values: Vec<f64> = rows.iter().map(|row| row.3).collect();
                        column.typed::<DoubleType>().write_batch(&values, None, None).unwrap();
                    }
                }
                index += 1;
                column.close().unwrap();
            }
            group.close().unwrap();
        }
        writer.close().unwrap();
        file
    }

    const SCHEMA: &str = "message m { required int64 ev; required int64 exch_ts; \
                          optional double px; required double qty; }";

    #[test]
    fn rows_come_back_over_row_groups_with_the_damaged_ones_named() {
        let buy_depth = 1 | BUY_BIT;
        let sell_trade = 2 | SELL_BIT;
        let file = recording(
            SCHEMA,
            &[
                &[(3, 10, Some(0.0), 0.0), (buy_depth, 10, Some(99.5), 4.0), (buy_depth, 11, None, 4.0)],
                &[(sell_trade, 12, Some(99.5), 1.0), (9, 13, Some(1.0), 1.0), (1, 13, Some(1.0), 1.0)],
            ],
        );
        let mut rows = ParquetRows::open(file).unwrap();
        let got: Vec<_> = std::iter::from_fn(|| rows.next_row()).collect();
        assert_eq!(
            got,
            [
                Ok(MarketEvent { exch_ts: 10, change: Change::Clear { side: None } }),
                Ok(MarketEvent { exch_ts: 10, change: Change::Depth { side: Side::Buy, price: 995_000, quantity: 4 } }),
                Err(Damage::Null),
                Ok(MarketEvent {
                    exch_ts: 12,
                    change: Change::Trade { side: Side::Sell, price: 995_000, quantity: 1 }
                }),
                Err(Damage::BadKind),
                Err(Damage::BadSide),
            ]
        );
    }

    #[test]
    fn a_missing_column_is_named_with_what_was_found() {
        let file = recording(
            "message m { required int64 ev; required int64 time; optional double px; \
             required double qty; }",
            &[],
        );
        let error = ParquetRows::open(file).err().unwrap().to_string();
        assert!(error.contains("`exch_ts`") && error.contains("time (INT64)"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_parquet_is_refused() {
        use std::io::Write;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"PAR1 and then nothing of the kind").unwrap();
        assert!(matches!(ParquetRows::open(file), Err(ParquetLayoutError::Format(_))));
    }
}
