//! What an event's definition asks of its row.

use tapline_contract::{Constant, Event, Form, MissingField};

use super::{Decoder, Rejection};
use crate::batch::{Batch, Cell};
use crate::ingest::schema_counts::SchemaCount;

impl Decoder {
    /// Another program's form of an event: its spelling of values becomes ours, and what it means
    /// without saying so is said.
    pub(super) fn speak_ours(&self, batch: &mut Batch, row: usize, form: &Form) {
        for (field, _) in &form.values {
            let theirs = match batch.get(row, *field) {
                Cell::Text(span) => batch.text(span).to_owned(),
                Cell::Int(value) => value.to_string(),
                _ => continue,
            };
            if let Some(ours) = form.value(*field, &theirs) {
                let span = batch.push_text(ours);
                batch.put(row, *field, Cell::Text(span));
            }
        }
        for (field, constant) in &form.constants {
            if !batch.get(row, *field).is_absent() {
                continue;
            }
            let cell = match constant {
                Constant::Text(text) => Cell::Text(batch.push_text(text)),
                Constant::Int(value) => Cell::Int(*value),
                Constant::Float(value) => Cell::Float(*value),
                Constant::Bool(value) => Cell::Bool(*value),
            };
            batch.put(row, *field, cell);
        }
    }

    pub(super) fn check_required(&mut self, batch: &Batch, row: usize, event: &Event) -> Result<(), Rejection> {
        for field in event.fields.iter().filter(|field| field.required) {
            let missing = match batch.get(row, field.field) {
                Cell::Absent => true,
                Cell::Text(span) => span.len == 0,
                _ => false,
            };
            if missing {
                let join = self.contract.field_at(field.field).join;
                if self.contract.policy.missing_field == MissingField::Reject {
                    return Err(Rejection::new(
                        "missing_field",
                        format!(
                            "event `{}` needs the field `{}`, and the contract refuses it without",
                            event.name,
                            self.contract.field_at(field.field).name
                        ),
                    ));
                }
                let id = batch.rows()[row].event.map_or(0, |event| event.0);
                self.tally.add(if join { SchemaCount::NullJoinKey } else { SchemaCount::MissingField }, id, 1);
            }
        }
        Ok(())
    }
}
