//! The committed files are what the contract generates.
//!
//! `TAPLINE_BLESS=1` rewrites them instead, which is what `cargo xtask bless` is for.

use std::fs;
use std::path::Path;

use tapline_contract::{Contract, generate};

#[test]
fn generated_files_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let bless = std::env::var_os("TAPLINE_BLESS").is_some();
    let mut stale = Vec::new();
    for (path, text) in generate::all(Contract::embedded()) {
        let file = root.join(&path);
        if fs::read_to_string(&file).is_ok_and(|found| found == text) {
            continue;
        }
        if bless {
            fs::create_dir_all(file.parent().unwrap_or(&root)).unwrap_or_else(|e| panic!("{path}: {e}"));
            fs::write(&file, text).unwrap_or_else(|e| panic!("{path}: {e}"));
        } else {
            stale.push(path);
        }
    }
    assert!(
        stale.is_empty(),
        "not what contracts/trading.toml says any more: {}\nrun `cargo xtask bless` and commit the result",
        stale.join(", ")
    );
}
