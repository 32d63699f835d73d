//! What is said elsewhere in the tree agrees with the tree.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The texts in backquotes, in order.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Each row of `failures.md` names tests as a file and then functions in it; all must exist.
#[test]
fn every_test_that_closes_a_failure_exists() {
    let table = fs::read_to_string(root().join("contracts/failures.md")).expect("contracts/failures.md");
    let mut rows = HashSet::new();
    let mut wrong = Vec::new();
    for line in table.lines().filter(|line| line.starts_with("| A") || line.starts_with("| B")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [row, _, _, tests] = cells[..] else { panic!("not four cells: {line}") };
        assert!(rows.insert(row), "row {row} stands twice");
        let mut source: Option<String> = None;
        let mut named = 0;
        for name in quoted(tests) {
            if name.contains('/') {
                source = fs::read_to_string(root().join(name)).ok();
                if source.is_none() {
                    wrong.push(format!("{row}: there is no file {name}"));
                }
            } else if let Some(source) = &source {
                named += 1;
                if !source.contains(&format!("fn {name}(")) {
                    wrong.push(format!("{row}: there is no test {name} in the file named before it"));
                }
            }
        }
        if named == 0 {
            wrong.push(format!("{row}: no test is named"));
        }
    }
    assert!(!rows.is_empty(), "no row was found");
    assert!(wrong.is_empty(), "contracts/failures.md: {wrong:#?}");
}

/// Migrations are numbered from 1 without gaps, so that "applied up to n" means something.
#[test]
fn migrations_are_numbered_without_gaps() {
    for dialect in ["sqlite", "clickhouse"] {
        let folder = root().join("contracts/migrations").join(dialect);
        let mut numbers: Vec<usize> = fs::read_dir(&folder)
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
            .map(|entry| {
                let name = entry.expect("an entry").file_name().into_string().expect("a plain name");
                name.split('_').next().and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{name} has no number"))
            })
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>(), "{dialect}");
    }
}
