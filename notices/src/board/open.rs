//! What stands on the board, for a person to look at and to take on.

use serde::Serialize;

use super::{Alert, Board, Cause, ChannelName, Phase};
use crate::{Id, Severity, Time};

/// An alert that fires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenAlert {
    #[serde(flatten)]
    pub id: Id,
    pub severity: Severity,
    pub since: Time,
    pub summary: String,
    /// How many times its source said so.
    pub count: u64,
    /// Its source says that it has ended, and it has not stayed so for long enough.
    pub ending: bool,
    pub flapping: bool,
    /// Channels that were told that it fires.
    pub told: Vec<ChannelName>,
    pub acknowledged_by: Option<String>,
}

impl Board {
    /// The worst first, then the oldest. A storm's own alert is none of them: its alerts are.
    pub fn open(&self) -> Vec<OpenAlert> {
        let alerts = self.by_id.values().map(|number| &self.state.alerts[number]);
        let mut open: Vec<OpenAlert> = alerts.filter(|alert| !alert.is_ended()).map(Alert::open).collect();
        open.sort_by(|a, b| (b.severity, a.since, &a.id).cmp(&(a.severity, b.since, &b.id)));
        open
    }

    /// Somebody has taken it on: it is repeated no more until it has ended or become worse, its pages fall
    /// back no further, and receivers that can show it are told. Nothing where it does not fire.
    pub fn acknowledge(&mut self, id: &Id, by: &str, now: Time) -> Option<OpenAlert> {
        let now = self.run(now);
        let number = *self.by_id.get(id)?;
        let alert = self.alert(number);
        if alert.is_ended() {
            return None;
        }
        let mut by = by.to_owned();
        crate::text::cut(&mut by, 128);
        // Said twice, it is told once.
        if alert.acknowledged_by.as_deref() != Some(&by) {
            alert.acknowledged_by = Some(by);
            // A repeat that waits to be told is what nobody needs any more.
            alert.pending.take_if(|cause| *cause == Cause::Repeat);
            self.stop_fallback(number);
            self.tell_acknowledged(number, now);
            self.reschedule(number);
        }
        Some(self.alert(number).open())
    }
}

impl Alert {
    fn open(&self) -> OpenAlert {
        OpenAlert {
            id: self.notice.id(),
            severity: self.severity,
            since: self.since,
            summary: if self.notice.summary.trim().is_empty() { &self.title } else { &self.notice.summary }.clone(),
            count: self.count,
            ending: matches!(self.phase, Phase::Ending { .. }),
            flapping: self.flapping.is_some(),
            told: self.told.iter().filter(|(_, told)| told.arrived).map(|(channel, _)| channel.clone()).collect(),
            acknowledged_by: self.acknowledged_by.clone(),
        }
    }
}
