//! What the keys of a line mean.

use hashbrown::HashMap;
use tapline_contract::{BUILT_INS, Contract, FieldId};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Key {
    Unknown,
    /// By rank: a lower one wins over a higher one.
    Ts(u8),
    Level,
    Event,
    Component,
    Run,
    Seq,
    /// Said by our own clients only, and known from the event anyway.
    Lane,
    Details,
    /// A name that only the router gives a value, by its place in `BUILT_INS`.
    Reserved(u16),
    Field(FieldId),
    /// Another name of the field; the real one wins where both are there.
    Alias(FieldId),
}

pub struct Keys(HashMap<Box<[u8]>, Key>);

impl Keys {
    pub fn new(contract: &Contract) -> Self {
        let mut keys = Keys(HashMap::new());
        for (id, field) in contract.field_ids() {
            for alias in &field.aliases {
                keys.set(alias, Key::Alias(id));
            }
        }
        for (id, field) in contract.field_ids() {
            keys.set(&field.name, Key::Field(id));
        }
        for (rank, name) in ["ts", "timestamp", "@timestamp", "time"].into_iter().enumerate() {
            keys.set(name, Key::Ts(rank as u8));
        }
        for (name, key) in [
            ("level", Key::Level),
            ("event", Key::Event),
            ("component", Key::Component),
            ("run", Key::Run),
            ("seq", Key::Seq),
            ("details", Key::Details),
        ] {
            keys.set(name, key);
        }
        for (at, name) in BUILT_INS.iter().enumerate() {
            if !name.from_producer && name.name != "details" {
                keys.set(name.name, Key::Reserved(at as u16));
            }
        }
        keys
    }

    pub fn set(&mut self, name: &str, key: Key) {
        self.0.insert(name.as_bytes().into(), key);
    }

    pub fn get(&self, name: &[u8]) -> Key {
        self.0.get(name).copied().unwrap_or(Key::Unknown)
    }
}
