//! The paths by which a test talks to a receiver in another process.

use axum::http::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::exchange::Desk;
use crate::request::{BodyFault, Request};
use crate::script::{self, Step};

pub const BODY_BYTES_MAX: usize = 1 << 20;

const PATHS: [&str; 5] = ["/_script", "/_received", "/_refused", "/_state", "/_clear"];

pub fn is_control(path: &str) -> bool {
    PATHS.contains(&path)
}

pub fn answer(desk: &Desk, request: &Request, body: Result<Vec<u8>, BodyFault>) -> Answer {
    match (&request.method, request.path.as_str()) {
        (&Method::GET, "/_received") => Answer::json(200, &json!(desk.journal.received())),
        (&Method::GET, "/_refused") => Answer::json(200, &json!(desk.journal.refused())),
        (&Method::GET, "/_state") => Answer::json(200, &desk.service().state()),
        (&Method::GET, "/_script") => Answer::json(200, &json!({"left": desk.script().left()})),
        (&Method::POST, "/_clear") => {
            desk.clear();
            Answer::empty(204)
        }
        (&Method::POST, "/_script") => match read(desk, body) {
            Ok(steps) => {
                desk.script().replace(steps);
                Answer::json(200, &json!({"left": desk.script().left()}))
            }
            Err(error) => Answer::json(400, &json!({"error": error})),
        },
        _ => Answer::empty(405),
    }
}

fn read(desk: &Desk, body: Result<Vec<u8>, BodyFault>) -> Result<Vec<Step>, String> {
    let body = body.map_err(|fault| format!("the script can't be read: {fault:?}"))?;
    let value: Value = serde_json::from_slice(&body).map_err(|error| format!("the script is no JSON: {error}"))?;
    let steps = script::read_steps(&value)?;
    check(desk, &steps)?;
    Ok(steps)
}

/// A step that could never fit would be waited for in vain.
pub fn check(desk: &Desk, steps: &[Step]) -> Result<(), String> {
    match steps.iter().position(Step::needs_parts) {
        Some(at) if !desk.service().has_parts() => {
            Err(format!("step {}: a request of this service has no items that could fail one by one", at + 1))
        }
        _ => Ok(()),
    }
}
