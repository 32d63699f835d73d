//! `_bulk`: lines of actions and documents, answered one by one.
//!
//! A body that can't be cut into actions is refused whole; after that each item stands for itself, and a
//! request of which all items failed is still answered 200.

use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::index::{Verb, Written};
use super::{Elasticsearch, Flavour};
use crate::answer::{Answer, Outcome};
use crate::json;
use crate::request::Request;
use crate::script::Partial;

/// "The _id is limited to 512 bytes in size."
pub const ID_BYTES_MAX: usize = 512;

const PARAMETERS: [&str; 5] = ["_id", "_index", "_source", "retry_on_conflict", "routing"];
/// What the real one would do, and what is not done here.
const UNSUPPORTED: [&str; 9] = [
    "dynamic_templates",
    "if_primary_term",
    "if_seq_no",
    "list_executed_pipelines",
    "pipeline",
    "require_alias",
    "require_data_stream",
    "version",
    "version_type",
];

#[derive(Debug)]
struct Action<'a> {
    verb: Verb,
    target: String,
    id: Option<String>,
    source: &'a [u8],
}

pub fn take(service: &mut Elasticsearch, target: Option<&str>, request: &Request) -> Result<Outcome, Failure> {
    let actions = read(&request.body, target)?;
    let older_names = service.options.flavour != Flavour::Elasticsearch;
    let mut items = Vec::new();
    let mut kept = Vec::new();
    let mut refusals = Vec::new();
    for (at, action) in actions.iter().enumerate() {
        let result = match request.partial {
            // What it has taken once it does not refuse for good: that is a conflict.
            Some(partial)
                if (at + 1).is_multiple_of(partial.every)
                    && !service.store.holds(&action.target, action.id.as_deref()) =>
            {
                Err(scripted(partial))
            }
            _ => write(service, action),
        };
        let verb = action.verb.name();
        match result {
            Ok(written) => {
                items.push(json!({verb: item(&written)}));
                kept.push(json!({
                    "action": verb, "_index": written.index, "_id": written.id, "target": action.target,
                    "source": serde_json::from_slice::<Value>(action.source).unwrap_or(Value::Null),
                }));
            }
            Err(failure) => {
                let failure = if older_names { failure.with_older_names() } else { failure };
                refusals.push(format!("{verb} {}: {}", action.id.as_deref().unwrap_or("-"), failure.summary()));
                let error = failure.error();
                let about =
                    json!({"_index": action.target, "_id": action.id, "status": failure.status, "error": error});
                items.push(json!({verb: about}));
            }
        }
    }
    let answer = json!({"took": 1, "errors": !refusals.is_empty(), "items": items});
    let kept = (!kept.is_empty()).then(|| json!({"items": kept}));
    Ok(Outcome { answer: Answer::json(200, &answer), kept, refusals })
}

fn write(service: &mut Elasticsearch, action: &Action<'_>) -> Result<Written, Failure> {
    if service.options.flavour == Flavour::Quickwit && action.verb != Verb::Create {
        return Err(Failure::illegal(format!("action [{}] is not supported, only [create]", action.verb.name())));
    }
    service.store.write(&service.templates, &action.target, action.verb, action.id.as_deref(), action.source)
}

fn item(written: &Written) -> Value {
    json!({
        "_index": written.index, "_id": written.id, "_version": written.version, "result": written.result,
        "_shards": {"total": 1, "successful": 1, "failed": 0}, "_seq_no": written.seq_no, "_primary_term": 1,
        "status": written.status,
    })
}

fn scripted(partial: Partial) -> Failure {
    let Partial { status, .. } = partial;
    match status {
        429 => Failure::new(
            429,
            "es_rejected_execution_exception",
            "rejected execution of primary operation [coordinating_and_primary_bytes=0, max_primary_bytes=0]",
        ),
        503 => Failure::new(503, "unavailable_shards_exception", "primary shard is not active Timeout: [1m]"),
        400 => Failure::document("failed to parse").because("a script said so"),
        _ => Failure::new(status, "scripted_exception", "a script said so"),
    }
}

fn read<'a>(body: &'a [u8], target: Option<&str>) -> Result<Vec<Action<'a>>, Failure> {
    if body.is_empty() {
        return Err(Failure::new(400, "parse_exception", "request body is required"));
    }
    let Some(body) = body.strip_suffix(b"\n") else {
        return Err(Failure::illegal("The bulk request must be terminated by a newline [\\n]"));
    };
    let mut lines = body.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).enumerate();
    let mut actions = Vec::new();
    let mut invalid = Vec::new();
    while let Some((at, line)) = lines.next() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let (verb, parameters) = read_action(at + 1, line)?;
        let text = |name: &str| match parameters.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(malformed(at + 1, &format!("expected a simple value for field [{name}]"))),
        };
        let (index, id) = (text("_index")?, text("_id")?);
        let source = match verb {
            Verb::Delete => &[][..],
            _ => lines.next().ok_or_else(|| malformed(at + 1, "its source is missing"))?.1,
        };
        if let Some(id) = &id {
            if id.is_empty() {
                invalid.push("if _id is specified it must not be empty".to_owned());
            } else if id.len() > ID_BYTES_MAX {
                let long =
                    format!("id [{id}] is too long, must be no longer than {ID_BYTES_MAX} bytes but was: {}", id.len());
                invalid.push(long);
            }
        } else if matches!(verb, Verb::Update | Verb::Delete) {
            invalid.push("id is missing".to_owned());
        }
        let target = index.or(target.map(str::to_owned)).unwrap_or_default();
        if target.is_empty() {
            invalid.push("index is missing".to_owned());
        }
        actions.push(Action { verb, target, id, source });
    }
    if actions.is_empty() {
        invalid.push("no requests added".to_owned());
    }
    if invalid.is_empty() {
        return Ok(actions);
    }
    let list: String = invalid.iter().enumerate().map(|(at, what)| format!(" {}: {what};", at + 1)).collect();
    Err(Failure::new(400, "action_request_validation_exception", format!("Validation Failed:{list}")))
}

fn read_action(number: usize, line: &[u8]) -> Result<(Verb, Map<String, Value>), Failure> {
    let action = match json::parse(line) {
        Ok(Value::Object(action)) => action,
        Ok(_) => return Err(malformed(number, "expected START_OBJECT")),
        Err(error) => return Err(malformed(number, &error.to_string())),
    };
    let mut entries = action.into_iter();
    let (Some((name, parameters)), None) = (entries.next(), entries.next()) else {
        return Err(malformed(number, "expected exactly one action"));
    };
    let verb = match name.as_str() {
        "create" => Verb::Create,
        "index" => Verb::Index,
        "update" => Verb::Update,
        "delete" => Verb::Delete,
        other => {
            let reason = format!("expected field [create], [delete], [index] or [update] but found [{other}]");
            return Err(malformed(number, &reason));
        }
    };
    let Value::Object(parameters) = parameters else {
        return Err(malformed(number, "expected START_OBJECT"));
    };
    match parameters.keys().find(|name| !PARAMETERS.contains(&name.as_str())) {
        Some(name) if UNSUPPORTED.contains(&name.as_str()) => {
            Err(Failure::illegal(format!("this receiver does not support [{name}] of line [{number}]")))
        }
        Some(name) => {
            let reason = format!("Action/metadata line [{number}] contains an unknown parameter [{name}]");
            Err(Failure::illegal(reason))
        }
        None => Ok((verb, parameters)),
    }
}

fn malformed(number: usize, reason: &str) -> Failure {
    Failure::illegal(format!("Malformed action/metadata line [{number}], {reason}"))
}

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Index => "index",
            Verb::Update => "update",
            Verb::Delete => "delete",
        }
    }
}
