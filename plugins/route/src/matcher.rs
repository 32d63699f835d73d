//! Which rules fit a row.
//!
//! Each field says for each of its values which rules it leaves possible, as a set of bits. The rules
//! that fit a row are what its fields leave over together. A value's set is worked out once and
//! remembered, so a row costs a look-up and an `and` for each field.

use std::collections::BTreeMap;

use tapline_plugin::{Level, Memo, TextIn};

use crate::config::Rule;

/// One bit a rule.
pub(crate) type RuleSet = u64;

/// The rules that a set can hold.
pub(crate) const RULES_MAX: usize = 64;

/// The rules by one field.
#[derive(Debug)]
pub(crate) struct FieldMatcher {
    pub(crate) read: TextIn,
    /// Rules that name no value of this field: the only ones left where the field is absent.
    pub(crate) indifferent: RuleSet,
    /// The others: where none of them is left, the value need not be looked at.
    pub(crate) concerned: RuleSet,
    /// For each rule that does, its values.
    tests: Vec<(RuleSet, Vec<String>)>,
    memo: Memo<RuleSet>,
}

/// The rules by level: which ones fit from each level on.
#[derive(Clone, Debug)]
pub(crate) struct LevelMatcher {
    by_level: [RuleSet; Level::ALL.len()],
    absent: RuleSet,
}

/// Distinct values of a field that are remembered.
const VALUES_MAX: usize = 1024;

// === impl FieldMatcher ===

impl FieldMatcher {
    /// A matcher for each field that any rule names.
    pub(crate) fn all(rules: &[Rule], mut read: impl FnMut(&str) -> TextIn) -> Vec<FieldMatcher> {
        let mut tests: BTreeMap<&str, Vec<(RuleSet, Vec<String>)>> = BTreeMap::new();
        for (index, rule) in rules.iter().enumerate() {
            for (field, values) in &rule.when.fields {
                tests.entry(field).or_default().push((1 << index, values.clone()));
            }
        }
        let matcher = |(field, tests): (&str, Vec<(RuleSet, Vec<String>)>)| FieldMatcher {
            read: read(field),
            indifferent: tests.iter().fold(all(rules.len()), |set, (rule, _)| set & !rule),
            concerned: tests.iter().fold(0, |set, (rule, _)| set | rule),
            tests,
            memo: Memo::new(VALUES_MAX),
        };
        tests.into_iter().map(matcher).collect()
    }

    /// The rules that this value leaves possible.
    #[inline]
    pub(crate) fn look_up(&mut self, value: &str) -> RuleSet {
        let (tests, indifferent) = (&self.tests, self.indifferent);
        self.memo.get(value, |value| work_out(tests, indifferent, value))
    }

    /// Every set that some value leaves, each once: a named value, one that goes on behind a named
    /// beginning as no named value does, one that nobody names, and no value at all.
    pub(crate) fn possible(&self) -> Vec<RuleSet> {
        let work_out = |value: &str| work_out(&self.tests, self.indifferent, value);
        let named = self.tests.iter().flat_map(|(_, values)| values);
        let mut sets: Vec<RuleSet> = named
            .map(|value| match value.strip_suffix('*') {
                Some(beginning) => work_out(&format!("{beginning}{UNNAMED}")),
                None => work_out(value),
            })
            .chain([self.indifferent])
            .collect();
        sets.sort_unstable();
        sets.dedup();
        sets
    }
}

/// No rule names a value with this character.
const UNNAMED: char = char::MAX;

fn work_out(tests: &[(RuleSet, Vec<String>)], indifferent: RuleSet, value: &str) -> RuleSet {
    tests
        .iter()
        .filter(|(_, values)| values.iter().any(|wanted| fits(wanted, value)))
        .fold(indifferent, |set, (rule, _)| set | rule)
}

fn fits(wanted: &str, value: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(beginning) => value.starts_with(beginning),
        None => value == wanted,
    }
}

/// The set of all of so many rules.
pub(crate) fn all(rules: usize) -> RuleSet {
    if rules >= RULES_MAX { RuleSet::MAX } else { (1 << rules) - 1 }
}

// === impl LevelMatcher ===

impl LevelMatcher {
    /// `None` when no rule asks for a level, so that the column need not be read.
    pub(crate) fn new(rules: &[Rule]) -> Option<LevelMatcher> {
        if rules.iter().all(|rule| rule.when.min_level.is_none()) {
            return None;
        }
        let set = |fits: &dyn Fn(Option<Level>) -> bool| {
            let fitting = rules.iter().enumerate().filter(|(_, rule)| fits(rule.when.min_level));
            fitting.fold(0, |set, (index, _)| set | 1 << index)
        };
        Some(LevelMatcher {
            by_level: Level::ALL.map(|level| set(&|least| least.is_none_or(|least| level >= least))),
            absent: set(&|least| least.is_none()),
        })
    }

    #[inline]
    pub(crate) fn look_up(&self, level: Option<i64>) -> RuleSet {
        let known = level.and_then(|level| self.by_level.get(usize::try_from(level).ok()?));
        known.copied().unwrap_or(self.absent)
    }

    pub(crate) fn possible(&self) -> Vec<RuleSet> {
        let mut sets: Vec<RuleSet> = self.by_level.into_iter().chain([self.absent]).collect();
        sets.sort_unstable();
        sets.dedup();
        sets
    }
}
