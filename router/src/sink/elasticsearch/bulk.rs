//! One or more `_bulk` requests, and their answers item by item.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use ureq::Agent;

use super::{Flavour, Server, ServerError};
use crate::sink::{LateRefusal, Refusal, SinkStats};

/// A request's body; Elasticsearch refuses more than 100 MiB, and Elastic advises much less.
const BODY_BYTES_MAX: usize = 8 << 20;

/// Items that there was no room for are sent again so often, with growing pauses, before the whole group is.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Item {
    pub(super) delivery: usize,
    pub(super) row: usize,
    pub(super) id: String,
    pub(super) document: Vec<u8>,
}

#[derive(Default)]
pub(super) struct Bulk(Vec<Item>);

#[derive(Deserialize)]
struct Answer {
    items: Vec<AnswerItem>,
}

#[derive(Deserialize)]
struct AnswerItem {
    create: Created,
}

#[derive(Deserialize)]
struct Created {
    status: u16,
    error: Option<serde_json::Value>,
}

impl Bulk {
    pub(super) fn push(&mut self, item: Item) {
        self.0.push(item);
    }

    /// Sends all; the rows that were refused for good.
    pub(super) fn send(
        &mut self,
        server: &Server,
        agent: &Agent,
        stats: &SinkStats,
    ) -> Result<Vec<LateRefusal>, ServerError> {
        let mut refused = Vec::new();
        let mut open = std::mem::take(&mut self.0);
        let mut pause = PAUSE;
        for attempt in 1.. {
            let mut busy = Vec::new();
            for part in parts(open) {
                send_part(server, agent, stats, part, &mut refused, &mut busy)?;
            }
            match busy.is_empty() {
                true => break,
                false if attempt == TRIES => return Err(ServerError::Busy(busy.len())),
                false => std::thread::sleep(pause),
            }
            open = busy;
            pause *= 2;
        }
        Ok(refused)
    }
}

/// Groups whose bodies are short enough.
fn parts(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut parts: Vec<Vec<Item>> = Vec::new();
    let mut bytes = usize::MAX;
    for item in items {
        let size = item.document.len() + item.id.len() + 64;
        match parts.last_mut().filter(|_| bytes.saturating_add(size) <= BODY_BYTES_MAX) {
            Some(part) => {
                part.push(item);
                bytes += size;
            }
            None => {
                parts.push(vec![item]);
                bytes = size;
            }
        }
    }
    parts
}

fn send_part(
    server: &Server,
    agent: &Agent,
    stats: &SinkStats,
    part: Vec<Item>,
    refused: &mut Vec<LateRefusal>,
    busy: &mut Vec<Item>,
) -> Result<(), ServerError> {
    let mut body = Vec::new();
    for item in &part {
        let action = match server.flavour {
            Flavour::Quickwit => Some(json!({ "create": {} })),
            Flavour::Elasticsearch | Flavour::Opensearch => Some(json!({ "create": { "_id": item.id } })),
            Flavour::Logstash => None,
        };
        if let Some(action) = action {
            body.extend_from_slice(action.to_string().as_bytes());
            body.push(b'\n');
        }
        body.extend_from_slice(&item.document);
        body.push(b'\n');
    }
    let path = match server.flavour {
        Flavour::Quickwit => format!("/api/v1/_elastic/{}/_bulk", server.data_stream),
        Flavour::Elasticsearch | Flavour::Opensearch => format!("/{}/_bulk", server.data_stream),
        Flavour::Logstash => String::new(),
    };
    let (status, text) = server.call(agent, "POST", &path, "application/x-ndjson", &body)?;
    SinkStats::add(&stats.bytes, body.len() as u64);
    // Too long for this server: half of it may not be.
    if status == 413 && part.len() > 1 {
        let mut first = part;
        let second = first.split_off(first.len() / 2);
        send_part(server, agent, stats, first, refused, busy)?;
        return send_part(server, agent, stats, second, refused, busy);
    }
    if status == 413 {
        refused.extend(
            part.into_iter()
                .map(|item| refusal(&item, "too_long", "the document is longer than the server takes".into())),
        );
        return Ok(());
    }
    if status == 429 {
        busy.extend(part);
        return Ok(());
    }
    if !(200..300).contains(&status) {
        let text = text.chars().take(500).collect();
        return Err(ServerError::Status { status, text });
    }
    // It says `ok`, and no more.
    if server.flavour == Flavour::Logstash {
        return Ok(());
    }
    let answer: Answer = serde_json::from_str(&text).map_err(|error| ServerError::Answer(error.to_string()))?;
    if answer.items.len() != part.len() {
        return Err(ServerError::Answer(format!("{} items for {} documents", answer.items.len(), part.len())));
    }
    for (item, AnswerItem { create }) in part.into_iter().zip(answer.items) {
        match create.status {
            // 409: it is there already, from a try whose answer was lost.
            200..=299 | 409 => {}
            429 | 500..=599 => busy.push(item),
            status => {
                let error = create.error.map(|error| error.to_string()).unwrap_or_default();
                refused.push(refusal(&item, "refused_by_index", format!("{status}: {error}")));
            }
        }
    }
    Ok(())
}

fn refusal(item: &Item, reason: &'static str, message: String) -> LateRefusal {
    LateRefusal {
        delivery: item.delivery,
        refusal: Refusal { row: item.row, reason: reason.into(), message, placed: None },
    }
}
