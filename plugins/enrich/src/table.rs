//! One table: whole names and beginnings of names.

use std::collections::HashMap;

use crate::config::Lookup;

/// A value's number in [`Table::values`], from 1; 0 means that there is none.
pub(crate) type Answer = u16;

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) values: Vec<String>,
    whole: HashMap<String, Answer>,
    /// Longest first.
    beginnings: Vec<(String, Answer)>,
    default: Answer,
}

impl Table {
    pub(crate) fn new(field: &str, lookup: &Lookup) -> Result<Table, String> {
        let mut values: Vec<String> = Vec::new();
        let mut number = |value: &String| {
            let known = values.iter().position(|known| known == value).unwrap_or_else(|| {
                values.push(value.clone());
                values.len() - 1
            });
            Answer::try_from(known + 1)
                .map_err(|_| format!("columns.{field}: more than {} different values", Answer::MAX))
        };
        let mut table = Table {
            whole: HashMap::new(),
            beginnings: Vec::new(),
            default: lookup.default.as_ref().map_or(Ok(0), &mut number)?,
            values: Vec::new(),
        };
        for (name, value) in &lookup.table {
            let answer = number(value)?;
            match name.strip_suffix('*') {
                Some(beginning) => table.beginnings.push((beginning.into(), answer)),
                None => drop(table.whole.insert(name.clone(), answer)),
            }
        }
        table.beginnings.sort_by_key(|(beginning, _)| std::cmp::Reverse(beginning.len()));
        table.values = values;
        Ok(table)
    }

    pub(crate) fn look_up(&self, name: &str) -> Answer {
        let beginning = || self.beginnings.iter().find(|(beginning, _)| name.starts_with(beginning));
        let found = self.whole.get(name).copied().or_else(|| beginning().map(|(_, answer)| *answer));
        found.unwrap_or(self.default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(table: &[(&str, &str)], default: Option<&str>, name: &str) -> Option<String> {
        let lookup = Lookup {
            from: "symbol".into(),
            table: table.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            default: default.map(Into::into),
        };
        let table = Table::new("venue", &lookup).unwrap();
        let answer = table.look_up(name).checked_sub(1)?;
        Some(table.values[usize::from(answer)].clone())
    }

    #[test]
    fn whole_names_win_then_the_longest_beginning_then_the_default() {
        let table = [("TX*", "a"), ("TXF*", "b"), ("TXFD6", "c"), ("*", "d")];
        for (name, value) in [("TXFD6", "c"), ("TXFE6", "b"), ("TXO", "a"), ("ES", "d"), ("", "d")] {
            assert_eq!(check(&table, None, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(check(&table[..3], Some("e"), "ES").as_deref(), Some("e"));
        assert_eq!(check(&table[..3], None, "ES"), None);
    }
}
