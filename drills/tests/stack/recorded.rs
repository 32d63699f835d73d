//! The stack on a real recording, where there is one beside the repository. Recordings belong to
//! others and do not ship; the same things are tested on the generator everywhere else.

use std::path::PathBuf;

use tapline_drills::{Market, StackOptions};

use crate::collector::{flat_out, run};

/// `None`, with a line that says so, where the folder does not exist.
fn recording(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/market"
    ));
    if !folder.is_dir() {
        println!(
            "skipped: there is no folder of recordings at {}",
            folder.display()
        );
        return None;
    }
    Some(folder.join(name))
}

fn options(path: PathBuf) -> StackOptions {
    StackOptions {
        market: Market::File(path),
        rows_max: Some(15_000),
        ..flat_out(false)
    }
}

#[test]
fn a_parquet_recording_trades() {
    let Some(path) = recording("TXFD6_2026-04-08_sample.parquet") else {
        return;
    };
    let day = run(options(path));
    assert_eq!(day.report.symbol, "TXFD6");
    assert_eq!(day.report.market_rows_damaged.len(), 0);
    assert!(day.report.fills > 0 && day.report.intents.add_up() && day.report.orders.open == 0);
    assert!(
        day.of("feed_gap").count() > 1,
        "the recording falls silent for more than a second"
    );
}

#[test]
fn the_two_layouts_of_a_recording_are_the_same_market() {
    let Some(parquet) = recording("TXFD6_2026-04-08_sample.parquet") else {
        return;
    };
    let Some(ndjson) = recording("TXFD6_2026-04-08_sample.ndjson.gz") else {
        return;
    };
    let books = |path| -> Vec<String> {
        let options = StackOptions {
            rows_max: Some(5_000),
            ..options(path)
        };
        let day = run(options);
        let show = |field: &str, line: &crate::collector::Line| line.need(field).to_owned();
        day.of("book_update")
            .map(|line| {
                ["exch_ts", "bid_price", "ask_price"]
                    .map(|field| show(field, line))
                    .join(" ")
            })
            .collect()
    };
    let (first, second) = (books(parquet), books(ndjson));
    assert!(first.len() > 500);
    assert_eq!(first, second);
}
