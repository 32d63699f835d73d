//! What became of notices: an audit row and a count for each try to deliver one, and a row for who took one on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam::channel::{Receiver, Sender, bounded};
use tapline_host::{NewEvent, Value};
use tapline_notices::runner::{Acknowledged, Beat, Delivery, Receipts};
use tapline_notices::{Alarm, Outcome};

/// Rows that wait for the worker. It takes them with every turn; what is beyond is only counted.
const WAITING_MAX: usize = 4096;

/// The side of the notices' threads.
pub struct Books {
    rows: Sender<NewEvent>,
    counts: Mutex<BTreeMap<(String, Outcome), u64>>,
    /// The worker, to be woken.
    worker: std::sync::OnceLock<std::thread::Thread>,
}

impl Books {
    pub fn new() -> (Arc<Self>, Receiver<NewEvent>) {
        let (rows, receiver) = bounded(WAITING_MAX);
        let books = Books { rows, counts: Mutex::default(), worker: std::sync::OnceLock::new() };
        (Arc::new(books), receiver)
    }

    pub fn wake(&self, worker: std::thread::Thread) {
        let _ = self.worker.set(worker);
    }

    /// Tries so far, by destination and what came of them.
    pub fn counts(&self) -> BTreeMap<(String, Outcome), u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn row(&self, event: &str, level: u8, fields: Vec<(&str, Value)>) {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let row = NewEvent { event: event.into(), level, fields };
        if self.rows.try_send(row).is_err() {
            tracing::warn!("more receipts of notices than the audit trail takes; one has no row");
        }
        if let Some(worker) = self.worker.get() {
            worker.unpark();
        }
    }
}

const INFO: u8 = 2;
const WARNING: u8 = 3;
const CRITICAL: u8 = 5;

impl Receipts for Books {
    fn delivery(&self, delivery: &Delivery<'_>) {
        let key = (delivery.channel.to_owned(), delivery.outcome);
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
        let message = delivery.message;
        let item = message.items.first();
        let mut fields = vec![
            ("destination", Value::Text(delivery.channel.to_owned())),
            ("delivery_outcome", Value::Text(delivery.outcome.code().to_owned())),
            ("severity", Value::Text(message.severity.code().to_owned())),
            ("attempt", Value::Int(i64::from(delivery.attempt))),
            ("latency_us", Value::Float(delivery.since_event.as_nanos() as f64 / 1e3)),
            ("message_id", Value::Text(message.id.clone())),
            ("kind", Value::Text(message.kind.code().to_owned())),
        ];
        if let Some(item) = item {
            fields.push(("notice_key", Value::Text(item.notice.key.clone())));
            fields.push(("notice_state", Value::Text(item.state.code().to_owned())));
            fields.push(("summary", Value::Text(item.notice.summary.clone())));
        }
        fields.extend(delivery.receipt.map(|receipt| ("receipt", Value::Text(receipt.to_owned()))));
        fields.extend(delivery.error.map(|error| ("error", Value::Text(error.to_owned()))));
        self.row("delivery", if delivery.outcome.arrived() { INFO } else { WARNING }, fields);
    }

    fn acknowledged(&self, acknowledged: &Acknowledged<'_>) {
        let Acknowledged { alert, by, reason } = acknowledged;
        let text = |text: &str| Value::Text(text.to_owned());
        let mut fields = vec![
            ("notice_key", text(&alert.id.key)),
            ("plugin", text(&alert.id.source)),
            ("notice_state", text("firing")),
            ("severity", text(alert.severity.code())),
            ("summary", text(&alert.summary)),
            ("actor", text(by)),
        ];
        if !reason.is_empty() {
            fields.push(("reason", text(reason)));
        }
        self.row("notice_acknowledged", INFO, fields);
    }

    fn alarm(&self, alarm: &Alarm) {
        match alarm {
            Alarm::PageUnreceipted { message, about, title, tried } => {
                tracing::error!(%message, title, ?tried, "a page has no receipt from any of its destinations");
                let key = about.as_ref().map_or_else(|| message.clone(), |about| about.key.clone());
                self.row(
                    "delivery",
                    CRITICAL,
                    vec![
                        (
                            "destination",
                            Value::Text(tried.iter().map(|name| name.to_string()).collect::<Vec<_>>().join(",")),
                        ),
                        ("delivery_outcome", Value::Text("unreceipted".into())),
                        ("severity", Value::Text("critical".into())),
                        ("notice_key", Value::Text(key)),
                        ("summary", Value::Text(title.clone())),
                    ],
                );
            }
            Alarm::PageReceipted { about } => {
                tracing::info!(key = about.key, "the page has a receipt now, or has ended")
            }
            Alarm::EndUndelivered { about, channel } => {
                tracing::error!(key = about.key, %channel, "a destination could not be told that the alert has ended");
            }
        }
    }

    fn heartbeat(&self, beat: &Beat) {
        *self
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(("heartbeat".into(), beat.outcome))
            .or_default() += 1;
        if let Some(error) = &beat.error {
            tracing::warn!(error, "the dead man's switch could not be told that all is well");
        }
    }

    fn broken(&self) {
        tracing::error!("the notices' own thread has broken; the router ends, so that a supervisor starts another");
        std::process::abort();
    }
}
