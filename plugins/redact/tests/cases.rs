//! The cases of `cases.toml`, natively.

use tapline_plugin::harness::check_cases;
use tapline_redact::Redact;

#[test]
fn cases() {
    check_cases::<Redact>(include_str!("cases.toml"));
}
