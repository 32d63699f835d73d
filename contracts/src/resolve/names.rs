//! Looking names up while the contract is being resolved, and the rules for new names.

use std::collections::HashMap;

use crate::builtin::built_in;
use crate::model::{ComponentId, Field, FieldId};
use crate::nearest::did_you_mean;
use crate::raw::{Findings, Spot};

/// What is known once components and fields are resolved.
pub(super) struct Names<'a> {
    pub(super) findings: &'a Findings,
    pub(super) components: &'a HashMap<String, ComponentId>,
    pub(super) fields: &'a HashMap<String, FieldId>,
    pub(super) dictionary: &'a [Field],
}

impl Names<'_> {
    pub(super) fn component(&self, path: &str, name: &Spot<String>) -> Option<ComponentId> {
        let found = self.components.get(&name.value).copied();
        if found.is_none() {
            self.findings.add(
                name.line,
                path,
                format!("no component {:?} is declared", name.value),
                did_you_mean(&name.value, self.components.keys().map(String::as_str)),
            );
        }
        found
    }

    /// A field by its own name; an alias is refused, so that one name stands everywhere.
    pub(super) fn field(&self, path: &str, name: &str, line: usize) -> Option<FieldId> {
        if let Some(reserved) = built_in(name) {
            self.findings.add(
                line,
                path,
                format!("{:?} is reserved: every event has it already", reserved.name),
                Some("leave it out, or give your field another name".to_owned()),
            );
            return None;
        }
        let Some(id) = self.fields.get(name).copied() else {
            self.findings.add(
                line,
                path,
                format!("no field {name:?} is declared"),
                Some(
                    did_you_mean(name, self.dictionary.iter().map(|f| f.name.as_str()))
                        .unwrap_or_else(|| format!("declare it under [fields.{name}]")),
                ),
            );
            return None;
        };
        let field = &self.dictionary[usize::from(id.0)];
        if field.name != name {
            self.findings.add(line, path, format!("{name:?} is an alias"), Some(format!("write {:?}", field.name)));
        }
        Some(id)
    }

    /// Several fields, each named once.
    pub(super) fn fields(&self, path: &str, names: &[Spot<String>]) -> Vec<FieldId> {
        let mut ids = Vec::with_capacity(names.len());
        for name in names {
            if let Some(id) = self.field(path, &name.value, name.line) {
                if ids.contains(&id) {
                    self.findings.add(name.line, path, format!("{:?} stands here twice", name.value), None);
                } else {
                    ids.push(id);
                }
            }
        }
        ids
    }
}

/// The rule for names of components, fields and events: they become columns, labels and names in
/// five languages.
pub(super) fn check_name(findings: &Findings, path: &str, name: &str, line: usize) {
    let mut chars = name.chars();
    let good = chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !good || name.len() > 64 {
        findings.add(
            line,
            path,
            format!("{name:?} is not a good name"),
            Some("a-z, 0-9 and _, beginning with a letter, at most 64".to_owned()),
        );
    }
}

/// Enters a name into an index and refuses one that is taken.
pub(super) fn claim<T: Copy>(
    index: &mut HashMap<String, T>,
    findings: &Findings,
    path: &str,
    name: &str,
    line: usize,
    value: T,
) {
    if index.contains_key(name) {
        findings.add(line, path, format!("{name:?} is taken already"), Some("one name, one meaning".to_owned()));
    } else {
        index.insert(name.to_owned(), value);
    }
}
