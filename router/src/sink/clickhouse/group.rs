//! What was taken since the last commit, as the bodies of inserts.

use sha2::{Digest, Sha256};
use tapline_journal::{Hash, to_hex};

use super::rows::Encoding;
use crate::audit::Value;

#[derive(Default)]
pub(super) struct Group {
    /// Records of the journal: the first, and the last.
    pub(super) records: Option<(u64, u64)>,
    /// The hash chain behind the last audit row.
    link: Option<Hash>,
    /// By table, that of plain logs last.
    pub(super) tables: Vec<Rows>,
}

/// A table's rows, in ClickHouse's format `RowBinary`.
#[derive(Clone, Default)]
pub(super) struct Rows {
    pub(super) body: Vec<u8>,
    pub(super) count: u64,
}

impl Group {
    pub(super) fn new(tables: usize) -> Self {
        Group { tables: vec![Rows::default(); tables], ..Group::default() }
    }

    pub(super) fn record(&mut self, record: u64) {
        let first = self.records.map_or(record, |(first, _)| first);
        self.records = Some((first, record));
    }

    pub(super) fn audit_row(&mut self, table: usize, encoding: &Encoding, values: &[Value], chained: (u64, &Hash)) {
        self.link = Some(*chained.1);
        self.tables[table].push(encoding, values, Some(chained));
    }

    pub(super) fn log_row(&mut self, table: usize, encoding: &Encoding, values: &[Value]) {
        self.tables[table].push(encoding, values, None);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_none() && self.tables.iter().all(|rows| rows.count == 0)
    }

    pub(super) fn clear(&mut self) {
        self.records = None;
        self.link = None;
        self.tables.iter_mut().for_each(Rows::clear);
    }

    /// Names the audit rows: the records, which are noted before they are sent, and their hash chain, which
    /// no other router has.
    pub(super) fn token(&self) -> Option<String> {
        let ((first, last), link) = self.records.zip(self.link)?;
        Some(format!("tapline-{first}-{last}-{}", &to_hex(&link)[..16]))
    }
}

impl Rows {
    fn push(&mut self, encoding: &Encoding, values: &[Value], chained: Option<(u64, &Hash)>) {
        encoding.row(values, chained, &mut self.body);
        self.count += 1;
    }

    fn clear(&mut self) {
        self.body.clear();
        self.count = 0;
    }

    /// Names rows that may have no records by what they are. Each carries its `event_id`, so that other rows
    /// never have the same.
    pub(super) fn digest(&self) -> String {
        let digest: Hash = Sha256::digest(&self.body).into();
        format!("tapline-{}", &to_hex(&digest)[..32])
    }
}
