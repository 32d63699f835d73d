//! What holds now against what was told: begins and ends are told, and nothing in between.

use std::collections::BTreeSet;

use tapline_notices::{Notice, Severity, Time};

use super::SOURCE;

/// Something about the router that somebody has to know for as long as it is so.
#[derive(Clone, Debug)]
pub struct Condition {
    pub key: String,
    pub severity: Severity,
    pub summary: String,
    pub to_do: &'static str,
}

/// The keys of what was told to hold.
#[derive(Debug, Default)]
pub struct Told {
    open: BTreeSet<String>,
}

impl Told {
    pub fn of(keys: impl IntoIterator<Item = String>) -> Self {
        Told { open: keys.into_iter().collect() }
    }

    pub fn changes(&mut self, holding: Vec<Condition>, now: Time) -> Vec<Notice> {
        let mut notices = Vec::new();
        let keys: BTreeSet<String> = holding.iter().map(|condition| condition.key.clone()).collect();
        for key in self.open.difference(&keys) {
            tracing::info!(key, "over");
            notices.push(Notice::resolved(SOURCE, key, "", now));
        }
        for condition in holding {
            if self.open.contains(&condition.key) {
                continue;
            }
            tracing::warn!(key = condition.key, summary = condition.summary, "the router tells of itself");
            let mut notice = Notice::firing(SOURCE, &condition.key, condition.severity, &condition.summary, now);
            notice.details = vec![("to_do".into(), condition.to_do.into())];
            notices.push(notice);
        }
        self.open = keys;
        notices
    }

    /// It could not be told: the next look finds it changed again.
    pub fn forget(&mut self, key: &str) {
        if !self.open.remove(key) {
            self.open.insert(key.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use tapline_notices::State;

    use super::*;

    fn condition(key: &str) -> Condition {
        Condition { key: key.into(), severity: Severity::Warning, summary: "s".into(), to_do: "d" }
    }

    fn told(told: &mut Told, keys: &[&str]) -> Vec<(String, State)> {
        let holding = keys.iter().map(|key| condition(key)).collect();
        told.changes(holding, Time(1)).into_iter().map(|notice| (notice.key, notice.state)).collect()
    }

    #[test]
    fn begins_and_ends_are_told_once() {
        let mut open = Told::of(["left".to_owned()]);
        let change = |key: &str, state| (key.to_owned(), state);
        assert_eq!(told(&mut open, &["a"]), [change("left", State::Resolved), change("a", State::Firing)]);
        assert_eq!(told(&mut open, &["a"]), []);
        assert_eq!(told(&mut open, &["a", "b"]), [change("b", State::Firing)]);
        assert_eq!(told(&mut open, &["b"]), [change("a", State::Resolved)]);
    }

    #[test]
    fn what_could_not_be_told_is_told_at_the_next_look() {
        let mut open = Told::default();
        told(&mut open, &["a"]);
        open.forget("a");
        assert_eq!(told(&mut open, &["a"]).len(), 1, "that it began");
        told(&mut open, &[]);
        open.forget("a");
        assert_eq!(told(&mut open, &[]).len(), 1, "that it ended");
    }
}
