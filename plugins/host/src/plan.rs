//! What a plugin declares about itself when it is configured, checked once so that every later answer
//! can be checked by index alone.

use std::collections::HashSet;

use crate::bindings::tapline::plugin::types as wit;
use crate::fault::Refusal;

/// A tick more often than this would be polling.
const TICK_MS_MIN: u32 = 10;
/// Verdicts are indexed by one byte, and 255 is left free.
const VERDICTS_MAX: usize = 255;
/// Reason codes become metric labels.
const REASON_BYTES_MAX: usize = 64;
/// More fields or subscriptions than any real plugin declares; each costs the chain work on every
/// batch.
const WANTS_MAX: usize = 256;
const SUBSCRIPTIONS_MAX: usize = 1024;
const LEVEL_MAX: u8 = 5;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Empty means every row.
    pub subscriptions: Vec<Subscription>,
    pub reads: Vec<Want>,
    pub writes: Vec<Want>,
    pub verdicts: Vec<Verdict>,
    pub tick_ms: Option<u32>,
}

/// A row has to meet all parts; an empty list means "any".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    pub components: Vec<String>,
    pub events: Vec<String>,
    pub min_level: Option<u8>,
    /// A name that the contract lacks is no problem.
    pub optional: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    pub field: String,
    pub kind: Kind,
    pub layout: Layout,
    /// A contract without it is no problem.
    pub optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Text,
    Int,
    Float,
    Bool,
}

/// How a text column is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Packed,
    Strings,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Keep,
    /// The reason, a code.
    Drop(String),
    /// Exactly these destinations.
    Send(Vec<String>),
    /// These destinations too.
    Also(Vec<String>),
}

/// What the caller knows and this crate doesn't: the contract and the destinations. Each answer is
/// `Ok`, or what is wrong, as a sentence for the plugin's author.
pub trait Resolver: Send + Sync {
    fn component(&self, name: &str) -> Result<(), String>;
    fn event(&self, name: &str) -> Result<(), String>;
    /// Whether the contract has such a field at all.
    fn knows(&self, field: &str) -> bool;
    /// A field of the contract, to be read as `kind`. Every field can be read as text.
    fn read(&self, field: &str, kind: Kind) -> Result<(), String>;
    /// A field of the contract, to be written as `kind`.
    fn write(&self, field: &str, kind: Kind) -> Result<(), String>;
    fn destination(&self, name: &str) -> Result<(), String>;
}

// === impl Plan ===

impl Plan {
    /// All problems at once: an author who fixes one should not meet the next by another upload.
    pub(crate) fn check(self, resolver: &dyn Resolver) -> Result<Self, Refusal> {
        let mut problems = Vec::new();
        self.check_subscriptions(resolver, &mut problems);
        self.check_wants(resolver, &mut problems);
        self.check_verdicts(resolver, &mut problems);
        if let Some(ms) = self.tick_ms.filter(|ms| *ms < TICK_MS_MIN) {
            problems.push(format!("tick-ms is {ms}; the least is {TICK_MS_MIN}"));
        }
        Refusal::unless_empty(problems)?;
        Ok(self)
    }

    fn check_subscriptions(&self, resolver: &dyn Resolver, problems: &mut Vec<String>) {
        at_most("subscriptions", self.subscriptions.len(), SUBSCRIPTIONS_MAX, problems);
        for (i, s) in self.subscriptions.iter().take(SUBSCRIPTIONS_MAX).enumerate() {
            let of = |problem: String| format!("subscription {i}: {problem}");
            if !s.optional {
                let components = s.components.iter().filter_map(|c| resolver.component(c).err());
                problems.extend(components.map(of));
                let events = s.events.iter().filter_map(|e| resolver.event(e).err());
                problems.extend(events.map(of));
            }
            if let Some(level) = s.min_level.filter(|l| *l > LEVEL_MAX) {
                problems.push(of(format!("min-level is {level}; levels go from 0 to {LEVEL_MAX}")));
            }
        }
    }

    fn check_wants(&self, resolver: &dyn Resolver, problems: &mut Vec<String>) {
        at_most("reads", self.reads.len(), WANTS_MAX, problems);
        at_most("writes", self.writes.len(), WANTS_MAX, problems);
        let mut seen = HashSet::new();
        for want in self.reads.iter().take(WANTS_MAX) {
            if !seen.insert((want.field.as_str(), want.kind)) {
                problems.push(format!("reads `{}` twice", want.field));
            }
            let known = own_field_read(want).unwrap_or_else(|| match want.may_lack(resolver) {
                true => Ok(()),
                false => resolver.read(&want.field, want.kind),
            });
            problems.extend(known.err().map(|p| format!("read of `{}`: {p}", want.field)));
        }
        let mut seen = HashSet::new();
        for want in self.writes.iter().take(WANTS_MAX) {
            if !seen.insert(want.field.as_str()) {
                problems.push(format!("writes `{}` twice", want.field));
            }
            let known = own_field_write(want).unwrap_or_else(|| match want.may_lack(resolver) {
                true => Ok(()),
                false => resolver.write(&want.field, want.kind),
            });
            problems.extend(known.err().map(|p| format!("write of `{}`: {p}", want.field)));
        }
    }

    fn check_verdicts(&self, resolver: &dyn Resolver, problems: &mut Vec<String>) {
        at_most("verdicts", self.verdicts.len(), VERDICTS_MAX, problems);
        for (i, verdict) in self.verdicts.iter().take(VERDICTS_MAX).enumerate() {
            let of = |problem: String| format!("verdict {i}: {problem}");
            match verdict {
                Verdict::Keep => {}
                Verdict::Drop(reason) if is_code(reason) => {}
                Verdict::Drop(reason) => problems.push(of(format!(
                    "drop reason {reason:?} is not a code of 1 to {REASON_BYTES_MAX} characters a-z, 0-9, _"
                ))),
                Verdict::Send(to) | Verdict::Also(to) if to.is_empty() => {
                    problems.push(of("names no destination; an event that ends here is `drop`".into()));
                }
                Verdict::Send(to) | Verdict::Also(to) => {
                    problems.extend(to.iter().filter_map(|d| resolver.destination(d).err()).map(of));
                }
            }
        }
    }
}

impl Want {
    fn may_lack(&self, resolver: &dyn Resolver) -> bool {
        self.optional && !resolver.knows(&self.field)
    }
}

/// Fields that exist beside the contract's. `None`: not one of them.
fn own_field_read(want: &Want) -> Option<Result<(), String>> {
    let kinds: &[Kind] = match want.field.as_str() {
        "component" | "event" | "details" => &[Kind::Text],
        "level" => &[Kind::Int, Kind::Text],
        _ => return None,
    };
    Some(match kinds.contains(&want.kind) {
        true => Ok(()),
        false => Err(format!("it is {:?}, not {:?}", kinds[0], want.kind)),
    })
}

fn own_field_write(want: &Want) -> Option<Result<(), String>> {
    match want.field.as_str() {
        "component" | "event" | "level" => Some(Err("it says what the event is and can't be written".into())),
        "details" if want.kind == Kind::Text => Some(Ok(())),
        "details" => Some(Err(format!("it is Text, not {:?}", want.kind))),
        _ => None,
    }
}

pub(crate) fn is_code(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=REASON_BYTES_MAX).contains(&name.len()) && name.bytes().all(allowed)
}

fn at_most(what: &str, count: usize, max: usize, problems: &mut Vec<String>) {
    if count > max {
        problems.push(format!("declares {count} {what}; the most is {max}"));
    }
}

// === from the interface's types ===

impl From<wit::Plan> for Plan {
    fn from(plan: wit::Plan) -> Self {
        Self {
            subscriptions: plan.subscribe.into_iter().map(Into::into).collect(),
            reads: plan.reads.into_iter().map(Into::into).collect(),
            writes: plan.writes.into_iter().map(Into::into).collect(),
            verdicts: plan.verdicts.into_iter().map(Into::into).collect(),
            tick_ms: plan.tick_ms,
        }
    }
}

impl From<wit::Subscription> for Subscription {
    fn from(s: wit::Subscription) -> Self {
        Self { components: s.components, events: s.events, min_level: s.min_level, optional: s.optional }
    }
}

impl From<wit::Want> for Want {
    fn from(want: wit::Want) -> Self {
        let kind = match want.kind {
            wit::Kind::Text => Kind::Text,
            wit::Kind::Int => Kind::Int,
            wit::Kind::Float => Kind::Float,
            wit::Kind::Boolean => Kind::Bool,
        };
        let layout = match want.layout {
            wit::Layout::Packed => Layout::Packed,
            wit::Layout::Strings => Layout::Strings,
        };
        Self { field: want.field, kind, layout, optional: want.optional }
    }
}

impl From<wit::Verdict> for Verdict {
    fn from(verdict: wit::Verdict) -> Self {
        match verdict {
            wit::Verdict::Keep => Verdict::Keep,
            wit::Verdict::Drop(reason) => Verdict::Drop(reason),
            wit::Verdict::Send(to) => Verdict::Send(to),
            wit::Verdict::Also(to) => Verdict::Also(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Knows the field `account` (text), the event `fill`, the component `order`, the sink `b`.
    struct Small;

    impl Resolver for Small {
        fn component(&self, name: &str) -> Result<(), String> {
            is(name, "order")
        }
        fn event(&self, name: &str) -> Result<(), String> {
            is(name, "fill")
        }
        fn knows(&self, field: &str) -> bool {
            field == "account"
        }
        fn read(&self, field: &str, _: Kind) -> Result<(), String> {
            is(field, "account")
        }
        fn write(&self, field: &str, kind: Kind) -> Result<(), String> {
            if kind != Kind::Text {
                return Err("it is Text".into());
            }
            is(field, "account")
        }
        fn destination(&self, name: &str) -> Result<(), String> {
            is(name, "b")
        }
    }

    fn is(name: &str, known: &str) -> Result<(), String> {
        if name == known { Ok(()) } else { Err(format!("`{name}` is unknown")) }
    }

    fn want(field: &str, kind: Kind) -> Want {
        Want { field: field.into(), kind, layout: Layout::Packed, optional: false }
    }

    #[test]
    fn a_sound_plan_passes() {
        let plan = Plan {
            subscriptions: vec![Subscription {
                components: vec!["order".into()],
                events: vec!["fill".into()],
                min_level: Some(3),
                optional: false,
            }],
            reads: vec![want("account", Kind::Text), want("level", Kind::Int), want("details", Kind::Text)],
            writes: vec![want("account", Kind::Text), want("details", Kind::Text)],
            verdicts: vec![Verdict::Keep, Verdict::Drop("sampled_out".into()), Verdict::Send(vec!["b".into()])],
            tick_ms: Some(1000),
        };
        assert_eq!(plan.clone().check(&Small), Ok(plan));
    }

    #[test]
    fn an_optional_field_may_be_lacking_but_not_of_another_kind() {
        let optional = |field, kind| Want { optional: true, ..want(field, kind) };
        let plan = |writes| Plan {
            subscriptions: vec![],
            reads: vec![optional("desk", Kind::Text)],
            writes,
            verdicts: vec![Verdict::Keep],
            tick_ms: None,
        };
        assert!(plan(vec![optional("desk", Kind::Text)]).check(&Small).is_ok());
        assert!(plan(vec![optional("account", Kind::Int)]).check(&Small).is_err());
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let plan = Plan {
            subscriptions: vec![Subscription {
                components: vec!["ordre".into()],
                events: vec!["fil".into()],
                min_level: Some(6),
                optional: false,
            }],
            reads: vec![
                want("acount", Kind::Text),
                want("level", Kind::Float),
                want("account", Kind::Text),
                want("account", Kind::Text),
            ],
            writes: vec![want("event", Kind::Text), want("account", Kind::Int), want("account", Kind::Text)],
            verdicts: vec![Verdict::Drop("Not A Code".into()), Verdict::Also(vec![]), Verdict::Send(vec!["c".into()])],
            tick_ms: Some(9),
        };
        let refusal = plan.check(&Small).unwrap_err();
        assert_eq!(refusal.problems.len(), 13, "{refusal}");
    }
}
