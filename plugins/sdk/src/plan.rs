//! What a plugin declares once: the rows it wants, the fields it reads and writes, its verdicts.
//!
//! Every declaration gives back a small typed handle. A handle can't be used on a column of another
//! kind, so the commonest mistake, an index that is off by one, does not compile.

use std::collections::BTreeSet;

use crate::bindings::tapline::plugin::types as raw;
use crate::verdict::{KEEP, Verdict, VerdictId};

/// A text column to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextIn(pub(crate) usize);
/// An integer column to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntIn(pub(crate) usize);
/// A float column to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatIn(pub(crate) usize);
/// A boolean column to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoolIn(pub(crate) usize);

/// A text field to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextOut(pub(crate) u32);
/// An integer field to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntOut(pub(crate) u32);
/// A float field to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatOut(pub(crate) u32);
/// A boolean field to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoolOut(pub(crate) u32);

/// Levels as the interface numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    Trace = 0,
    Debug = 1,
    Info = 2,
    Warning = 3,
    Error = 4,
    Critical = 5,
}

/// Rows that a plugin wants to see: those that meet every part. An empty part means "any".
#[derive(Clone, Debug, Default)]
pub struct Subscription {
    components: Vec<String>,
    events: Vec<String>,
    min_level: Option<Level>,
    optional: bool,
}

/// The declarations of one plugin. Starts with no subscription (every row) and one verdict, keep.
#[derive(Debug)]
pub struct Plan {
    subscribe: Vec<raw::Subscription>,
    reads: Vec<raw::Want>,
    writes: Vec<raw::Want>,
    verdicts: Vec<Verdict>,
    tick_ms: Option<u32>,
    optional: BTreeSet<String>,
}

/// The border's own limit: a verdict travels as one byte, and 255 is left unused.
const VERDICTS_MAX: usize = 255;

// === impl Level ===

impl Level {
    pub const ALL: [Level; 6] =
        [Level::Trace, Level::Debug, Level::Info, Level::Warning, Level::Error, Level::Critical];

    pub fn name(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
            Level::Critical => "critical",
        }
    }

    pub fn parse(name: &str) -> Result<Level, String> {
        Level::ALL.into_iter().find(|level| level.name() == name).ok_or_else(|| {
            let names: Vec<_> = Level::ALL.iter().map(|level| level.name()).collect();
            format!("unknown level `{name}`: use one of {}", names.join(", "))
        })
    }
}

// === impl Subscription ===

impl Subscription {
    pub fn new() -> Self {
        Subscription::default()
    }

    pub fn component(mut self, name: impl Into<String>) -> Self {
        self.components.push(name.into());
        self
    }

    pub fn event(mut self, name: impl Into<String>) -> Self {
        self.events.push(name.into());
        self
    }

    /// Names that the contract lacks are no reason to refuse the plugin: each stands for everything that
    /// the contract does not know. The plugin has to look at the names itself.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    pub fn min_level(mut self, level: Level) -> Self {
        self.min_level = Some(level);
        self
    }
}

// === impl Plan ===

impl Default for Plan {
    fn default() -> Self {
        Plan {
            subscribe: Vec::new(),
            reads: Vec::new(),
            writes: Vec::new(),
            verdicts: vec![Verdict::Keep],
            tick_ms: None,
            optional: BTreeSet::new(),
        }
    }
}

impl Plan {
    /// Ask for these rows (too). Without any subscription the plugin sees every row.
    pub fn subscribe(&mut self, subscription: Subscription) {
        self.subscribe.push(raw::Subscription {
            components: subscription.components,
            events: subscription.events,
            min_level: subscription.min_level.map(|level| level as u8),
            optional: subscription.optional,
        });
    }

    pub fn read_text(&mut self, field: &str) -> TextIn {
        TextIn(declare(&mut self.reads, field, raw::Kind::Text))
    }

    pub fn read_int(&mut self, field: &str) -> IntIn {
        IntIn(declare(&mut self.reads, field, raw::Kind::Int))
    }

    pub fn read_float(&mut self, field: &str) -> FloatIn {
        FloatIn(declare(&mut self.reads, field, raw::Kind::Float))
    }

    pub fn read_bool(&mut self, field: &str) -> BoolIn {
        BoolIn(declare(&mut self.reads, field, raw::Kind::Boolean))
    }

    pub fn write_text(&mut self, field: &str) -> TextOut {
        TextOut(declare(&mut self.writes, field, raw::Kind::Text) as u32)
    }

    pub fn write_int(&mut self, field: &str) -> IntOut {
        IntOut(declare(&mut self.writes, field, raw::Kind::Int) as u32)
    }

    pub fn write_float(&mut self, field: &str) -> FloatOut {
        FloatOut(declare(&mut self.writes, field, raw::Kind::Float) as u32)
    }

    pub fn write_bool(&mut self, field: &str) -> BoolOut {
        BoolOut(declare(&mut self.writes, field, raw::Kind::Boolean) as u32)
    }

    /// A contract that lacks this field is no reason to refuse the plugin: the field is then always
    /// absent, and writes of it come to nothing. For fields that nobody asked for by name.
    pub fn optional(&mut self, field: &str) {
        self.optional.insert(field.into());
    }

    /// Declare a verdict; the same verdict twice gives the same handle. Declaring more than 255
    /// makes `configure` fail, so a plugin need not count.
    pub fn verdict(&mut self, verdict: Verdict) -> VerdictId {
        if verdict == Verdict::Keep {
            return KEEP;
        }
        let index = self.verdicts.iter().position(|known| *known == verdict).unwrap_or_else(|| {
            self.verdicts.push(verdict);
            self.verdicts.len() - 1
        });
        VerdictId(index.min(VERDICTS_MAX) as u8)
    }

    /// Ask for [`Plugin::tick`](crate::Plugin::tick), about this often. The host's floor is 10 ms.
    pub fn tick_every_ms(&mut self, period: u32) {
        self.tick_ms = Some(period);
    }

    pub(crate) fn into_raw(mut self) -> Result<raw::Plan, String> {
        for want in self.reads.iter_mut().chain(&mut self.writes) {
            want.optional = self.optional.contains(&want.field);
        }
        if self.verdicts.len() > VERDICTS_MAX {
            return Err(format!(
                "the plan has {} verdicts, {VERDICTS_MAX} are allowed: declare fewer combinations of destinations",
                self.verdicts.len()
            ));
        }
        Ok(raw::Plan {
            subscribe: self.subscribe,
            reads: self.reads,
            writes: self.writes,
            verdicts: self.verdicts.into_iter().map(Verdict::into_raw).collect(),
            tick_ms: self.tick_ms,
        })
    }
}

/// One column for a field and kind, however often it is declared.
fn declare(wants: &mut Vec<raw::Want>, field: &str, kind: raw::Kind) -> usize {
    let known = wants.iter().position(|want| want.field == field && want.kind == kind);
    known.unwrap_or_else(|| {
        wants.push(raw::Want { field: field.into(), kind, layout: raw::Layout::Packed, optional: false });
        wants.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_declared_twice_is_one_column() {
        let mut plan = Plan::default();
        let first = plan.read_text("account");
        let other = plan.read_text("message");
        assert_eq!(plan.read_text("account"), first);
        assert_ne!(first, other);
        assert_eq!(plan.into_raw().unwrap().reads.len(), 2);
    }

    #[test]
    fn an_optional_field_is_so_read_and_written() {
        let mut plan = Plan::default();
        plan.optional("desk");
        plan.read_text("desk");
        plan.write_text("desk");
        plan.read_text("message");
        let plan = plan.into_raw().unwrap();
        let wants = plan.reads.iter().chain(&plan.writes);
        assert_eq!(wants.map(|want| want.optional).collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn keep_is_verdict_zero_and_equal_verdicts_are_one() {
        let mut plan = Plan::default();
        assert_eq!(plan.verdict(Verdict::Keep), KEEP);
        let drop = plan.verdict(Verdict::drop("sampled_out"));
        assert_eq!(plan.verdict(Verdict::drop("sampled_out")), drop);
        assert_eq!(plan.into_raw().unwrap().verdicts.len(), 2);
    }

    #[test]
    fn more_than_255_verdicts_are_refused() {
        let mut plan = Plan::default();
        for n in 0..255 {
            plan.verdict(Verdict::drop(format!("reason_{n}")));
        }
        let error = plan.into_raw().unwrap_err();
        assert!(error.contains("256 verdicts"), "{error}");
    }
}
