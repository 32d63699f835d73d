//! `cargo xtask bless`: rewrite what is generated from the contract.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tapline_contract::{Contract, generate};

/// Writes every generated file that differs below `root` and says which. The contract is read from
/// the file, not from the copy that was compiled in, so that one run is enough after a change.
pub(crate) fn bless(root: &Path) -> Result<()> {
    let source = root.join("contracts/trading.toml");
    let text = fs::read_to_string(&source).with_context(|| format!("reading {}", source.display()))?;
    let contract = Contract::parse(&text).with_context(|| format!("in {}", source.display()))?;
    let mut written = 0;
    for (path, text) in generate::all(&contract) {
        let file = root.join(&path);
        if fs::read_to_string(&file).is_ok_and(|found| found == text) {
            continue;
        }
        let folder = file.parent().unwrap_or(root);
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
        println!("wrote {path}");
        written += 1;
    }
    if written == 0 {
        println!("all generated files are fresh");
    }
    Ok(())
}
