//! Aggregations of a search: `terms` with aggregations inside, `cardinality`, `max`.
//!
//! Their numbers are exact, where the real ones are of shards: there `terms` may miss a bucket (and says how many
//! documents it has not counted), and `cardinality` is an estimate beyond 3,000 values.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::search::{text, values};

/// `search.max_buckets`
const BUCKETS_MAX: u64 = 65_536;
/// What `terms` gives where nobody says how many.
const BUCKETS: u64 = 10;

pub fn aggregate(asked: &Value, documents: &[&Value]) -> Result<Value, Failure> {
    let Some(asked) = asked.as_object() else { return Err(unknown(asked)) };
    let mut answers = Map::new();
    for (name, what) in asked {
        answers.insert(name.clone(), one(what, documents)?);
    }
    Ok(Value::Object(answers))
}

fn one(what: &Value, documents: &[&Value]) -> Result<Value, Failure> {
    let kinds = what.as_object().ok_or_else(|| unknown(what))?;
    let inner = kinds.get("aggs");
    let mut kinds = kinds.iter().filter(|(name, _)| *name != "aggs");
    let (Some((kind, options)), None) = (kinds.next(), kinds.next()) else { return Err(unknown(what)) };
    let known: &[&str] = if kind == "terms" { &["field", "size"] } else { &["field"] };
    super::templates::only(options, known, kind)?;
    let field = options["field"].as_str().ok_or_else(|| Failure::illegal(format!("[{kind}] needs a [field]")))?;
    match (kind.as_str(), inner) {
        ("terms", _) => terms(field, options, inner, documents),
        ("cardinality", None) => {
            let found: BTreeSet<String> =
                documents.iter().flat_map(|document| values(document, field)).map(text).collect();
            Ok(json!({"value": found.len()}))
        }
        ("max", None) => {
            let numbers = documents.iter().flat_map(|document| values(document, field)).filter_map(Value::as_f64);
            Ok(json!({"value": numbers.reduce(f64::max)}))
        }
        _ => Err(unknown(what)),
    }
}

fn terms(field: &str, options: &Value, inner: Option<&Value>, documents: &[&Value]) -> Result<Value, Failure> {
    let size = options["size"].as_u64().unwrap_or(BUCKETS);
    if !(1..=BUCKETS_MAX).contains(&size) {
        return Err(Failure::illegal(format!("[size] must be between 1 and [{BUCKETS_MAX}]")));
    }
    let mut groups: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for document in documents {
        for value in values(document, field) {
            groups.entry(text(value)).or_default().push(document);
        }
    }
    let mut groups: Vec<(String, Vec<&Value>)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, documents)| std::cmp::Reverse(documents.len()));
    let others = groups.split_off(groups.len().min(size as usize));
    let mut buckets = Vec::new();
    for (key, documents) in groups {
        let mut bucket = json!({"key": key, "doc_count": documents.len()});
        if let Some(inner) = inner
            && let Value::Object(answers) = aggregate(inner, &documents)?
            && let Some(bucket) = bucket.as_object_mut()
        {
            bucket.extend(answers);
        }
        buckets.push(bucket);
    }
    let not_listed: usize = others.iter().map(|(_, documents)| documents.len()).sum();
    Ok(json!({"doc_count_error_upper_bound": 0, "sum_other_doc_count": not_listed, "buckets": buckets}))
}

fn unknown(what: &Value) -> Failure {
    Failure::new(400, "parsing_exception", format!("unknown aggregation [{what}]"))
}
