//! Whether a router did the work that it is timed for.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::workload::{Expected, desks, fingerprint, is_urgent};

#[derive(Deserialize)]
struct Line<'a> {
    component: &'a str,
    level: &'a str,
    strategy_id: &'a str,
    client_order_id: &'a str,
    account: &'a str,
    desk: &'a str,
    #[serde(borrow)]
    message: std::borrow::Cow<'a, str>,
}

/// Every event is in the right one of both files, once, with its account masked and its desk named.
pub(crate) fn check(rest: &Path, urgent: &Path, expected: &Expected) -> Result<()> {
    let desks = desks();
    let (mut lines, mut sum) = (0u64, 0u64);
    let mut text = String::new();
    for (path, is_for_urgent) in [(rest, false), (urgent, true)] {
        let mut count = 0;
        let mut file =
            BufReader::with_capacity(1 << 20, File::open(path).with_context(|| format!("opening {}", path.display()))?);
        loop {
            text.clear();
            if file.read_line(&mut text)? == 0 {
                break;
            }
            count += 1;
            let wrong = |what: &str| format!("line {count} of {}: {what}: {text}", path.display());
            let line: Line<'_> = serde_json::from_str(&text).with_context(|| wrong("not the event"))?;
            if is_urgent(line.component, line.level) != is_for_urgent {
                bail!(wrong("in the wrong file"));
            }
            if line.account != "AC-*********" {
                bail!(wrong("account not masked"));
            }
            if desks.get(line.strategy_id) != Some(&line.desk) {
                bail!(wrong("wrong desk"));
            }
            if line.message.is_empty() {
                bail!(wrong("no message"));
            }
            sum = sum.wrapping_add(fingerprint(line.client_order_id));
        }
        if is_for_urgent && count != expected.urgent {
            bail!("{count} lines in {}, and {} are urgent", path.display(), expected.urgent);
        }
        lines += count;
    }
    if lines != expected.lines || sum != expected.fingerprint {
        bail!("{lines} lines came out, {} went in, or not each once", expected.lines);
    }
    Ok(())
}
