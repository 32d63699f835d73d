//! Prints what is received, a line each.

use jiff::Timestamp;
use serde_json::{Value, json};
use tapline_receivers::journal::{Entry, Onlooker};

/// Longer content is cut off; `/_received` has all of it.
const CONTENT_CHARS_MAX: usize = 400;

pub fn lines(json: bool) -> Onlooker {
    Box::new(move |entry| println!("{}", if json { as_json(&entry) } else { as_text(&entry) }))
}

fn as_json(entry: &Entry<'_>) -> String {
    match entry {
        Entry::Received(received) => json!({"received": received}).to_string(),
        Entry::Refused(refused) => json!({"refused": refused}).to_string(),
    }
}

fn as_text(entry: &Entry<'_>) -> String {
    match entry {
        Entry::Received(received) => {
            let content = shortened(&received.content);
            format!("{} received {} {}  {content}", time(received.arrived_ns), received.method, received.path)
        }
        Entry::Refused(refused) => {
            let (method, path) = (&refused.method, &refused.path);
            format!("{} refused  {method} {path}  {} {}", time(refused.arrived_ns), refused.status, refused.reason)
        }
    }
}

fn shortened(content: &Value) -> String {
    let text = content.to_string();
    match text.char_indices().nth(CONTENT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn time(ns: u64) -> String {
    let time = Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%H:%M:%S%.3f").to_string()
}
