//! What is arranged to go wrong, for which of the next requests.
//!
//! ```json
//! [{"for": 3, "do": {"status": 503, "retry_after": 2}},
//!  {"do": "hang"}, {"do": "reset"}, {"do": {"delay_ms": 500}},
//!  {"do": "lie_ok"}, {"do": "accept_then_reset"}, {"do": "cut"},
//!  {"do": "garbage"}, {"do": "noise"}, {"do": "ok"},
//!  {"on": "/_bulk", "do": {"items": 429, "every": 2}}]
//! ```
//!
//! A request takes the first step whose `on` is a part of its path (a step without `on` fits all); a step
//! that has served `for` requests is gone; without a step left all is normal again.

use std::collections::VecDeque;

use serde_json::{Map, Value};

/// Refuses one item in `every` of a bulk request with `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partial {
    pub status: u16,
    pub every: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Behaves normally.
    Ok,
    /// Answers so, in the service's own shape unless a body is given, and keeps nothing.
    Status { status: u16, retry_after: Option<u64>, body: Option<Value> },
    /// Waits, then behaves normally.
    Delay { ms: u64 },
    /// Reads the request and never answers.
    Hang,
    /// Reads the request and resets the connection.
    Reset,
    /// Answers as if it had taken the request, and keeps nothing.
    LieOk,
    /// Keeps the request, then resets the connection in the place of the answer.
    AcceptThenReset,
    /// Keeps the request, and closes the connection in the middle of the answer.
    Cut,
    /// Answers 200 with a page that is not what the service speaks, as a proxy in between would.
    Garbage,
    /// Answers bytes that are no HTTP.
    Noise,
    /// Refuses a part of a bulk request.
    Items(Partial),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    deed: Deed,
    times: u64,
    on: Option<String>,
}

#[derive(Debug, Default)]
pub struct Script {
    steps: VecDeque<Step>,
}

const WORDS: [(&str, Deed); 8] = [
    ("ok", Deed::Ok),
    ("hang", Deed::Hang),
    ("reset", Deed::Reset),
    ("lie_ok", Deed::LieOk),
    ("accept_then_reset", Deed::AcceptThenReset),
    ("cut", Deed::Cut),
    ("garbage", Deed::Garbage),
    ("noise", Deed::Noise),
];

// === impl Deed ===

impl Deed {
    /// The name under which it stands in the list of refusals.
    pub fn name(&self) -> String {
        match self {
            Deed::Status { status, .. } => status.to_string(),
            Deed::Delay { ms } => format!("delay_ms {ms}"),
            Deed::Items(Partial { status, every }) => format!("items {status} every {every}"),
            word => WORDS.iter().find(|(_, deed)| deed == word).map_or_else(String::new, |(name, _)| name.to_string()),
        }
    }

    fn read(value: &Value) -> Result<Deed, String> {
        match value {
            Value::String(word) => WORDS
                .iter()
                .find(|(name, _)| name == word)
                .map(|(_, deed)| deed.clone())
                .ok_or(format!("`{word}` is no deed; known are {}", WORDS.map(|(name, _)| name).join(", "))),
            Value::Object(table) => Deed::read_table(table),
            other => Err(format!("`do` is a word or a table, not {other}")),
        }
    }

    fn read_table(table: &Map<String, Value>) -> Result<Deed, String> {
        let number = |name: &str| match table.get(name) {
            None => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or(format!("`{name}` is a whole number, not {value}")),
        };
        let only = |names: &[&str]| match table.keys().find(|key| !names.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => Err(format!("`{key}` does not belong here; known are {}", names.join(", "))),
        };
        if let Some(status) = number("status")? {
            only(&["status", "retry_after", "body"])?;
            let retry_after = number("retry_after")?;
            return Ok(Deed::Status { status: code(status)?, retry_after, body: table.get("body").cloned() });
        }
        if let Some(ms) = number("delay_ms")? {
            only(&["delay_ms"])?;
            return Ok(Deed::Delay { ms });
        }
        if let Some(status) = number("items")? {
            only(&["items", "every"])?;
            let every = number("every")?.unwrap_or(1).max(1) as usize;
            return Ok(Deed::Items(Partial { status: code(status)?, every }));
        }
        Err("a table in `do` has `status`, `delay_ms` or `items`".into())
    }
}

fn code(status: u64) -> Result<u16, String> {
    u16::try_from(status)
        .ok()
        .filter(|status| (200..600).contains(status))
        .ok_or(format!("{status} is no status; it is 200 to 599"))
}

// === impl Step ===

impl Step {
    pub fn new(deed: Deed) -> Step {
        Step { deed, times: 1, on: None }
    }

    pub fn status(status: u16) -> Step {
        Step::new(Deed::Status { status, retry_after: None, body: None })
    }

    pub fn delay_ms(ms: u64) -> Step {
        Step::new(Deed::Delay { ms })
    }

    pub fn ok() -> Step {
        Step::new(Deed::Ok)
    }

    pub fn hang() -> Step {
        Step::new(Deed::Hang)
    }

    pub fn reset() -> Step {
        Step::new(Deed::Reset)
    }

    pub fn lie_ok() -> Step {
        Step::new(Deed::LieOk)
    }

    pub fn accept_then_reset() -> Step {
        Step::new(Deed::AcceptThenReset)
    }

    pub fn cut() -> Step {
        Step::new(Deed::Cut)
    }

    pub fn garbage() -> Step {
        Step::new(Deed::Garbage)
    }

    pub fn noise() -> Step {
        Step::new(Deed::Noise)
    }

    pub fn items(status: u16, every: usize) -> Step {
        Step::new(Deed::Items(Partial { status, every: every.max(1) }))
    }

    /// Serves this many requests.
    pub fn times(self, times: u64) -> Step {
        Step { times, ..self }
    }

    /// Serves only requests whose path contains this.
    pub fn on(self, path: &str) -> Step {
        Step { on: Some(path.to_owned()), ..self }
    }

    /// Adds `Retry-After`, in seconds, to a [`Step::status`].
    pub fn retry_after(mut self, seconds: u64) -> Step {
        if let Deed::Status { retry_after, .. } = &mut self.deed {
            *retry_after = Some(seconds);
        }
        self
    }

    /// Gives a [`Step::status`] a body: text as it is, anything else as JSON.
    pub fn body(mut self, value: Value) -> Step {
        if let Deed::Status { body, .. } = &mut self.deed {
            *body = Some(value);
        }
        self
    }

    pub fn needs_parts(&self) -> bool {
        matches!(self.deed, Deed::Items(_))
    }

    fn read(value: &Value) -> Result<Step, String> {
        let table = value.as_object().ok_or(format!("a step is a table, not {value}"))?;
        if let Some(key) = table.keys().find(|key| !["for", "on", "do"].contains(&key.as_str())) {
            return Err(format!("`{key}` does not belong in a step; known are for, on, do"));
        }
        let times = match table.get("for") {
            None => 1,
            Some(times) => times.as_u64().ok_or(format!("`for` is a whole number, not {times}"))?,
        };
        let on = match table.get("on") {
            None => None,
            Some(on) => Some(on.as_str().ok_or(format!("`on` is a part of a path, not {on}"))?.to_owned()),
        };
        Ok(Step { deed: Deed::read(table.get("do").ok_or("a step has a `do`")?)?, times, on })
    }
}

/// Reads a list of steps. An error names the step, counted from 1, and what is wrong with it.
pub fn read_steps(value: &Value) -> Result<Vec<Step>, String> {
    let list = value.as_array().ok_or("a script is a list of steps")?;
    list.iter()
        .enumerate()
        .map(|(at, step)| Step::read(step).map_err(|error| format!("step {}: {error}", at + 1)))
        .collect()
}

// === impl Script ===

impl Script {
    /// Puts these steps in the place of whatever is left of earlier ones.
    pub fn replace(&mut self, steps: impl IntoIterator<Item = Step>) {
        self.steps = steps.into_iter().filter(|step| step.times > 0).collect();
    }

    pub fn next(&mut self, path: &str) -> Deed {
        let fits = |step: &Step| step.on.as_ref().is_none_or(|on| path.contains(on.as_str()));
        let Some(at) = self.steps.iter().position(fits) else { return Deed::Ok };
        let step = &mut self.steps[at];
        step.times -= 1;
        let deed = step.deed.clone();
        if step.times == 0 {
            self.steps.remove(at);
        }
        deed
    }

    /// How many requests still meet a step.
    pub fn left(&self) -> u64 {
        self.steps.iter().fold(0, |sum, step| sum.saturating_add(step.times))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_script_is_read_and_played_in_order() {
        let steps = read_steps(&json!([
            {"for": 2, "do": {"status": 503, "retry_after": 2}},
            {"on": "/_bulk", "do": {"items": 429, "every": 2}},
            {"do": "hang"},
            {"do": {"delay_ms": 5}},
        ]))
        .unwrap();
        let mut script = Script::default();
        script.replace(steps);
        let status = Deed::Status { status: 503, retry_after: Some(2), body: None };
        assert_eq!(script.left(), 5);
        assert_eq!(script.next("/x"), status);
        assert_eq!(script.next("/_bulk"), status);
        assert_eq!(script.next("/x"), Deed::Hang, "a step for another path is passed over, and stays");
        assert_eq!(script.next("/t/_bulk"), Deed::Items(Partial { status: 429, every: 2 }));
        assert_eq!(script.next("/x"), Deed::Delay { ms: 5 });
        assert_eq!(script.next("/x"), Deed::Ok);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (script, message) in [
            (json!({"do": "hang"}), "a list"),
            (json!([{"do": "ok"}, {"do": "explode"}]), "step 2: `explode` is no deed"),
            (json!([{"do": {"status": 42}}]), "42 is no status"),
            (json!([{"do": {"status": 503, "after": 1}}]), "`after` does not belong"),
            (json!([{"for": -1, "do": "ok"}]), "`for` is a whole number"),
            (json!([{"times": 1, "do": "ok"}]), "`times` does not belong"),
            (json!([{"do": {}}]), "has `status`"),
            (json!([{}]), "has a `do`"),
        ] {
            let error = read_steps(&script).unwrap_err();
            assert!(error.contains(message), "{script}: {error}");
        }
    }
}
