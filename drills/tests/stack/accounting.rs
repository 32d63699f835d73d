//! Whether a run adds up, and ends in order.

use std::time::Duration;

use tapline_client::Telemetry;
use tapline_drills::{Pace, Stack, StackOptions};

use crate::collector::{day, flat_out, run};

#[test]
fn the_stacks_own_counts_are_the_clients_and_the_drains() {
    for incidents in [false, true] {
        let day = day(incidents);
        assert_eq!(day.records.len() as u64, day.report.emitted);
        for stream in &day.report.streams {
            assert_eq!(day.client_counts[&(stream.component, stream.lane)], stream.emitted);
        }
        assert_eq!(day.client_counts.len(), day.report.streams.len());
        for (event, count) in &day.report.events {
            assert_eq!(day.of(event).count() as u64, *count, "{event}");
        }
        assert!(day.report.intents.add_up(), "{:?}", day.report.intents);
        let lost = day.report.fills_lost;
        assert_eq!(lost, u64::from(incidents), "the script garbles one fill");
    }
}

#[test]
fn a_stack_in_full_flight_stops_soon_and_leaves_no_order_open() {
    let telemetry = Telemetry::builder("stack-test").without_spill().build();
    let options = StackOptions { pace: Pace::Rows { per_second: 40_000.0 }, ..StackOptions::default() };
    let stack = Stack::start(&telemetry, options).unwrap();
    assert!(!stack.wait(Duration::from_millis(700)));
    let status = stack.status();
    assert!(status.market_events > 0 && status.emitted > 0, "{status:?}");
    let asked = std::time::Instant::now();
    let report = stack.stop();
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert!(report.orders.orders > 0 && report.orders.open == 0, "{:?}", report.orders);
    assert!(report.intents.add_up(), "{:?}", report.intents);
}

#[test]
fn a_held_mode_is_left_again_in_a_long_run() {
    let day = run(StackOptions { rows_max: Some(120_000), ..flat_out(false) });
    let modes: Vec<(&str, &str)> =
        day.of("stormguard_transition").map(|line| (line.need("old_mode"), line.need("new_mode"))).collect();
    assert!(modes.contains(&("NORMAL", "STORM")) && modes.contains(&("STORM", "NORMAL")), "{modes:?}");
}
