//! "Response filtering": `filter_path=errors,items.*.error`, by which bulk clients save themselves most of
//! an answer.

use serde_json::{Map, Value};

use super::pattern;
use crate::answer::Answer;

pub fn filtered(mut answer: Answer, paths: &str) -> Answer {
    let paths: Vec<Vec<&str>> = paths.split(',').map(|path| path.split('.').collect()).collect();
    if let Ok(value) = serde_json::from_slice::<Value>(&answer.body) {
        let paths: Vec<&[&str]> = paths.iter().map(Vec::as_slice).collect();
        let kept = keep(&value, &paths).unwrap_or(Value::Object(Map::new()));
        answer.body = kept.to_string().into_bytes();
    }
    answer
}

fn keep(value: &Value, paths: &[&[&str]]) -> Option<Value> {
    if paths.iter().any(|path| path.is_empty()) {
        return Some(value.clone());
    }
    match value {
        Value::Object(map) => {
            let entry = |(name, value): (&String, &Value)| {
                let mut inner: Vec<&[&str]> = Vec::new();
                for path in paths {
                    match path[0] {
                        // Any number of levels.
                        "**" => inner.extend([&path[1..], *path]),
                        part if pattern::matches(part, name) => inner.push(&path[1..]),
                        _ => {}
                    }
                }
                Some((name.clone(), keep(value, &inner).filter(|_| !inner.is_empty())?))
            };
            let map: Map<String, Value> = map.iter().filter_map(entry).collect();
            (!map.is_empty()).then_some(Value::Object(map))
        }
        Value::Array(items) => {
            let items: Vec<Value> = items.iter().filter_map(|item| keep(item, paths)).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_named_is_left() {
        let value = json!({"took": 1, "errors": true, "items": [
            {"create": {"status": 201}}, {"create": {"status": 400, "error": {"type": "x", "reason": "y"}}},
        ]});
        for (paths, expected) in [
            (
                "errors,items.*.error",
                json!({"errors": true, "items": [{"create": {"error": {"type": "x", "reason": "y"}}}]}),
            ),
            ("items.*.error.type", json!({"items": [{"create": {"error": {"type": "x"}}}]})),
            ("took", json!({"took": 1})),
            ("nothing", json!({})),
        ] {
            let answer = filtered(Answer::json(200, &value), paths);
            assert_eq!(serde_json::from_slice::<Value>(&answer.body).unwrap(), expected, "{paths}");
        }
    }
}
