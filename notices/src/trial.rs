//! A test notice through every channel, to see that each delivers before it is needed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::NotifyConfig;
use crate::message::Item;
use crate::runner::{Delivery, Receipts};
use crate::{ChannelError, Kind, Message, Notice, Outcome, Severity, State, Time};

/// What came of a test.
#[derive(Clone, Debug)]
pub struct Trial {
    pub channel: String,
    pub outcome: Outcome,
    pub receipt: Option<String>,
    pub error: Option<String>,
    pub took: Duration,
}

/// Sends a test through every channel, through all at the same time.
pub fn trial(config: &NotifyConfig) -> Vec<Trial> {
    let message = message();
    std::thread::scope(|scope| {
        let trials: Vec<_> = config
            .channels
            .iter()
            .map(|(name, channel)| {
                let (message, host) = (&message, config.host());
                scope.spawn(move || {
                    let began = Instant::now();
                    let sent =
                        channel.open(&host).map_err(ChannelError::refused).and_then(|mut open| open.send(message));
                    let (outcome, receipt, error) = match sent {
                        Ok(receipt) => (receipt.outcome(), receipt.id, None),
                        Err(error) => (error.outcome, None, Some(error.what)),
                    };
                    Trial { channel: name.clone(), outcome, receipt, error, took: began.elapsed() }
                })
            })
            .collect();
        trials.into_iter().map(|trial| trial.join().expect("a channel returns errors")).collect()
    })
}

/// The same, reported like every delivery.
pub(crate) fn at_start(config: &NotifyConfig, receipts: &dyn Receipts) {
    let message = message();
    for trial in trial(config) {
        receipts.delivery(&Delivery {
            at: now(),
            channel: &trial.channel,
            message: &message,
            outcome: trial.outcome,
            receipt: trial.receipt.as_deref(),
            error: trial.error.as_deref(),
            attempt: 1,
            last: true,
            took: trial.took,
            since_event: trial.took,
        });
    }
}

fn message() -> Message {
    let at = now();
    let text = "this is a test of the way by which notices go; nothing is wrong";
    let notice = Notice::firing("tapline", "test", Severity::Info, text, at);
    let item = Item {
        notice: Arc::new(notice),
        state: State::Firing,
        severity: Severity::Info,
        title: "a test of notices".into(),
        since: at,
        ended: None,
        closing: None,
        count: 1,
        flapping: false,
        acknowledged_by: None,
    };
    Message {
        id: format!("test-{:08x}", fastrand::u32(..)),
        kind: Kind::Test,
        severity: Severity::Info,
        at,
        items: vec![item],
        summary: None,
        earlier: None,
    }
}

fn now() -> Time {
    Time(u64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(0))
}
