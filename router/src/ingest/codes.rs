//! Values of closed sets: what a producer wrote becomes the contract's word for it, so that a column says
//! one thing in one way.

use tapline_contract::{Contract, FieldId};

use super::schema_counts::{SchemaCount, Tally};
use crate::batch::{Batch, Cell};

/// By field number: whether its values are a closed set.
pub fn closed_sets(contract: &Contract) -> Box<[bool]> {
    contract.fields.iter().map(|field| !field.values.is_empty()).collect()
}

/// A value that is not in the set stays as it came, and is counted.
pub fn settle(contract: &Contract, batch: &mut Batch, row: usize, field: FieldId, tally: &mut Tally) {
    let Cell::Text(span) = batch.get(row, field) else { return };
    let text = batch.text(span);
    let definition = contract.field_at(field);
    if text.is_empty() || definition.values.iter().any(|value| value == text) {
        return;
    }
    match definition.canonical(text) {
        Some(ours) => {
            let span = batch.push_text(ours);
            batch.put(row, field, Cell::Text(span));
            tally.add(SchemaCount::Code, field.0, 1);
        }
        None => tally.add(SchemaCount::UnknownValue, field.0, 1),
    }
}
