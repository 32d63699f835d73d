//! How far the lines that come in are from the contract: counted, never a reason to lose one.
//!
//! A decoder tallies locally, by small numbers, and adds its tally to the shared counts once a chunk:
//! lines from a foreign program differ from the contract all the time, and must not cost a lock each.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What is counted, and what its label is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SchemaCount {
    /// No component in the line, and none that follows from its event. No label.
    UnknownComponent,
    /// By component.
    UnknownEvent,
    /// By component.
    UnknownField,
    /// A value of another type than the contract's, converted without loss. By field.
    Converted,
    /// A value of a closed set, in another spelling or as a code. By field.
    Code,
    /// A value outside its field's closed set, kept as it came. By field.
    UnknownValue,
    /// A value of another type than the contract's, kept in `details`. By field.
    TypeConflict,
    /// A reserved name that a producer uses for something else. By the name's place in `BUILT_INS`.
    ReservedKey,
    /// No label.
    DuplicateKey,
    /// A field that the contract requires of the event is missing or empty. By event.
    MissingField,
    /// A join key (intent id, order id …) that the contract requires is missing or empty. By event.
    NullJoinKey,
    /// Bytes that are not UTF-8 were replaced. No label.
    RepairedUtf8,
    /// `NaN` or `Infinity`, which JSON does not have, became `null`. No label.
    RepairedNumber,
    /// A time that can't be read: the time of arrival is used. No label.
    BadTimestamp,
    /// A level that can't be read: the event's own is used. No label.
    BadLevel,
    /// A client cut a text that did not fit its record. By component.
    Truncated,
}

impl SchemaCount {
    /// As a label value.
    pub fn name(self) -> &'static str {
        match self {
            SchemaCount::UnknownComponent => "unknown_component",
            SchemaCount::UnknownEvent => "unknown_event",
            SchemaCount::UnknownField => "unknown_field",
            SchemaCount::Converted => "converted",
            SchemaCount::Code => "code",
            SchemaCount::UnknownValue => "unknown_value",
            SchemaCount::TypeConflict => "type_conflict",
            SchemaCount::ReservedKey => "reserved_key",
            SchemaCount::DuplicateKey => "duplicate_key",
            SchemaCount::MissingField => "missing_field",
            SchemaCount::NullJoinKey => "null_join_key",
            SchemaCount::RepairedUtf8 => "utf8",
            SchemaCount::RepairedNumber => "number",
            SchemaCount::BadTimestamp => "timestamp",
            SchemaCount::BadLevel => "level",
            SchemaCount::Truncated => "truncated",
        }
    }
}

/// A decoder's own, between two chunks.
#[derive(Debug, Default)]
pub struct Tally {
    // Few distinct entries in a chunk: a scan beats a map.
    counts: Vec<((SchemaCount, u16), u64)>,
}

impl Tally {
    pub fn add(&mut self, what: SchemaCount, label: u16, n: u64) {
        match self.counts.iter_mut().find(|(key, _)| *key == (what, label)) {
            Some((_, count)) => *count += n,
            None => self.counts.push(((what, label), n)),
        }
    }
}

#[derive(Debug, Default)]
pub struct SchemaCounts {
    counts: Mutex<BTreeMap<(SchemaCount, u16), u64>>,
}

impl SchemaCounts {
    /// Adds a tally, and empties it.
    pub fn take(&self, tally: &mut Tally) {
        if tally.counts.is_empty() {
            return;
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, n) in tally.counts.drain(..) {
            *counts.entry(key).or_default() += n;
        }
    }

    /// The sum over all labels.
    #[cfg(test)]
    pub fn total(&self, what: SchemaCount) -> u64 {
        self.all().into_iter().filter(|((kind, _), _)| *kind == what).map(|(_, n)| n).sum()
    }

    /// By event: those without a join key that they need.
    pub fn null_join_keys(&self) -> Vec<(u16, u64)> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = (SchemaCount::NullJoinKey, 0)..=(SchemaCount::NullJoinKey, u16::MAX);
        counts.range(of_it).map(|((_, event), n)| (*event, *n)).collect()
    }

    pub fn all(&self) -> Vec<((SchemaCount, u16), u64)> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(key, n)| (*key, *n)).collect()
    }
}
