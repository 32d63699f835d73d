//! Benchmarks that live beside the code they measure; here they are run, shown and kept.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::table::{Table, thousands};
use crate::workspace::Workspace;

/// The client's hot path, and what a scrape does to it.
pub(crate) fn emit(workspace: &Workspace, quick: bool) -> Result<Value> {
    let result = run(workspace, "emit", quick)?;
    show(&result, "Emitting one event, ns on the emitting thread");
    Ok(result)
}

/// Each plugin, by batch size.
pub(crate) fn chain(workspace: &Workspace, quick: bool) -> Result<Value> {
    let result = run(workspace, "chain", quick)?;
    show(&result, "Plugins, ns an event");
    Ok(result)
}

/// The journal, beside what the disk gives.
pub(crate) fn journal(workspace: &Workspace, quick: bool) -> Result<Value> {
    let result = run(workspace, "append", quick)?;
    show(&result, "Events of 300 bytes made safe, a second");
    Ok(result)
}

/// A benchmark prints one JSON object with `rows` to standard output.
fn run(workspace: &Workspace, bench: &str, quick: bool) -> Result<Value> {
    let mut command = workspace.cargo(&["bench", "--workspace", "--bench", bench, "--", "--json"]);
    if quick {
        command.arg("--quick");
    }
    let output = command.stderr(Stdio::inherit()).output().context("can't run cargo bench")?;
    if !output.status.success() {
        bail!("the benchmark {bench} failed ({})", output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let json = text.lines().rev().find(|line| line.starts_with('{')).context("the benchmark printed no result")?;
    Ok(serde_json::from_str(json)?)
}

/// The rows as they are: the benchmark names its columns. Words come first, then figures by name.
fn show(result: &Value, title: &str) {
    let rows: Vec<_> = result["rows"].as_array().into_iter().flatten().filter_map(Value::as_object).collect();
    let Some(first) = rows.first() else { return };
    let (words, figures): (Vec<_>, Vec<_>) = first.iter().partition(|(_, value)| value.is_string());
    let columns: Vec<&str> = words.into_iter().rev().chain(figures).map(|(name, _)| name.as_str()).collect();
    let mut table = Table::new(&columns);
    for row in &rows {
        table.row(columns.iter().map(|column| match row.get(*column) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) if number.is_u64() => thousands(number.as_f64().unwrap_or_default()),
            Some(Value::Number(number)) => number.as_f64().map_or_else(String::new, |number| format!("{number:.1}")),
            _ => String::new(),
        }));
    }
    table.print(title);
}
