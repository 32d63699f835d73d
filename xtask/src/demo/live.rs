//! The status line of a running demo: how much goes through, where to, what waits, what plugins cost,
//! what was lost.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::client::Client;
use crate::figures::{Sample, plugins, samples};

pub(crate) struct Live {
    length: Duration,
    begin: Instant,
    last: Option<Moment>,
    /// A terminal has one line that changes; a file gets a line now and then.
    terminal: bool,
    shown: Option<Instant>,
}

struct Moment {
    at: Instant,
    emitted: u64,
    sinks: BTreeMap<String, f64>,
}

/// Between two lines in a file.
const FILE_INTERVAL: Duration = Duration::from_secs(5);

impl Live {
    pub(crate) fn new(length: Duration) -> Self {
        Live { length, begin: Instant::now(), last: None, terminal: std::io::stderr().is_terminal(), shown: None }
    }

    pub(crate) fn show(&mut self, client: &Client) -> Result<()> {
        let ledger = client.ledger()?;
        let metrics = samples(&client.text("/metrics")?)?;
        let now = Moment {
            at: Instant::now(),
            emitted: ledger.totals.emitted,
            sinks: by(&metrics, "tapline_sink_events_total", "sink"),
        };
        if let Some(before) = &self.last {
            let seconds = now.at.duration_since(before.at).as_secs_f64().max(1e-3);
            let rate = |more: f64| count(more / seconds);
            let mut parts = vec![
                format!("{:>3}/{} s", self.begin.elapsed().as_secs(), self.length.as_secs()),
                format!("{} ev/s", rate((now.emitted - before.emitted.min(now.emitted)) as f64)),
            ];
            let sinks = now.sinks.iter().filter(|(_, total)| **total > 0.0).map(|(name, total)| {
                format!("{name} {}", rate(total - before.sinks.get(name).copied().unwrap_or(0.0)))
            });
            parts.push(format!("→ {}", sinks.collect::<Vec<_>>().join(", ")));
            let queued: f64 = by(&metrics, "tapline_queue_depth", "queue").values().sum();
            let backlog: f64 = by(&metrics, "tapline_sink_backlog_events", "sink").values().sum();
            parts.push(format!("queued {queued:.0} batches, {backlog:.0} rows"));
            let costs = plugins(&metrics);
            let costs = costs.iter().map(|plugin| format!("{} {:.0}", plugin.name, plugin.ns_per_event));
            parts.push(format!("ns/ev: {}", costs.collect::<Vec<_>>().join(", ")));
            let totals = &ledger.totals;
            parts.push(format!("lost {}, dead {}", totals.dropped, totals.dead_lettered));
            if !ledger.balanced {
                parts.push("NOT BALANCED".into());
            }
            self.print(&parts.join(" │ "));
        }
        self.last = Some(now);
        Ok(())
    }

    fn print(&mut self, line: &str) {
        if self.terminal {
            // Cut to one line, or the next could not overwrite it.
            let width = terminal_width();
            let line: String = line.chars().take(width.saturating_sub(1)).collect();
            eprint!("\r\x1b[2K{line}");
            let _ = std::io::stderr().flush();
        } else if self.shown.is_none_or(|at| at.elapsed() >= FILE_INTERVAL) {
            self.shown = Some(Instant::now());
            eprintln!("{line}");
        }
    }

    pub(crate) fn finish(&self) {
        if self.terminal && self.last.is_some() {
            eprintln!();
        }
    }
}

/// The sum of a family's samples by one label.
fn by(samples: &[Sample], name: &str, label: &str) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.name == name) {
        *sums.entry(sample.label(label).to_owned()).or_default() += sample.value;
    }
    sums
}

fn count(number: f64) -> String {
    match number {
        n if n >= 1e6 => format!("{:.2} M", n / 1e6),
        n if n >= 1e4 => format!("{:.0} k", n / 1e3),
        n => format!("{n:.0}"),
    }
}

fn terminal_width() -> usize {
    // SAFETY: zeroed is a valid `winsize`; `ioctl` fills it where standard error is a terminal, and
    // leaves it alone where not.
    let size = unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        libc::ioctl(libc::STDERR_FILENO, libc::TIOCGWINSZ, &raw mut size);
        size
    };
    if size.ws_col > 20 { size.ws_col.into() } else { 120 }
}
