//! Component names as small integers: the contract's first, then those that came with the data.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tapline_contract::Contract;

use crate::batch::ComponentRef;

/// So many names beyond the contract's are kept apart; a program that puts an id in its component's
/// name must not grow the router. Any more are `_other`.
const UNDECLARED_MAX: usize = 256;

/// A longer name is cut: it is a label value.
const NAME_BYTES_MAX: usize = 64;

pub struct Components {
    names: RwLock<Names>,
    declared: usize,
    /// Where events without a component go.
    pub unknown: ComponentRef,
}

#[derive(Default)]
struct Names {
    by_name: HashMap<Arc<str>, ComponentRef>,
    by_ref: Vec<Arc<str>>,
}

impl Components {
    pub fn new(contract: &Contract) -> Self {
        let mut names = Names::default();
        for component in &contract.components {
            let id = names.add(&component.name);
            for alias in &component.aliases {
                names.by_name.insert(alias.as_str().into(), id);
            }
        }
        let unknown = names.add("unknown");
        let declared = names.by_ref.len();
        Components { names: RwLock::new(names), declared, unknown }
    }

    pub fn intern(&self, name: &str) -> ComponentRef {
        let name = truncate(name);
        if name.is_empty() {
            return self.unknown;
        }
        if let Some(&id) = self.names.read().unwrap_or_else(PoisonError::into_inner).by_name.get(name) {
            return id;
        }
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        let name = if names.by_ref.len() >= self.declared + UNDECLARED_MAX { "_other" } else { name };
        names.add(name)
    }

    pub fn name(&self, id: ComponentRef) -> Arc<str> {
        self.names.read().unwrap_or_else(PoisonError::into_inner).by_ref[id.0 as usize].clone()
    }

    /// All names by number, for a stage that looks many up.
    pub fn names(&self) -> Vec<Arc<str>> {
        self.names.read().unwrap_or_else(PoisonError::into_inner).by_ref.clone()
    }
}

impl Names {
    fn add(&mut self, name: &str) -> ComponentRef {
        if let Some(&id) = self.by_name.get(name) {
            return id;
        }
        let id = ComponentRef(self.by_ref.len() as u16);
        let name: Arc<str> = name.into();
        self.by_ref.push(name.clone());
        self.by_name.insert(name, id);
        id
    }
}

fn truncate(name: &str) -> &str {
    let mut end = name.len().min(NAME_BYTES_MAX);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undeclared_names_are_capped() {
        let components = Components::new(Contract::embedded());
        for n in 0..1000 {
            components.intern(&format!("made-up-{n}"));
        }
        assert_eq!(&*components.name(components.intern("one-more")), "_other");
        assert!(components.names().len() <= components.declared + UNDECLARED_MAX + 1);
        assert_eq!(&*components.name(components.intern("risk")), "risk");
        assert_eq!(components.intern(""), components.unknown);
    }
}
