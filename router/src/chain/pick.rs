//! Which rows a plugin subscribed to, found without asking it.
//!
//! Each subscription is a bit. An event, a component and a level each know the subscriptions that they
//! meet; a row is picked if the three have a bit in common.

use tapline_contract::Contract;
use tapline_host::Subscription;

use crate::batch::{Batch, Row};
use crate::ingest::Components;

const LEVELS: usize = 6;

pub(super) struct Picker {
    /// Empty: every row is picked.
    words: Vec<Word>,
}

/// 64 subscriptions.
struct Word {
    events: Vec<u64>,
    /// Events that the contract does not know.
    event_unknown: u64,
    components: Vec<u64>,
    /// Components that came with the data.
    component_undeclared: u64,
    levels: [u64; LEVELS],
}

// === impl Picker ===

impl Picker {
    /// Names have been resolved before; one that is not found matches what the contract does not know
    /// where the subscription is optional, else nothing.
    pub(super) fn new(subscriptions: &[Subscription], contract: &Contract, components: &Components) -> Self {
        let words = subscriptions.chunks(64);
        Picker { words: words.map(|chunk| Word::new(chunk, contract, components)).collect() }
    }

    /// Rows that are still on their way.
    pub(super) fn pick(&self, batch: &Batch, picked: &mut Vec<u32>) {
        picked.clear();
        let rows = batch.rows().iter().enumerate().filter(|(_, row)| !row.gone);
        if self.words.is_empty() {
            picked.extend(rows.map(|(i, _)| i as u32));
        } else {
            let wanted = |row: &Row| self.words.iter().any(|word| word.matches(row));
            picked.extend(rows.filter(|(_, row)| wanted(row)).map(|(i, _)| i as u32));
        }
    }
}

// === impl Word ===

impl Word {
    fn new(subscriptions: &[Subscription], contract: &Contract, components: &Components) -> Self {
        let declared = contract.components.iter().map(|c| components.intern(&c.name).0 + 1).max().unwrap_or(0);
        let mut word = Word {
            events: vec![0; contract.events.len()],
            event_unknown: 0,
            components: vec![0; usize::from(declared)],
            component_undeclared: 0,
            levels: [0; LEVELS],
        };
        for (i, subscription) in subscriptions.iter().enumerate() {
            let bit = 1 << i;
            if subscription.events.is_empty() {
                word.events.iter_mut().for_each(|set| *set |= bit);
                word.event_unknown |= bit;
            }
            for event in subscription.events.iter().map(|name| contract.event(name)) {
                match event {
                    Some(event) => word.events[usize::from(event.0)] |= bit,
                    None if subscription.optional => word.event_unknown |= bit,
                    None => {}
                }
            }
            if subscription.components.is_empty() {
                word.components.iter_mut().for_each(|set| *set |= bit);
                word.component_undeclared |= bit;
            }
            for name in &subscription.components {
                match contract.component(name) {
                    Some(_) => word.components[usize::from(components.intern(name).0)] |= bit,
                    None if subscription.optional => word.component_undeclared |= bit,
                    None => {}
                }
            }
            let least = usize::from(subscription.min_level.unwrap_or(0)).min(LEVELS);
            word.levels[least..].iter_mut().for_each(|set| *set |= bit);
        }
        word
    }

    fn matches(&self, row: &Row) -> bool {
        let event = row.event.map_or(self.event_unknown, |id| self.events[usize::from(id.0)]);
        let component = self.components.get(usize::from(row.component.0));
        let component = component.copied().unwrap_or(self.component_undeclared);
        event & component & self.levels[row.level as usize] != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::tests::row;
    use tapline_contract::Level;

    fn subscription(components: &[&str], events: &[&str], min_level: Option<u8>) -> Subscription {
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Subscription { components: names(components), events: names(events), min_level, optional: false }
    }

    /// Rows: an info signal of strategy, an error fill of execution, an unknown critical of nobody.
    fn picked(subscriptions: &[Subscription]) -> Vec<u32> {
        let contract = Contract::embedded();
        let components = Components::new(contract);
        let mut batch = Batch::new(contract);
        for (event, component, level) in [
            (contract.event("signal"), "strategy", Level::Info),
            (contract.event("fill"), "execution", Level::Error),
            (None, "made-up", Level::Critical),
        ] {
            let component = components.intern(component);
            batch.push_row(Row { event, component, level, ..row(contract) });
        }
        let mut picked = Vec::new();
        Picker::new(subscriptions, contract, &components).pick(&batch, &mut picked);
        picked
    }

    #[test]
    fn a_row_meets_all_parts_of_one_subscription() {
        assert_eq!(picked(&[]), [0, 1, 2]);
        assert_eq!(picked(&[subscription(&[], &[], None)]), [0, 1, 2]);
        assert_eq!(picked(&[subscription(&["strategy"], &[], None)]), [0]);
        assert_eq!(picked(&[subscription(&[], &["fill"], None)]), [1]);
        assert_eq!(picked(&[subscription(&[], &[], Some(4))]), [1, 2]);
        assert_eq!(picked(&[subscription(&["strategy"], &["fill"], None)]), [] as [u32; 0]);
        assert_eq!(picked(&[subscription(&["strategy"], &[], Some(4))]), [] as [u32; 0]);
    }

    #[test]
    fn an_optional_name_stands_for_all_that_is_not_known() {
        let optional = |components, events| Subscription { optional: true, ..subscription(components, events, None) };
        assert_eq!(picked(&[optional(&[], &["no such event"])]), [2]);
        assert_eq!(picked(&[optional(&[], &["no such event", "fill"])]), [1, 2]);
        assert_eq!(picked(&[optional(&["no such component"], &[])]), [2]);
        assert_eq!(picked(&[optional(&["no such component"], &["fill"])]), [] as [u32; 0]);
    }

    #[test]
    fn more_than_a_word_of_subscriptions() {
        let mut many = vec![subscription(&["gateway"], &[], None); 100];
        many.push(subscription(&[], &["signal"], None));
        assert_eq!(picked(&many), [0]);
    }
}
