//! The stack on recordings: one made here from the generator, always, and a real one where there is
//! one beside the repository. Real ones belong to others and do not ship.

use std::io::{self, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use tapline_drills::market::generator::Generator;
use tapline_drills::market::{Change, MarketEvent, PRICE_SCALE, Side, Source};
use tapline_drills::{Market, StackOptions};

use crate::collector::{Collected, flat_out, run};

/// `None`, with a line that says so, where the folder does not exist.
fn recording(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/market"));
    if !folder.is_dir() {
        // Not by a macro, whose output the test harness would swallow.
        let line = format!("skipped: there is no {}\n", folder.display());
        io::stderr().write_all(line.as_bytes()).unwrap();
        return None;
    }
    Some(folder.join(name))
}

fn options(path: PathBuf) -> StackOptions {
    StackOptions { market: Market::File(path), rows_max: Some(15_000), ..flat_out(false) }
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
    assert!(day.of("feed_gap").count() > 1, "the recording falls silent for more than a second");
}

#[test]
fn the_two_layouts_of_a_recording_are_the_same_market() {
    let Some(parquet) = recording("TXFD6_2026-04-08_sample.parquet") else {
        return;
    };
    let Some(ndjson) = recording("TXFD6_2026-04-08_sample.ndjson.gz") else {
        return;
    };
    let books = |path| {
        let options = StackOptions { rows_max: Some(5_000), ..options(path) };
        books(&run(options))
    };
    let (first, second) = (books(parquet), books(ndjson));
    assert!(first.len() > 500);
    assert_eq!(first, second);
}

/// The line of a recording that says the same.
fn line(event: &MarketEvent) -> String {
    let side = |side| if side == Side::Buy { "B" } else { "S" };
    let (k, side, price, quantity) = match event.change {
        Change::Depth { side: s, price, quantity } => ("depth", side(s), price, quantity),
        Change::Trade { side: s, price, quantity } => ("trade", side(s), price, quantity),
        Change::Clear { .. } => ("clear", "", 0, 0),
    };
    let (ts, px) = (event.exch_ts, price as f64 / PRICE_SCALE as f64);
    format!(r#"{{"k":"{k}","side":"{side}","exch_ts":{ts},"px":{px},"qty":{quantity}}}"#) + "\n"
}

#[test]
fn a_recording_of_the_generator_is_the_same_market_and_damaged_lines_are_counted() {
    let mut generator = Generator::new(3);
    let mut file = GzEncoder::new(tempfile::NamedTempFile::new().unwrap(), Compression::fast());
    for number in 0..6_000 {
        let event = generator.next_row().unwrap().unwrap();
        file.write_all(line(&event).as_bytes()).unwrap();
        if number % 1_000 == 500 {
            file.write_all(b"{\"k\":\"depth\",\"side\":\n\xff\xfe not json\n").unwrap();
        }
    }
    let file = file.finish().unwrap();
    let books = |market| {
        let options = StackOptions { market, rows_max: Some(5_000), ..flat_out(false) };
        let day = run(options);
        (books(&day), day.report)
    };
    let (generated, _) = books(Market::Generated { seed: 3 });
    let (recorded, report) = books(Market::File(file.path().to_owned()));
    assert_eq!(generated, recorded);
    assert_eq!(report.market_rows_damaged.get("not_a_row"), Some(&10));
    assert!(report.orders.orders > 0);
}

/// The quotes of a day, in order.
fn books(day: &Collected) -> Vec<String> {
    let fields = ["exch_ts", "bid_price", "ask_price", "bid_qty"];
    day.of("book_update").map(|line| fields.map(|field| line.need(field)).join(" ")).collect()
}
