//! Reads a TOML table key by key and remembers what was asked for.
//!
//! What was never asked for is an unknown key, refused by name when the section is finished. Written
//! by hand rather than derived, because a derived reader stops at the first mistake and can't say
//! which names it would have known.

use std::cell::RefCell;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::ContractError;
use crate::nearest::did_you_mean;
use crate::words::Word;

/// Collects findings, and knows which line a byte stands in.
pub(crate) struct Findings {
    /// Where each line begins.
    line_starts: Vec<usize>,
    errors: RefCell<Vec<ContractError>>,
}

/// A value and the line where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spot<T> {
    pub(crate) value: T,
    pub(crate) line: usize,
}

/// One TOML table being read.
pub(crate) struct Section<'a, 't> {
    findings: &'a Findings,
    table: &'a DeTable<'t>,
    pub(crate) path: String,
    pub(crate) line: usize,
    asked: RefCell<Vec<&'static str>>,
}

// === impl Findings ===

impl Findings {
    pub(crate) fn new(text: &str) -> Self {
        let after_newline = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
        Self { line_starts: std::iter::once(0).chain(after_newline).collect(), errors: RefCell::default() }
    }

    pub(crate) fn line_of(&self, byte: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= byte)
    }

    pub(crate) fn add(
        &self,
        line: impl Into<Option<usize>>,
        path: impl Into<String>,
        problem: impl Into<String>,
        help: Option<String>,
    ) {
        self.errors.borrow_mut().push(ContractError {
            line: line.into(),
            path: path.into(),
            problem: problem.into(),
            help,
        });
    }

    /// All findings by line; those without one come last.
    pub(crate) fn into_sorted(self) -> Vec<ContractError> {
        let mut errors = self.errors.into_inner();
        errors.sort_by_key(|e| e.line.unwrap_or(usize::MAX));
        errors.dedup();
        errors
    }
}

// === impl Section ===

impl<'a, 't> Section<'a, 't> {
    pub(crate) fn root(findings: &'a Findings, table: &'a DeTable<'t>) -> Self {
        Self { findings, table, path: String::new(), line: 1, asked: RefCell::default() }
    }

    fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn get(&self, key: &'static str) -> Option<(&'a DeValue<'t>, usize)> {
        self.asked.borrow_mut().push(key);
        let value = self.table.get(key)?;
        Some((value.get_ref(), self.findings.line_of(value.span().start)))
    }

    fn wrong_type(&self, line: usize, path: String, wanted: &str, found: &DeValue<'_>) {
        let problem = format!("expected {wanted}, found {}", kind_of(found));
        self.findings.add(line, path, problem, None);
    }

    pub(crate) fn missing(&self, key: &str, why: &str) {
        self.findings.add(self.line, self.path.clone(), format!("{key:?} is missing: {why}"), None);
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<Spot<String>> {
        let (value, line) = self.get(key)?;
        match value {
            DeValue::String(text) => Some(Spot { value: text.to_string(), line }),
            other => {
                self.wrong_type(line, self.at(key), "a text", other);
                None
            }
        }
    }

    /// A sentence or more for people, which nothing may go without.
    pub(crate) fn doc(&self, key: &'static str) -> String {
        match self.text(key) {
            Some(doc) if !doc.value.trim().is_empty() => doc.value.trim().to_owned(),
            _ => {
                self.missing(key, "say in a sentence what this is");
                String::new()
            }
        }
    }

    pub(crate) fn flag(&self, key: &'static str) -> bool {
        match self.get(key) {
            None => false,
            Some((DeValue::Boolean(flag), _)) => *flag,
            Some((other, line)) => {
                self.wrong_type(line, self.at(key), "true or false", other);
                false
            }
        }
    }

    pub(crate) fn whole(&self, key: &'static str) -> Option<Spot<u32>> {
        let (value, line) = self.get(key)?;
        let parsed = value.as_integer().and_then(|i| u32::from_str_radix(i.as_str(), i.radix()).ok());
        match parsed {
            Some(value) => Some(Spot { value, line }),
            None => {
                self.wrong_type(line, self.at(key), "a whole number from 0 to 4294967295", value);
                None
            }
        }
    }

    pub(crate) fn number(&self, key: &'static str) -> Option<f64> {
        let (value, line) = self.get(key)?;
        let number = number_of(value);
        if number.is_none() {
            self.wrong_type(line, self.at(key), "a number", value);
        }
        number
    }

    pub(crate) fn word<W: Word>(&self, key: &'static str) -> Option<W> {
        let text = self.text(key)?;
        let found = W::from_word(&text.value);
        if found.is_none() {
            let words: Vec<&str> = W::ALL.iter().map(|(word, _)| *word).collect();
            self.findings.add(
                text.line,
                self.at(key),
                format!("{:?} is not one of {}", text.value, words.join(", ")),
                did_you_mean(&text.value, words),
            );
        }
        found
    }

    /// A word that can't be left out; `why` says what it decides.
    pub(crate) fn needed_word<W: Word>(&self, key: &'static str, why: &str, default: W) -> W {
        if self.table.get(key).is_none() {
            self.missing(key, why);
        }
        self.word(key).unwrap_or(default)
    }

    pub(crate) fn list(&self, key: &'static str) -> Vec<(&'a DeValue<'t>, usize)> {
        match self.get(key) {
            None => Vec::new(),
            Some((DeValue::Array(array), _)) => {
                array.iter().map(|item| (item.get_ref(), self.findings.line_of(item.span().start))).collect()
            }
            Some((other, line)) => {
                self.wrong_type(line, self.at(key), "a list", other);
                Vec::new()
            }
        }
    }

    pub(crate) fn texts(&self, key: &'static str) -> Vec<Spot<String>> {
        let mut texts = Vec::new();
        for (value, line) in self.list(key) {
            match value {
                DeValue::String(text) => texts.push(Spot { value: text.to_string(), line }),
                other => self.wrong_type(line, self.at(key), "a text", other),
            }
        }
        texts
    }

    pub(crate) fn numbers(&self, key: &'static str) -> Vec<f64> {
        let mut numbers = Vec::new();
        for (value, line) in self.list(key) {
            match number_of(value) {
                Some(number) => numbers.push(number),
                None => self.wrong_type(line, self.at(key), "a number", value),
            }
        }
        numbers
    }

    /// A table of any keys, as they stand in the file.
    pub(crate) fn entries(&self, key: &'static str) -> Vec<(Spot<String>, &'a DeValue<'t>)> {
        match self.get(key) {
            None => Vec::new(),
            Some((DeValue::Table(table), _)) => in_order(table)
                .into_iter()
                .map(|(name, value)| {
                    let line = self.findings.line_of(name.span().start);
                    (Spot { value: name.get_ref().to_string(), line }, value.get_ref())
                })
                .collect(),
            Some((other, line)) => {
                self.wrong_type(line, self.at(key), "a table", other);
                Vec::new()
            }
        }
    }

    /// A table of any keys with texts.
    pub(crate) fn text_entries(&self, key: &'static str) -> Vec<(Spot<String>, String)> {
        let mut entries = Vec::new();
        for (name, value) in self.entries(key) {
            match value {
                DeValue::String(text) => entries.push((name, text.to_string())),
                other => {
                    let path = format!("{}.{}", self.at(key), name.value);
                    self.wrong_type(name.line, path, "a text", other);
                }
            }
        }
        entries
    }

    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'a, 't>> {
        let (value, line) = self.get(key)?;
        self.enter(value, self.at(key), line)
    }

    /// The named tables under `key`, as they stand in the file.
    pub(crate) fn sections(&self, key: &'static str) -> Vec<(String, Section<'a, 't>)> {
        let mut sections = Vec::new();
        for (name, value) in self.entries(key) {
            let path = format!("{}.{}", self.at(key), quoted(&name.value));
            if let Some(section) = self.enter(value, path, name.line) {
                sections.push((name.value, section));
            }
        }
        sections
    }

    pub(crate) fn enter(&self, value: &'a DeValue<'t>, path: String, line: usize) -> Option<Self> {
        match value {
            DeValue::Table(table) => {
                Some(Self { findings: self.findings, table, path, line, asked: RefCell::default() })
            }
            other => {
                self.wrong_type(line, path, "a table", other);
                None
            }
        }
    }

    /// Refuses every key that was not asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for name in self.table.keys() {
            let key: &str = name.get_ref();
            if !asked.contains(&key) {
                let help = did_you_mean(key, asked.iter().copied())
                    .unwrap_or_else(|| format!("known keys: {}", asked.join(", ")));
                self.findings.add(self.findings.line_of(name.span().start), self.at(key), "unknown key", Some(help));
            }
        }
    }
}

fn quoted(name: &str) -> String {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { name.to_owned() } else { format!("{name:?}") }
}

type Entry<'a, 't> = (&'a Spanned<std::borrow::Cow<'t, str>>, &'a Spanned<DeValue<'t>>);

fn in_order<'a, 't>(table: &'a DeTable<'t>) -> Vec<Entry<'a, 't>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

fn number_of(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(float) => float.as_str().parse().ok(),
        DeValue::Integer(int) => i64::from_str_radix(int.as_str(), int.radix()).ok().map(|i| i as f64),
        _ => None,
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
