//! What the person at the terminal sees: a line while it runs, the report at the end.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use serde::Serialize;
use tapline_drills::{StackReport, StackStatus};

use crate::drain::{Delivery, Drain};

pub(crate) struct Console {
    json: bool,
    /// The line is rewritten in place, or printed now and then.
    live: bool,
    next: Instant,
}

/// The whole of `--json`.
#[derive(Serialize)]
struct Output<'a> {
    #[serde(flatten)]
    stack: &'a StackReport,
    delivery: &'a Delivery,
}

const MODES: [&str; 4] = ["NORMAL", "WARM", "STORM", "HALT"];

// === impl Console ===

impl Console {
    pub(crate) fn new(json: bool) -> Self {
        Console { json, live: io::stderr().is_terminal(), next: Instant::now() }
    }

    /// Shows the status on standard error, if it is time to.
    pub(crate) fn show(&mut self, status: &StackStatus, drain: &Drain) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + Duration::from_secs(if self.live { 1 } else { 5 });
        let modes: Vec<String> = status
            .modes
            .iter()
            .map(|(strategy, mode)| format!("{strategy} {}", MODES.get(usize::from(*mode)).unwrap_or(&"?")))
            .collect();
        let trouble = drain.trouble().map(|trouble| format!(" | {trouble}")).unwrap_or_default();
        let line = format!(
            "{:6.1} s | market {} | emitted {} sent {} | orders {} fills {} | {}{trouble}",
            status.seconds,
            thousands(status.market_events),
            thousands(status.emitted),
            thousands(drain.sent()),
            thousands(status.orders),
            thousands(status.fills),
            modes.join(", "),
        );
        if self.live {
            eprint!("\r\x1b[K{line}");
        } else {
            eprintln!("{line}");
        }
    }

    pub(crate) fn clear(&self) {
        if self.live {
            eprint!("\r\x1b[K");
        }
    }

    pub(crate) fn print(&self, report: &StackReport, delivery: &Delivery) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            serde_json::to_writer(&mut out, &Output { stack: report, delivery })?;
            writeln!(out)
        } else {
            print(&mut out, report, delivery)
        }
    }
}

fn print(out: &mut impl Write, report: &StackReport, delivery: &Delivery) -> io::Result<()> {
    writeln!(
        out,
        "Market    {} ({}), {} events in {:.1} s, read to its end {} times",
        report.market,
        report.symbol,
        thousands(report.market_events),
        report.seconds,
        report.passes
    )?;
    for (reason, rows) in &report.market_rows_damaged {
        writeln!(out, "          {} rows unusable: {reason}", thousands(*rows))?;
    }
    let intents = &report.intents;
    writeln!(
        out,
        "Intents   {} created = {} approved + {} refused by risk + {} refused at the gateway",
        thousands(intents.created),
        thousands(intents.approved),
        thousands(intents.refused_by_risk),
        thousands(intents.refused_at_gateway)
    )?;
    let orders = &report.orders;
    writeln!(
        out,
        "Orders    {} = {} filled + {} cancelled + {} rejected + {} refused + {} timed out + {} dead-lettered + {} open",
        thousands(orders.orders),
        thousands(orders.filled),
        thousands(orders.cancelled),
        thousands(orders.rejected),
        thousands(orders.refused),
        thousands(orders.timed_out),
        thousands(orders.dead_lettered),
        thousands(orders.open)
    )?;
    writeln!(out, "Fills     {}, {} lost", thousands(report.fills), thousands(report.fills_lost))?;
    writeln!(out, "\nEmitted   {} events, run {}", thousands(report.emitted), report.run)?;
    for stream in &report.streams {
        writeln!(out, "  {:<12} {:<7} {:>12}", stream.component, stream.lane, thousands(stream.emitted))?;
    }
    for lost in &report.dropped {
        writeln!(out, "  lost: {} {} {} ({})", lost.component, lost.lane, thousands(lost.events), lost.reason)?;
    }
    writeln!(
        out,
        "Delivered to {}: {} sent, {} acknowledged ({} not wanted), {} left{}",
        delivery.to,
        thousands(delivery.sent),
        thousands(delivery.acknowledged),
        thousands(delivery.rejected),
        thousands(delivery.left),
        delivery.trouble.as_deref().map(|trouble| format!("; {trouble}")).unwrap_or_default()
    )?;
    writeln!(out, "\nPlanted secrets, which no output may show")?;
    for canary in &report.canaries {
        writeln!(out, "  {:<12} {}", format!("{:?}", canary.kind), canary.value)?;
    }
    if !report.transactions.is_empty() {
        writeln!(out, "\nTransactions from tick to position")?;
    }
    for traced in &report.transactions {
        writeln!(
            out,
            "  {:<6} {} {} {} {} {}",
            traced.strategy_id,
            traced.trace_id,
            traced.intent_id,
            traced.client_order_id,
            traced.broker_order_id,
            traced.fill_id
        )?;
    }
    for component in &report.died {
        writeln!(out, "\nThe component {component} died of a bug; see its message above.")?;
    }
    Ok(())
}

/// 1234567 as 1,234,567.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn long_numbers_are_grouped() {
        let grouped: Vec<String> = [0, 999, 1_000, 123_456, 1_234_567].map(thousands).into();
        assert_eq!(grouped, ["0", "999", "1,000", "123,456", "1,234,567"]);
    }
}
