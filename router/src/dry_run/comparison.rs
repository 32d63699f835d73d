//! Where two plugins treat the same events differently, with examples.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};
use tapline_contract::{Contract, Sensitivity};

use super::played::Treated;
use crate::batch::Batch;
use crate::clearance::Gate;
use crate::encode::Encoder;
use crate::ingest::Components;

/// So many examples of one kind; rare kinds are to be seen beside frequent ones.
const EXAMPLES_OF_A_KIND: usize = 3;

/// Kinds that are told apart; the rest counts as one.
const KINDS_MAX: usize = 200;
const OTHER: &str = "_other";

pub struct Comparison {
    /// With everything, to compare, and with what everybody may see, to show.
    whole: Encoder,
    shown: Encoder,
    gate: Gate,
    examples_max: usize,
    pub rows: u64,
    pub differing: u64,
    /// `keep → drop:sampled_out`
    pub by_verdict: BTreeMap<String, u64>,
    pub by_field: BTreeMap<String, u64>,
    pub examples: Vec<Example>,
    examples_of: BTreeMap<String, usize>,
}

/// An event that the two treat differently, without what is sensitive.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// Of the input, from 1; empty lines do not count.
    pub line: u64,
    pub kind: String,
    pub event: Map<String, Value>,
    pub against: Answer,
    pub candidate: Answer,
}

#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    pub verdict: String,
    /// The fields in which the two differ; null where it is absent.
    pub fields: Map<String, Value>,
}

impl Comparison {
    pub(super) fn new(contract: Arc<Contract>, components: Arc<Components>, examples_max: usize) -> Self {
        Comparison {
            whole: Encoder::new(contract.clone(), components.clone(), Sensitivity::Secret),
            shown: Encoder::new(contract.clone(), components, Sensitivity::Public),
            gate: Gate::new(&contract),
            examples_max,
            rows: 0,
            differing: 0,
            by_verdict: BTreeMap::new(),
            by_field: BTreeMap::new(),
            examples: Vec::new(),
            examples_of: BTreeMap::new(),
        }
    }

    /// `numbers`: the lines of the rows.
    pub(super) fn compare(&mut self, came: &Batch, numbers: &[u64], against: &Treated, candidate: &Treated) {
        self.rows += came.len() as u64;
        for (row, number) in numbers.iter().enumerate() {
            let verdicts = [&against.verdicts[row], &candidate.verdicts[row]];
            // What somebody has done to an event that ends here is of no consequence.
            let fields = match against.is_gone(row) || candidate.is_gone(row) {
                true => Vec::new(),
                false => self.differing_fields(row, against, candidate),
            };
            if verdicts[0] == verdicts[1] && fields.is_empty() {
                continue;
            }
            self.differing += 1;
            let mut kinds = Vec::new();
            if verdicts[0] != verdicts[1] {
                kinds.push(format!("{} → {}", verdicts[0], verdicts[1]));
                count(&mut self.by_verdict, &kinds[0]);
            }
            fields.iter().for_each(|field| count(&mut self.by_field, field));
            kinds.extend(fields.iter().cloned());
            let kind = kinds.join(", ");
            if self.wants_example(&kind) {
                let example = self.example(*number, kind, row, &fields, came, against, candidate);
                self.examples.push(example);
            }
        }
    }

    fn differing_fields(&mut self, row: usize, against: &Treated, candidate: &Treated) -> Vec<String> {
        let mut text = |treated: &Treated| {
            let mut text = Vec::with_capacity(512);
            self.whole.object(&treated.batch, row, &mut text);
            text
        };
        let texts = [text(against), text(candidate)];
        if texts[0] == texts[1] {
            return Vec::new();
        }
        // An edit may have put columns into another order.
        let [before, after] = texts.map(|text| object(&text));
        let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
        names.filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
    }

    fn wants_example(&mut self, kind: &str) -> bool {
        if self.examples.len() >= self.examples_max {
            return false;
        }
        let so_far = self.examples_of.entry(kind.to_owned()).or_default();
        *so_far += 1;
        *so_far <= EXAMPLES_OF_A_KIND
    }

    #[allow(clippy::too_many_arguments, reason = "all that there is about one row")]
    fn example(
        &mut self,
        line: u64,
        kind: String,
        row: usize,
        fields: &[String],
        came: &Batch,
        against: &Treated,
        candidate: &Treated,
    ) -> Example {
        let mut answer = |treated: &Treated| {
            let (whole, shown) = (self.shown_of(&treated.batch, row, true), self.shown_of(&treated.batch, row, false));
            let value = |name: &String| match (shown.get(name), whole.contains_key(name)) {
                (Some(value), _) => value.clone(),
                (None, true) => "(sensitive)".into(),
                (None, false) => Value::Null,
            };
            Answer {
                verdict: treated.verdicts[row].clone(),
                fields: fields.iter().map(|name| (name.clone(), value(name))).collect(),
            }
        };
        let (against, candidate) = (answer(against), answer(candidate));
        Example { line, kind, event: self.shown_of(came, row, false), against, candidate }
    }

    /// A row behind the gate: as everybody may see it, or with all its fields.
    fn shown_of(&mut self, batch: &Batch, row: usize, whole: bool) -> Map<String, Value> {
        let mut batch = batch.clone();
        self.gate.clear(&mut batch);
        let mut text = Vec::new();
        let encoder = if whole { &mut self.whole } else { &mut self.shown };
        encoder.object(&batch, row, &mut text);
        object(&text)
    }
}

fn object(text: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(text).unwrap_or_default()
}

fn count(counts: &mut BTreeMap<String, u64>, kind: &str) {
    let kind = if counts.len() < KINDS_MAX || counts.contains_key(kind) { kind } else { OTHER };
    *counts.entry(kind.to_owned()).or_default() += 1;
}
