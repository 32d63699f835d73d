//! The plugin: rules by field, a verdict for what fits.

use std::collections::BTreeMap;

use tapline_plugin::{Batch, IntIn, Output, Plan, Plugin, VerdictId};

use crate::config::Config;
use crate::matcher::{FieldMatcher, LevelMatcher, RULES_MAX, RuleSet, all};
use crate::outcome::{reachable, verdicts};

/// Sends events on their ways.
#[derive(Debug)]
pub struct Route {
    fields: Vec<FieldMatcher>,
    level: Option<(IntIn, LevelMatcher)>,
    all: RuleSet,
    verdicts: BTreeMap<RuleSet, VerdictId>,
    /// The rules left for each row; kept for its capacity.
    left: Vec<RuleSet>,
}

// === impl Route ===

impl Plugin for Route {
    type Config = Config;

    fn configure(config: Config, plan: &mut Plan) -> Result<Self, String> {
        for rule in &Config::default().rules {
            rule.when.fields.keys().for_each(|field| plan.optional(field));
        }
        let rules = config.rules;
        if rules.len() > RULES_MAX {
            return Err(format!(
                "rules: {} rules, {RULES_MAX} are allowed; join rules whose outcome is the same",
                rules.len()
            ));
        }
        let then = rules
            .iter()
            .enumerate()
            .map(|(index, rule)| rule.then().map_err(|why| format!("rules: rule {} {why}", index + 1)));
        let then: Vec<_> = then.collect::<Result<_, _>>()?;
        // Rows that no rule can fit are not even seen.
        rules.iter().for_each(|rule| plan.subscribe(rule.when.subscription()));
        let fields = FieldMatcher::all(&rules, |field| plan.read_text(field));
        let level = LevelMatcher::new(&rules).map(|matcher| (plan.read_int("level"), matcher));
        let mut possible: Vec<_> = fields.iter().map(FieldMatcher::possible).collect();
        possible.extend(level.iter().map(|(_, matcher)| matcher.possible()));
        let sets = reachable(rules.len(), &possible)?;
        Ok(Route { fields, level, all: all(rules.len()), verdicts: verdicts(&then, sets, plan), left: Vec::new() })
    }

    fn process(&mut self, batch: &mut Batch, out: &mut Output) -> Result<(), String> {
        self.left.clear();
        match &self.level {
            Some((read, matcher)) => {
                let levels = batch.ints(*read);
                self.left.extend(levels.iter().map(|(_, level)| matcher.look_up(level)));
            }
            None => self.left.resize(batch.rows(), self.all),
        }
        for field in &mut self.fields {
            let column = batch.text(field.read);
            if column.presence().none() {
                let indifferent = field.indifferent;
                self.left.iter_mut().for_each(|left| *left &= indifferent);
                continue;
            }
            for (left, (_, value)) in self.left.iter_mut().zip(column.iter()) {
                // Most events fit no rule that asks for this field: nothing to look up.
                if *left & field.concerned != 0 {
                    *left &= value.map_or(field.indifferent, |value| field.look_up(value));
                }
            }
        }
        let mut last = (0, self.verdicts.get(&0).copied());
        for (row, &left) in self.left.iter().enumerate() {
            if left != last.0 {
                last = (left, self.verdicts.get(&left).copied());
            }
            match last.1 {
                Some(verdict) if left != 0 => out.verdict(row, verdict),
                Some(_) => {}
                None if left == 0 => {}
                None => {
                    return Err(format!("rules {left:#b} fit together, which was not foreseen"));
                }
            }
        }
        Ok(())
    }
}
