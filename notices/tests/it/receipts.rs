//! Keeps the books of a runner under test.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tapline_notices::runner::{Acknowledged, Beat, Delivery, Receipts};
use tapline_notices::{Alarm, Kind, Outcome};

#[derive(Clone, Debug)]
pub struct Entry {
    pub channel: String,
    pub kind: Kind,
    pub outcome: Outcome,
    pub receipt: Option<String>,
    pub attempt: u32,
    pub last: bool,
}

#[derive(Default)]
pub struct Books {
    entries: Mutex<Vec<Entry>>,
    wake: Condvar,
    pub alarms: Mutex<Vec<Alarm>>,
    pub beats: Mutex<Vec<Beat>>,
    /// Alert, who, why.
    pub acknowledged: Mutex<Vec<String>>,
}

impl Books {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Waits until the entries are as wanted.
    pub fn wait(&self, wanted: impl Fn(&[Entry]) -> bool) -> Vec<Entry> {
        let entries = self.entries.lock().unwrap();
        let not_yet = |entries: &mut Vec<Entry>| !wanted(entries);
        let (entries, late) = self.wake.wait_timeout_while(entries, Duration::from_secs(10), not_yet).unwrap();
        assert!(!late.timed_out(), "{entries:#?}");
        entries.clone()
    }
}

impl Receipts for Books {
    fn delivery(&self, delivery: &Delivery<'_>) {
        self.entries.lock().unwrap().push(Entry {
            channel: delivery.channel.to_owned(),
            kind: delivery.message.kind,
            outcome: delivery.outcome,
            receipt: delivery.receipt.map(str::to_owned),
            attempt: delivery.attempt,
            last: delivery.last,
        });
        self.wake.notify_all();
    }

    fn alarm(&self, alarm: &Alarm) {
        self.alarms.lock().unwrap().push(alarm.clone());
    }

    fn acknowledged(&self, acknowledged: &Acknowledged<'_>) {
        let Acknowledged { alert, by, reason } = acknowledged;
        self.acknowledged.lock().unwrap().push(format!("{} {by} {reason}", alert.id));
    }

    fn heartbeat(&self, beat: &Beat) {
        self.beats.lock().unwrap().push(beat.clone());
    }
}
