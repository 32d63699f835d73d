//! Conditions on events, as `tail --where` takes them: `component=risk,level>=warning,symbol~TXF`.

use tapline_contract::{Contract, FieldId, Level, Word, did_you_mean};

use crate::batch::{Batch, Cell};
use crate::ingest::Components;

/// All conditions have to hold.
pub struct Filter {
    conditions: Vec<Condition>,
}

struct Condition {
    what: What,
    comparison: Comparison,
    text: String,
    number: Option<f64>,
}

enum What {
    Component,
    Event,
    Level,
    Field(FieldId),
}

#[derive(Clone, Copy, PartialEq)]
enum Comparison {
    Equal,
    NotEqual,
    Contains,
    AtLeast,
    AtMost,
    More,
    Less,
}

/// Longer operators first: `>=` is not `>`.
const COMPARISONS: [(&str, Comparison); 7] = [
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    ("!=", Comparison::NotEqual),
    ("=", Comparison::Equal),
    ("~", Comparison::Contains),
    (">", Comparison::More),
    ("<", Comparison::Less),
];

impl Filter {
    /// Conditions are joined by `,` or ` and `.
    pub fn parse(text: &str, contract: &Contract) -> Result<Self, String> {
        let parts = text.split(',').flat_map(|part| part.split(" and ")).map(str::trim).filter(|part| !part.is_empty());
        Ok(Filter { conditions: parts.map(|part| Condition::parse(part, contract)).collect::<Result<_, _>>()? })
    }

    pub fn matches(&self, contract: &Contract, components: &Components, batch: &Batch, row: usize) -> bool {
        self.conditions.iter().all(|condition| condition.holds(contract, components, batch, row))
    }
}

impl Condition {
    fn parse(part: &str, contract: &Contract) -> Result<Self, String> {
        let found = COMPARISONS.iter().filter_map(|(sign, comparison)| Some((part.find(sign)?, sign, *comparison)));
        // The first sign counts; among those at one place, the longest.
        let Some((at, sign, comparison)) = found.min_by_key(|(at, sign, _)| (*at, usize::MAX - sign.len())) else {
            return Err(format!("`{part}` is no condition; write e.g. component=risk, level>=warning, symbol~TXF"));
        };
        let (name, text) = (part[..at].trim(), part[at + sign.len()..].trim().trim_matches(['"', '\'']));
        let what = match name {
            "component" => What::Component,
            "event" => What::Event,
            "level" => What::Level,
            name => match contract.field(name) {
                Some(field) => What::Field(field),
                None => {
                    let fields = contract.fields.iter().map(|field| field.name.as_str());
                    let names = ["component", "event", "level"].into_iter().chain(fields);
                    let hint = did_you_mean(name, names).unwrap_or_default();
                    return Err(format!("the contract has no field `{name}`; {hint}"));
                }
            },
        };
        if matches!(what, What::Level) && Level::from_word(text).is_none() {
            return Err(format!("`{text}` is no level; there are trace, debug, info, warning, error, critical"));
        }
        Ok(Condition { what, comparison, text: text.to_owned(), number: text.parse().ok() })
    }

    fn holds(&self, contract: &Contract, components: &Components, batch: &Batch, row: usize) -> bool {
        let head = &batch.rows()[row];
        match self.what {
            What::Component => self.text_holds(&components.name(head.component)),
            What::Event => self.text_holds(batch.event_name(contract, row)),
            What::Level => Level::from_word(&self.text)
                .is_some_and(|level| self.order_holds(f64::from(head.level as u8), f64::from(level as u8))),
            What::Field(field) => match (batch.get(row, field), self.number) {
                (Cell::Absent, _) => self.comparison == Comparison::NotEqual,
                (Cell::Int(value), Some(number)) => self.order_holds(value as f64, number),
                (Cell::Float(value), Some(number)) => self.order_holds(value, number),
                (Cell::Int(value), None) => self.text_holds(&value.to_string()),
                (Cell::Float(value), None) => self.text_holds(&value.to_string()),
                (Cell::Bool(value), _) => self.text_holds(if value { "true" } else { "false" }),
                (Cell::Text(span) | Cell::Json(span), _) => self.text_holds(batch.text(span)),
            },
        }
    }

    fn text_holds(&self, text: &str) -> bool {
        match self.comparison {
            Comparison::Equal => text == self.text,
            Comparison::NotEqual => text != self.text,
            Comparison::Contains => text.contains(&self.text),
            Comparison::AtLeast => text >= self.text.as_str(),
            Comparison::AtMost => text <= self.text.as_str(),
            Comparison::More => text > self.text.as_str(),
            Comparison::Less => text < self.text.as_str(),
        }
    }

    fn order_holds(&self, value: f64, bound: f64) -> bool {
        match self.comparison {
            Comparison::Equal | Comparison::Contains => value == bound,
            Comparison::NotEqual => value != bound,
            Comparison::AtLeast => value >= bound,
            Comparison::AtMost => value <= bound,
            Comparison::More => value > bound,
            Comparison::Less => value < bound,
        }
    }
}
