//! What is wrong with a contract.
//!
//! All findings come at once, each with its line, the place in the document, and the nearest right
//! name where there is one: a person edits the file once, not once for each mistake.

use std::fmt;

/// One finding. `Display` gives `line 12: events.fill.required: … (help)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractError {
    /// Counted from 1; absent where the finding concerns the whole document.
    pub line: Option<usize>,
    /// Where in the document, e.g. `events.fill.required`; empty for the top.
    pub path: String,
    /// What is wrong and why that matters.
    pub problem: String,
    /// What to do about it, e.g. the nearest right name.
    pub help: Option<String>,
}

/// Every finding of one contract, in the order of its lines. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractErrors(pub Vec<ContractError>);

impl ContractErrors {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &ContractError> {
        self.0.iter()
    }
}

impl std::error::Error for ContractError {}
impl std::error::Error for ContractErrors {}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.problem)?;
        if let Some(help) = &self.help {
            write!(f, " ({help})")?;
        }
        Ok(())
    }
}

impl fmt::Display for ContractErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.0.len() == 1 { "mistake" } else { "mistakes" };
        write!(f, "the contract has {} {noun}:", self.0.len())?;
        for error in &self.0 {
            write!(f, "\n  {error}")?;
        }
        Ok(())
    }
}
