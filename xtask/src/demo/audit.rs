//! All rows of all audit tables: counted by table and event, and kept as text to be searched.

use std::collections::BTreeMap;

use anyhow::Result;
use tapline_contract::Contract;

use crate::client::Client;

pub(crate) struct AuditRows {
    /// Rows by table.
    pub(crate) tables: BTreeMap<String, u64>,
    /// Rows of the stack's run, by event.
    pub(crate) by_event: BTreeMap<(String, String), u64>,
    /// Everything that the tables hold.
    pub(crate) text: String,
}

/// Below the router's limit for an answer.
const PAGE: usize = 5_000;

pub(crate) fn read(client: &Client) -> Result<AuditRows> {
    let mut audit = AuditRows { tables: BTreeMap::new(), by_event: BTreeMap::new(), text: String::new() };
    for table in &Contract::embedded().tables {
        let name = &table.name;
        let counts = client.sql(&format!("SELECT run, event, count(*) FROM {name} GROUP BY run, event"))?;
        let mut total = 0;
        for row in &counts.rows {
            let count = row[2].as_u64().unwrap_or(0);
            let text = |at: usize| row[at].as_str().unwrap_or("").to_owned();
            *audit.by_event.entry((text(0), text(1))).or_default() += count;
            total += count;
        }
        audit.tables.insert(name.clone(), total);

        let mut last = 0;
        loop {
            let page = client.sql(&format!(
                "SELECT chain_position, * FROM {name} WHERE chain_position > {last} ORDER BY chain_position LIMIT {PAGE}"
            ))?;
            for row in &page.rows {
                last = row[0].as_i64().unwrap_or(last);
                for cell in row.iter().filter_map(|cell| cell.as_str()) {
                    audit.text.push_str(cell);
                    audit.text.push('\n');
                }
            }
            if page.rows.len() < PAGE {
                break;
            }
        }
    }
    Ok(audit)
}
