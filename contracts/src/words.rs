//! The closed sets of words that a contract is written in, each with its spelling.

use crate::model::{Kind, Lane, Level, MetricType, MissingField, Partition, Sensitivity, UnknownEvent, UnknownField};

/// A type whose values are words of the contract.
pub trait Word: Copy + Eq + Sized + 'static {
    const ALL: &'static [(&'static str, Self)];

    fn word(self) -> &'static str {
        // Every value stands in `ALL`; the tests hold that.
        Self::ALL.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(w, _)| *w == word).map(|(_, value)| *value)
    }
}

macro_rules! words {
    ($($kind:ident { $($word:literal = $value:ident),+ $(,)? })+) => {$(
        impl Word for $kind {
            const ALL: &'static [(&'static str, Self)] = &[$(($word, $kind::$value)),+];
        }
        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }
    )+};
}

words! {
    Lane { "guard" = Guard, "audit" = Audit, "log" = Log, "metric" = Metric }
    Level {
        "trace" = Trace, "debug" = Debug, "info" = Info,
        "warning" = Warning, "error" = Error, "critical" = Critical,
    }
    Kind { "text" = Text, "int" = Int, "float" = Float, "bool" = Bool, "json" = Json }
    Sensitivity { "public" = Public, "pii" = Pii, "secret" = Secret }
    MetricType { "counter" = Counter, "gauge" = Gauge, "histogram" = Histogram }
    Partition { "month" = Month, "day" = Day }
    UnknownEvent { "accept" = Accept, "reject" = Reject }
    UnknownField { "details" = Details, "reject" = Reject }
    MissingField { "count" = Count, "reject" = Reject }
}

impl Level {
    /// Also understands the spellings that other programs print (`WARN`, `fatal`, `err`…).
    pub fn parse_loosely(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        Self::from_word(&lower).or(match lower.as_str() {
            "verbose" => Some(Self::Trace),
            "dbg" => Some(Self::Debug),
            "information" | "notice" => Some(Self::Info),
            "warn" => Some(Self::Warning),
            "err" | "exception" => Some(Self::Error),
            "crit" | "fatal" | "emergency" | "emerg" | "alert" | "panic" => Some(Self::Critical),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_word_and_back() {
        fn check<T: Word + std::fmt::Debug>() {
            for (word, value) in T::ALL {
                assert_eq!(T::from_word(word), Some(*value));
                assert_eq!(value.word(), *word);
            }
        }
        check::<Lane>();
        check::<Level>();
        check::<Kind>();
        check::<Sensitivity>();
        check::<MetricType>();
        check::<Partition>();
    }

    #[test]
    fn reads_levels_of_other_programs() {
        assert_eq!(Level::parse_loosely("WARN"), Some(Level::Warning));
        assert_eq!(Level::parse_loosely("Fatal"), Some(Level::Critical));
        assert_eq!(Level::parse_loosely("loud"), None);
    }
}
