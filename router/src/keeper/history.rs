//! Ledgers of earlier runs, as far as they say that something was lost: `ledgers.ndjson` in the data dir, a
//! line a run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{KeptLedger, ledger_path};
use crate::ledger::Outcome;
use crate::replace::replace;

/// Beyond this the oldest runs are forgotten.
const BYTES_MAX: usize = 4 << 20;

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("ledgers.ndjson")
}

/// All runs that are known of, the last one (which may be running) included, the oldest first.
pub fn history(data_dir: &Path) -> io::Result<Vec<KeptLedger>> {
    let mut runs = earlier(data_dir)?;
    if let Some(last) = last(data_dir)?
        && runs.iter().all(|kept| kept.run != last.run)
    {
        runs.push(last);
    }
    Ok(runs)
}

/// Puts the last run's ledger to the others, before a new one takes its place.
pub(super) fn put_away(data_dir: &Path) -> io::Result<()> {
    let Some(mut last) = last(data_dir)? else { return Ok(()) };
    let is_loss = |outcome: &str| outcome != Outcome::Filtered.name();
    last.ledger.streams.retain(|stream| stream.reasons.iter().any(|reason| is_loss(&reason.outcome)));
    let mut runs = earlier(data_dir)?;
    if last.ledger.streams.is_empty() || runs.iter().any(|kept| kept.run == last.run) {
        return Ok(());
    }
    runs.push(last);
    let mut lines: Vec<String> = Vec::with_capacity(runs.len());
    for run in &runs {
        lines.push(serde_json::to_string(run)?);
    }
    let mut bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
    let mut kept = lines.as_slice();
    while let [oldest, rest @ ..] = kept
        && bytes > BYTES_MAX
        && !rest.is_empty()
    {
        bytes -= oldest.len() + 1;
        kept = rest;
    }
    let text: String = kept.iter().flat_map(|line| [line, "\n"]).collect();
    replace(&path(data_dir), text.as_bytes())
}

fn earlier(data_dir: &Path) -> io::Result<Vec<KeptLedger>> {
    let text = match fs::read_to_string(path(data_dir)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    // A line of another version is passed over.
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

fn last(data_dir: &Path) -> io::Result<Option<KeptLedger>> {
    match fs::read(ledger_path(data_dir)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => Ok(serde_json::from_slice(&read?).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::LedgerSnapshot;

    fn ledger(run: &str, reason: &str) -> String {
        let stream = serde_json::json!({
            "component": "risk", "lane": "log", "run": "r", "balanced": true, "emitted": 2, "delivered": 1, "filtered": 0,
            "rejected": 0, "dropped": 1, "dead_lettered": 0, "pending": 0,
            "reasons": [{ "outcome": "dropped", "reason": reason, "count": 1 }],
        });
        let snapshot = LedgerSnapshot::default();
        serde_json::json!({ "run": run, "ts": 1, "closed": true, "balanced": true, "totals": snapshot.totals, "streams": [stream] })
            .to_string()
    }

    #[test]
    fn what_a_run_lost_is_known_after_the_next_has_begun() {
        let folder = tempfile::tempdir().unwrap();
        assert!(history(folder.path()).unwrap().is_empty());
        for (run, reason) in [("one", "journal_full"), ("two", "producer_gap")] {
            fs::write(ledger_path(folder.path()), ledger(run, reason)).unwrap();
            put_away(folder.path()).unwrap();
            // A start that is cut off here and made again keeps it once.
            put_away(folder.path()).unwrap();
        }
        fs::write(ledger_path(folder.path()), ledger("three", "journal_failing")).unwrap();
        let runs = history(folder.path()).unwrap();
        let lost: Vec<(&str, &str)> =
            runs.iter().map(|kept| (&*kept.run, &*kept.ledger.streams[0].reasons[0].reason)).collect();
        assert_eq!(lost, [("one", "journal_full"), ("two", "producer_gap"), ("three", "journal_failing")]);
    }

    #[test]
    fn the_file_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let long = "x".repeat(BYTES_MAX / 3);
        for run in ["1", "2", "3", "4"] {
            fs::write(ledger_path(folder.path()), ledger(run, &long)).unwrap();
            put_away(folder.path()).unwrap();
        }
        assert!(fs::metadata(path(folder.path())).unwrap().len() <= BYTES_MAX as u64);
        let runs: Vec<String> = earlier(folder.path()).unwrap().into_iter().map(|kept| kept.run).collect();
        assert_eq!(runs, ["3", "4"]);
    }
}
