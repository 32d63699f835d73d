//! Alerts by their key: open, acknowledged, resolved.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::event::{Action, Event};

#[derive(Debug, Clone, Default)]
pub struct Alerts {
    by_key: BTreeMap<String, Alert>,
    /// How many alerts were ever opened; the number of the newest.
    opened: u64,
}

#[derive(Debug, Clone)]
struct Alert {
    status: Status,
    incident: u64,
    /// Since it was opened.
    triggers: u64,
    acknowledges: u64,
    payload: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Triggered,
    Acknowledged,
    Resolved,
}

impl Alerts {
    /// Gives the event's key, which a trigger without one gets here.
    pub fn apply(&mut self, event: &mut Event) -> String {
        let key = event.dedup_key.clone().unwrap_or_else(|| format!("{:032x}", u128::from(self.opened + 1)));
        let alert = self.by_key.get_mut(&key).filter(|alert| alert.status != Status::Resolved);
        match (event.action, alert) {
            (Action::Trigger, Some(alert)) => {
                alert.triggers += 1;
                alert.payload = event.payload.take();
            }
            (Action::Trigger, None) => {
                self.opened += 1;
                let payload = event.payload.take();
                let status = Status::Triggered;
                let alert = Alert { status, incident: self.opened, triggers: 1, acknowledges: 0, payload };
                self.by_key.insert(key.clone(), alert);
            }
            (Action::Acknowledge, Some(alert)) => {
                alert.acknowledges += 1;
                alert.status = Status::Acknowledged;
            }
            (Action::Resolve, Some(alert)) => alert.status = Status::Resolved,
            (Action::Acknowledge | Action::Resolve, None) => {}
        }
        key
    }

    pub fn to_json(&self) -> Value {
        let open = |alert: &Alert| alert.status != Status::Resolved;
        let open: Vec<&String> = self.by_key.iter().filter(|(_, alert)| open(alert)).map(|(key, _)| key).collect();
        let alerts: BTreeMap<&String, Value> = self.by_key.iter().map(|(key, alert)| (key, alert.to_json())).collect();
        json!({"alerts": alerts, "open": open, "opened": self.opened})
    }
}

impl Alert {
    fn to_json(&self) -> Value {
        let status = match self.status {
            Status::Triggered => "triggered",
            Status::Acknowledged => "acknowledged",
            Status::Resolved => "resolved",
        };
        json!({
            "status": status, "incident": self.incident, "triggers": self.triggers,
            "acknowledges": self.acknowledges, "payload": self.payload,
        })
    }
}
