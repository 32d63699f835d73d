//! The plugin: one look-up for each source field and row, one column written for each target.

use tapline_plugin::{Batch, KnownText, Memo, Output, Plan, Plugin, TextCells, TextIn, TextOut};

use crate::config::Config;
use crate::table::{Answer, Table};

/// Adds fields by table.
#[derive(Debug)]
pub struct Enrich {
    sources: Vec<Source>,
    /// What each row's value led to; kept for its capacity.
    found: Vec<Combination>,
}

/// A field that is looked up, with all that hangs on it: a strategy's desk and book are found in one
/// go.
#[derive(Debug)]
struct Source {
    read: TextIn,
    targets: Vec<Target>,
    /// Every combination of answers seen, so that a row needs only its number. 0: nothing at all.
    combinations: Vec<Vec<Answer>>,
    memo: Memo<Combination>,
}

/// Index into [`Source::combinations`].
type Combination = u32;

#[derive(Debug)]
struct Target {
    write: TextOut,
    table: Table,
    /// The table's values by answer, ready to be copied; the first stands for "none".
    values: Vec<KnownText>,
    /// By combination, index into `values`.
    by_combination: Vec<Answer>,
    longest: usize,
}

/// Distinct strategies or symbols remembered; the largest lists of instruments have some thousands
/// in use at a time.
const NAMES_MAX: usize = 8192;

// === impl Enrich ===

impl Plugin for Enrich {
    type Config = Config;

    fn configure(config: Config, plan: &mut Plan) -> Result<Self, String> {
        for (field, lookup) in &Config::default().columns {
            plan.optional(field);
            plan.optional(&lookup.from);
        }
        let mut sources: Vec<Source> = Vec::new();
        for (field, lookup) in &config.columns {
            if *field == lookup.from {
                return Err(format!("columns.{field}: `from` is the field itself"));
            }
            let read = plan.read_text(&lookup.from);
            let write = plan.write_text(field);
            let target = Target::new(write, Table::new(field, lookup)?);
            match sources.iter_mut().find(|source| source.read == read) {
                Some(source) => source.targets.push(target),
                None => sources.push(Source::new(read, target)),
            }
        }
        for source in &mut sources {
            source.combine(vec![0; source.targets.len()]);
        }
        Ok(Enrich { sources, found: Vec::new() })
    }

    fn process(&mut self, batch: &mut Batch, out: &mut Output) -> Result<(), String> {
        for source in &mut self.sources {
            let column = batch.text(source.read);
            if column.presence().none() {
                continue;
            }
            self.found.clear();
            self.found.reserve(batch.rows());
            let mut any = 0;
            for (_, name) in column.iter() {
                let found = name.map_or(0, |name| source.look_up(name));
                any |= found;
                self.found.push(found);
            }
            if any == 0 {
                continue;
            }
            for target in &source.targets {
                target.write(&self.found, out);
            }
        }
        Ok(())
    }
}

// === impl Source ===

impl Source {
    fn new(read: TextIn, target: Target) -> Self {
        Source { read, targets: vec![target], combinations: Vec::new(), memo: Memo::new(NAMES_MAX) }
    }

    #[inline]
    fn look_up(&mut self, name: &str) -> Combination {
        let mut fresh = None;
        let (memo, targets, combinations) = (&mut self.memo, &self.targets, &self.combinations);
        let known = memo.get(name, |name| {
            let answers: Vec<Answer> = targets.iter().map(|target| target.table.look_up(name)).collect();
            let known = combinations.iter().position(|known| *known == answers);
            known.unwrap_or_else(|| {
                fresh = Some(answers);
                combinations.len()
            }) as Combination
        });
        if let Some(answers) = fresh {
            self.combine(answers);
        }
        known
    }

    fn combine(&mut self, answers: Vec<Answer>) {
        for (target, answer) in self.targets.iter_mut().zip(&answers) {
            target.by_combination.push(*answer);
        }
        self.combinations.push(answers);
    }
}

// === impl Target ===

impl Target {
    fn new(write: TextOut, table: Table) -> Self {
        let values: Vec<KnownText> =
            [""].into_iter().chain(table.values.iter().map(String::as_str)).map(KnownText::new).collect();
        let longest = table.values.iter().map(String::len).max().unwrap_or(0);
        Target { write, table, values, by_combination: Vec::new(), longest }
    }

    /// A column for the whole batch where every row has a value, else values for those that have.
    fn write(&self, found: &[Combination], out: &mut Output) {
        let mut cells = TextCells::with_capacity(found.len(), self.longest);
        let mut rows: Vec<u32> = Vec::new();
        let mut gaps = false;
        for (row, &combination) in found.iter().enumerate() {
            let answer = self.by_combination.get(combination as usize).copied().unwrap_or(0);
            if answer == 0 {
                if !gaps {
                    gaps = true;
                    rows.reserve(found.len());
                    rows.extend(0..row as u32);
                }
                continue;
            }
            if let Some(value) = self.values.get(usize::from(answer)) {
                cells.push_known(value);
                if gaps {
                    rows.push(row as u32);
                }
            }
        }
        if gaps {
            out.apply(self.write.patch_with(rows, cells));
        } else {
            out.apply(self.write.replace_with(cells));
        }
    }
}
