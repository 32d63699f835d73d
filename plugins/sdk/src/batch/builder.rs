//! Making a batch as the host makes it, for tests and the native harness.

use crate::bindings::tapline::plugin::types as raw;

/// Takes columns in the order in which they were declared.
#[derive(Debug)]
pub struct BatchBuilder {
    batch: raw::Batch,
}

impl BatchBuilder {
    /// A batch with a row for each of these event times.
    pub fn new(ts_ns: Vec<u64>) -> Self {
        let batch = raw::Batch {
            rows: ts_ns.len() as u32,
            ts_ns,
            presence: Vec::new(),
            bitmaps: Vec::new(),
            ends: Vec::new(),
            bytes: Vec::new(),
            strings: Vec::new(),
            ints: Vec::new(),
            floats: Vec::new(),
            booleans: Vec::new(),
        };
        BatchBuilder { batch }
    }

    pub fn text<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = Option<T>>) {
        let cells: Vec<Option<T>> = cells.into_iter().collect();
        if self.note(&cells) {
            let begin = self.batch.bytes.len();
            for cell in &cells {
                let text = cell.as_ref().map_or("", AsRef::as_ref);
                self.batch.bytes.extend_from_slice(text.as_bytes());
                self.batch.ends.push((self.batch.bytes.len() - begin) as u32);
            }
        }
    }

    pub fn ints(&mut self, cells: impl IntoIterator<Item = Option<i64>>) {
        let cells: Vec<_> = cells.into_iter().collect();
        if self.note(&cells) {
            let values = cells.into_iter().map(Option::unwrap_or_default);
            self.batch.ints.extend(values);
        }
    }

    pub fn floats(&mut self, cells: impl IntoIterator<Item = Option<f64>>) {
        let cells: Vec<_> = cells.into_iter().collect();
        if self.note(&cells) {
            let values = cells.into_iter().map(Option::unwrap_or_default);
            self.batch.floats.extend(values);
        }
    }

    pub fn booleans(&mut self, cells: impl IntoIterator<Item = Option<bool>>) {
        let cells: Vec<_> = cells.into_iter().collect();
        if self.note(&cells) {
            let values = cells.into_iter().map(|cell| u8::from(cell.unwrap_or_default()));
            self.batch.booleans.extend(values);
        }
    }

    pub fn build(self) -> raw::Batch {
        self.batch
    }

    /// Whether any row has a value: else the column stands in no list.
    fn note<T>(&mut self, cells: &[Option<T>]) -> bool {
        let present = cells.iter().filter(|cell| cell.is_some()).count();
        let presence = match present {
            0 => super::NONE,
            n if n == cells.len() => super::ALL,
            _ => super::SOME,
        };
        self.batch.presence.push(presence);
        if presence == super::SOME {
            let bit = |row: usize, cell: &Option<T>| u8::from(cell.is_some()) << row;
            let bytes = cells
                .chunks(8)
                .map(|cells| cells.iter().enumerate().fold(0, |byte, (row, cell)| byte | bit(row, cell)));
            self.batch.bitmaps.extend(bytes);
        }
        presence != super::NONE
    }
}
