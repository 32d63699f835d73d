//! What the tests of notices have in common.

use serde_json::{Value, json};
use tapline_receivers::{Receiver, pagerduty};

use crate::harness::{Folder, Router};

/// A change of mode, logged at a level that pages nobody by itself.
pub fn transition(old: &str, new: &str) -> Value {
    json!({ "component": "risk", "event": "stormguard_transition", "level": "warning", "old_mode": old, "new_mode": new,
            "trigger": "drawdown", "strategy_id": "mm-1", "trace_id": "t-42" })
}

/// The usual destinations, and `[notify]` with these channels and routes.
pub fn config(channels: &str) -> String {
    format!(
        r#"
[sinks.audit]
type = "sqlite"
path = "audit.db"
[sinks.logs]
type = "file"
path = "logs/events.ndjson"
[sinks.alerts]
type = "file"
path = "logs/alerts.ndjson"
[sinks.pager]
type = "notify"
[notices]
info = ["alerts"]
warning = ["alerts", "pager"]
critical = ["alerts", "pager"]
[notify]
hold_s = 0.2
{channels}
"#
    )
}

/// A channel `duty` to a pager.
pub fn duty(pager: &Receiver, folder: &Folder) -> String {
    let key = folder.write("pagerduty", pagerduty::ROUTING_KEY).display().to_string();
    format!(
        "[notify.channels.duty]\ntype = \"pagerduty\"\nrouting_key_file = \"{key}\"\nurl = \"{}/v2/enqueue\"\ntimeout_s = 1\n",
        pager.url()
    )
}

/// One route for everything.
pub fn all_to(channel: &str) -> String {
    format!("[[notify.routes]]\nseverity = [\"critical\", \"warning\", \"info\"]\nto = [\"{channel}\"]\n")
}

/// Destination and outcome of each try, as the audit trail has them.
pub fn receipts(router: &Router) -> Vec<(String, String)> {
    let rows = router.sql(
        "SELECT destination AS d, delivery_outcome AS o FROM audit.delivery_log WHERE event = 'delivery' ORDER BY chain_position",
    );
    rows.iter().map(|row| (row["d"].as_str().unwrap().to_owned(), row["o"].as_str().unwrap().to_owned())).collect()
}

/// Waits for so many receipts, and for all of them to say that this channel has it.
pub fn delivered(router: &mut Router, channel: &str, times: usize) {
    let receipts = router.until(&format!("{times} receipts of {channel}"), |router| {
        Some(receipts(router)).filter(|receipts| receipts.len() >= times)
    });
    assert_eq!(receipts, vec![(channel.to_owned(), "delivered".to_owned()); times]);
}
