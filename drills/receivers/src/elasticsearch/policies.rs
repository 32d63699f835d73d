//! Lifecycle policies: ILM of Elasticsearch and ISM of OpenSearch.
//!
//! From "Create or update lifecycle policy API" and "Index lifecycle actions" (which action in which phase),
//! and from OpenSearch's "ISM API" and "Policies" (`description`, `default_state`, `states`; an update needs
//! `if_seq_no` and `if_primary_term`). Policies are checked and kept; nothing is rolled over or deleted by
//! them.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};

use super::Flavour;
use super::failure::Failure;
use super::templates::{acknowledged, only, read_body};
use crate::answer::{Answer, Outcome};
use crate::request::Request;

const PHASES: [(&str, &[&str]); 5] = [
    (
        "hot",
        &[
            "downsample",
            "forcemerge",
            "readonly",
            "rollover",
            "searchable_snapshot",
            "set_priority",
            "shrink",
            "unfollow",
        ],
    ),
    ("warm", &["allocate", "downsample", "forcemerge", "migrate", "readonly", "set_priority", "shrink", "unfollow"]),
    ("cold", &["allocate", "downsample", "migrate", "readonly", "searchable_snapshot", "set_priority", "unfollow"]),
    ("frozen", &["searchable_snapshot", "unfollow"]),
    ("delete", &["delete", "wait_for_snapshot"]),
];
const ROLLOVER_CONDITIONS: [&str; 10] = [
    "max_age",
    "max_docs",
    "max_primary_shard_docs",
    "max_primary_shard_size",
    "max_size",
    "min_age",
    "min_docs",
    "min_primary_shard_docs",
    "min_primary_shard_size",
    "min_size",
];
const ISM_MEMBERS: [&str; 8] = [
    "default_state",
    "description",
    "error_notification",
    "ism_template",
    "last_updated_time",
    "policy_id",
    "schema_version",
    "states",
];
const TIME_UNITS: [&str; 7] = ["nanos", "micros", "ms", "s", "m", "h", "d"];

#[derive(Debug, Clone)]
pub struct Policies {
    flavour: Flavour,
    /// With its version.
    by_name: BTreeMap<String, (u64, Value)>,
}

impl Policies {
    pub fn new(flavour: Flavour) -> Policies {
        Policies { flavour, by_name: BTreeMap::new() }
    }

    /// `_ilm/policy/{name}`
    pub fn lifecycle(&mut self, path: &[&str], request: &Request) -> Result<Outcome, Failure> {
        if self.flavour != Flavour::Elasticsearch {
            return Err(super::no_handler(request));
        }
        match (&request.method, path) {
            (&Method::PUT, [name]) => {
                let body = read_body(request)?;
                check_lifecycle(&body)?;
                let version = self.by_name.get(*name).map_or(1, |(version, _)| version + 1);
                self.by_name.insert((*name).to_owned(), (version, body["policy"].clone()));
                Ok(acknowledged(json!({"policy": name, "body": body})))
            }
            (&Method::GET | &Method::HEAD, []) => Ok(Outcome::told(self.list(|_| true))),
            (&Method::GET | &Method::HEAD, [name]) if self.by_name.contains_key(*name) => {
                Ok(Outcome::told(self.list(|other| other == *name)))
            }
            (&Method::DELETE, [name]) if self.by_name.remove(*name).is_some() => {
                Ok(acknowledged(json!({"deleted": name})))
            }
            (&Method::GET | &Method::HEAD | &Method::DELETE, [name]) => {
                let reason = format!("Lifecycle policy not found: [{name}]");
                Err(Failure::new(404, "resource_not_found_exception", reason))
            }
            _ => Err(super::no_handler(request)),
        }
    }

    /// `_plugins/_ism/policies/{id}`
    pub fn state_management(&mut self, path: &[&str], request: &Request) -> Result<Outcome, Failure> {
        if self.flavour != Flavour::OpenSearch {
            return Err(super::no_handler(request));
        }
        let [name] = path else { return Err(super::no_handler(request)) };
        let existing = self.by_name.get(*name).map(|(version, _)| *version);
        match (&request.method, existing) {
            (&Method::PUT, existing) => {
                let body = read_body(request)?;
                check_state_management(&body)?;
                let expected = existing.map(|version| (version - 1).to_string());
                if expected.as_deref() != request.parameter("if_seq_no") {
                    let reason =
                        format!("[{name}]: version conflict, document already exists (current version {existing:?})");
                    return Err(Failure::new(409, "version_conflict_engine_exception", reason));
                }
                let version = existing.unwrap_or(0) + 1;
                self.by_name.insert((*name).to_owned(), (version, body["policy"].clone()));
                let answer = self.one(name);
                let status = if existing.is_some() { 200 } else { 201 };
                Ok(Outcome::kept(Answer::json(status, &answer), json!({"policy": name, "body": body})))
            }
            (&Method::GET, Some(_)) => Ok(Outcome::told(Answer::json(200, &self.one(name)))),
            (&Method::HEAD, Some(_)) => Ok(Outcome::told(Answer::empty(200))),
            (&Method::DELETE, Some(_)) => {
                self.by_name.remove(*name);
                let answer = Answer::json(200, &json!({"_id": name, "result": "deleted"}));
                Ok(Outcome::kept(answer, json!({"deleted": name})))
            }
            (&Method::GET | &Method::HEAD | &Method::DELETE, None) => {
                Err(Failure::new(404, "status_exception", "Policy not found"))
            }
            _ => Err(super::no_handler(request)),
        }
    }

    fn list(&self, wanted: impl Fn(&str) -> bool) -> Answer {
        let wanted = self.by_name.iter().filter(|(name, _)| wanted(name));
        let policies: BTreeMap<&String, Value> = wanted
            .map(|(name, (version, policy))| {
                let used = json!({"indices": [], "data_streams": [], "composable_templates": []});
                let date = "2024-01-01T00:00:00.000Z";
                (name, json!({"version": version, "modified_date": date, "policy": policy, "in_use_by": used}))
            })
            .collect();
        Answer::json(200, &json!(policies))
    }

    fn one(&self, name: &str) -> Value {
        let (version, policy) = &self.by_name[name];
        let mut policy = policy.clone();
        policy["policy_id"] = json!(name);
        json!({"_id": name, "_version": version, "_primary_term": 1, "_seq_no": version - 1, "policy": policy})
    }
}

fn check_lifecycle(body: &Value) -> Result<(), Failure> {
    only(body, &["policy"], "put_lifecycle_request")?;
    let policy = body.get("policy").unwrap_or(&Value::Null);
    only(policy, &["phases", "_meta", "deprecated"], "lifecycle_policy")?;
    let phases = policy.get("phases").and_then(Value::as_object);
    let phases = phases.ok_or_else(|| Failure::new(400, "x_content_parse_exception", "Required [phases]"))?;
    for (name, phase) in phases {
        let Some((_, known)) = PHASES.iter().find(|(known, _)| known == name) else {
            return Err(Failure::illegal(format!("Timeseries lifecycle does not support phase [{name}]")));
        };
        only(phase, &["min_age", "actions"], "phase")?;
        if phase.get("min_age").is_some_and(|age| !age.as_str().is_some_and(is_time)) {
            return Err(Failure::illegal(format!("failed to parse setting [min_age] of phase [{name}]")));
        }
        let empty = serde_json::Map::new();
        for (action, options) in phase.get("actions").and_then(Value::as_object).unwrap_or(&empty) {
            if !known.contains(&action.as_str()) {
                return Err(Failure::illegal(format!("invalid action [{action}] defined in phase [{name}]")));
            }
            if action == "rollover" {
                only(options, &ROLLOVER_CONDITIONS, "rollover")?;
                if !options.as_object().is_some_and(|map| map.keys().any(|name| name.starts_with("max_"))) {
                    return Err(Failure::illegal("At least one max_* rollover condition must be set."));
                }
            }
        }
    }
    Ok(())
}

fn check_state_management(body: &Value) -> Result<(), Failure> {
    only(body, &["policy"], "policy")?;
    let policy = body.get("policy").unwrap_or(&Value::Null);
    only(policy, &ISM_MEMBERS, "policy")?;
    let text = |name: &str| policy.get(name).and_then(Value::as_str);
    text("description").ok_or_else(|| Failure::illegal("description is null"))?;
    let default = text("default_state").ok_or_else(|| Failure::illegal("default_state is null"))?;
    let states = policy.get("states").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = states.iter().filter_map(|state| state.get("name")?.as_str()).collect();
    if names.len() != states.len() || names.is_empty() {
        return Err(Failure::illegal("Policy must contain at least one State, each with a name"));
    }
    if !names.contains(&default) {
        return Err(Failure::illegal(format!("Policy must have a valid default state: [{default}]")));
    }
    for state in states {
        only(state, &["name", "actions", "transitions"], "state")?;
        let transitions = state.get("transitions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for transition in transitions {
            let target = transition.get("state_name").and_then(Value::as_str).unwrap_or_default();
            if !names.contains(&target) {
                return Err(Failure::illegal(format!("Policy contains a transition to an unknown state [{target}]")));
            }
        }
    }
    Ok(())
}

/// "Time units": `30d`, `0ms`.
fn is_time(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text == "0" || digits > 0 && TIME_UNITS.contains(&&text[digits..])
}
