//! From a plugin's answer to the batch. The host has checked the answer's form; what only the contract
//! can say is checked here, before the first change: an answer is applied whole or not at all.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::IgnoredAny;
use tapline_contract::{Contract, FieldId, Kind as FieldKind, Lane};
use tapline_host::{Edit, Output, Plan, Rows, Values, Verdict};

use super::effects::{Effects, Gone};
use super::stats::EntryStats;
use crate::batch::{Batch, Cell, Span};
use crate::ledger::{Outcome, Reason};
use crate::route::Destinations;

/// A plan's verdicts and writes in the router's terms.
pub(super) struct Applier {
    decisions: Vec<Decision>,
    targets: Vec<Target>,
    /// By lane: may this entry drop events from it?
    may_drop: [bool; 4],
}

enum Decision {
    Keep,
    Drop(&'static str),
    Send(u64),
    Also(u64),
}

enum Target {
    Field(FieldId),
    /// A field whose value is JSON text.
    Json(FieldId),
    Details,
    /// An optional field that the contract lacks.
    Nothing,
}

// === impl Applier ===

impl Applier {
    pub(super) fn new(plan: &Plan, contract: &Contract, destinations: &Destinations, may_drop: &[Lane]) -> Self {
        let set = |names: &[String]| destinations.set(names.iter().map(String::as_str));
        let decisions = plan.verdicts.iter().map(|verdict| match verdict {
            Verdict::Keep => Decision::Keep,
            Verdict::Drop(reason) => Decision::Drop(interned(reason)),
            Verdict::Send(to) => Decision::Send(set(to)),
            Verdict::Also(to) => Decision::Also(set(to)),
        });
        let targets = plan.writes.iter().map(|want| match contract.field(&want.field) {
            Some(id) if contract.field_at(id).kind == FieldKind::Json => Target::Json(id),
            Some(id) => Target::Field(id),
            None if want.field == "details" => Target::Details,
            None => Target::Nothing,
        });
        let mut lanes = [false; 4];
        may_drop.iter().for_each(|lane| lanes[*lane as usize] = true);
        Applier { decisions: decisions.collect(), targets: targets.collect(), may_drop: lanes }
    }

    /// What the host could not know to be wrong.
    pub(super) fn check(&self, output: &Output) -> Result<(), String> {
        for edit in &output.edits {
            let Some(values) = &edit.values else { continue };
            match self.targets[edit.target] {
                Target::Field(_) | Target::Nothing => {}
                Target::Json(_) => check_json(values, "JSON", |_| true)?,
                Target::Details => check_json(values, "a JSON object", |text| text.starts_with('{'))?,
            }
        }
        Ok(())
    }

    /// `picked` are the rows that the plugin saw, in its order.
    pub(super) fn apply(
        &self,
        by: &Arc<str>,
        output: Output,
        batch: &mut Batch,
        picked: &[u32],
        effects: &mut Effects,
        stats: &EntryStats,
    ) {
        for edit in &output.edits {
            let cells = self.edit(edit, batch, picked);
            stats.cells_edited.add(cells as u64);
        }
        for (&row, &verdict) in picked.iter().zip(&output.verdicts) {
            self.decide(by, &self.decisions[usize::from(verdict)], batch, row as usize, effects, stats);
        }
        effects.say(by, output.notices, output.events);
    }

    fn decide(
        &self,
        by: &Arc<str>,
        decision: &Decision,
        batch: &mut Batch,
        row: usize,
        effects: &mut Effects,
        stats: &EntryStats,
    ) {
        let head = &mut batch.rows_mut()[row];
        match *decision {
            Decision::Keep => {}
            Decision::Send(to) => head.send = to,
            Decision::Also(to) => head.also |= to,
            Decision::Drop(_) if !self.may_drop[head.lane as usize] => stats.drops_refused.add(1),
            Decision::Drop(reason) => {
                head.gone = true;
                stats.rows_dropped.add(1);
                effects.gone.push(Gone {
                    row,
                    outcome: Outcome::Filtered,
                    reason: Reason::Borrowed(reason),
                    by: Arc::clone(by),
                    message: String::new(),
                });
            }
        }
    }

    fn edit(&self, edit: &Edit, batch: &mut Batch, picked: &[u32]) -> usize {
        let rows: Cow<'_, [u32]> = match &edit.rows {
            Rows::All => Cow::Borrowed(picked),
            Rows::Some(some) => some.iter().map(|&i| picked[i as usize]).collect(),
        };
        let target = &self.targets[edit.target];
        if matches!(target, Target::Nothing) {
            return 0;
        }
        let Some(values) = &edit.values else {
            rows.iter().for_each(|&row| target.put(batch, row as usize, Cell::Absent));
            return rows.len();
        };
        if let Some((ends, text)) = values.text() {
            // All of the column's text goes into the arena at once; the cells are places in it.
            let mut start = batch.push_text(text).start;
            let base = start;
            for (i, (&row, end)) in rows.iter().zip(ends).enumerate() {
                let span = Span { start, len: base + end - start };
                start = base + end;
                target.put(batch, row as usize, present(values, i, target.text(span)));
            }
        } else if let Some(ints) = values.ints() {
            let cells = ints.iter().map(|&value| Cell::Int(value));
            target.put_all(batch, &rows, values, cells);
        } else if let Some(floats) = values.floats() {
            let cells = floats.iter().map(|&value| Cell::Float(value));
            target.put_all(batch, &rows, values, cells);
        } else if let Some(bools) = values.bools() {
            let cells = bools.iter().map(|&value| Cell::Bool(value != 0));
            target.put_all(batch, &rows, values, cells);
        }
        rows.len()
    }
}

fn present(values: &Values, entry: usize, cell: Cell) -> Cell {
    if values.is_present(entry) { cell } else { Cell::Absent }
}

// === impl Target ===

impl Target {
    fn text(&self, span: Span) -> Cell {
        match self {
            Target::Field(_) | Target::Nothing => Cell::Text(span),
            Target::Json(_) | Target::Details => Cell::Json(span),
        }
    }

    fn put(&self, batch: &mut Batch, row: usize, cell: Cell) {
        match self {
            Target::Field(field) | Target::Json(field) => batch.put(row, *field, cell),
            Target::Details => batch.set_details(row, cell),
            Target::Nothing => {}
        }
    }

    fn put_all(&self, batch: &mut Batch, rows: &[u32], values: &Values, cells: impl Iterator<Item = Cell>) {
        for (i, (&row, cell)) in rows.iter().zip(cells).enumerate() {
            self.put(batch, row as usize, present(values, i, cell));
        }
    }
}

fn check_json(values: &Values, what: &str, fits: impl Fn(&str) -> bool) -> Result<(), String> {
    let Some((ends, text)) = values.text() else { return Ok(()) };
    let mut start = 0;
    for (i, end) in ends.iter().enumerate() {
        let entry = &text[start..*end as usize];
        start = *end as usize;
        if values.is_present(i) && !(fits(entry) && serde_json::from_str::<IgnoredAny>(entry).is_ok()) {
            return Err(format!("{:.60?} is not {what}", entry));
        }
    }
    Ok(())
}

/// A reason that lives for ever, so that a dropped row carries it without a copy. There are as many as
/// plugins declare, at most 255 each; a plugin that is loaded again adds none.
fn interned(reason: &str) -> &'static str {
    static REASONS: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut reasons = REASONS.lock().unwrap_or_else(PoisonError::into_inner);
    let reasons = reasons.get_or_insert_default();
    if let Some(known) = reasons.get(reason) {
        return known;
    }
    let leaked: &'static str = Box::leak(reason.to_owned().into_boxed_str());
    reasons.insert(leaked);
    leaked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::tests::row;
    use crate::config::Config;
    use tapline_host::{Kind, Layout, Want};

    fn applier(plan: &Plan) -> Applier {
        let destinations = Destinations::new(&Config::default());
        Applier::new(plan, Contract::embedded(), &destinations, &[Lane::Log])
    }

    fn plan(verdicts: Vec<Verdict>) -> Plan {
        let want =
            |field: &str| Want { field: field.into(), kind: Kind::Text, layout: Layout::Packed, optional: false };
        Plan {
            subscriptions: vec![],
            reads: vec![],
            writes: vec![want("message"), want("details")],
            verdicts,
            tick_ms: None,
        }
    }

    #[test]
    fn a_drop_on_a_lane_that_must_not_lose_events_is_refused_and_counted() {
        let contract = Contract::embedded();
        let applier = applier(&plan(vec![Verdict::Keep, Verdict::Drop("noise".into())]));
        let mut batch = Batch::new(contract);
        for lane in [Lane::Guard, Lane::Audit, Lane::Log, Lane::Metric] {
            batch.push_row(crate::batch::Row { lane, ..row(contract) });
        }
        let output = Output { verdicts: vec![1; 4], ..Output::default() };
        let (mut effects, stats) = (Effects::default(), EntryStats::new("p".into(), String::new(), contract));
        applier.apply(&"p".into(), output, &mut batch, &[0, 1, 2, 3], &mut effects, &stats);
        let gone: Vec<_> = effects.gone.iter().map(|gone| (gone.row, &*gone.reason)).collect();
        assert_eq!(gone, [(2, "noise")]);
        assert_eq!((stats.rows_dropped.get(), stats.drops_refused.get()), (1, 3));
        assert!(batch.rows()[2].gone && !batch.rows()[1].gone);
    }

    #[test]
    fn destinations_become_bits() {
        let contract = Contract::embedded();
        let to = |name: &str| vec![name.to_owned()];
        let applier = applier(&plan(vec![Verdict::Send(to("pager")), Verdict::Also(to("alerts"))]));
        let mut batch = Batch::new(contract);
        batch.push_row(row(contract));
        batch.push_row(row(contract));
        let output = Output { verdicts: vec![0, 1], ..Output::default() };
        let (mut effects, stats) = (Effects::default(), EntryStats::new("p".into(), String::new(), contract));
        applier.apply(&"p".into(), output, &mut batch, &[0, 1], &mut effects, &stats);
        let set = |name: &str| Destinations::new(&Config::default()).set([name]);
        assert_eq!((batch.rows()[0].send, batch.rows()[0].also), (set("pager"), 0));
        assert_eq!((batch.rows()[1].send, batch.rows()[1].also), (0, set("alerts")));
    }
}
