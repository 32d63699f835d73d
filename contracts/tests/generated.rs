//! The generated schema and types say what the contract says.

use std::process::Command;

use serde_json::{Value, json};
use tapline_contract::{Contract, generate};

fn schema() -> Value {
    serde_json::from_str(&generate::json_schema::events(Contract::embedded())).expect("JSON")
}

/// The part of JSON Schema that the generator uses; any other keyword is a mistake here.
fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    let Some(rules) = schema.as_object() else { return schema == &json!(true) };
    rules.iter().all(|(keyword, rule)| match keyword.as_str() {
        "$ref" => {
            let name = rule.as_str().and_then(|r| r.strip_prefix("#/$defs/")).expect("a local reference");
            fits(root, root["$defs"].get(name).unwrap_or_else(|| panic!("{name} is not defined")), value)
        }
        "type" => match rule.as_str().expect("one type") {
            "object" => value.is_object(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            other => panic!("type {other}"),
        },
        "enum" => rule.as_array().expect("a list").contains(value),
        "const" => rule == value,
        "minimum" => value.as_i64().is_none_or(|v| v >= rule.as_i64().expect("a number")),
        "maximum" => value.as_i64().is_none_or(|v| v <= rule.as_i64().expect("a number")),
        "required" => {
            rule.as_array().expect("a list").iter().all(|key| value.get(key.as_str().expect("a key")).is_some())
        }
        "properties" => rule
            .as_object()
            .expect("a table")
            .iter()
            .all(|(key, schema)| value.get(key).is_none_or(|value| fits(root, schema, value))),
        "additionalProperties" => {
            assert_eq!(rule, &json!(false));
            let known = rules["properties"].as_object().expect("a table");
            value.as_object().is_none_or(|o| o.keys().all(|key| known.contains_key(key)))
        }
        "allOf" => rule.as_array().expect("a list").iter().all(|s| fits(root, s, value)),
        "oneOf" => rule.as_array().expect("a list").iter().filter(|s| fits(root, s, value)).count() == 1,
        "not" => !fits(root, rule, value),
        "$schema" | "$id" | "$comment" | "$defs" | "title" | "description" => true,
        other => panic!("keyword {other}"),
    })
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut line = json!({
        "ts": 1_775_608_270_000_000_000_i64, "level": "info", "component": "order", "event": "order_cancel",
        "client_order_id": "mm-1:7", "strategy_id": "mm-1", "symbol": "TXFD6",
    });
    for (key, value) in changes {
        if value.is_null() {
            line.as_object_mut().expect("an object").remove(*key);
        } else {
            line[*key] = value.clone();
        }
    }
    line
}

#[test]
fn the_schema_takes_good_lines_and_refuses_bad_ones() {
    let schema = schema();
    for good in [
        with(&[]),
        with(&[("risk_mode", json!("HALT")), ("latency_us", json!(12.5)), ("pid", json!(7))]),
        with(&[("something_else", json!([1, 2]))]),
        with(&[("event", json!("never heard of")), ("component", json!("unknown"))]),
    ] {
        assert!(fits(&schema, &schema, &good), "{good}");
    }
    for bad in [
        with(&[("ts", Value::Null)]),
        with(&[("symbol", Value::Null)]),
        with(&[("component", json!("risk"))]),
        with(&[("level", json!("loud"))]),
        with(&[("risk_mode", json!("PANIC"))]),
        with(&[("pid", json!("seven"))]),
        with(&[("strategy_id", json!(1))]),
    ] {
        assert!(!fits(&schema, &schema, &bad), "{bad}");
    }
}

#[test]
fn the_schema_defines_every_event_and_no_secret() {
    let contract = Contract::embedded();
    let schema = schema();
    let definitions = schema["$defs"].as_object().expect("definitions");
    for event in &contract.events {
        let definition = &definitions[&format!("event.{}", event.name)];
        let required = definition["required"].as_array().expect("a list");
        for field in &event.fields {
            let name = &contract.field_at(field.field).name;
            assert_eq!(required.contains(&json!(name)), field.required, "{}.{name}", event.name);
        }
    }
    assert!(definitions.contains_key("envelope"));
    assert!(!definitions.contains_key("field.password"));
}

#[test]
fn a_contract_that_rejects_what_it_does_not_know_says_so_in_the_schema() {
    let text = tapline_contract::TRADING_TOML
        .replace("unknown_event = \"accept\"", "unknown_event = \"reject\"")
        .replace("unknown_field = \"details\"", "unknown_field = \"reject\"");
    let contract = Contract::parse(&text).expect("a sound contract");
    let schema: Value = serde_json::from_str(&generate::json_schema::events(&contract)).expect("JSON");
    assert!(fits(&schema, &schema, &with(&[("host", json!("h"))])));
    assert!(!fits(&schema, &schema, &with(&[("something_else", json!(1))])));
    assert!(!fits(&schema, &schema, &with(&[("event", json!("never heard of"))])));
}

#[test]
fn python_reads_its_types() {
    let types = generate::python::types(Contract::embedded());
    let script = "import ast, sys\ntree = ast.parse(sys.stdin.read())\n\
                  print(sum(isinstance(n, ast.ClassDef) for n in tree.body))";
    let mut python = Command::new("python3")
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("this test needs python3; `cargo xtask test` installs it");
    std::io::Write::write_all(&mut python.stdin.take().expect("a pipe"), types.as_bytes()).expect("python3 reads");
    let answer = python.wait_with_output().expect("python3 ends");
    assert!(answer.status.success());
    // One class for each event.
    let classes = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    assert_eq!(classes, Contract::embedded().events.len().to_string());
}
