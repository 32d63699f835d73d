//! What a report has to meet: `differences=0 faults=0 rows>=100000`.

use std::str::FromStr;

use super::report::Report;

#[derive(Clone, Debug)]
pub struct Requirements(Vec<Requirement>);

#[derive(Clone, Debug)]
struct Requirement {
    text: String,
    figure: Figure,
    compare: Compare,
    bound: f64,
}

type Figure = fn(&Report) -> f64;
type Compare = fn(&f64, &f64) -> bool;

const FIGURES: [(&str, Figure); 10] = [
    ("rows", |report| report.rows as f64),
    ("rejected", |report| report.rejected_lines() as f64),
    ("differences", |report| report.differences as f64),
    ("faults", |report| report.candidate.faults as f64),
    ("dead_letters", |report| report.candidate.dead_letters as f64),
    ("dropped", |report| report.candidate.dropped as f64),
    ("edited_values", |report| report.candidate.edited_values as f64),
    ("notices", |report| report.candidate.notices as f64),
    ("ns_per_event", |report| report.candidate.ns_per_event),
    ("memory_bytes", |report| report.candidate.memory_bytes as f64),
];

/// The longer ones first: `>=` begins like `>`.
const COMPARISONS: [(&str, Compare); 5] =
    [(">=", f64::ge), ("<=", f64::le), ("=", f64::eq), (">", f64::gt), ("<", f64::lt)];

impl Requirements {
    /// Those that are not met, and what was found instead.
    pub fn unmet(&self, report: &Report) -> Vec<String> {
        let unmet = self.0.iter().filter_map(|requirement| {
            let found = (requirement.figure)(report);
            let is_met = (requirement.compare)(&found, &requirement.bound);
            (!is_met).then(|| format!("{} is not met: it is {found}", requirement.text))
        });
        unmet.collect()
    }
}

impl FromStr for Requirements {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = text.split([' ', ',']).filter(|word| !word.is_empty());
        let requirements: Vec<Requirement> = words.map(Requirement::parse).collect::<Result<_, _>>()?;
        if requirements.is_empty() {
            return Err("there is nothing in it; write it like `differences=0 faults=0 rows>=100000`".into());
        }
        Ok(Requirements(requirements))
    }
}

impl Requirement {
    fn parse(word: &str) -> Result<Self, String> {
        let split = COMPARISONS.iter().find_map(|(sign, compare)| Some((word.split_once(sign)?, *compare)));
        let Some(((name, bound), compare)) = split else {
            return Err(format!("`{word}` compares nothing; write it like `faults=0`, with =, <, <=, > or >="));
        };
        let Some((_, figure)) = FIGURES.iter().find(|(figure, _)| *figure == name) else {
            let names = FIGURES.map(|(name, _)| name).join(", ");
            return Err(format!("`{name}` is nothing that a report has; there are {names}"));
        };
        let bound = bound.parse::<f64>().ok().filter(|bound| bound.is_finite());
        let bound = bound.ok_or_else(|| format!("`{word}`: what stands behind the sign is no number"))?;
        Ok(Requirement { text: word.to_owned(), figure: *figure, compare, bound })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused_with_what_would() {
        for (text, said) in [
            ("", "nothing in it"),
            ("faults", "compares nothing"),
            ("fauls=0", "there are rows, rejected, differences, faults"),
            ("rows>=many", "no number"),
            ("rows=NaN", "no number"),
        ] {
            let error = text.parse::<Requirements>().unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        assert_eq!("rows>=10 faults=0,ns_per_event<2.5".parse::<Requirements>().unwrap().0.len(), 3);
    }
}
