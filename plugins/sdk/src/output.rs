//! What one call gives back.

use crate::bindings::tapline::plugin::types as raw;
use crate::edit::Edit;
use crate::event::Event;
use crate::notice::Notice;
use crate::verdict::{KEEP, VerdictId};

/// Collects verdicts, edits, notices and events. What is never mentioned costs nothing: no verdict
/// means `keep` for every row.
#[derive(Debug)]
pub struct Output {
    rows: usize,
    raw: raw::Output,
    error: Option<String>,
}

// === impl Output ===

impl Output {
    pub(crate) fn new(rows: usize) -> Self {
        let raw = raw::Output { verdicts: Vec::new(), edits: Vec::new(), notices: Vec::new(), events: Vec::new() };
        Output { rows, raw, error: None }
    }

    /// Decide about one row. The last word counts.
    #[inline]
    pub fn verdict(&mut self, row: usize, verdict: VerdictId) {
        if self.raw.verdicts.is_empty() {
            if verdict == KEEP {
                return;
            }
            self.raw.verdicts = vec![KEEP.0; self.rows];
        }
        if let Some(slot) = self.raw.verdicts.get_mut(row) {
            *slot = verdict.0;
        }
    }

    /// Add an edit; at most one for each field. An empty patch is no edit.
    pub fn apply(&mut self, edit: impl Into<Edit>) {
        let edit = edit.into();
        if let Some(rows) = edit.rows
            && rows != self.rows
        {
            self.fail(format!("a replacement has {rows} rows, the batch {}: push one for every row", self.rows));
        }
        if let Some(error) = edit.error {
            self.fail(error);
        }
        if let Some(raw) = edit.raw {
            if self.raw.edits.iter().any(|other| other.target == raw.target) {
                self.fail(format!("two edits of write {}: join them into one", raw.target));
            }
            self.raw.edits.push(raw);
        }
    }

    pub fn notice(&mut self, notice: Notice) {
        self.raw.notices.push(notice.into_raw());
    }

    pub fn event(&mut self, event: Event) {
        self.raw.events.push(event.into_raw());
    }

    fn fail(&mut self, error: String) {
        self.error.get_or_insert(error);
    }

    pub(crate) fn into_raw(self) -> Result<raw::Output, String> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.raw),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Plan;
    use crate::verdict::Verdict;

    #[test]
    fn silence_means_keep_and_costs_nothing() {
        let mut out = Output::new(3);
        out.verdict(1, KEEP);
        assert!(out.into_raw().unwrap().verdicts.is_empty());
    }

    #[test]
    fn one_verdict_fills_the_others_with_keep() {
        let mut plan = Plan::default();
        let drop = plan.verdict(Verdict::drop("noise"));
        let mut out = Output::new(3);
        out.verdict(1, drop);
        out.verdict(9, drop);
        assert_eq!(out.into_raw().unwrap().verdicts, [0, 1, 0]);
    }

    #[test]
    fn a_short_replacement_and_a_double_edit_are_errors() {
        let mut plan = Plan::default();
        let desk = plan.write_text("desk");
        let mut out = Output::new(2);
        let mut short = desk.replace();
        short.push("a");
        out.apply(short);
        assert!(out.into_raw().unwrap_err().contains("1 rows, the batch 2"));

        let mut out = Output::new(2);
        out.apply(desk.clear());
        out.apply(desk.clear());
        assert!(out.into_raw().unwrap_err().contains("two edits"));
    }
}
