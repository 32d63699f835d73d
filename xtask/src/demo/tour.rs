//! What the demo prints at its end: where everything went, what can be asked, and what to try next.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::audit::AuditRows;
use super::stack::Report;
use super::verdict::Verdict;
use crate::client::{Ledger, Rows, Totals};
use crate::figures::PluginFigures;
use crate::router::Router;
use crate::table::table;
use crate::workspace::output;

/// Questions an auditor might ask, in SQL that works as it stands.
const QUESTIONS: [(&str, &str); 4] = [
    ("How did orders end?", "SELECT event, count(*) AS n FROM audit.orders_log GROUP BY event ORDER BY n DESC"),
    (
        "Why did risk refuse?",
        "SELECT strategy_id, reason_code, count(*) AS n FROM audit.risk_log\n  WHERE approved = 0 GROUP BY strategy_id, reason_code ORDER BY n DESC LIMIT 8",
    ),
    (
        "When did StormGuard change its mode, and why?",
        "SELECT datetime(ts / 1000000000, 'unixepoch') AS at, strategy_id, old_mode, new_mode, reason_code\n  FROM audit.guardrail_log WHERE event = 'stormguard_transition' ORDER BY ts LIMIT 10",
    ),
    (
        "Which connections came and went?",
        "SELECT event, conn_id, result, count(*) AS n FROM audit.connectivity_log\n  GROUP BY event, conn_id, result ORDER BY n DESC LIMIT 8",
    ),
];

pub(crate) fn show(router: &Router, report: &Report, audit: &AuditRows, plugins: &[PluginFigures]) -> Result<()> {
    println!("\n━━ The stack\n");
    println!(
        "{} market events from {} in {:.1} s made it emit {} telemetry events.",
        report.market_events, report.market, report.seconds, report.emitted
    );
    println!("\n━━ The ledger: emitted = delivered + filtered + rejected + dropped + dead-lettered + pending\n");
    print!("{}", ledger(&router.client.ledger()?));
    println!("\n━━ The plugins\n");
    let rows = plugins.iter().map(|plugin| {
        vec![
            plugin.name.clone(),
            plugin.rows.to_string(),
            plugin.seen.to_string(),
            format!("{:.1}", plugin.ns_per_event),
            plugin.faults.to_string(),
        ]
    });
    print!("{}", table(&["plugin", "events", "subscribed to", "ns/event", "faults"], &rows.collect::<Vec<_>>()));
    println!("\n━━ The audit tables\n");
    let rows = audit.tables.iter().map(|(name, rows)| vec![name.clone(), rows.to_string()]);
    print!("{}", table(&["table", "rows"], &rows.collect::<Vec<_>>()));
    for (question, sql) in QUESTIONS {
        println!("\n{question}\n\n  {sql}\n");
        print!("{}", answer(&router.client.sql(sql)?));
    }
    if let Some(transaction) = report.transactions.first() {
        println!("\n━━ One transaction, from tick to position\n");
        println!("$ tapline trace {}\n", transaction.trace_id);
        let trace =
            output(Command::new(&router.program).args(["trace", &transaction.trace_id, "--url", router.client.url()]))?;
        println!("{}", trace.trim_end());
    }
    try_next(router, report);
    Ok(())
}

fn try_next(router: &Router, report: &Report) {
    let program = router.program.display();
    let url =
        if router.client.url().ends_with(":7311") { String::new() } else { format!(" --url {}", router.client.url()) };
    println!("\n━━ What to try next\n");
    println!("while the router is up:");
    println!("  {program} tail{url} --where 'component=risk,level>=warning'");
    println!("  {program} ledger{url}");
    println!("  {program} audit sql{url} \"SELECT * FROM audit.guardrail_log ORDER BY ts DESC LIMIT 5\"");
    if let Some(transaction) = report.transactions.last() {
        println!("  {program} trace{url} {}", transaction.intent_id);
    }
    println!("  curl {}/metrics", router.client.url());
    println!(
        "  curl {}/v1/events -d '{{\"event\":\"hello\",\"component\":\"strategy\",\"message\":\"password=hunter2\"}}'",
        router.client.url()
    );
    println!("at any time:");
    println!("  {program} audit sql --data-dir {} \"SELECT …\"", router.folder.display());
    println!("  {program} ledger --data-dir {}", router.folder.display());
    println!("  cargo xtask demo --incidents         a day on which everything goes wrong");
    println!("  cargo xtask demo --market FILE       your own market data");
    println!("  {program} --help");
}

/// The last lines, when the router has stopped.
pub(crate) fn close(verdict: &Verdict, folder: &Path) {
    println!("\n━━ The verdict\n");
    let Totals { emitted, delivered, filtered, rejected, dropped, dead_lettered, pending } = verdict.totals;
    println!(
        "emitted {emitted} = delivered {delivered} + filtered {filtered} + rejected {rejected} + dropped {dropped} + \
         dead-lettered {dead_lettered} + pending {pending}"
    );
    let balance = if verdict.balanced { "agree" } else { "DO NOT AGREE" };
    println!("the ledger, the stack's own counts and the rows of the audit tables {balance}");
    match verdict.secrets_leaked {
        0 => println!("none of the secrets that the stack planted is in any output"),
        n => println!("SECRETS WERE FOUND in {n} places"),
    }
    println!("everything that was written: {}", folder.display());
}

fn ledger(ledger: &Ledger) -> String {
    let columns =
        ["component", "lane", "emitted", "delivered", "filtered", "rejected", "dropped", "dead", "pending", "reasons"];
    let rows: Vec<Vec<String>> = ledger
        .streams
        .iter()
        .filter(|stream| stream.totals.emitted > 0)
        .map(|stream| {
            let totals = &stream.totals;
            let mut row = vec![stream.component.clone(), stream.lane.clone()];
            let counts = [
                totals.emitted,
                totals.delivered,
                totals.filtered,
                totals.rejected,
                totals.dropped,
                totals.dead_lettered,
                totals.pending,
            ];
            row.extend(counts.map(|count| count.to_string()));
            let reasons = stream.reasons.iter().map(|why| format!("{} {} {}", why.count, why.outcome, why.reason));
            row.push(reasons.collect::<Vec<_>>().join(", "));
            row
        })
        .collect();
    table(&columns, &rows)
}

fn answer(rows: &Rows) -> String {
    let columns: Vec<&str> = rows.columns.iter().map(String::as_str).collect();
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::Null => "–".to_owned(),
        serde_json::Value::String(text) => text.chars().take(60).collect(),
        other => other.to_string(),
    };
    let cells: Vec<Vec<String>> = rows.rows.iter().map(|row| row.iter().map(text).collect()).collect();
    if cells.is_empty() { "  (no rows)\n".to_owned() } else { table(&columns, &cells) }
}
