//! An error in Elasticsearch's shape, of a whole request or of one item.

use serde_json::{Value, json};

use crate::answer::Answer;

#[derive(Debug, Clone)]
pub struct Failure {
    pub status: u16,
    /// Some errors are text only.
    kind: Option<&'static str>,
    reason: String,
    caused_by: Option<String>,
}

impl Failure {
    pub fn new(status: u16, kind: &'static str, reason: impl Into<String>) -> Failure {
        Failure { status, kind: Some(kind), reason: reason.into(), caused_by: None }
    }

    /// An error without a type.
    pub fn bare(status: u16, reason: impl Into<String>) -> Failure {
        Failure { status, kind: None, reason: reason.into(), caused_by: None }
    }

    pub fn illegal(reason: impl Into<String>) -> Failure {
        Failure::new(400, "illegal_argument_exception", reason)
    }

    /// A document that does not fit its mapping.
    pub fn document(reason: impl Into<String>) -> Failure {
        Failure::new(400, "document_parsing_exception", reason)
    }

    /// A mapping that makes no sense.
    pub fn mapping(reason: impl Into<String>) -> Failure {
        Failure::new(400, "mapper_parsing_exception", reason)
    }

    pub fn no_index(name: &str) -> Failure {
        Failure::new(404, "index_not_found_exception", format!("no such index [{name}]"))
    }

    pub fn because(mut self, cause: impl Into<String>) -> Failure {
        self.caused_by = Some(cause.into());
        self
    }

    /// OpenSearch, and Elasticsearch before 8.8, know no `document_parsing_exception`.
    pub fn with_older_names(mut self) -> Failure {
        if self.kind == Some("document_parsing_exception") {
            self.kind = Some("mapper_parsing_exception");
        }
        self
    }

    pub fn error(&self) -> Value {
        let Some(kind) = self.kind else { return json!(self.reason) };
        let mut error = json!({"type": kind, "reason": self.reason});
        if let Some(cause) = &self.caused_by {
            error["caused_by"] = json!({"type": "illegal_argument_exception", "reason": cause});
        }
        error
    }

    pub fn answer(&self) -> Answer {
        let mut error = self.error();
        if error.is_object() {
            error["root_cause"] = json!([{"type": error["type"], "reason": error["reason"]}]);
        }
        Answer::json(self.status, &json!({"error": error, "status": self.status}))
    }

    /// For the list of refusals.
    pub fn summary(&self) -> String {
        let cause = self.caused_by.iter().map(|cause| format!(": {cause}")).collect::<String>();
        match self.kind {
            Some(kind) => format!("{kind}: {}{cause}", self.reason),
            None => self.reason.clone(),
        }
    }
}
