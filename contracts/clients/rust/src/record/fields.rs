//! Reading a record back. Any bytes may be in it; what makes no sense ends the reading.

use crate::schema::{EventSchema, Kind};

/// A field's value, borrowed from its record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Text(&'a str),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// JSON text as the producer gave it: perhaps not valid, perhaps cut.
    Json(&'a str),
}

/// Pairs of (index of the field in the event's schema, value).
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    schema: Option<&'static EventSchema>,
    present: u64,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(schema: Option<&'static EventSchema>, present: u64, payload: &'a [u8]) -> Fields<'a> {
        Fields { schema, present, rest: payload }
    }

    /// Whether all of them can be read, and nothing is left over. The same as reading them, in a
    /// third of the time: nearly all texts are ASCII.
    pub(super) fn are_whole(&mut self) -> bool {
        while self.present != 0 {
            let index = self.present.trailing_zeros() as usize;
            self.present &= self.present - 1;
            let Some(field) = self.schema.and_then(|schema| schema.field(index)) else { return false };
            let whole = match field.kind {
                Kind::Int | Kind::Float => self.take::<8>().is_some(),
                Kind::Bool => self.take::<1>().is_some(),
                Kind::Text | Kind::Json => {
                    self.bytes().is_some_and(|text| text.is_ascii() || std::str::from_utf8(text).is_ok())
                }
            };
            if !whole {
                return false;
            }
        }
        self.rest.is_empty()
    }

    fn read(&mut self, index: usize) -> Option<Value<'a>> {
        Some(match self.schema?.field(index)?.kind {
            Kind::Int => Value::Int(i64::from_le_bytes(*self.take()?)),
            Kind::Float => Value::Float(f64::from_le_bytes(*self.take()?)),
            Kind::Bool => Value::Bool(self.take::<1>()?[0] != 0),
            Kind::Text => Value::Text(self.text()?),
            Kind::Json => Value::Json(self.text()?),
        })
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let [len] = *self.take()?;
        let (bytes, rest) = self.rest.split_at_checked(usize::from(len))?;
        self.rest = rest;
        Some(bytes)
    }

    fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(bytes)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (usize, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.present == 0 {
            return None;
        }
        let index = self.present.trailing_zeros() as usize;
        self.present &= self.present - 1;
        let Some(value) = self.read(index) else {
            self.present = 0;
            return None;
        };
        Some((index, value))
    }
}
