//! What an emit costs the emitting thread, beside what else one could do, in the same run.
//!
//! `cargo bench -p tapline-client --bench emit [-- --json] [--quick]`
//!
//! Every operation is timed by itself, timer included; the first line says how much that is. A
//! consumer drains on a thread of its own. Rows are repeated and the medians are shown, since other
//! programs on the machine disturb single runs.

// The client's own queue, which it does not export.
#[allow(dead_code)]
#[path = "../../src/ring.rs"]
mod ring;
mod subjects;
#[path = "../../src/sync.rs"]
mod sync;
mod timing;

use subjects::{Channel, Client, RawPush, RingPush, SharedClient, Subject, Tracing};
use timing::{Figures, Pace, measure};

/// Producers, pace of each.
const ROUNDS: [(usize, Pace); 6] = [
    (1, Pace::PerSecond(1_000_000)),
    (2, Pace::PerSecond(500_000)),
    (8, Pace::PerSecond(125_000)),
    (1, Pace::Full),
    (2, Pace::Full),
    (8, Pace::Full),
];

struct Row {
    subject: &'static str,
    producers: usize,
    pace: Pace,
    figures: Figures,
}

fn main() {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let (events, repeats) = if has("--quick") { (50_000, 3) } else { (300_000, 5) };
    let timer = timing::of_nothing();
    let mut rows = Vec::new();
    for (producers, pace) in ROUNDS {
        // Side by side within each repeat, so that a disturbance meets all of them.
        let mut runs: [Vec<Figures>; 6] = Default::default();
        for _ in 0..repeats {
            runs[0].push(measure(&Client::new(), producers, pace, events));
            runs[1].push(measure(&SharedClient::new(), producers, pace, events));
            runs[2].push(measure(&RingPush::new(), producers, pace, events));
            runs[3].push(measure(&RawPush::new(), producers, pace, events));
            runs[4].push(measure(&Channel::new(), producers, pace, events));
            runs[5].push(measure(&Tracing::new(), producers, pace, events));
        }
        let names = [Client::NAME, SharedClient::NAME, RingPush::NAME, RawPush::NAME, Channel::NAME, Tracing::NAME];
        for (subject, runs) in names.into_iter().zip(runs) {
            let figures = Figures::median(runs);
            rows.push(Row { subject, producers, pace, figures });
        }
    }
    let pace = Pace::PerSecond(1_000_000);
    let scrape = |on| {
        let runs = (0..repeats).map(|_| {
            let client = Client::new();
            client.while_scraped(on, || measure(&client, 1, pace, events))
        });
        Figures::median(runs.collect())
    };
    for (subject, on) in [("client, no scrape", false), ("client, scraped 10/s", true)] {
        rows.push(Row { subject, producers: 1, pace, figures: scrape(on) });
    }
    if has("--json") {
        print_json(timer, &rows);
    } else {
        print_table(timer, &rows);
    }
}

fn print_table(timer: Figures, rows: &[Row]) {
    println!("ns per event on the emitting thread, of which the timer takes {:.1} (p50 {:.0})", timer.mean, timer.p50);
    println!("The counter moves in steps of {:.0} ns here; `mean` is that of the fastest 99 %.", timing::step_ns());
    println!(
        "{:<22} {:>9} {:>9} {:>8} {:>8} {:>8} {:>9} {:>11} {:>9}",
        "", "producers", "each/s", "mean", "p50", "p99", "p99.9", "max", "dropped"
    );
    for Row { subject, producers, pace, figures } in rows {
        println!(
            "{subject:<22} {producers:>9} {:>9} {:>8.1} {:>8.0} {:>8.0} {:>9.0} {:>11.0} {:>8.1}%",
            pace.to_string(),
            figures.mean,
            figures.p50,
            figures.p99,
            figures.p999,
            figures.max,
            figures.dropped * 100.0
        );
    }
}

fn print_json(timer: Figures, rows: &[Row]) {
    let rows: Vec<_> = rows
        .iter()
        .map(|Row { subject, producers, pace, figures }| {
            serde_json::json!({
                "subject": subject, "producers": producers, "pace": pace.to_string(),
                "mean_ns": figures.mean, "p50_ns": figures.p50, "p99_ns": figures.p99, "p999_ns": figures.p999,
                "max_ns": figures.max, "dropped_share": figures.dropped,
            })
        })
        .collect();
    println!("{}", serde_json::json!({ "timer_mean_ns": timer.mean, "timer_p50_ns": timer.p50, "rows": rows }));
}
