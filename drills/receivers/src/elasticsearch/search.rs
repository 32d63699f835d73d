//! `_search` and `_count`, as far as a test needs them to read documents back.
//!
//! `match_all`, `term`, `ids`, `exists` and `bool` with `must` and `filter`; `size` and `from` within
//! `index.max_result_window` (10,000); aggregations (see there). Anything else is refused, so that no test
//! believes in a filter that was passed over.

use serde_json::{Value, json};

use super::aggregation;
use super::failure::Failure;
use super::store::Store;
use crate::answer::Answer;
use crate::request::Request;

const WINDOW_MAX: u64 = 10_000;

#[derive(Debug)]
enum Query {
    All,
    Term(String, Value),
    Ids(Vec<Value>),
    Exists(String),
    Both(Vec<Query>),
}

pub fn search(store: &Store, target: &str, request: &Request) -> Result<Answer, Failure> {
    let body = read(request, &["query", "size", "from", "track_total_hits", "aggs"])?;
    let query = Query::read(body.get("query"))?;
    let number = |name: &str, default| match (body.get(name), request.parameter(name)) {
        (Some(value), _) => value.as_u64().ok_or_else(|| Failure::illegal(format!("[{name}] must be a number"))),
        (None, Some(text)) => text.parse().map_err(|_| Failure::illegal(format!("[{name}] must be a number"))),
        (None, None) => Ok(default),
    };
    let (from, size) = (number("from", 0)?, number("size", 10)?);
    if from.saturating_add(size) > WINDOW_MAX {
        let reason = format!("Result window is too large, from + size must be less than or equal to: [{WINDOW_MAX}]");
        return Err(Failure::illegal(reason));
    }
    let found = store.select(target)?;
    let fitting: Vec<_> = found.into_iter().filter(|(_, id, document)| query.fits(id, &document.source)).collect();
    let hits: Vec<Value> = fitting
        .iter()
        .skip(from as usize)
        .take(size as usize)
        .map(|(index, id, document)| json!({"_index": index, "_id": id, "_score": 1.0, "_source": document.source}))
        .collect();
    let mut answer = json!({
        "took": 1, "timed_out": false, "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
        "hits": {"total": {"value": fitting.len(), "relation": "eq"}, "max_score": 1.0, "hits": hits},
    });
    if let Some(asked) = body.get("aggs") {
        let sources: Vec<&Value> = fitting.iter().map(|(_, _, document)| &document.source).collect();
        answer["aggregations"] = aggregation::aggregate(asked, &sources)?;
    }
    Ok(Answer::json(200, &answer))
}

pub fn count(store: &Store, target: &str, request: &Request) -> Result<Answer, Failure> {
    let body = read(request, &["query"])?;
    let query = Query::read(body.get("query"))?;
    let found = store.select(target)?;
    let count = found.iter().filter(|(_, id, document)| query.fits(id, &document.source)).count();
    let shards = json!({"total": 1, "successful": 1, "skipped": 0, "failed": 0});
    Ok(Answer::json(200, &json!({"count": count, "_shards": shards})))
}

fn read(request: &Request, known: &[&str]) -> Result<Value, Failure> {
    if request.body.is_empty() {
        return Ok(json!({}));
    }
    let body = super::templates::read_body(request)?;
    super::templates::only(&body, known, "search")?;
    Ok(body)
}

impl Query {
    fn read(value: Option<&Value>) -> Result<Query, Failure> {
        let unknown = |what: &str| Failure::new(400, "parsing_exception", format!("unknown query [{what}]"));
        let Some(value) = value else { return Ok(Query::All) };
        let map = value.as_object().filter(|map| map.len() == 1).ok_or_else(|| unknown(&value.to_string()))?;
        let Some((name, inner)) = map.iter().next() else { return Err(unknown("")) };
        match (name.as_str(), inner) {
            ("match_all", _) => Ok(Query::All),
            ("term", Value::Object(term)) if term.len() == 1 => {
                let (field, value) = term.iter().next().ok_or_else(|| unknown("term"))?;
                Ok(Query::Term(field.clone(), value.get("value").unwrap_or(value).clone()))
            }
            ("ids", Value::Object(ids)) => match ids.get("values") {
                Some(Value::Array(values)) => Ok(Query::Ids(values.clone())),
                _ => Err(unknown("ids without values")),
            },
            ("exists", Value::Object(exists)) => match exists.get("field") {
                Some(Value::String(field)) => Ok(Query::Exists(field.clone())),
                _ => Err(unknown("exists without a field")),
            },
            ("bool", Value::Object(parts)) => {
                let mut all = Vec::new();
                for (name, part) in parts {
                    match (name.as_str(), part) {
                        ("must" | "filter", Value::Array(list)) => {
                            for part in list {
                                all.push(Query::read(Some(part))?);
                            }
                        }
                        ("must" | "filter", part) => all.push(Query::read(Some(part))?),
                        (other, _) => return Err(unknown(other)),
                    }
                }
                Ok(Query::Both(all))
            }
            (other, _) => Err(unknown(other)),
        }
    }

    fn fits(&self, id: &str, source: &Value) -> bool {
        match self {
            Query::All => true,
            Query::Ids(ids) => ids.iter().any(|wanted| text(wanted) == id),
            Query::Term(field, wanted) if field == "_id" => text(wanted) == id,
            Query::Term(field, wanted) => {
                let field = field.strip_suffix(".keyword").unwrap_or(field);
                values(source, field).iter().any(|value| text(value) == text(wanted))
            }
            Query::Exists(field) => !values(source, field).is_empty(),
            Query::Both(parts) => parts.iter().all(|part| part.fits(id, source)),
        }
    }
}

/// All values at a path, whether it is written with dots or nested, through arrays.
pub(super) fn values<'a>(source: &'a Value, path: &str) -> Vec<&'a Value> {
    match source {
        Value::Array(items) => items.iter().flat_map(|item| values(item, path)).collect(),
        Value::Object(map) => {
            let ends = path.match_indices('.').map(|(at, _)| at);
            let deeper = ends.filter_map(|at| Some(values(map.get(&path[..at])?, &path[at + 1..]))).flatten();
            let here = match map.get(path) {
                Some(Value::Array(items)) => items.iter().collect(),
                Some(Value::Null) | None => Vec::new(),
                Some(value) => vec![value],
            };
            here.into_iter().chain(deeper).collect()
        }
        _ => Vec::new(),
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
