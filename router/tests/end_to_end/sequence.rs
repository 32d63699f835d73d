//! What a producer lost before its events reached the router shows as holes in their numbers.

use serde_json::{Value, json};

use crate::harness::{Router, assert_balanced, count, reason, write_lines};

fn numbered(component: &str, seq: u64) -> String {
    json!({ "event": "something", "component": component, "run": "run-1", "seq": seq, "message": "m" }).to_string()
}

#[test]
fn holes_are_the_producers_loss_and_the_ledger_still_adds_up() {
    let router = Router::start();
    // 3 is missing from the order lane's numbers, 5 to 9 from the recorder's.
    let lines: Vec<String> = [1, 2, 4, 5]
        .map(|seq| numbered("order", seq))
        .into_iter()
        .chain([1, 2, 3, 4, 10].map(|seq| numbered("recorder", seq)))
        .collect();
    write_lines(router.unix(), &lines);
    let mut router = router;
    // A hole is awaited first: another connection might still bring it.
    router.until("nine events came", |router| (count(&router.ledger(), "delivered") == 9).then_some(()));
    assert_balanced(&router.ledger());
    let ledger = router.settled(15);
    assert_balanced(&ledger);
    assert_eq!(
        (count(&ledger, "emitted"), count(&ledger, "delivered"), count(&ledger, "dropped")),
        (15, 9, 6),
        "{ledger}"
    );
    assert_eq!(reason(&ledger, "producer_gap"), 6);
    let metrics = router.get("/metrics").text;
    let holes = |component: &str| {
        let wanted = format!("tapline_sequence_holes_total{{component=\"{component}\"");
        metrics
            .lines()
            .find(|line| line.starts_with(&wanted))
            .and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
    };
    assert_eq!((holes("order"), holes("recorder")), (Some(1), Some(5)));
    router.stop_well();
}

#[test]
fn a_late_line_fills_its_hole() {
    let mut router = Router::start();
    write_lines(router.unix(), &[numbered("order", 1), numbered("order", 3)]);
    router.until("the hole is seen", |router| (count(&router.ledger(), "pending") == 1).then_some(()));
    write_lines(router.tcp(), &[numbered("order", 2)]);
    let ledger = router.settled(3);
    assert_eq!((count(&ledger, "delivered"), count(&ledger, "dropped")), (3, 0), "{ledger}");
    let folder = router.stop_well();
    let seqs: Vec<Value> = folder.lines("logs/events.ndjson").iter().map(|event| event["seq"].clone()).collect();
    assert_eq!(seqs.len(), 3);
}
