//! What `audit.delivery_log` says of pages: which were sent, and which have a receipt.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::audit::chain::{Trail, TrailError};

/// Pages without a receipt that are named one by one.
const UNRECEIPTED_SHOWN: usize = 20;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pages {
    /// Messages about critical notices that were sent, ends of alerts left out.
    pub sent: u64,
    /// Those which at least one destination has given a receipt for.
    pub receipted: u64,
    pub unreceipted: Vec<Unreceipted>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreceipted {
    pub message: String,
    pub summary: String,
    /// Destination and what came of it, as `pager: timed_out`.
    pub tried: Vec<String>,
}

/// A row of the table, as far as it matters here.
#[derive(Clone, Debug, Default)]
pub struct DeliveryRow {
    pub event: String,
    pub summary: String,
    pub destination: String,
    pub outcome: String,
    /// JSON; the message's id and kind are in it.
    pub details: String,
}

impl DeliveryRow {
    /// The columns, in the order in which [`DeliveryRow::new`] takes them.
    pub const COLUMNS: [&str; 5] = ["event", "summary", "destination", "delivery_outcome", "details"];

    pub fn new(mut cells: impl Iterator<Item = String>) -> Self {
        let mut next = || cells.next().unwrap_or_default();
        DeliveryRow { event: next(), summary: next(), destination: next(), outcome: next(), details: next() }
    }
}

#[derive(Default)]
struct Message {
    summary: String,
    is_receipted: bool,
    tried: Vec<String>,
}

pub fn pages(trail: &mut dyn Trail) -> Result<Pages, TrailError> {
    Ok(count(trail.critical_deliveries()?))
}

fn count(rows: Vec<DeliveryRow>) -> Pages {
    let mut messages: BTreeMap<String, Message> = BTreeMap::new();
    for row in rows {
        if row.event != "delivery" {
            continue;
        }
        let details: serde_json::Value = serde_json::from_str(&row.details).unwrap_or_default();
        let text = |name: &str| details[name].as_str().unwrap_or_default().to_owned();
        // An alarm about a page without a receipt is no page itself, nor is an end or a test.
        let (id, kind) = (text("message_id"), text("kind"));
        if id.is_empty() || matches!(kind.as_str(), "resolved" | "acknowledged" | "refresh" | "test" | "steady") {
            continue;
        }
        let message = messages.entry(id).or_default();
        message.summary = row.summary;
        // What was only assumed (`assumed`) proves nothing.
        message.is_receipted |= row.outcome == "delivered";
        let tried = format!("{}: {}", row.destination, row.outcome);
        if !message.tried.contains(&tried) {
            message.tried.push(tried);
        }
    }
    let sent = messages.len() as u64;
    let receipted = messages.values().filter(|message| message.is_receipted).count() as u64;
    let open = messages.into_iter().filter(|(_, message)| !message.is_receipted).take(UNRECEIPTED_SHOWN);
    let unreceipted =
        open.map(|(id, message)| Unreceipted { message: id, summary: message.summary, tried: message.tried }).collect();
    Pages { sent, receipted, unreceipted }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(event: &str, kind: &str, id: &str, destination: &str, outcome: &str) -> DeliveryRow {
        DeliveryRow {
            event: event.into(),
            summary: format!("about {id}"),
            destination: destination.into(),
            outcome: outcome.into(),
            details: serde_json::json!({ "message_id": id, "kind": kind }).to_string(),
        }
    }

    #[test]
    fn a_page_is_received_when_one_of_its_destinations_has_it() {
        let pages = count(vec![
            row("notice", "", "", "", ""),
            row("delivery", "firing", "1", "pager", "timed_out"),
            row("delivery", "firing", "1", "slack", "delivered"),
            row("delivery", "firing", "2", "pager", "refused"),
            row("delivery", "firing", "2", "pager", "refused"),
            row("delivery", "resolved", "3", "pager", "failed"),
        ]);
        assert_eq!((pages.sent, pages.receipted), (2, 1));
        let expected =
            Unreceipted { message: "2".into(), summary: "about 2".into(), tried: vec!["pager: refused".into()] };
        assert_eq!(pages.unreceipted, [expected]);
    }
}
