//! A contract is written by people: no text may bring the parser down, and what it says must help.

use proptest::prelude::*;
use tapline_contract::{Contract, TRADING_TOML, nearest};

/// A part of the real contract: long enough to hold every kind of declaration that matters, short
/// enough to be parsed a few hundred times.
fn piece() -> impl Strategy<Value = String> {
    (0..TRADING_TOML.len(), 0..4000_usize).prop_map(|(start, length)| {
        let bytes = &TRADING_TOML.as_bytes()[start..(start + length).min(TRADING_TOML.len())];
        String::from_utf8_lossy(bytes).into_owned()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_brings_the_parser_down(mut text in piece(), noise in ".{0,40}", at in any::<prop::sample::Index>()) {
        let mut place = at.index(text.len() + 1);
        while !text.is_char_boundary(place) {
            place -= 1;
        }
        text.insert_str(place, &noise);
        let lines = text.split('\n').count();
        if let Err(errors) = Contract::parse(&text) {
            prop_assert!(!errors.is_empty());
            for error in errors.iter() {
                prop_assert!(error.line.is_none_or(|line| (1..=lines).contains(&line)), "{error}");
                prop_assert!(!error.problem.is_empty());
            }
        }
    }

    #[test]
    fn a_field_renamed_everywhere_changes_nothing_but_the_name(word in "[a-z]{9}") {
        let new = format!("zz_{word}");
        let text = TRADING_TOML.replace("reconciliation_result", &new);
        let contract = Contract::parse(&text).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert!(contract.field(&new).is_some() && contract.field("reconciliation_result").is_none());
        prop_assert!(contract.hash != Contract::embedded().hash);
        let again = Contract::parse(&contract.to_toml()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(again.hash, contract.hash);
    }

    #[test]
    fn a_name_with_one_wrong_letter_is_recognised(index in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), letter in "[a-z]") {
        let fields = &Contract::embedded().fields;
        let name = &index.get(fields).name;
        prop_assume!(name.len() >= 6);
        let mut wrong = name.clone();
        let place = at.index(wrong.len());
        wrong.replace_range(place..=place, &letter);
        let found = nearest(&wrong, fields.iter().map(|f| f.name.as_str()));
        // Another declared name may be as near, but something is always offered.
        prop_assert!(found.is_some(), "{wrong}");
    }
}
