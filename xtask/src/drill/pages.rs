//! Whether every page was told: what the audit trail says was raised, against what the pager has and the receipts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use super::destinations::{Destinations, PAGER_CHANNEL};
use super::trail::{all, sqlite};
use crate::client::Client;
use crate::waiting::wait_at_most;
use crate::workspace::{Workspace, say};

#[derive(Debug, Default, Serialize)]
pub(super) struct Pages {
    /// Changes to HALT that the router took, each of a strategy of its own.
    raised: u64,
    /// Of these, such as the pager was told of at least once.
    paged: u64,
    /// Told of under more than one `dedup_key`.
    split: u64,
    /// Without a row in `audit.delivery_log` that says that the pager took it.
    without_receipt: u64,
    /// Triggers that the pager took beyond one for each page.
    repeated: u64,
    /// Of these, such as Slack was told of.
    in_slack: u64,
}

const RAISED: &str = "SELECT strategy_id AS strategy, chain_position FROM audit.guardrail_log \
                      WHERE event = 'stormguard_transition' AND new_mode = 'HALT'";

/// Where a page's key begins; the strategy follows.
const KEY: &str = "stormguard_transition/";

impl Pages {
    pub(super) fn count(workspace: &Workspace, folder: &Path, destinations: &Destinations) -> Result<Self> {
        let ask = |sql: &str| sqlite(workspace, folder, sql);
        let rows = all(RAISED, "chain_position", ask)?;
        let raised: BTreeSet<&str> = rows.iter().filter_map(|row| row["strategy"].as_str()).collect();
        let receipts = format!(
            "SELECT notice_key AS strategy, chain_position FROM audit.delivery_log WHERE event = 'delivery' \
             AND destination = '{PAGER_CHANNEL}' AND delivery_outcome = 'delivered' AND notice_state = 'firing'"
        );
        let rows = all(&receipts, "chain_position", ask)?;
        let received: BTreeSet<&str> = rows.iter().filter_map(strategy_of_key).collect();
        let told = Told::of(destinations);
        let missing = raised.iter().filter(|strategy| !told.keys.contains_key(**strategy));
        let missing: Vec<&&str> = missing.inspect(|strategy| say(&format!("never paged: {strategy}"))).collect();
        let slack = mentioned(&destinations.slack.state());
        let without_receipt =
            raised.difference(&received).inspect(|strategy| say(&format!("no receipt for {strategy}"))).count() as u64;
        Ok(Pages {
            raised: raised.len() as u64,
            paged: (raised.len() - missing.len()) as u64,
            split: told.keys.values().filter(|keys| keys.len() > 1).count() as u64,
            without_receipt,
            repeated: told.triggers - told.keys.len() as u64,
            in_slack: raised.iter().filter(|strategy| slack.contains(**strategy)).count() as u64,
        })
    }

    pub(super) fn is_right(&self) -> bool {
        self.raised > 0
            && self.paged == self.raised
            && self.split == 0
            && self.without_receipt == 0
            && self.in_slack == self.raised
    }
}

/// Waits until the pager has as many incidents as there are pages, and each has its receipt: notices are told
/// behind the back of the ledger. What is missing then is counted, not waited for.
pub(super) fn wait(client: &Client, destinations: &Destinations, patience: Duration) -> Result<()> {
    let number = |sql: &str| -> Result<u64> {
        let rows = client.sql(sql)?.rows;
        Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_u64).unwrap_or_default())
    };
    let receipts = format!(
        "SELECT count(DISTINCT notice_key) FROM audit.delivery_log WHERE event = 'delivery' AND \
         destination = '{PAGER_CHANNEL}' AND delivery_outcome = 'delivered' AND notice_state = 'firing'"
    );
    let raised = number(&format!("SELECT count(*) FROM ({RAISED})"))?;
    wait_at_most(patience, || {
        let all_told = Told::of(destinations).keys.len() as u64 >= raised && number(&receipts)? >= raised;
        Ok(all_told.then_some(()))
    })?;
    Ok(())
}

/// What the pager was told.
struct Told {
    /// Under which keys, by strategy.
    keys: BTreeMap<String, BTreeSet<String>>,
    triggers: u64,
}

impl Told {
    fn of(destinations: &Destinations) -> Self {
        let mut told = Told { keys: BTreeMap::new(), triggers: 0 };
        for entry in destinations.pager.received() {
            let event = &entry.content;
            let Some(strategy) = event["payload"]["class"].as_str().and_then(|class| class.strip_prefix(KEY)) else {
                continue;
            };
            if event["event_action"] == "trigger" {
                let key = event["dedup_key"].as_str().unwrap_or_default().to_owned();
                told.keys.entry(strategy.to_owned()).or_default().insert(key);
                told.triggers += 1;
            }
        }
        told
    }
}

fn strategy_of_key(row: &Value) -> Option<&str> {
    row["strategy"].as_str()?.strip_prefix(KEY)
}

/// Every word in all texts of a value.
fn mentioned(value: &Value) -> BTreeSet<String> {
    let text = value.to_string();
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').map(str::to_owned).collect()
}
