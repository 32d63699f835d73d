//! From the rules that fit to a verdict.
//!
//! Verdicts are declared beforehand, so every set of rules that can fit together is worked out at
//! configuration. Fields are independent: the sets that can occur are what one value of each field
//! leaves over together. That is usually a handful, however many rules there are.

use std::collections::{BTreeMap, BTreeSet};

use tapline_plugin::{Plan, Verdict, VerdictId};

use crate::config::Then;
use crate::matcher::{RuleSet, all};

/// Sets of rules that can fit together, before it gives up. Far more than any verdict table holds.
const SETS_MAX: usize = 20_000;

/// Every set that can occur, given what each field can leave.
pub(crate) fn reachable(rules: usize, fields: &[Vec<RuleSet>]) -> Result<BTreeSet<RuleSet>, String> {
    let mut sets = BTreeSet::from([all(rules)]);
    for possible in fields {
        sets = sets.iter().flat_map(|set| possible.iter().map(move |left| set & left)).collect();
        if sets.len() > SETS_MAX {
            return Err(format!(
                "rules: more than {SETS_MAX} combinations of rules can fit together; join rules whose outcome is the same"
            ));
        }
    }
    Ok(sets)
}

/// The verdict for each set, declared in the plan.
pub(crate) fn verdicts(then: &[Then], sets: BTreeSet<RuleSet>, plan: &mut Plan) -> BTreeMap<RuleSet, VerdictId> {
    sets.into_iter().map(|set| (set, plan.verdict(verdict(then, set)))).collect()
}

fn verdict(then: &[Then], set: RuleSet) -> Verdict {
    let fitting = || then.iter().enumerate().filter(|(index, _)| set & (1 << index) != 0);
    let mut also: BTreeSet<&String> = BTreeSet::new();
    for (_, then) in fitting() {
        if let Then::Also(to) = then {
            also.extend(to);
        }
    }
    let decisive = fitting().find(|(_, then)| !matches!(then, Then::Also(_)));
    match decisive.map(|(_, then)| then) {
        Some(Then::Send(to)) => Verdict::send(to.iter().chain(also).cloned().collect::<BTreeSet<_>>()),
        // Somebody asked for it beside: then that is where it goes, and nowhere else.
        Some(Then::Drop(_)) if !also.is_empty() => Verdict::send(also.into_iter().cloned()),
        Some(Then::Drop(reason)) => Verdict::drop(reason),
        _ if also.is_empty() => Verdict::Keep,
        _ => Verdict::also(also.into_iter().cloned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_send_or_drop_counts_and_every_also() {
        let then = [
            Then::Also(names(&["pager"])),
            Then::Send(names(&["bulk"])),
            Then::Drop("noise".into()),
            Then::Also(names(&["alerts", "pager"])),
        ];
        for (set, expect) in [
            (0b0000, Verdict::Keep),
            (0b0001, Verdict::also(["pager"])),
            (0b1001, Verdict::also(["alerts", "pager"])),
            (0b0110, Verdict::send(["bulk"])),
            (0b0100, Verdict::drop("noise")),
            (0b1010, Verdict::send(["alerts", "bulk", "pager"])),
            (0b1100, Verdict::send(["alerts", "pager"])),
        ] {
            assert_eq!(verdict(&then, set), expect, "{set:04b}");
        }
    }

    #[test]
    fn only_what_can_fit_together_is_reached() {
        // Rules 0 and 1 name different values of one field, rule 2 another field.
        let sets = reachable(3, &[vec![0b101, 0b110, 0b100], vec![0b111, 0b011]]).unwrap();
        assert_eq!(sets.into_iter().collect::<Vec<_>>(), [0b000, 0b001, 0b010, 0b100, 0b101, 0b110]);
    }
}
